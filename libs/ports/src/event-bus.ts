/** An event on a topic. `key` orders: events of one key reach a group in the order of publication. */
export interface BusEvent<Payload = unknown> {
  readonly topic: string;
  readonly key: string;
  /** JSON data, equal to what was published and never the same object: every delivery gets a copy of its own. */
  readonly payload: Payload;
  /** Position within the topic, contiguous from 0. */
  readonly offset: bigint;
}

export interface Subscription {
  /** Takes no further event, and returns when the handler in flight has ended. The group keeps its position. */
  close(): Promise<void>;
}

export interface SubscribeOptions {
  /** Each group receives every event once; members of one group share them. */
  readonly group: string;
  /** Where a group without a position starts. A group that the bus knows goes on where it stood. */
  readonly from: 'earliest' | 'latest';
  /** How often a handler may fail on one event before it goes to `<topic>.dead`; default 5. */
  readonly attempts?: number;
}

/** Payload of an event on `<topic>.dead`: what could not be handled, by whom, and why. Its key is the event's key. */
export interface DeadLetter {
  readonly topic: string;
  /** Decimal text of the event's offset. */
  readonly offset: string;
  readonly group: string;
  readonly attempts: number;
  /** Message of the last failure, with its code where it has one. */
  readonly reason: string;
  readonly payload: unknown;
}

/**
 * Carries "published" events and requests to domains. At-least-once: a handler that throws gets the event again (up to
 * `attempts`, then it goes to the topic `<topic>.dead`), and later events of its key wait for it, those of other keys do not.
 */
export interface EventBus {
  /**
   * Accepts JSON data (what JSON cannot carry, such as bigint, is refused with SKEIN_BUS_PAYLOAD) and returns its offset. It
   * may wait while a consuming group is too far behind. Throws SKEIN_BUS_CLOSED.
   */
  publish(topic: string, key: string, payload: unknown): Promise<bigint>;
  subscribe(topic: string, options: SubscribeOptions, handler: (event: BusEvent) => Promise<void>): Promise<Subscription>;
  /**
   * Refuses new events, sends waiting publishers away with SKEIN_BUS_CLOSED, and returns when the handlers in flight have
   * ended; a handler that awaits it therefore waits for itself.
   */
  close(): Promise<void>;
}
