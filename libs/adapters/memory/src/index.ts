export { memoryContractRegistry } from './memory-contract-registry.ts';
export { memoryBus, type MemoryBusOptions } from './memory-bus.ts';
export { memoryUsageLog, type MemoryUsageLogOptions } from './memory-usage-log.ts';
