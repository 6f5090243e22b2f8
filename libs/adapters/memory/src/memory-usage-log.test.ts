import { usageLogConformance } from '@skein/ports/conformance';
import { memoryUsageLog } from './memory-usage-log.ts';

usageLogConformance('memory', async (maxUses) => ({ log: memoryUsageLog({ maxUses }) }));
