import { soaking } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recipeMesh, type RecipeMesh } from './recipe-mesh.ts';
import { SETTLEMENT_DRIFT } from './recipes.ts';

// Promise: what a receipt lost or gained until it was settled is reckoned with the price of the last full hour before each moment, exactly.

interface Answer {
  readonly token: string;
  readonly block_time: unknown;
  readonly amount: unknown;
  readonly price_in: unknown;
  readonly price_out: unknown;
  readonly drift_usd: unknown;
}
/** Amounts in 10^-9, prices in 10^-8, drift in 10^-17. */
type Line = readonly [token: string, amount: bigint, priceIn: bigint, priceOut: bigint, drift: bigint];

const HOUR = 3600;
const rounded = (value: bigint, by: bigint): bigint => (value + by / 2n) / by;
const digits = (value: unknown, places: number): bigint => {
  const [whole = '', part = ''] = String(value).split('.');
  return BigInt(whole + part.padEnd(places, '0'));
};

/** The same by another way: the planted receipts, and prices added up in bigint from the trades, hour by hour, by looking back from each moment. */
async function expected(mesh: RecipeMesh, settledAfter = 6): Promise<Line[]> {
  const trades = await mesh.rows<{ bought: string; sold: string; got: string; gave: string; at: string; buys: string; sells: string }>(
    'blockchain.dex_trades',
    `SELECT token_bought AS bought, token_sold AS sold, token_bought_amount_raw AS got, token_sold_amount_raw AS gave, token_bought_symbol AS buys,
      token_sold_symbol AS sells, epoch(block_time)::BIGINT::VARCHAR AS at FROM t`,
  );
  const hours = new Map<string, { base: bigint; quote: bigint }>();
  for (const { bought, sold, got, gave, at, buys, sells } of trades) {
    const sides = buys === 'USDX' ? { token: sold, base: gave, quote: got } : sells === 'USDX' ? { token: bought, base: got, quote: gave } : undefined;
    if (!sides) continue;
    const key = `${sides.token} ${Math.floor(Number(at) / HOUR)}`;
    const sum = hours.get(key) ?? { base: 0n, quote: 0n };
    hours.set(key, { base: sum.base + BigInt(sides.base), quote: sum.quote + BigInt(sides.quote) });
  }
  const newest = Math.max(...[...hours.keys()].map((key) => Number(key.split(' ')[1])));
  const priceAt = (token: string, at: number): bigint | undefined => {
    for (let hour = Math.floor(at / HOUR) - 1; hour > Math.floor(at / HOUR) - 100; hour--) {
      const sum = hours.get(`${token} ${hour}`);
      // Dollars have 6 decimals, coins 18: cut off at the eighteenth place, as the product says.
      if (sum) return rounded((sum.quote * 10n ** 30n) / sum.base, 10n ** 10n);
    }
    return undefined;
  };
  return mesh.chain.truth.receipts
    .filter(({ counts, at }) => counts && at + settledAfter * HOUR <= (newest + 1) * HOUR)
    .flatMap(({ token: address, units, at }): Line[] => {
      const token = `eip155:31337/erc20:${address}`;
      const [priceIn, priceOut] = [priceAt(token, at), priceAt(token, at + settledAfter * HOUR)];
      if (priceIn === undefined || priceOut === undefined) return [];
      const amount = rounded(units, 10n ** 9n);
      return [[token, amount, priceIn, priceOut, amount * (priceOut - priceIn)]];
    })
    .sort(byAll);
}
const byAll = (a: Line, b: Line): number => (a.join() < b.join() ? -1 : 1);

async function answered(mesh: RecipeMesh, sql: string): Promise<Line[]> {
  const rows = [...(await (await mesh.as('analyst')).query<Answer>(sql))];
  return rows
    .map(({ token, amount, price_in: priceIn, price_out: priceOut, drift_usd: drift }): Line => [
      token,
      digits(amount, 9),
      digits(priceIn, 8),
      digits(priceOut, 8),
      digits(drift, 17),
    ])
    .sort(byAll);
}

// Another seed, the same claim: a mesh each, so that the second one is left to the long tests.
describe.each(soaking ? [1, 2] : [1])('settlement drift, seed %d', (seed) => {
  let mesh: RecipeMesh;
  let truth: Line[];
  beforeAll(async () => {
    mesh = await recipeMesh(seed, 2_000, ['blockchain']);
    truth = await expected(mesh);
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('answers as plain code over trades and planted receipts does', async () => {
    expect(truth.length).toBeGreaterThan(10);
    expect(new Set(truth.map(([token]) => token)).size).toBe(2);
    expect(truth.some(([, , , , drift]) => drift > 0n) && truth.some(([, , , , drift]) => drift < 0n)).toBe(true);
    expect(await answered(mesh, SETTLEMENT_DRIFT)).toEqual(truth);
  });

  it.each([
    ['the hour that is not over yet', 'hour + INTERVAL 1 HOUR AS', 'hour AS'],
    ['an hour later', 'INTERVAL 6 HOURS', 'INTERVAL 7 HOURS'],
    ['what is not final', "finality = 'finalized' AND", ''],
    ['time-weighted prices', 'TRY_CAST(vwap', 'TRY_CAST(twap'],
  ])('would notice: %s', async (_name, from, to) => {
    const twin = SETTLEMENT_DRIFT.replaceAll(from, to);
    expect(twin).not.toBe(SETTLEMENT_DRIFT);
    expect(await answered(mesh, twin)).not.toEqual(truth);
  });

  it('leaves out what is settled after the last price that is known', async () => {
    const later = SETTLEMENT_DRIFT.replace('INTERVAL 6 HOURS', 'INTERVAL 24 HOURS');
    const fewer = await expected(mesh, 24);
    expect(fewer.length).toBeLessThan(truth.length);
    expect(await answered(mesh, later)).toEqual(fewer);
    expect(await answered(mesh, later.replace('WHERE v.settled_at <= (SELECT max(known_at) FROM prices)', ''))).not.toEqual(fewer);
  });

  it('would notice floats', async () => {
    const twin = SETTLEMENT_DRIFT.replaceAll('AS DECIMAL(19, 9))', 'AS DOUBLE)')
      .replaceAll('AS DECIMAL(18, 8))', 'AS DOUBLE)')
      .replace('amount * (price_out - price_in)', '(amount * (price_out - price_in))::DECIMAL(38, 17)');
    const drifts = [...(await (await mesh.as('analyst')).query<Answer>(twin))].map(({ drift_usd: drift }) => digits(drift, 17));
    expect(drifts.length).toBe(truth.length);
    const exact = new Set(truth.map(([, , , , drift]) => drift));
    expect(drifts.filter((drift) => !exact.has(drift)).length).toBeGreaterThan(0);
  });
});
