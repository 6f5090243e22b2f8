import { duckdbEngine } from '@skein/adapter-duckdb';
import type { ColumnType } from '@skein/contract';
import type { EngineSession } from '@skein/ports';
import { MISTYPED_VALUES, PARITY_CASES, parityContract, parityOf, paritySql } from '@skein/testing';
import { annotateSql, checkPlan, recordValidator } from '@skein/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let session: EngineSession;
const engine = duckdbEngine();
beforeAll(async () => {
  session = await engine.open();
});
afterAll(async () => {
  await session.close();
  await engine.close();
});

const show = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : JSON.stringify(value === undefined ? 'absent' : value).slice(0, 60);

describe('a value breaks the same rules as a record and as a row', () => {
  let judged = 0;
  describe.each(Object.entries(PARITY_CASES))('%s', (property, cases) => {
    const contract = parityContract(property);
    const plan = checkPlan(contract);
    const validate = recordValidator(contract);
    const type = contract.properties[0]?.type as ColumnType;
    it.each(cases.map((one) => ({ ...parityOf(one), name: show(parityOf(one).value) })))('$name', async ({ value, sql, broken }) => {
      const record = value === undefined ? {} : { c: value };
      const [row] = await session.rows<{ _failed: string[] | null; _warned: string[] | null }>(
        `SELECT _failed, _warned FROM (${annotateSql(plan, `(SELECT ${sql ?? paritySql(value, type)} AS c)`, ['c'])})`,
      );
      const batch = [...(row?._failed ?? []), ...(row?._warned ?? [])].sort();
      const byRecord = validate(record)
        .map((violation) => violation.check)
        .sort();
      // An infinite value is beyond every maximum; the record path stops at what is no number at all.
      const expected = sql === undefined ? broken : broken.filter((check) => check !== 'c.maximum');
      expect({ batch, record: byRecord }).toEqual({ batch: broken, record: expected });
      judged += 1;
    });
  });
  it('would notice two judges that disagree', async () => {
    const strict = parityContract('{ logicalType: integer, logicalTypeOptions: { maximum: 9007199254740992 } }');
    const loose = parityContract('{ logicalType: integer, logicalTypeOptions: { maximum: 9007199254740993 } }');
    const [row] = await session.rows<{ _failed: string[] | null }>(annotateSql(checkPlan(strict), '(SELECT 9007199254740993::BIGINT AS c)', ['c']));
    expect(row?._failed).toEqual(['c.maximum']);
    expect(recordValidator(loose)({ c: '9007199254740993' })).toEqual([]);
  });
  it('judged every case', () => {
    const total = Object.values(PARITY_CASES).flat().length;
    expect(total).toBeGreaterThan(250);
    expect(judged).toBe(total);
  });
});

describe('a record says what is not of its type', () => {
  describe.each(Object.entries(MISTYPED_VALUES))('%s', (property, values) => {
    const validate = recordValidator(parityContract(property));
    it.each(values.map((value) => ({ value, name: show(value) })))('$name', ({ value }) => {
      expect(validate({ c: value }).map((violation) => violation.check)).toEqual(['c.type']);
    });
  });
});
