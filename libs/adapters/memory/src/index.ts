export { memoryBus, type MemoryBusOptions } from './memory-bus.ts';
