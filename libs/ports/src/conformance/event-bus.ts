import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BusEvent, DeadLetter, EventBus } from '../event-bus.ts';

export interface EventBusUnderTest {
  readonly bus: EventBus;
  /** Releases what stands behind the bus, after `bus.close()`. */
  readonly dispose?: () => Promise<void>;
}

/** What every EventBus keeps. `make` gives a fresh bus without topics; call it at the top level of a test file. */
export function eventBusConformance(name: string, make: () => Promise<EventBusUnderTest>): void {
  describe(`event bus: ${name}`, () => {
    let made: EventBusUnderTest;
    let bus: EventBus;
    beforeEach(async () => {
      made = await make();
      bus = made.bus;
    });
    afterEach(async () => {
      await bus.close();
      await made.dispose?.();
    });

    /** Subscribes a handler that notes what it gets, and resolves `all` at `count` events. */
    async function collect(topic: string, group: string, count: number, from: 'earliest' | 'latest' = 'earliest') {
      const events: BusEvent[] = [];
      const { promise: all, resolve } = Promise.withResolvers<void>();
      const subscription = await bus.subscribe(topic, { group, from }, async (event) => {
        events.push(event);
        if (events.length === count) resolve();
      });
      return { events, all, subscription };
    }

    it('gives offsets that rise, and events that equal what was published', async () => {
      const payload = { text: 'Zoë\u0000"\n', big: '9007199254740993', list: [1, null, true], nested: { a: {} } };
      const first = await bus.publish('t', 'k', payload);
      const second = await bus.publish('t', 'k', null);
      expect(second).toBeGreaterThan(first);
      const { events, all } = await collect('t', 'g', 2);
      await all;
      expect(events).toEqual([
        { topic: 't', key: 'k', payload, offset: first },
        { topic: 't', key: 'k', payload: null, offset: second },
      ]);
    });

    it('keeps history apart from the objects that were published and delivered', async () => {
      const payload = { list: [1] };
      await bus.publish('t', 'k', payload);
      payload.list.push(2);
      const { promise, resolve } = Promise.withResolvers<void>();
      await bus.subscribe('t', { group: 'vandal', from: 'earliest' }, async (event) => {
        (event.payload as { list: number[] }).list.push(3);
        resolve();
      });
      await promise;
      const { events, all } = await collect('t', 'reader', 1);
      await all;
      expect(events[0]?.payload).toEqual({ list: [1] });
    });

    it('refuses what JSON cannot carry, and stores nothing of it', async () => {
      await expect(bus.publish('t', 'k', { rows: 1n })).rejects.toMatchObject({ code: 'SKEIN_BUS_PAYLOAD' });
      await expect(bus.publish('t', 'k', undefined)).rejects.toMatchObject({ code: 'SKEIN_BUS_PAYLOAD' });
      const cyclic: { self?: unknown } = {};
      cyclic.self = cyclic;
      await expect(bus.publish('t', 'k', cyclic)).rejects.toMatchObject({ code: 'SKEIN_BUS_PAYLOAD' });
      await bus.publish('t', 'k', 'good');
      const { events, all } = await collect('t', 'g', 1);
      await all;
      expect(events.map((event) => event.payload)).toEqual(['good']);
    });

    it('starts a new group at the earliest or at the latest, and a known group where it stood', async () => {
      await bus.publish('t', 'k', 1);
      const late = await collect('t', 'late', 1, 'latest');
      const early = await collect('t', 'early', 2, 'earliest');
      await bus.publish('t', 'k', 2);
      await Promise.all([late.all, early.all]);
      expect(late.events.map((event) => event.payload)).toEqual([2]);
      expect(early.events.map((event) => event.payload)).toEqual([1, 2]);
      await late.subscription.close();
      await bus.publish('t', 'k', 3);
      const again = await collect('t', 'late', 2, 'latest');
      await bus.publish('t', 'k', 4);
      await again.all;
      expect(again.events.map((event) => event.payload)).toEqual([3, 4]);
      expect(late.events).toHaveLength(1);
    });

    it('gives every group each event, and shares a group among its members, in order per key', async () => {
      const seen: { member: number; key: string; value: number }[] = [];
      const running = new Map<string, number>();
      let overlaps = 0;
      const { promise: done, resolve } = Promise.withResolvers<void>();
      const total = 300;
      for (const member of [1, 2, 3]) {
        await bus.subscribe('t', { group: 'shared', from: 'earliest' }, async ({ key, payload }) => {
          running.set(key, (running.get(key) ?? 0) + 1);
          if (running.get(key) !== 1) overlaps += 1;
          await new Promise((next) => setImmediate(next));
          running.set(key, (running.get(key) ?? 0) - 1);
          seen.push({ member, key, value: payload as number });
          if (seen.length === total) resolve();
        });
      }
      const other = await collect('t', 'other', total);
      for (let value = 0; value < total; value += 1) await bus.publish('t', `k${value % 7}`, value);
      await Promise.all([done, other.all]);
      expect(overlaps).toBe(0);
      expect(new Set(seen.map((event) => event.value)).size).toBe(total);
      for (const events of [seen.map(({ key, value }) => ({ key, value })), other.events.map(({ key, payload }) => ({ key, value: payload as number }))]) {
        for (let key = 0; key < 7; key += 1) {
          const values = events.filter((event) => event.key === `k${key}`).map((event) => event.value);
          expect(values.length).toBeGreaterThan(0);
          expect(values).toEqual(values.toSorted((a, b) => a - b));
        }
      }
    });

    it('gives an event again to a handler that failed, before the later ones of its key', async () => {
      const seen: string[] = [];
      let failures = 2;
      const { promise, resolve } = Promise.withResolvers<void>();
      await bus.subscribe('t', { group: 'g', from: 'earliest', attempts: 3 }, async ({ payload }) => {
        seen.push(payload as string);
        if (payload === 'a1' && failures-- > 0) throw new Error('not yet');
        if (seen.includes('a2') && seen.includes('b1')) resolve();
      });
      await bus.publish('t', 'a', 'a1');
      await bus.publish('t', 'a', 'a2');
      await bus.publish('t', 'b', 'b1');
      await promise;
      expect(seen.filter((value) => value.startsWith('a'))).toEqual(['a1', 'a1', 'a1', 'a2']);
      expect(seen.filter((value) => value.startsWith('b'))).toEqual(['b1']);
    });

    it('sends an event that keeps failing to the dead topic, with reason and offset, and goes on', async () => {
      const good: number[] = [];
      const tries = new Map<number, number>();
      const { promise, resolve } = Promise.withResolvers<void>();
      const dead = await collect('t.dead', 'undertaker', 2);
      await bus.subscribe('t', { group: 'g', from: 'earliest', attempts: 2 }, async ({ payload }) => {
        const value = payload as number;
        tries.set(value, (tries.get(value) ?? 0) + 1);
        if (value % 50 === 7) throw new Error(`poison ${value}`);
        good.push(value);
        if (good.length === 98) resolve();
      });
      const offsets: bigint[] = [];
      for (let value = 0; value < 100; value += 1) offsets.push(await bus.publish('t', 'k', value));
      await Promise.all([promise, dead.all]);
      expect(good).toEqual(Array.from({ length: 100 }, (_, value) => value).filter((value) => value % 50 !== 7));
      expect([...tries.values()].reduce((sum, n) => sum + n, 0)).toBe(102);
      expect(dead.events.map((event) => event.key)).toEqual(['k', 'k']);
      expect(dead.events.map((event) => event.payload)).toEqual(
        [7, 57].map((value): DeadLetter => ({
          topic: 't',
          offset: String(offsets[value]),
          group: 'g',
          attempts: 2,
          reason: `poison ${value}`,
          payload: value,
        })),
      );
    });

    it('waits for the handler in flight when a subscription closes, and leaves the rest to the group', async () => {
      const started = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      const subscription = await bus.subscribe('t', { group: 'g', from: 'earliest' }, async ({ payload }) => {
        started.resolve();
        await release.promise;
        seen.push(payload);
      });
      await bus.publish('t', 'k', 1);
      await bus.publish('t', 'k', 2);
      await started.promise;
      let closed = false;
      const closing = subscription.close().then(() => (closed = true));
      await new Promise((next) => setImmediate(next));
      expect(closed).toBe(false);
      release.resolve();
      await closing;
      expect(seen).toEqual([1]);
      const heir = await collect('t', 'g', 1);
      await heir.all;
      expect(heir.events.map((event) => event.payload)).toEqual([2]);
      await subscription.close();
    });

    it('refuses everything after it was closed, and closes twice without harm', async () => {
      const inFlight = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      let ended = false;
      await bus.subscribe('t', { group: 'g', from: 'earliest' }, async () => {
        inFlight.resolve();
        await release.promise;
        ended = true;
      });
      await bus.publish('t', 'k', 1);
      await inFlight.promise;
      const closing = bus.close();
      await expect(bus.publish('t', 'k', 2)).rejects.toMatchObject({ code: 'SKEIN_BUS_CLOSED' });
      await expect(bus.subscribe('t', { group: 'h', from: 'latest' }, async () => {})).rejects.toMatchObject({ code: 'SKEIN_BUS_CLOSED' });
      release.resolve();
      await closing;
      expect(ended).toBe(true);
      await bus.close();
    });
  });
}
