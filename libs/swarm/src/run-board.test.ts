import { describe, expect, it } from 'vitest';
import { memoryBoard } from '@skein/adapter-memory';
import { SkeinError } from '@skein/kernel';
import { patternId, type Pattern } from '@skein/pattern';
import type { ClaimAnswer, PatternBoard } from '@skein/ports';
import { boardOfRun } from './run-board.ts';

// Promise: a board that stays away holds no run up, and nothing that was told is lost with it.

const solution = { kind: 'expression' as const, transformation: 'trim({value})', preConditions: 'TRUE', postValidation: 'TRUE' };
const parts = { category: 'space', signature: { rule: 'pattern', target: 'VARCHAR', shapes: ['_a'] }, solution };
const context = { domain: 'd', product: 'd.p', column: 'c' };
const pattern: Pattern = { ...parts, id: patternId(parts), context, test: { cells: 1, passed: 1 }, evidence: {} };
const never = new Promise<never>(() => undefined);

function changed(board: PatternBoard, changes: Partial<PatternBoard>): PatternBoard {
  return new Proxy(board, {
    get(target, name: keyof PatternBoard) {
      const member = changes[name] ?? target[name];
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}

describe('the board of a run', () => {
  it('waits for an answer once, refuses claims from then on, and asks again when something that was told arrives', async () => {
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const inner = await hub.join('one');
    let [gone, claims] = [true, 0];
    const board = boardOfRun(
      changed(inner, {
        publish: (one) => (gone ? never : inner.publish(one)),
        claim: (key, ttl) => {
          claims += 1;
          return gone ? never : inner.claim(key, ttl);
        },
      }),
      { patience: 20 },
    );
    const refusal = { code: 'SKEIN_BOARD_UNAVAILABLE' };
    await expect(board.claim('k', 1_000)).rejects.toMatchObject(refusal);
    await expect(board.claim('k', 1_000)).rejects.toMatchObject(refusal);
    expect(claims).toBe(1);
    await board.publish(pattern);
    gone = false;
    await board.publish(pattern);
    expect(await board.claim('k', 1_000)).toMatchObject({ signatureKey: 'k' });
    expect(board.lookup('none')).toEqual([]);
  });

  it('gives back a lease that was granted too late, and hands on every other refusal', async () => {
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const [inner, other] = [await hub.join('one'), await hub.join('two')];
    let grant: (answer: ClaimAnswer) => void = () => undefined;
    const board = boardOfRun(changed(inner, { claim: () => new Promise((resolve) => (grant = resolve)) }), { patience: 20 });
    await expect(board.claim('k', 60_000)).rejects.toMatchObject({ code: 'SKEIN_BOARD_UNAVAILABLE' });
    grant(await inner.claim('k', 60_000));
    await expect.poll(() => other.claim('k', 60_000)).toMatchObject({ signatureKey: 'k' });
    const lost = new SkeinError('SKEIN_LEASE_LOST', 'superseded');
    await expect(boardOfRun(changed(inner, { publish: () => Promise.reject(lost) }), { patience: 20 }).publish(pattern)).rejects.toBe(lost);
  });

  it('lets those go on who wait for a lease that was given back to a board that is away', async () => {
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const inner = await hub.join('one');
    const board = boardOfRun(changed(inner, { park: () => never, release: () => never }), { patience: 20 });
    const parked = board.park('k');
    await board.release({ signatureKey: 'k', token: 1 });
    expect(await parked).toBe('free');
    expect(await board.park('k')).toBe('free');
  });

  it('ends every waiting when the run is told to stop', async () => {
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const inner = await hub.join('one');
    const stop = new AbortController();
    const silent = changed(inner, { park: () => never, claim: () => never, publish: () => never });
    const board = boardOfRun(silent, { patience: 600_000, signal: stop.signal });
    const waits = [board.park('k'), board.claim('k', 1_000), board.publish(pattern)];
    const told = new Error('told to stop');
    stop.abort(told);
    expect(await Promise.allSettled(waits)).toEqual(waits.map(() => ({ status: 'rejected', reason: told })));
    await expect(board.park('k')).rejects.toBe(told);
  });
});
