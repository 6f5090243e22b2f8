import { afterAll, describe, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { amountOf, product, quotient, sumOf } from './exact.ts';

const engine = duckdbEngine();
afterAll(() => engine.close());

async function rows<Row>(sql: string): Promise<Row[]> {
  const session = await engine.open();
  try {
    return await session.rows<Row>(sql);
  } finally {
    await session.close();
  }
}

const MAX = 2n ** 256n - 1n;
/** Numbers of up to 112 bits from a fixed recurrence, small and large ones mixed. */
const numbers = Array.from({ length: 60 }, (_, n) => {
  let seed = BigInt(n + 1) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834n;
  seed ^= seed >> 31n;
  return BigInt.asUintN(1 + ((n * 37) % 112), seed);
});
const huge = (value: bigint) => `${value}::HUGEINT`;

describe('amounts', () => {
  it.each([
    ['1', 0, '1.000000000000000000'],
    ['1', 18, '0.000000000000000001'],
    ['9007199254740993', 6, '9007199254.740993000000000000'],
    ['99999999999999999999999999', 6, '99999999999999999999.999999000000000000'],
    // 10^20 and more do not fit: absent, never rounded or wrapped.
    ['100000000000000000000000000', 6, null],
    ['100000000000000000000', 0, null],
    [String(MAX), 18, null],
    // Digits beyond the eighteenth place would be lost.
    ['1', 19, null],
    ['10', 19, '0.000000000000000001'],
    ['1', 255, null],
    ['1', null, null],
    ['0', 0, '0.000000000000000000'],
  ])('%s units with %s decimals are %s', async (raw, decimals, amount) => {
    const sql = `SELECT (${amountOf('raw', 'decimals')})::VARCHAR AS amount FROM (SELECT '${raw}' AS raw, ${decimals ?? 'NULL'}::INTEGER AS decimals)`;
    expect(await rows(sql)).toEqual([{ amount }]);
    expect(
      await rows<{ kind: string }>(sql.replace('::VARCHAR AS amount', ` IS NULL OR typeof(${amountOf('raw', 'decimals')}) = 'DECIMAL(38,18)' AS amount`)),
    ).toEqual([{ amount: true }]);
  });

  it('add up beyond every integer of the engine', async () => {
    expect(await rows(`SELECT ${sumOf('x')} AS sum, ${sumOf('x', 'false')} AS none FROM (VALUES ('${MAX}'), ('${MAX}'), ('1')) t(x)`)).toEqual([
      { sum: String(2n * MAX + 1n), none: '0' },
    ]);
  });

  it('multiply as bigints do, where the engine would take doubles', async () => {
    const pairs = numbers.flatMap((x) => numbers.slice(0, 20).map((y) => [x, y] as const));
    const found = await rows<{ k: string }>(
      `SELECT (${product('x', 'y')})::BIGNUM::VARCHAR AS k FROM (VALUES ${pairs.map(([x, y], at) => `(${at}, ${huge(x)}, ${huge(y)})`).join(', ')}) t(n, x, y) ORDER BY n`,
    );
    expect(found.length).toBe(1200);
    expect(found.map(({ k }) => k)).toEqual(pairs.map(([x, y]) => String(x * y)));
  });

  it('divide as bigints do, to any digit, or not at all', async () => {
    const cases = numbers.flatMap((x) => numbers.slice(0, 12).flatMap((y) => [0, 6, 18, 30].map((digits) => [x, y, digits] as const)));
    const found = await rows<{ q: string | null }>(
      `SELECT (${quotient('x', 'y', 'd')})::VARCHAR AS q FROM (VALUES ${cases.map(([x, y, d], at) => `(${at}, ${huge(x)}, ${huge(y)}, ${d})`).join(', ')}) t(n, x, y, d) ORDER BY n`,
    );
    let absent = 0;
    for (const [at, [x, y, digits]] of cases.entries()) {
      const q = found[at]?.q ?? null;
      if (q === null) absent++;
      const expected = y === 0n ? null : (x * 10n ** BigInt(digits)) / y;
      if (q !== null) expect([x, y, digits, q]).toEqual([x, y, digits, String(expected)]);
      // Absent only where it would not fit.
      else expect(expected === null || String(x / y).length + digits > 38, `${x} / ${y} to ${digits}`).toBe(true);
    }
    expect(found.length - absent).toBeGreaterThan(1000);
  });
});
