export { eventBusConformance, type EventBusUnderTest } from './event-bus.ts';
