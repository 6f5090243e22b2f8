import { sha256 } from '@skein/kernel';
import type { Expression } from '@skein/pattern';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alternativeId, gapKey } from '../decide-review.ts';
import type { Alternative, ReviewDecision, ReviewDesk, ReviewRequest } from '../review-desk.ts';

export interface ReviewDeskUnderTest {
  readonly desk: ReviewDesk;
  /** Another desk over the same reviews, as another process has it; undefined where reviews end with the desk. */
  readonly another?: () => Promise<ReviewDesk>;
}

/** An alternative that trims, one for each index. */
export function sampleAlternative(index: number, proposedBy = 'swarm'): Alternative {
  const solution: Expression = { kind: 'expression', transformation: `concat(trim({value}), '${index}')`, preConditions: 'TRUE', postValidation: 'TRUE' };
  return { id: alternativeId([solution]), category: 'space', solutions: [solution], why: `trims ${index}`, test: { cells: 4, passed: 4 }, proposedBy };
}

/** A review of one gap with two alternatives; indices differ in their gap. */
export function sampleReview(index: number, more: Partial<ReviewRequest> = {}): ReviewRequest {
  return {
    id: sha256(`review ${index}`),
    kind: 'repair',
    product: 'shop.item',
    products: ['shop.item'],
    rule: 'type',
    column: 'price',
    gaps: [
      {
        context: { domain: 'shop', product: 'shop.item', column: 'price' },
        signature: { rule: 'type', target: 'DATE', shapes: [`9/9/9 ${index}`] },
        cells: 4,
        values: [{ value: '03/04/2025', count: 4 }],
      },
    ],
    message: 'is no date',
    why: 'the day and the month cannot be told apart',
    rows: [{ before: { price: '03/04/2025' }, after: {} }],
    alternatives: [sampleAlternative(1), sampleAlternative(2)],
    blast: { cells: 4, rows: 4, products: [] },
    approvals: 1,
    proposedBy: 'swarm',
    openedAt: index,
    ...more,
  };
}

/** What every ReviewDesk keeps. Call it at the top level of a test file; `make` gives an empty desk. */
export function reviewDeskConformance(name: string, make: () => Promise<ReviewDeskUnderTest>): void {
  describe(`review desk: ${name}`, () => {
    let made: ReviewDeskUnderTest;
    let desk: ReviewDesk;
    const others: ReviewDesk[] = [];
    beforeEach(async () => {
      made = await make();
      desk = made.desk;
    });
    afterEach(async () => {
      for (const other of others.splice(0)) await other.close();
      await desk.close();
    });
    const another = async (): Promise<ReviewDesk> => {
      if (!made.another) return desk;
      const other = await made.another();
      others.push(other);
      return other;
    };
    const request = sampleReview(1);
    const choice = sampleAlternative(1).id;
    const approve = (id: string, by: string, more: Partial<ReviewDecision> = {}): ReviewDecision => ({
      id,
      decision: 'approve',
      by,
      reason: 'day first',
      at: 1,
      choice,
      ...more,
    });

    it('opens one review for a cluster, whoever asks, and however its gaps are cut', async () => {
      const opened = await Promise.all([desk, await another()].map((one) => one.open(request)));
      expect(opened.filter(({ created }) => created)).toHaveLength(1);
      expect(await desk.open(sampleReview(1, { id: sha256('cut otherwise') }))).toMatchObject({ created: false, review: { id: request.id } });
      expect(await desk.open(sampleReview(2))).toMatchObject({ created: true });
      expect((await desk.list()).map(({ openedAt }) => openedAt)).toEqual([2, 1]);
      expect(await desk.list({ limit: 1 })).toHaveLength(1);
      expect((await desk.covering(gapKey(request.gaps[0] as (typeof request.gaps)[0])))?.id).toBe(request.id);
      expect(await desk.covering('nothing')).toBeUndefined();
      expect(await desk.get('nothing')).toBeUndefined();
    });

    it('gives exactly one effect to decisions that race', async () => {
      await desk.open(request);
      const desks = [desk, await another(), await another()];
      const said = await Promise.allSettled(
        Array.from({ length: 24 }, (_, at) => (desks[at % desks.length] as ReviewDesk).decide(request.id, approve(`d${at}`, `person ${at}`))),
      );
      expect(said.filter((one) => one.status === 'fulfilled' && one.value.settled)).toHaveLength(1);
      const refused = said.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
      expect(refused).toEqual(Array.from({ length: 23 }, () => 'SKEIN_REVIEW_DECIDED'));
      const review = await desk.get(request.id);
      expect(review).toMatchObject({ status: 'approved', chosen: choice });
      expect(review?.decisions).toHaveLength(1);
    });

    it('takes a decision that is sent again as the one it is, and refuses another under its id', async () => {
      await desk.open(request);
      const first = await desk.decide(request.id, approve('d1', 'ann'));
      const again = await (await another()).decide(request.id, approve('d1', 'ann', { at: 99 }));
      expect([first.settled, again.settled]).toEqual([true, false]);
      expect(again.review).toEqual(first.review);
      await expect(desk.decide(request.id, approve('d1', 'bob'))).rejects.toMatchObject({ code: 'SKEIN_REVIEW_CONFLICT' });
      await expect(desk.decide(request.id, approve('d1', 'ann', { decision: 'reject' }))).rejects.toMatchObject({ code: 'SKEIN_REVIEW_CONFLICT' });
    });

    it('lets nobody decide on their own request', async () => {
      await desk.open(sampleReview(1, { proposedBy: 'ann' }));
      for (const decision of ['approve', 'reject'] as const)
        await expect(desk.decide(request.id, approve('d1', 'ann', { decision }))).rejects.toMatchObject({ code: 'SKEIN_AUTH_FORBIDDEN' });
      // the twin: another person may
      expect((await desk.decide(request.id, approve('d1', 'bob'))).settled).toBe(true);
    });

    it('takes one person for one person, however the subject is written', async () => {
      const spellings = ['ANN', ' ann', 'ann\u200b', '\uff41nn', 'Ann '];
      await desk.open(sampleReview(1, { proposedBy: 'Ann' }));
      for (const [at, by] of ['ann', ...spellings].entries())
        await expect(desk.decide(request.id, approve(`d${at}`, by))).rejects.toMatchObject({ code: 'SKEIN_AUTH_FORBIDDEN' });
      const two = sampleReview(2, { approvals: 2 });
      await desk.open(two);
      const yes = (id: string, by: string) => desk.decide(two.id, approve(id, by, { choice: two.alternatives[0]?.id as string }));
      expect((await yes('e', 'ann')).settled).toBe(false);
      for (const [at, by] of spellings.entries()) await expect(yes(`e${at}`, by)).rejects.toMatchObject({ code: 'SKEIN_REVIEW_DECIDED' });
      // The twin: another person settles it.
      expect((await yes('f', 'anna')).settled).toBe(true);
    });

    it('asks for two persons where two are wanted, an amendment included', async () => {
      await desk.open(sampleReview(1, { approvals: 2 }));
      expect((await desk.decide(request.id, approve('d1', 'ann'))).settled).toBe(false);
      await expect(desk.decide(request.id, approve('d2', 'ann'))).rejects.toMatchObject({ code: 'SKEIN_REVIEW_DECIDED' });
      const amendment = sampleAlternative(3, 'bob');
      expect((await desk.decide(request.id, approve('d3', 'bob', { decision: 'amend', amendment, choice: undefined as never }))).settled).toBe(false);
      await expect(desk.decide(request.id, approve('d4', 'bob', { choice: amendment.id }))).rejects.toMatchObject({ code: 'SKEIN_AUTH_FORBIDDEN' });
      const { review, settled } = await desk.decide(request.id, approve('d5', 'cid', { choice: amendment.id }));
      expect(settled).toBe(true);
      expect(review).toMatchObject({ status: 'amended', chosen: amendment.id });
    });

    it('settles by one rejection, and lists what the swarm has not been told', async () => {
      await desk.open(request);
      expect(await desk.unapplied()).toEqual([]);
      await desk.decide(request.id, approve('d1', 'ann', { decision: 'reject', choice: undefined as never }));
      expect(await (await another()).unapplied()).toMatchObject([{ id: request.id, status: 'rejected' }]);
      await desk.applied(request.id);
      await desk.applied(request.id);
      expect(await desk.unapplied()).toEqual([]);
      expect(await desk.get(request.id)).toMatchObject({ applied: true, status: 'rejected' });
      // its gap may come up again, under another id
      expect(await desk.open(sampleReview(1, { id: sha256('again') }))).toMatchObject({ created: true });
    });

    it('refuses what is malformed, and keeps odd text to the letter', async () => {
      await desk.open(request);
      const odd = '🧵 "; DROP TABLE review; -- \u202e';
      for (const wrong of [
        approve('', 'ann'),
        approve('d 1', 'ann'),
        approve('x'.repeat(129), 'ann'),
        approve('d1', 'ann', { reason: ' ' }),
        approve('d1', 'ann', { reason: 'r'.repeat(4_001) }),
        approve('d1', 'ann', { reason: '\ud800' }),
        approve('d1', ''),
        approve('d1', 'ann', { decision: 'amend' }),
        approve('d1', 'ann', { decision: 'amend', amendment: sampleAlternative(3), examples: Array.from({ length: 21 }, () => ({ input: 'a', output: 'b' })) }),
      ])
        await expect(desk.decide(request.id, wrong)).rejects.toMatchObject({ code: 'SKEIN_REQUEST_INVALID' });
      await expect(desk.decide(request.id, approve('d1', 'ann', { choice: odd }))).rejects.toMatchObject({ code: 'SKEIN_REVIEW_CONFLICT' });
      await expect(desk.decide(request.id, approve('d1', 'ann', { choice: undefined as never }))).rejects.toMatchObject({ code: 'SKEIN_REVIEW_CONFLICT' });
      await expect(desk.decide(odd, approve('d1', 'ann'))).rejects.toMatchObject({ code: 'SKEIN_REVIEW_UNKNOWN' });
      await expect(desk.open(sampleReview(3, { id: odd }))).rejects.toMatchObject({ code: 'SKEIN_REQUEST_INVALID' });
      await expect(desk.open(sampleReview(3, { gaps: [] }))).rejects.toMatchObject({ code: 'SKEIN_REQUEST_INVALID' });
      const { review } = await desk.decide(request.id, approve('d1', odd, { reason: odd }));
      expect((await desk.get(request.id))?.decisions).toEqual(review.decisions);
      expect(review.decisions[0]).toMatchObject({ by: odd, reason: odd });
    });

    it('has its reviews after it was closed and opened once more', async () => {
      if (!made.another) return;
      await desk.open(request);
      await desk.decide(request.id, approve('d1', 'ann'));
      const before = await desk.get(request.id);
      await desk.close();
      desk = await made.another();
      expect(await desk.get(request.id)).toEqual(before);
      expect(await desk.decide(request.id, approve('d1', 'ann'))).toMatchObject({ settled: false });
    });
  });
}
