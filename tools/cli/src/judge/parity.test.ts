import { writeFileSync } from 'node:fs';
import { duckdbEngine } from '@skein/adapter-duckdb';
import type { ColumnType } from '@skein/contract';
import { literal } from '@skein/kernel';
import { MISTYPED_VALUES, PARITY_CASES, parityContract, parityOf, paritySql, temporaryDirectory } from '@skein/testing';
import { recordValidator } from '@skein/verifier';
import { afterAll, describe, expect, it } from 'vitest';
import { judgeData, type Judgement } from './judge-data.ts';

/** The golden table of the record path and the batch path, judged from files: each row breaks the rules that the table says, as NDJSON and as Parquet. */

const folder = temporaryDirectory();
const engine = duckdbEngine({ threads: 2 });
afterAll(async () => {
  await engine.close();
  folder[Symbol.dispose]();
});

const OPTIONS = { samples: 1000, absentAsNull: true };

/** The rules that each row broke, in the order of the rows. */
function brokenBy({ samples }: Judgement, rows: number): string[][] {
  const broken = Array.from({ length: rows }, (): string[] => []);
  for (const [check, found] of Object.entries(samples)) for (const { row } of found) broken[Number(row) - 1]?.push(check);
  return broken.map((checks) => checks.sort());
}

const jsonOf = (value: unknown): string =>
  JSON.stringify(value === undefined ? {} : { c: value }, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));

const isJson = (value: unknown): boolean =>
  typeof value === 'number' ? Number.isFinite(value) : value === null || typeof value !== 'object' || Object.values(value).every(isJson);

let looked = 0;
describe('the golden table', () => {
  it.each(Object.entries(PARITY_CASES))('%s', async (property, cases) => {
    const contract = parityContract(property);
    const type = contract.properties[0]?.type as ColumnType;
    const rows = cases.map(parityOf);
    const name = folder.file(`${looked}`);
    const session = await engine.open();
    await session.run(
      `COPY (${rows.map(({ value, sql }, index) => `SELECT ${index} AS _i, ${sql ?? paritySql(value, type)} AS c`).join(' UNION ALL ')} ORDER BY _i) TO ${literal(`${name}.parquet`)} (FORMAT parquet)`,
    );
    await session.close();
    const stored = await judgeData(engine, contract, 'parquet', [`${name}.parquet`], OPTIONS);
    expect(brokenBy(stored, rows.length)).toEqual(rows.map(({ broken }) => broken));

    // NaN and infinity are no JSON.
    const lines = rows.filter(({ value }) => isJson(value));
    writeFileSync(`${name}.ndjson`, lines.map(({ value }) => jsonOf(value)).join('\n'));
    const lined = await judgeData(engine, contract, 'ndjson', [`${name}.ndjson`], OPTIONS);
    expect(brokenBy(lined, lines.length)).toEqual(lines.map(({ broken }) => broken));
    if (lines.length === rows.length) expect(lined.verdict).toEqual(stored.verdict);
    looked += rows.length;
  });

  it('has at least 300 cases', () => expect(looked).toBeGreaterThanOrEqual(300));
});

/** Files are read by their digits, where a JavaScript number has lost them: decimals and wide integers may be numbers there. */
const taken = (property: string, value: unknown): boolean => typeof value === 'number' && (property.includes('DECIMAL') || value === 9007199254740994);

describe('values that are not of their type', () => {
  it.each(Object.entries(MISTYPED_VALUES))('%s', async (property, values) => {
    const contract = parityContract(property);
    const validate = recordValidator(contract);
    const rows = values.filter((value) => !taken(property, value));
    const file = folder.file('mistyped.ndjson');
    writeFileSync(file, rows.map(jsonOf).join('\n'));
    const judged = await judgeData(engine, contract, 'ndjson', [file], OPTIONS);
    const byRecord = rows.map((value) => validate(JSON.parse(jsonOf(value))).map(({ check }) => check));
    expect(rows.length).toBeGreaterThan(0);
    expect(brokenBy(judged, rows.length)).toEqual(byRecord);
  });

  it('would be noticed where one path took what the other refuses', async () => {
    const contract = parityContract('{ logicalType: integer }');
    writeFileSync(folder.file('twin.ndjson'), '{"c":1.5}\n{"c":1}\n');
    const judged = await judgeData(engine, contract, 'ndjson', [folder.file('twin.ndjson')], OPTIONS);
    expect(brokenBy(judged, 2)).not.toEqual([[], []]);
  });
});
