import { spawn } from 'node:child_process';
import path from 'node:path';
import { duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import type { ResultFormat, SandboxCatalog } from '@skein/ports';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { peerPython, pythonMissing } from './pyiceberg.ts';

// Promise: pyarrow, an implementation in another language, finds our Arrow streams valid in every buffer and reads every value.

const missing = await pythonMissing();
const NO_VIEWS: SandboxCatalog = { key: 'none', views: [] };
const ROWS = 70_000;

/** Expression over `i`, pyarrow's name of the type. */
const COLUMNS: Readonly<Record<string, readonly [expression: string, type: string]>> = {
  flag: ['i % 3 = 0', 'bool'],
  tiny: ['(i % 256 - 128)::TINYINT', 'int8'],
  big: ['9007199254740993 * (i % 1000 - 500)', 'int64'],
  unsigned: ['18446744073709551615::UBIGINT - i::UBIGINT', 'uint64'],
  huge: ['99999999999999999999999999999999999999::HUGEINT - i', 'decimal128(38, 0)'],
  real: ['i / 7', 'double'],
  amount: ['((i - 2000) * 1.001)::DECIMAL(9, 2)', 'decimal128(9, 2)'],
  wide: ['(i - 2000)::DECIMAL(38, 10)', 'decimal128(38, 10)'],
  text: ["CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN 'kurz ' || i ELSE repeat('länger 漢字 🦆 ', i % 9) END", 'string'],
  bytes: ["unhex('00ff7f80') || encode(i::VARCHAR)", 'binary'],
  day: ["DATE '1969-12-31' + (i - 5000)::INTEGER", 'date32[day]'],
  clock: ["TIME '00:00:00.000001' + to_microseconds(i * 1200003 % 86399000000)", 'time64[us]'],
  wall: ["TIMESTAMP '1969-12-31 23:59:59.999999' + to_microseconds((i - 2000) * 123456789)", 'timestamp[us]'],
  instant: ["TIMESTAMPTZ '2024-03-31 00:59:59.999999+00' + to_microseconds(i * 123456789)", 'timestamp[us, tz=UTC]'],
  pause: ['to_months((i % 30 - 15)::INTEGER) + to_days((i % 400)::INTEGER) - to_microseconds(i * 1234567)', 'month_day_nano_interval'],
  id: ['md5(i::VARCHAR)::UUID', 'string'],
  items: [
    "list_transform(range(i % 3), lambda x: {'sku': 'S' || x, 'price': (x * 1.5)::DECIMAL(12, 4), 'tags': [x, NULL]})",
    'list<item: struct<sku: string, price: decimal128(12, 4), tags: list<item: int64>>>',
  ],
  pair: ['[i, NULL]::BIGINT[2]', 'fixed_size_list<item: int64>[2]'],
};

let sandbox: DuckdbSandbox;
beforeAll(() => {
  sandbox = duckdbSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

async function ask(sql: string, format: ResultFormat): Promise<Buffer> {
  const result = await sandbox.execute({ catalog: NO_VIEWS, sql, parameters: [], format, deadlineMs: 60_000, maxRows: ROWS });
  const parts: Uint8Array[] = [];
  for await (const part of result.body) parts.push(part);
  await result.outcome;
  return Buffer.concat(parts);
}

async function pyarrow(bytes: Buffer): Promise<{ types: string[]; batches: number; rows: unknown[][] }> {
  const child = spawn(await peerPython(), [path.resolve(import.meta.dirname, '../peers/read_arrow.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let [out, errors] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(bytes);
  for await (const chunk of child.stdout.setEncoding('utf8')) out += chunk as string;
  if ((await ended) !== 0) throw new Error(errors);
  return JSON.parse(out) as { types: string[]; batches: number; rows: unknown[][] };
}

/** Our JSON in the forms of read_arrow.py: numbers as text, an interval as its three parts in nanoseconds. */
function plain(value: unknown, column: string): unknown {
  if (column === 'pause' && typeof value === 'string') {
    const [, months = '0', days = '0', sign = '', seconds = '0', fraction = ''] = /^P(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(-?)(\d+)(?:\.(\d+))?S)?$/.exec(value) ?? [];
    return [months, days, `${BigInt(`${sign}${seconds}${fraction.padEnd(9, '0')}`)}`];
  }
  return typeof value === 'number' ? (column === 'real' ? value : String(value)) : value;
}

it.skipIf(missing !== undefined)(
  `pyarrow reads ${Object.keys(COLUMNS).length} types${missing ? ` (skipped: ${missing})` : ''}`,
  async () => {
    const selected = Object.entries(COLUMNS).map(
      ([name, [expression]]) =>
        `${name === 'pair' ? `(CASE WHEN i % 7 = 3 THEN NULL ELSE [i, NULL] END)::BIGINT[2]` : `CASE WHEN i % 7 = 3 THEN NULL ELSE ${expression} END`} AS ${name}`,
    );
    for (const where of ['', ' WHERE i % 3 <> 1', ' WHERE false']) {
      const sql = `SELECT ${selected.join(', ')} FROM range(${ROWS}) t(i)${where}`;
      const read = await pyarrow(await ask(sql, 'arrow'));
      const expected = (await ask(sql, 'ndjson'))
        .toString('utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(read.types).toEqual(Object.values(COLUMNS).map(([, type]) => type));
      expect(read.rows).toHaveLength(expected.length);
      const names = Object.keys(COLUMNS);
      read.rows.forEach((row, at) => {
        const theirs = Object.fromEntries(names.map((name, index) => [name, name === 'real' && row[index] !== null ? Number(row[index]) : row[index]]));
        const ours = Object.fromEntries(names.map((name) => [name, plain(expected[at]?.[name], name)]));
        if (JSON.stringify(theirs) !== JSON.stringify(ours)) expect(theirs).toEqual(ours);
      });
      if (where === '') expect(read.batches).toBeGreaterThan(1);
    }
  },
  180_000,
);

it.skipIf(missing !== undefined)(
  'the twin: a stream that lost its last bytes, or has a wrong offset, is refused',
  async () => {
    const bytes = await ask("SELECT 'value ' || i AS s FROM range(1000) t(i)", 'arrow');
    await expect(pyarrow(bytes.subarray(0, bytes.length - 200))).rejects.toThrow('message body');
    const broken = Buffer.from(bytes);
    const offsets = broken.indexOf(Buffer.from(Int32Array.of(0, 7, 14, 21).buffer));
    expect(offsets).toBeGreaterThan(0);
    broken.writeInt32LE(1_000_000, offsets + 8);
    await expect(pyarrow(broken)).rejects.toThrow('offset');
  },
  60_000,
);
