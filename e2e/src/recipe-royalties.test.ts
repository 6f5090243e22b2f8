import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { soaking } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recipeMesh, type RecipeMesh } from './recipe-mesh.ts';
import { ROYALTIES_BY_LINEAGE } from './recipes.ts';

// Promise: what is charged goes to the domains whose products the sold one is made of, every cent of it, and to nobody else.

interface Answer {
  readonly domain: string;
  readonly product: string;
  readonly currency: string;
  readonly charges: unknown;
  readonly earned_cents: unknown;
  readonly unexplained_cents: unknown;
}
interface Share {
  readonly domain: string;
  readonly product: string;
  readonly weight: number;
}
interface Logged {
  readonly type: string;
  readonly listing?: { readonly id: string; readonly product: string; readonly royalties: readonly Share[] };
  readonly charge?: { readonly id: string; readonly listing: string; readonly currency: string; readonly cents: string };
}

/** Largest remainder, by hand: the whole parts, and a cent more for those who lost most by the cut, of equals for the first. */
function parts(cents: bigint, shares: readonly Share[]): bigint[] {
  const sum = shares.reduce((total, { weight }) => total + weight, 0);
  const whole = shares.map(({ weight }) => (cents * BigInt(weight)) / BigInt(sum));
  const lost = shares.map(({ weight }, index) => ({ index, rest: (cents * BigInt(weight)) % BigInt(sum) }));
  const left = Number(cents - whole.reduce((total, part) => total + part, 0n));
  lost.sort((a, b) => Number(b.rest - a.rest) || a.index - b.index);
  for (const { index } of lost.slice(0, left)) whole[index] = (whole[index] ?? 0n) + 1n;
  return whole;
}

/** The same by another way: the log's charges, each split anew by the weights of its listing. */
function expected(directory: string): { readonly lines: string[]; readonly charged: bigint } {
  const log = readdirSync(directory)
    .filter((file) => file.startsWith('market_'))
    .flatMap((file) =>
      readFileSync(path.join(directory, file), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Logged),
    );
  const listings = new Map(log.flatMap(({ type, listing }) => (type === 'listing.drafted' && listing ? [[listing.id, listing]] : [])));
  const charges = new Map(log.flatMap(({ type, charge }) => (type === 'charge.made' && charge ? [[charge.id, charge]] : [])));
  const sums = new Map<string, { charges: number; cents: bigint }>();
  let charged = 0n;
  for (const { listing, currency, cents } of charges.values()) {
    charged += BigInt(cents);
    const shares = listings.get(listing)?.royalties ?? [];
    for (const [index, part] of parts(BigInt(cents), shares).entries()) {
      if (part === 0n) continue;
      const key = `${shares[index]?.domain} ${shares[index]?.product} ${currency}`;
      const sum = sums.get(key) ?? { charges: 0, cents: 0n };
      sums.set(key, { charges: sum.charges + 1, cents: sum.cents + part });
    }
  }
  return { lines: [...sums].map(([key, { charges: count, cents }]) => `${key} ${count} ${cents} 0`).sort(), charged };
}

// Another seed, the same claim: a mesh each, so that the second one is left to the long tests.
describe.each(soaking ? [1, 2] : [1])('royalties by lineage, seed %d', (seed) => {
  let mesh: RecipeMesh;
  let directory: string;
  const answered = async (sql: string, as = 'analyst'): Promise<string[]> =>
    [...(await (await mesh.as(as)).query<Answer>(sql))].map(({ domain, product, currency, charges, earned_cents: earned, unexplained_cents: unexplained }) =>
      [domain, product, currency, charges, earned, unexplained].join(' '),
    );
  beforeAll(async () => {
    mesh = await recipeMesh(seed, 2_000, ['ga4', 'sap', 'brokerage']);
    directory = path.join(mesh.directory, 'sources', 'brokerage');
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('answers as the log does, split by hand, and what is earned is what was charged', async () => {
    const { lines, charged } = expected(directory);
    expect(charged).toBeGreaterThan(1_000_000n);
    expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(2);
    expect(await answered(ROYALTIES_BY_LINEAGE)).toEqual(lines);
    expect(lines.reduce((sum, line) => sum + BigInt(line.split(' ')[4] ?? 0), 0n)).toBe(charged);
  });

  it.each([
    [
      'floats, every part rounded on its own',
      'sum(r.credit_cents)',
      "sum(round(r.charge_cents::DOUBLE * CASE r.product WHEN 'ga4.events' THEN 3 ELSE 2 END / 7))",
    ],
    ['products that are not looked at', "UNION SELECT m.sold, l.input_name FROM made_of m JOIN lineage l ON l.product = m.product", 'UNION SELECT m.sold, m.product FROM made_of m'], // prettier-ignore
    ['one step of lineage less', 'FROM ga4.lineage WHERE', "FROM ga4.lineage WHERE input_name <> 'ga4.purchases' AND"],
  ])('would notice: %s', async (_name, from, to) => {
    const twin = ROYALTIES_BY_LINEAGE.replace(from, to);
    expect(twin).not.toBe(ROYALTIES_BY_LINEAGE);
    expect(await answered(twin)).not.toEqual(expected(directory).lines);
  });

  it('shows what goes to a product that the sold one is not made of as unexplained', async () => {
    const file = path.join(directory, 'market_000001.ndjson');
    const log = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      log.replaceAll(
        /"account":"royalty:sap\.inventory_position","domain":"sap","product":"sap\.inventory_position"/g,
        '"account":"royalty:sap.material","domain":"sap","product":"sap.material"',
      ),
    );
    await mesh.run('brokerage', directory);
    const unexplained = new Set((await answered(ROYALTIES_BY_LINEAGE)).map((line) => line.split(' ')[5]));
    expect(unexplained.size).toBe(1);
    expect(Number([...unexplained][0])).toBeGreaterThan(0);
  });
});
