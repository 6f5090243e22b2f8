import { stateStoreConformance } from '@skein/ports/conformance';
import { memoryStateStore } from './memory-state-store.ts';

stateStoreConformance('memory', async () => ({ store: memoryStateStore() }));
