export { memoryContractRegistry } from './memory-contract-registry.ts';
export { memoryBus, type MemoryBusOptions } from './memory-bus.ts';
export { joinMemoryBoard, memoryBoard, type MemoryBoard } from './memory-board.ts';
export { memoryUsageLog, type MemoryUsageLogOptions } from './memory-usage-log.ts';
export { memoryMarketStore } from './memory-market-store.ts';
export { memoryReviewDesk } from './memory-review-desk.ts';
export { memoryStateStore } from './memory-state-store.ts';
