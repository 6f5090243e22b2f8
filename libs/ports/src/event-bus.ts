/** An event on a topic. `key` orders: events of one key reach a group in the order of publication. */
export interface BusEvent<Payload = unknown> {
  readonly topic: string;
  readonly key: string;
  readonly payload: Payload;
  /** Position within the topic, contiguous from 0. */
  readonly offset: bigint;
}

export interface Subscription {
  close(): Promise<void>;
}

/**
 * Carries "published" events and requests to domains. At-least-once: a handler that throws gets the event again (up to
 * `attempts`, then it goes to the topic `<topic>.dead`). Each group receives every event once; members of one group share them.
 */
export interface EventBus {
  publish(topic: string, key: string, payload: unknown): Promise<bigint>;
  subscribe(
    topic: string,
    options: { readonly group: string; readonly from: 'earliest' | 'latest'; readonly attempts?: number },
    handler: (event: BusEvent) => Promise<void>,
  ): Promise<Subscription>;
  close(): Promise<void>;
}
