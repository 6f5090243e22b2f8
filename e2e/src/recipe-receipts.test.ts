import { soaking } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recipeMesh, type RecipeMesh } from './recipe-mesh.ts';
import { RECEIPTS_AGAINST_RECEIVABLES } from './recipes.ts';

// Promise: what customers paid on the chain, and only that which is final, is held against what they owe, to the smallest unit.

interface Answer {
  readonly payment_reference: string;
  readonly customer: string;
  readonly currency: string;
  readonly owed: unknown;
  readonly receipts: unknown;
  readonly received: string;
  readonly standing: string;
}
type Line = readonly [reference: string, currency: string, receipts: number, received: bigint, standing: string];

const TOLERANCE: Readonly<Record<string, bigint>> = { EUR: 10n ** 16n, JPY: 10n ** 18n };

/** The same by another way: from what the writer of the chain planted, and the receivables' rows as text, added up as bigint. */
async function expected(mesh: RecipeMesh): Promise<Line[]> {
  const items = await mesh.rows<{ reference: string; currency: string; amount: string }>(
    'sap.open_receivables',
    'SELECT payment_reference AS reference, currency, amount::VARCHAR AS amount FROM t',
  );
  return items
    .filter(({ amount }) => !amount.startsWith('-') && /[1-9]/.test(amount))
    .map(({ reference, currency, amount }): Line => {
      const [whole = '', places = ''] = amount.split('.');
      const owed = BigInt(whole + places.padEnd(18, '0'));
      const mine = mesh.chain.truth.payments.filter((one) => one.counts && one.reference === reference && one.currency === currency);
      const received = mine.reduce((sum, { units, decimals }) => sum + units * 10n ** BigInt(18 - decimals), 0n);
      const tolerance = TOLERANCE[currency] ?? 0n;
      const standing = mine.length === 0 ? 'open' : received < owed - tolerance ? 'short' : received > owed + tolerance ? 'over' : 'paid';
      return [reference, currency, mine.length, received, standing];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

async function answered(mesh: RecipeMesh, sql: string): Promise<Line[]> {
  const rows = await (await mesh.as('analyst')).query<Answer>(sql);
  return [...rows].map((row): Line => [row.payment_reference, row.currency, Number(row.receipts), BigInt(row.received.replace('.', '')), row.standing]);
}

// Another seed, the same claim: a mesh each, so that the second one is left to the long tests.
describe.each(soaking ? [1, 2] : [1])('finalised receipts against receivables, seed %d', (seed) => {
  let mesh: RecipeMesh;
  let truth: Line[];
  beforeAll(async () => {
    mesh = await recipeMesh(seed, 2_000, ['sap', 'blockchain']);
    truth = await expected(mesh);
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('answers as plain code over what was planted does, with all four standings', async () => {
    const lines = await answered(mesh, RECEIPTS_AGAINST_RECEIVABLES);
    expect(lines).toEqual(truth);
    const counts = Map.groupBy(lines, ([, , , , standing]) => standing);
    for (const standing of ['paid', 'short', 'over', 'open']) expect(counts.get(standing)?.length, standing).toBeGreaterThan(2);
    // several payments of one invoice, and more than one token's
    expect(lines.filter(([, , receipts]) => receipts > 1).length).toBeGreaterThan(3);
  });

  it('comes to what each story was planted for, where the receivable is as it was issued', async () => {
    const lines = new Map((await answered(mesh, RECEIPTS_AGAINST_RECEIVABLES)).map((line) => [line[0], line]));
    const told = Object.entries(mesh.chain.truth.standings).filter(([reference]) => lines.has(reference));
    const right = told.filter(([reference, { standing }]) => lines.get(reference)?.[4] === standing);
    // Faults of the receivables' own source change the amount of a few.
    expect(right.length).toBeGreaterThan(told.length * 0.9);
    expect(new Set(right.map(([, { story }]) => story)).size).toBe(new Set(Object.values(mesh.chain.truth.standings).map(({ story }) => story)).size);
  });

  it('shows an analyst the customer by a token of his own, and the public nobody', async () => {
    const seen = [...(await (await mesh.as('analyst')).query<Answer>(RECEIPTS_AGAINST_RECEIVABLES))];
    const keys = await mesh.rows<{ key: string }>('sap.open_receivables', 'SELECT DISTINCT customer_key AS key FROM t');
    const known = new Set(keys.map(({ key }) => key));
    expect(seen.length).toBeGreaterThan(50);
    expect(seen.filter(({ customer }) => known.has(customer) || !customer)).toEqual([]);
    const open = [...(await (await mesh.as('steward')).query<Answer>(RECEIPTS_AGAINST_RECEIVABLES))];
    expect(open.every(({ customer }) => known.has(customer))).toBe(true);
    await expect((async () => [...(await (await mesh.as('public')).query(RECEIPTS_AGAINST_RECEIVABLES))])()).rejects.toMatchObject({
      code: expect.stringMatching(/^SKEIN_(QUERY_UNKNOWN_COLUMN|PRODUCT_UNKNOWN|AUTH_FORBIDDEN)$/) as string,
    });
  });

  it.each([
    ['what is not final counts', "t.finality = 'finalized' AND", ''],
    ['floats', '::BIGNUM', '::DOUBLE'],
    ['any wallet', "AND t.to_address = '0x5e771ed0000000000000000000000000000000c0'", ''],
    ['no tolerance', "'EUR', 0.01", "'EUR', 0"],
    [
      'any currency',
      'LEFT JOIN receipts r USING (memo, currency) LEFT JOIN tolerances n USING (currency)',
      'LEFT JOIN receipts r ON r.memo = i.memo LEFT JOIN tolerances n ON n.currency = i.currency',
    ],
    ['a memo of the whole transaction', 'AND l.log_index = t.log_index + 1 AND', 'AND'],
    ['decimals forgotten', "|| repeat('0', 18 - t.decimals)", "|| repeat('0', 12)"],
  ])('would notice: %s', async (_name, from, to) => {
    const twin = RECEIPTS_AGAINST_RECEIVABLES.replaceAll(from, to);
    expect(twin).not.toBe(RECEIPTS_AGAINST_RECEIVABLES);
    const rows = [...(await (await mesh.as('analyst')).query<Answer>(twin))];
    const standings = (lines: readonly (readonly [string, string])[]) => lines.map(([reference, standing]) => `${reference} ${standing}`);
    expect(standings(rows.map(({ payment_reference: reference, standing }) => [reference, standing]))).not.toEqual(
      standings(truth.map(([reference, , , , standing]) => [reference, standing])),
    );
  });
});
