import { describe, expect, it } from 'vitest';
import { eventBusConformance } from '@skein/ports/conformance';
import { memoryBus } from './memory-bus.ts';

eventBusConformance('memory', async () => ({ bus: memoryBus() }));

describe('memory bus', () => {
  it('keeps the newest events of a topic for groups yet to come, and forgets older ones', async () => {
    const bus = memoryBus({ retain: 10 });
    for (let value = 0; value < 5_000; value += 1) await bus.publish('t', 'k', value);
    const seen: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    await bus.subscribe('t', { group: 'g', from: 'earliest' }, async ({ payload, offset }) => {
      expect(offset).toBe(BigInt(payload as number));
      if (seen.push(payload as number) === 10) resolve();
    });
    await promise;
    expect(seen).toEqual([4990, 4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999]);
    await bus.close();
  });

  it('lets publishers wait for a slow group, loses nothing, and keeps their order', async () => {
    const bus = memoryBus({ retain: 8 });
    const gate = Promise.withResolvers<void>();
    const seen: number[] = [];
    const all = Promise.withResolvers<void>();
    await bus.subscribe('t', { group: 'slow', from: 'earliest' }, async ({ payload }) => {
      await gate.promise;
      if (seen.push(payload as number) === 3_000) all.resolve();
    });
    let accepted = 0;
    const publishing = Array.from({ length: 3_000 }, (_, value) => bus.publish('t', `k${value % 3}`, value).then(() => (accepted += 1)));
    await new Promise((next) => setTimeout(next, 20));
    expect(accepted).toBe(8);
    gate.resolve();
    await Promise.all([...publishing, all.promise]);
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, value) => value));
    await bus.close();
  });

  it('sends waiting publishers away when it closes', async () => {
    const bus = memoryBus({ retain: 1 });
    const gate = Promise.withResolvers<void>();
    await bus.subscribe('t', { group: 'slow', from: 'earliest' }, () => gate.promise);
    await bus.publish('t', 'k', 1);
    const waiting = bus.publish('t', 'k', 2);
    const closing = bus.close();
    gate.resolve();
    await expect(waiting).rejects.toMatchObject({ code: 'SKEIN_BUS_CLOSED' });
    await closing;
  });

  it('does not wait for a group that has no members left', async () => {
    const bus = memoryBus({ retain: 2 });
    const subscription = await bus.subscribe('t', { group: 'gone', from: 'earliest' }, async () => {});
    await subscription.close();
    let published = 0;
    for (let value = 0; value < 100; value += 1) await bus.publish('t', 'k', value).then(() => (published += 1));
    expect(published).toBe(100);
    await bus.close();
  });

  it('lets timers and sockets have their turn under a long backlog', async () => {
    const bus = memoryBus({ retain: 50_000 });
    for (let value = 0; value < 20_000; value += 1) await bus.publish('t', 'k', value);
    let handled = 0;
    let handledAtTick = -1;
    setImmediate(() => (handledAtTick = handled));
    const all = Promise.withResolvers<void>();
    await bus.subscribe('t', { group: 'g', from: 'earliest' }, async () => {
      if (++handled === 20_000) all.resolve();
    });
    await all.promise;
    expect(handledAtTick).toBeGreaterThanOrEqual(0);
    expect(handledAtTick).toBeLessThan(1_000);
    await bus.close();
  });

  it('refuses settings that make no sense', async () => {
    expect(() => memoryBus({ retain: 0 })).toThrowError(/retain/);
    const bus = memoryBus();
    await expect(bus.subscribe('t', { group: 'g', from: 'earliest', attempts: 0 }, async () => {})).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
    await bus.close();
  });
});
