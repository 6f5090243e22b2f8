import { BaseRpcContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { SkeinError } from '@skein/kernel';
import type { BusEvent, EventBus, Subscription } from '@skein/ports';
import { lastValueFrom } from 'rxjs';
import { requestTopic, toWire, type ReplyPacket, type RequestPacket } from './wire.ts';

/** Answers Nest's message patterns (`<domain>.<verb>`) from the event bus: `app.connectMicroservice({ strategy: new BusServer(bus) })`. */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('skein-bus');
  readonly #bus: EventBus;
  readonly #subscriptions: Subscription[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(bus: EventBus) {
    super();
    this.#bus = bus;
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const topics = new Set([...this.messageHandlers.keys()].map(requestTopic));
      for (const topic of topics) {
        this.#subscriptions.push(await this.#bus.subscribe(topic, { group: 'responders', from: 'latest', attempts: 1 }, async (event) => this.#accept(event)));
      }
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.splice(0).map((subscription) => subscription.close()));
    await Promise.all(this.#running);
  }

  /** Does not wait for the answer: a run of minutes must not keep a `describe` of the same domain waiting. */
  #accept({ payload }: BusEvent): void {
    const running: Promise<void> = this.#answer(payload as RequestPacket).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #answer({ id, pattern, data, replyTo }: RequestPacket): Promise<void> {
    let reply: ReplyPacket;
    try {
      const handler = this.getHandlerByPattern(pattern);
      if (!handler) throw new SkeinError('SKEIN_NOT_FOUND', `nothing answers to ${JSON.stringify(pattern)}`);
      const response = this.transformToObservable<unknown>(await handler(data, new BaseRpcContext([pattern])));
      reply = { id, response: toWire(await lastValueFrom(response, { defaultValue: null })) };
    } catch (error) {
      reply = { id, error: toWire(error) };
    }
    // A requester that is gone, or a bus that closes, leaves nobody to tell.
    await this.#bus.publish(replyTo, id, reply).catch((error: unknown) => this.logger.warn(`no reply to ${pattern}: ${String(error)}`));
  }

  on(): never {
    throw new Error('the bus has no events of its own');
  }

  unwrap<T>(): T {
    return this.#bus as T;
  }
}
