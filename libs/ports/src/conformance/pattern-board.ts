import { earn, patternId, signatureKey, type Pattern } from '@skein/pattern';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, PatternBoard } from '../pattern-board.ts';
import { solveOnce } from '../solve-once.ts';

export interface PatternBoardUnderTest {
  /** A member of one and the same board. */
  join(agent: string): Promise<PatternBoard>;
  /** Releases what stands behind the board, after its members were closed. */
  readonly dispose?: () => Promise<void>;
}

/** A well-formed pattern: `index` its signature, `variant` its solution. */
export function samplePattern(index: number, variant = 0, agent?: string): Pattern {
  const signature = { rule: 'type', target: `DATE ${index}`, shapes: ['9.9.9999'] };
  const solution = { kind: 'expression', transformation: `strptime({value}, '%d.%m.%Y ${variant}')`, preConditions: 'TRUE', postValidation: 'TRUE' } as const;
  return {
    id: patternId({ category: 'date', signature, solution }),
    category: 'date',
    signature,
    context: { domain: 'shop', product: 'orders', column: 'Zoë\n"' },
    solution,
    test: { cells: 40, passed: 40 },
    evidence: agent === undefined ? {} : { [agent]: { successes: 1, failures: 0 } },
  };
}

const [BASIS, OTHER_BASIS] = ['0'.repeat(64), '1'.repeat(64)];

/** Resolves when `holds` does, looking again at every change; the test's own timeout ends a wait in vain. */
export async function boardShows(board: PatternBoard, holds: () => boolean): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve) => {
    const stop = board.onChange(() => {
      if (!holds()) return;
      stop();
      resolve();
    });
  });
}

/** What every PatternBoard keeps. `make` gives a fresh board; call it at the top level of a test file. */
export function patternBoardConformance(name: string, make: () => Promise<PatternBoardUnderTest>): void {
  describe(`pattern board: ${name}`, () => {
    let made: PatternBoardUnderTest;
    const members: PatternBoard[] = [];
    beforeEach(async () => {
      made = await make();
    });
    afterEach(async () => {
      await Promise.all(members.splice(0).map((member) => member.close()));
      await made.dispose?.();
    });
    async function join(agent: string): Promise<PatternBoard> {
      const member = await made.join(agent);
      members.push(member);
      return member;
    }
    async function granted(board: PatternBoard, key: string, ttl = 60_000): Promise<Lease> {
      const claim = await board.claim(key, ttl);
      if (typeof claim === 'string' || 'vain' in claim) throw new Error(`the claim was answered ${JSON.stringify(claim)}`);
      return claim;
    }

    it('shows a pattern to its publisher at once, to the others soon, and to those who join late', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const pattern = samplePattern(1, 0, 'a');
      const key = signatureKey(pattern.signature);
      const published = a.publish(pattern);
      expect(a.lookup(key)).toEqual([pattern]);
      await published;
      await boardShows(b, () => b.lookup(key).length > 0);
      expect(b.lookup(key)).toEqual([pattern]);
      const late = await join('late');
      expect(late.lookup(key)).toEqual([pattern]);
      expect(late.knowledge()).toEqual(a.knowledge());
      expect(late.lookup(signatureKey(samplePattern(2).signature))).toEqual([]);
      expect(a.counts()).toEqual({ patterns: 1, refused: 0, unsent: 0 });
    });

    it('merges evidence of all members by the higher counter, whatever is told twice', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const { id, signature } = samplePattern(1);
      const key = signatureKey(signature);
      await b.evidence(id, 'b', { successes: 5, failures: 0 });
      await a.publish(samplePattern(1, 0, 'a'));
      await b.publish(samplePattern(1, 0, 'b'));
      for (let again = 0; again < 3; again += 1) {
        await a.evidence(id, 'a', { successes: 4, failures: 1 });
        await a.evidence(id, 'a', { successes: 3, failures: 0 });
      }
      const expected = { a: { successes: 4, failures: 1 }, b: { successes: 5, failures: 0 } };
      const late = await join('late');
      for (const board of [a, b, late]) {
        await boardShows(board, () => JSON.stringify(board.lookup(key)[0]?.evidence) === JSON.stringify(expected));
        expect(board.lookup(key)).toHaveLength(1);
      }
    });

    it('takes a rejected pattern out everywhere, and does not let it come back', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const pattern = samplePattern(1);
      const other = samplePattern(1, 1);
      const key = signatureKey(pattern.signature);
      await a.publish(pattern);
      await a.publish(other);
      await boardShows(b, () => b.lookup(key).length === 2);
      await b.reject(pattern.id, 'the year is the supplier’s');
      expect(b.lookup(key)).toEqual([other]);
      await boardShows(a, () => a.lookup(key).length === 1);
      await a.publish({ ...pattern, evidence: { a: { successes: 100, failures: 0 } } });
      const late = await join('late');
      for (const board of [a, b, late]) {
        expect(board.lookup(key)).toEqual([other]);
        expect(board.rejection(pattern.id)).toBe('the year is the supplier’s');
        expect(board.rejection(other.id)).toBeUndefined();
      }
    });

    it('refuses what is malformed or too large, and stores nothing of it', async () => {
      const a = await join('a');
      const pattern = samplePattern(1);
      const refused = { code: 'SKEIN_BOARD_ENTRY' };
      await expect(a.publish({ ...pattern, id: 'x'.repeat(64) })).rejects.toMatchObject(refused);
      await expect(a.publish({ ...pattern, evidence: { a: { successes: -1, failures: 0 } } })).rejects.toMatchObject(refused);
      const shapes = Array.from({ length: 60 }, (_, index) => String(index).repeat(4_000));
      const signature = { ...pattern.signature, shapes };
      await expect(a.publish({ ...pattern, signature, id: patternId({ ...pattern, signature }) })).rejects.toMatchObject(refused);
      await expect(a.evidence(pattern.id, '', { successes: 1, failures: 0 })).rejects.toMatchObject(refused);
      await expect(a.evidence(pattern.id, 'a', { successes: Number.NaN, failures: 0 })).rejects.toMatchObject(refused);
      await expect(a.reject('*', 'all of them')).rejects.toMatchObject(refused);
      await expect(a.claim('k', 0)).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
      expect(a.counts()).toEqual({ patterns: 0, refused: 0, unsent: 0 });
      expect(a.knowledge()).toEqual({ patterns: [], evidence: {}, rejected: {}, rewards: {} });
    });

    it('keeps what it knows apart from the objects that went in', async () => {
      const a = await join('a');
      const pattern = structuredClone(samplePattern(1, 0, 'a'));
      const before = structuredClone(pattern);
      await a.publish(pattern);
      (pattern.solution as { transformation: string }).transformation = 'vandal';
      expect(a.lookup(signatureKey(before.signature))).toEqual([before]);
    });

    it('tells listeners which signature changed, until they stop', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const keys: string[] = [];
      const stop = b.onChange((key) => keys.push(key));
      const [first, second] = [samplePattern(1), samplePattern(2)];
      await a.publish(first);
      await boardShows(b, () => b.lookup(signatureKey(first.signature)).length > 0);
      expect(new Set(keys)).toEqual(new Set([signatureKey(first.signature)]));
      stop();
      await a.publish(second);
      await boardShows(b, () => b.lookup(signatureKey(second.signature)).length > 0);
      expect(keys).not.toContain(signatureKey(second.signature));
    });

    it('grants a lease to one of many, and to the next when it is released', async () => {
      const boards = await Promise.all(['a', 'b', 'c', 'd'].map(join));
      const claims = await Promise.all(boards.flatMap((board) => [board.claim('k', 60_000), board.claim('k', 60_000)]));
      const leases = claims.filter((claim) => typeof claim !== 'string' && 'token' in claim);
      expect(leases).toHaveLength(1);
      expect(claims.filter((claim) => claim === 'held')).toHaveLength(7);
      const other = await granted(boards[0] as PatternBoard, 'other');
      expect(other.signatureKey).toBe('other');
      const [lease] = leases as [Lease];
      // A release that comes from nobody, and one that comes twice, free nothing.
      await boards[1]?.release({ ...lease, token: lease.token + 1 });
      expect(await boards[1]?.claim('k', 60_000)).toBe('held');
      await boards[2]?.release(lease);
      const next = await granted(boards[3] as PatternBoard, 'k');
      expect(next.token).toBeGreaterThan(lease.token);
      await boards[2]?.release(lease);
      expect(await boards[1]?.claim('k', 60_000)).toBe('held');
    });

    it('wakes those who are parked when a solution comes, when the lease is released, and when it expires', async () => {
      const [a, b, c] = [await join('a'), await join('b'), await join('c')];
      const pattern = samplePattern(1);
      const key = signatureKey(pattern.signature);
      expect(await b.park(key)).toBe('free');

      const first = await granted(a, key);
      const parked = [b.park(key), b.park(key), c.park(key)];
      await a.release(first);
      expect(await Promise.all(parked)).toEqual(['free', 'free', 'free']);

      await granted(a, key, 40);
      expect(await b.park(key)).toBe('free');

      const second = await granted(b, key);
      const waiting = [a.park(key), c.park(key)];
      await b.publish(pattern, second);
      expect(await Promise.all(waiting)).toEqual(['changed', 'changed']);
      for (const board of [a, c]) expect(board.lookup(key)).toEqual([pattern]);
      expect(await a.park(key)).toBe('free');
    });

    it('refuses what the holder of a superseded lease publishes', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const [slow, quick] = [samplePattern(1, 0), samplePattern(1, 1)];
      const key = signatureKey(slow.signature);
      const stale = await granted(a, key, 30);
      expect(await b.park(key)).toBe('free');
      const fresh = await granted(b, key);
      const publishing = a.publish(slow, stale);
      expect(a.lookup(key)).toEqual([slow]);
      await expect(publishing).rejects.toMatchObject({ code: 'SKEIN_LEASE_LOST' });
      expect(a.lookup(key)).toEqual([]);
      // It takes the lease of nobody with it.
      expect(await a.claim(key, 1_000)).toBe('held');
      await b.publish(quick, fresh);
      const late = await join('late');
      await boardShows(a, () => a.lookup(key).length > 0);
      for (const board of [a, b, late]) expect(board.lookup(key)).toEqual([quick]);
      await expect(a.publish(slow, stale)).rejects.toMatchObject({ code: 'SKEIN_LEASE_LOST' });
    });

    it('takes what comes late under a lease that nobody else was granted', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const pattern = samplePattern(1);
      const key = signatureKey(pattern.signature);
      const lease = await granted(a, key, 30);
      expect(await b.park(key)).toBe('free');
      await a.publish(pattern, lease);
      await boardShows(b, () => b.lookup(key).length > 0);
    });

    it('answers a claim with what was published before it', async () => {
      const [a, b] = [await join('a'), await join('b')];
      for (let index = 0; index < 50; index += 1) {
        const pattern = samplePattern(index);
        const key = signatureKey(pattern.signature);
        await a.publish(pattern);
        const known = b.lookup(key).length > 0;
        const claim = await b.claim(key, 60_000);
        expect(b.lookup(key)).toEqual([pattern]);
        // Whoever had not seen it when it claimed is told to look again, and holds nothing.
        if (!known) expect(claim).toBe('changed');
        else expect(claim).toMatchObject({ signatureKey: key });
      }
    });

    it('has each of many gaps solved once by members that race for them', async () => {
      const boards = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(join));
      const gaps = 25;
      const solved = new Map<number, number>();
      const close = (board: PatternBoard, index: number) =>
        solveOnce({
          board,
          signatureKey: signatureKey(samplePattern(index).signature),
          ttl: 60_000,
          choose: (patterns) => patterns[0]?.id,
          solve: async () => {
            solved.set(index, (solved.get(index) ?? 0) + 1);
            await new Promise((next) => setTimeout(next, 2));
            return samplePattern(index);
          },
        });
      const answers = await Promise.all(boards.flatMap((board) => Array.from({ length: gaps }, (_, index) => close(board, index))));
      expect([...solved.values()]).toEqual(Array.from({ length: gaps }, () => 1));
      expect(answers).toEqual(boards.flatMap(() => Array.from({ length: gaps }, (_, index) => samplePattern(index).id)));
    });

    it('passes a gap on when its solver fails or finds nothing', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const pattern = samplePattern(1);
      const gap = { signatureKey: signatureKey(pattern.signature), ttl: 60_000, choose: (patterns: readonly Pattern[]) => patterns[0]?.id };
      await expect(solveOnce({ ...gap, board: a, solve: () => Promise.reject(new Error('out of memory')) })).rejects.toThrow('out of memory');
      expect(await solveOnce({ ...gap, board: b, solve: async () => undefined })).toBeUndefined();
      expect(await solveOnce({ ...gap, board: a, solve: async () => pattern })).toBe(pattern.id);
    });

    it('has an attempt that was in vain made once, by whichever of many racing members', async () => {
      const boards = await Promise.all(Array.from({ length: 16 }, (_, index) => join(`w${index}`)));
      let tries = 0;
      const told: string[] = [];
      const close = (board: PatternBoard, basis: string, values = 40) =>
        solveOnce({
          board,
          signatureKey: 'k',
          ttl: 60_000,
          choose: (patterns) => patterns[0]?.id,
          solve: async () => {
            tries += 1;
            await new Promise((next) => setTimeout(next, 2));
            return undefined;
          },
          attempt: () => ({ basis, values }),
          vain: () => ({ why: 'two readings', ttl: 60_000 }),
          onVain: (why) => told.push(why),
        });
      expect(await Promise.all(boards.map((board) => close(board, BASIS)))).toEqual(boards.map(() => undefined));
      expect(tries).toBe(1);
      expect(told).toEqual(Array.from({ length: 15 }, () => 'two readings'));
      // A few rows more are the same attempt; twice as many are not, nor is another basis: a column elsewhere, a decision, a pattern of the kind.
      await close(await join('later'), BASIS, 79);
      expect(tries).toBe(1);
      await close(boards[3] as PatternBoard, OTHER_BASIS);
      expect(tries).toBe(2);
      await close(boards[4] as PatternBoard, BASIS, 80);
      expect(tries).toBe(3);
      await close(boards[5] as PatternBoard, BASIS, 159);
      expect(tries).toBe(3);
      // Whoever makes no attempt that can be compared is not held back.
      expect(await boards[6]?.claim('k', 1_000)).toMatchObject({ signatureKey: 'k' });
    });

    it('forgets an attempt in vain after its time, and lets no superseded holder note one', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const attempt = { basis: BASIS, values: 3 };
      await a.release(await granted(a, 'k'), { ...attempt, why: 'nothing', ttl: 60 });
      expect(await b.claim('k', 1_000, attempt)).toEqual({ vain: 'nothing' });
      expect(await b.claim('j', 20, attempt)).toMatchObject({ signatureKey: 'j' });
      await new Promise((next) => setTimeout(next, 120));
      const again = await b.claim('k', 60_000, attempt);
      expect(again).toMatchObject({ signatureKey: 'k' });
      await b.release(again as Lease);
      const stale = await granted(a, 'k', 20);
      expect(await b.park('k')).toBe('free');
      const fresh = await granted(b, 'k');
      await a.release(stale, { ...attempt, why: 'too late', ttl: 60_000 });
      await b.release(fresh);
      const claim = await b.claim('k', 60_000, attempt);
      expect(claim).toMatchObject({ signatureKey: 'k' });
      // The twin: its holder may.
      await b.release(claim as Lease, { ...attempt, why: 'in time', ttl: 60_000 });
      expect(await a.claim('k', 60_000, attempt)).toEqual({ vain: 'in time' });
      await expect(a.claim('k', 1_000, { basis: 'none', values: 1 })).rejects.toMatchObject({ code: 'SKEIN_BOARD_ENTRY' });
      await expect(a.claim('k', 1_000, { basis: BASIS, values: Number.NaN })).rejects.toMatchObject({ code: 'SKEIN_BOARD_ENTRY' });
    });

    it('answers a claim with the pattern that came, not with the note that is older than it', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const pattern = samplePattern(1);
      const key = signatureKey(pattern.signature);
      const attempt = { basis: BASIS, values: 3 };
      await a.release(await granted(a, key), { ...attempt, why: 'nothing', ttl: 60_000 });
      const known = b.lookup(key);
      await a.publish(pattern);
      const early = b.lookup(key) === known;
      const claim = await b.claim(key, 1_000, attempt);
      if (early) expect(claim).toBe('changed');
      expect(b.lookup(key)).toEqual([pattern]);
    });

    it('shares what families earn, by the higher sum of each agent', async () => {
      const [a, b] = [await join('a'), await join('b')];
      await a.reward(earn(a.rewards(), 'a', 'type DATE 9', 'date', 0.5));
      await a.reward(earn(a.rewards(), 'a', 'type DATE 9', 'date', 1));
      await b.reward(earn({}, 'b', 'type DATE 9', 'date', 0.25));
      await b.reward(earn({}, 'b', 'type DATE 9', 'date', 0));
      const expected = { ['type DATE 9\u001fdate']: { a: { successes: 1.5, failures: 0.5 }, b: { successes: 0.25, failures: 1 } } };
      const late = await join('late');
      expect(late.rewards()).toEqual(expected);
      expect(late.knowledge().rewards).toEqual(expected);
      const nan = { successes: Number.NaN, failures: 0 };
      await expect(a.reward({ arm: 'type DATE 9\u001fdate', agent: 'a', tally: nan })).rejects.toMatchObject({ code: 'SKEIN_BOARD_ENTRY' });
      await expect(a.reward({ arm: 'no family', agent: 'a', tally: { successes: 1, failures: 0 } })).rejects.toMatchObject({ code: 'SKEIN_BOARD_ENTRY' });
      expect(a.rewards()['no family']).toBeUndefined();
    });

    it('finds a known pattern in at most 20 µs among 10,000 signatures', async () => {
      const a = await join('a');
      await Promise.all(Array.from({ length: 10_000 }, (_, index) => a.publish(samplePattern(index))));
      const keys = Array.from({ length: 10_000 }, (_, index) => signatureKey(samplePattern(index).signature));
      const start = performance.now();
      let found = 0;
      for (const key of keys) found += a.lookup(key).length;
      const each = ((performance.now() - start) * 1_000) / keys.length;
      expect(found).toBe(10_000);
      expect(each).toBeLessThan(20);
    });

    it('refuses everything after it was closed, wakes who is parked, and closes twice without harm', async () => {
      const [a, b] = [await join('a'), await join('b')];
      await granted(a, 'k');
      const parked = b.park('k');
      await b.close();
      expect(await parked).toBe('free');
      const closed = { code: 'SKEIN_BOARD_UNAVAILABLE' };
      await expect(b.publish(samplePattern(1))).rejects.toMatchObject(closed);
      await expect(b.claim('j', 1_000)).rejects.toMatchObject(closed);
      await b.close();
      await a.publish(samplePattern(1));
      expect(a.counts().patterns).toBe(1);
    });
  });
}
