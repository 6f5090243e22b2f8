import { randomUUID } from 'node:crypto';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { SkeinError } from '@skein/kernel';
import type { EventBus, Subscription } from '@skein/ports';
import { lastValueFrom } from 'rxjs';
import { fromWire, requestTopic, type ReplyPacket, type RequestPacket } from './wire.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/** Asks domains over the event bus, wherever their swarms run. */
export class BusClient extends ClientProxy {
  readonly #bus: EventBus;
  readonly #replies = `replies.${randomUUID()}`;
  readonly #pending = new Map<string, (packet: WritePacket) => void>();
  #subscription: Promise<Subscription> | undefined;

  constructor(bus: EventBus) {
    super();
    this.#bus = bus;
  }

  /**
   * One answer to `<domain>.<verb>`. Throws what the domain threw, as a SkeinError, or SKEIN_NO_REPLY when none came in time;
   * the request may then still be worked on.
   */
  async request<Result>(pattern: string, data: unknown = {}, { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new SkeinError('SKEIN_NO_REPLY', `nothing answered to ${pattern} within ${timeoutMs} ms`, { context: { pattern } })),
      timeoutMs,
    );
    try {
      return await Promise.race([lastValueFrom(this.send<Result>(pattern, data)), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  connect(): Promise<Subscription> {
    this.#subscription ??= this.#bus.subscribe(this.#replies, { group: 'requester', from: 'earliest', attempts: 1 }, async ({ payload }) => {
      const reply = payload as ReplyPacket;
      const settle = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      settle?.('error' in reply ? { err: fromWire(reply.error), isDisposed: true } : { response: reply.response, isDisposed: true });
    });
    return this.#subscription;
  }

  async close(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await (await subscription)?.close();
    for (const settle of this.#pending.values()) settle({ err: new SkeinError('SKEIN_BUS_CLOSED', 'the requester was closed before the answer came') });
    this.#pending.clear();
  }

  unwrap<T>(): T {
    return this.#bus as T;
  }

  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const request: RequestPacket = { id: randomUUID(), pattern: String(pattern), data, replyTo: this.#replies };
    this.#pending.set(request.id, callback);
    this.#bus.publish(requestTopic(request.pattern), request.id, request).catch((error: unknown) => {
      this.#pending.delete(request.id);
      callback({ err: error });
    });
    return () => void this.#pending.delete(request.id);
  }

  protected async dispatchEvent<Result>({ pattern, data }: ReadPacket): Promise<Result> {
    await this.#bus.publish(String(pattern), '', data);
    return undefined as Result;
  }
}
