import { marketStoreConformance } from '@skein/ports/conformance';
import { memoryMarketStore } from './memory-market-store.ts';

marketStoreConformance('memory', async () => ({ store: memoryMarketStore() }));
