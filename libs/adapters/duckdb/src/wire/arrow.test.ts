import type { Connection } from '@duckdb/node-bindings';
import { Dictionary, tableFromIPC, Type, type DataType, type Table } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeQuery, testConnection } from './encode.fixture.ts';
import { dateText, intervalText, timestampText, timeText } from '../iso-text.ts';
import { decimalText } from './scalar.ts';
import { jsonEncoder } from './text.ts';

/**
 * What an independent reader (apache-arrow) makes of our bytes, written as our JSON writes the same query: the two come by
 * different code from one vector, so a fault in either shows. Fixed expectations stand beside, where a shared fault could hide.
 */
function readable(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null;
  switch (type.typeId) {
    case Type.Int: {
      const bits = (type as unknown as { bitWidth: number }).bitWidth;
      return bits === 64 ? String(value) : value;
    }
    case Type.Decimal: {
      const words = value as Uint32Array;
      let number = 0n;
      for (let index = words.length - 1; index >= 0; index--) number = (number << 32n) | BigInt(words[index] ?? 0);
      return decimalText(BigInt.asIntN(128, number), (type as unknown as { scale: number }).scale);
    }
    case Type.List:
    case Type.FixedSizeList: {
      const element = (type.children[0] as { type: DataType }).type;
      return Array.from({ length: (value as { length: number }).length }, (_, index) => readable((value as { get(at: number): unknown }).get(index), element));
    }
    case Type.Struct: {
      const row = value as { [name: string]: unknown };
      return Object.fromEntries(type.children.map((child) => [child.name, readable(row[child.name], child.type)]));
    }
    case Type.Binary:
      return Buffer.from(value as Uint8Array).toString('base64');
    case Type.Float:
      return Number.isFinite(value) ? value : String(value);
    default:
      return value;
  }
}

/** Raw column values, where apache-arrow's own getters lose digits (timestamps become floating milliseconds) or say little. */
function column(table: Table, name: string): unknown[] {
  const vector = table.getChild(name);
  if (vector === null) throw new Error(`no column ${name}`);
  const type: DataType = vector.type;
  const values: unknown[] = [];
  for (const data of vector.data) {
    for (let row = 0; row < data.length; row++) {
      const valid = data.nullCount === 0 || data.getValid(row);
      const raw = data.values as { [index: number]: number | bigint } | undefined;
      if (!valid) values.push(null);
      else if (type.typeId === Type.Date) values.push(dateText(Number(raw?.[row])));
      else if (type.typeId === Type.Timestamp) {
        const { unit, timezone } = type as unknown as { unit: number; timezone: string | null };
        values.push(timestampText(BigInt(raw?.[row] ?? 0), unit * 3, timezone === 'UTC'));
      } else if (type.typeId === Type.Time) values.push(timeText(BigInt(raw?.[row] ?? 0), (type as unknown as { unit: number }).unit * 3));
      else if (type.typeId === Type.Interval) {
        const bytes = new DataView((data.values as Int32Array).buffer, (data.values as Int32Array).byteOffset + row * 16, 16);
        values.push(intervalText(bytes.getInt32(0, true), bytes.getInt32(4, true), bytes.getBigInt64(8, true) / 1000n));
      } else values.push(null);
    }
  }
  const direct = [Type.Date, Type.Timestamp, Type.Time, Type.Interval].includes(type.typeId);
  return direct ? values : Array.from({ length: vector.length }, (_, row) => readable(vector.get(row), type));
}

let connection: Connection;
beforeAll(async () => {
  connection = await testConnection();
});

async function arrow(sql: string): Promise<Table> {
  return tableFromIPC((await encodeQuery(connection, sql)).bytes);
}

async function json(sql: string): Promise<Record<string, unknown>[]> {
  const { bytes } = await encodeQuery(connection, sql, jsonEncoder);
  return (JSON.parse(bytes.toString('utf8')) as { rows: Record<string, unknown>[] }).rows;
}

/** Expression of `i` for each type: varied, with NULLs where i % 7 = 3, long and short strings, empty lists. */
const SCALARS: Record<string, string> = {
  boolean: 'i % 3 = 0',
  tinyint: '(i % 256 - 128)::TINYINT',
  smallint: '(i - 2500)::SMALLINT',
  integer: '(i * 429496 - 2147483648)::INTEGER',
  bigint: '9007199254740993 * (i % 2000 - 1000)',
  utinyint: '(i % 256)::UTINYINT',
  usmallint: '(i * 13)::USMALLINT',
  uinteger: '(4294967295 - i)::UINTEGER',
  ubigint: '18446744073709551615::UBIGINT - i::UBIGINT',
  hugeint: '99999999999999999999999999999999999999::HUGEINT - i',
  negative_hugeint: '-99999999999999999999999999999999999999::HUGEINT + i',
  uhugeint: '340282366920938463463374607431768211455::UHUGEINT - i::UHUGEINT',
  float: '(i / 7)::FLOAT',
  double: 'CASE i % 5 WHEN 0 THEN i / 7 WHEN 1 THEN 1e308 * i WHEN 2 THEN 5e-324 ELSE -i / 3 END',
  decimal4: '((i - 2000) / 1000)::DECIMAL(4, 3)',
  decimal9: '((i - 2000) * 1.001)::DECIMAL(9, 2)',
  decimal18: '(i - 2000)::DECIMAL(18, 4) * 1000000007',
  decimal38: '(i - 2000)::DECIMAL(38, 10)',
  varchar: "CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN 'kurz ' || i WHEN 2 THEN repeat('länger 漢字 🦆 ', i % 50) ELSE 'exactly12ch.' END",
  blob: "CASE WHEN i % 2 = 0 THEN unhex('00ff7f80') ELSE encode('a longer binary value ' || i) END",
  date: "DATE '1969-12-31' + (i * 37 - 5000)::INTEGER",
  time: "TIME '00:00:00.000001' + to_microseconds(i * 17000003 % 86399000000)",
  timestamp: "TIMESTAMP '1969-12-31 23:59:59.999999' + to_microseconds((i - 2000) * 123456789)",
  timestamp_s: "(TIMESTAMP '1969-12-31 23:59:59' + to_seconds((i - 2000) * 1234))::TIMESTAMP_S",
  timestamp_ms: "(TIMESTAMP '1969-12-31 23:59:59.999' + to_milliseconds((i - 2000) * 1234567))::TIMESTAMP_MS",
  timestamp_ns: 'make_timestamp_ns((i - 2000) * 123456789123)',
  timestamptz: "TIMESTAMPTZ '2024-03-31 00:59:59.999999+00' + to_microseconds(i * 123456789)",
  timetz: "(TIME '23:59:59.999999' - to_seconds(i))::TIMETZ",
  interval: 'to_months((i % 30 - 15)::INTEGER) + to_days((i % 400)::INTEGER) - to_microseconds(i * 1234567)',
  uuid: 'md5(i::VARCHAR)::UUID',
  enumeration: "(['erste', 'zweite wahl', 'déjà'])[(i % 3 + 1)::INTEGER]::ENUM('erste', 'zweite wahl', 'déjà')",
  bit: "(repeat('1', (i % 19 + 1)::INTEGER) || '01')::BIT",
  bignum: "((CASE WHEN i % 2 = 0 THEN '-' ELSE '' END) || '1157920892373161954235709850086879078532699846656405640394575840079131296399' || i)::BIGNUM",
  nothing: 'NULL',
};
const NESTED: Record<string, string> = {
  list: 'range(i % 5)',
  list_of_text: "list_transform(range(i % 4), lambda x: CASE WHEN x = 2 THEN NULL ELSE 'element number ' || x END)",
  list_of_lists: 'list_transform(range(i % 3), lambda x: range(x))',
  struct: "{'a': i, 'b': CASE WHEN i % 2 = 0 THEN 'text ' || i END, 'c': {'d': (i / 3)::DECIMAL(10, 2)}}",
  list_of_structs: "list_transform(range(i % 3), lambda x: {'sku': 'S' || x, 'price': (x * 1.5)::DECIMAL(12, 4), 'tags': [x, NULL]})",
  fixed: '[i, i + 1, NULL]',
};
const NULLED = (expression: string, name = ''): string => `(CASE WHEN i % 7 = 3 THEN NULL ELSE ${expression} END)${name === 'fixed' ? '::BIGINT[3]' : ''}`;

describe('Arrow stream', () => {
  const all = { ...SCALARS, ...NESTED };
  it.each(Object.entries(all))('%s is read by apache-arrow as our JSON says it', async (name, expression) => {
    // sizes around a chunk (2048), one without rows, and a filter that makes chunks of odd sizes
    let compared = 0;
    for (const source of ['range(0) t(i)', 'range(1) t(i)', 'range(2049) t(i)', 'range(5000) t(i) WHERE i % 3 <> 1']) {
      const sql = `SELECT i, ${NULLED(expression, name)} AS v FROM ${source}`;
      const table = await arrow(sql);
      // our JSON writes the shortest digits that give the same FLOAT; as a double they are another number
      const expected = (await json(sql)).map((row) => (name === 'float' && typeof row['v'] === 'number' ? Math.fround(row['v']) : row['v']));
      expect(table.schema.fields.map((field) => field.name)).toEqual(['i', 'v']);
      expect(column(table, 'v')).toEqual(expected);
      compared += expected.length;
    }
    expect(compared).toBeGreaterThan(5000);
    if (name !== 'nothing')
      expect((await json(`SELECT ${NULLED(expression, name)} AS v FROM range(8) t(i)`)).filter((row) => row['v'] === null).length).toBeGreaterThanOrEqual(1);
  });

  it('says the types that readers expect', async () => {
    const table = await arrow(
      `SELECT ${Object.entries(all)
        .map(([name, expression]) => `${NULLED(expression, name)} AS ${name}`)
        .join(', ')} FROM range(3) t(i)`,
    );
    expect(Object.fromEntries(table.schema.fields.map((field) => [field.name, String(field.type)]))).toMatchInlineSnapshot(`
      {
        "bigint": "Int64",
        "bignum": "Utf8",
        "bit": "Utf8",
        "blob": "Binary",
        "boolean": "Bool",
        "date": "Date32<DAY>",
        "decimal18": "Decimal[18e+4]",
        "decimal38": "Decimal[38e+10]",
        "decimal4": "Decimal[4e+3]",
        "decimal9": "Decimal[9e+2]",
        "double": "Float64",
        "enumeration": "Utf8",
        "fixed": "FixedSizeList[3]<Int64>",
        "float": "Float32",
        "hugeint": "Decimal[38e0]",
        "integer": "Int32",
        "interval": "Interval<MONTH_DAY_NANO>",
        "list": "List<Int64>",
        "list_of_lists": "List<List<Int64>>",
        "list_of_structs": "List<Struct<{sku:Utf8, price:Decimal[12e+4], tags:List<Int64>}>>",
        "list_of_text": "List<Utf8>",
        "negative_hugeint": "Decimal[38e0]",
        "nothing": "Int32",
        "smallint": "Int16",
        "struct": "Struct<{a:Int64, b:Utf8, c:Struct<{d:Decimal[10e+2]}>}>",
        "time": "Time64<MICROSECOND>",
        "timestamp": "Timestamp<MICROSECOND>",
        "timestamp_ms": "Timestamp<MILLISECOND>",
        "timestamp_ns": "Timestamp<NANOSECOND>",
        "timestamp_s": "Timestamp<SECOND>",
        "timestamptz": "Timestamp<MICROSECOND, UTC>",
        "timetz": "Utf8",
        "tinyint": "Int8",
        "ubigint": "Uint64",
        "uhugeint": "Utf8",
        "uinteger": "Uint32",
        "usmallint": "Uint16",
        "utinyint": "Uint8",
        "uuid": "Utf8",
        "varchar": "Utf8",
      }
    `);
    expect(table.schema.fields.some((field) => field.type instanceof Dictionary)).toBe(false);
  });

  it('keeps values exact at the edges', async () => {
    const sql = `SELECT 9223372036854775807 AS big, (-9223372036854775807 - 1) AS small, 18446744073709551615::UBIGINT AS unsigned,
      12345678901234567890123456789.012345678::DECIMAL(38, 9) AS amount, -0.01::DECIMAL(3, 2) AS tiny, '340282366920938463463374607431768211455'::UHUGEINT AS huge,
      'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID AS top, '00000000-0000-0000-0000-000000000001'::UUID AS bottom,
      TIMESTAMP '0001-01-01 00:00:00.000001' AS early, DATE '9999-12-31' AS late, INTERVAL '14 months -3 days 4.5 seconds' AS pause,
      '-12345678901234567890123456789012345678901234567890'::BIGNUM AS vast, '0'::BIGNUM AS none, '10110'::BIT AS bits`;
    const expected = {
      big: '9223372036854775807',
      small: '-9223372036854775808',
      unsigned: '18446744073709551615',
      amount: '12345678901234567890123456789.012345678',
      tiny: '-0.01',
      huge: '340282366920938463463374607431768211455',
      top: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
      bottom: '00000000-0000-0000-0000-000000000001',
      early: '0001-01-01T00:00:00.000001',
      late: '9999-12-31',
      pause: 'P14M-3DT4.5S',
      vast: '-12345678901234567890123456789012345678901234567890',
      none: '0',
      bits: '10110',
    };
    const table = await arrow(sql);
    expect(Object.fromEntries(table.schema.fields.map((field) => [field.name, column(table, field.name)[0]]))).toEqual(expected);
    expect(await json(sql)).toEqual([expected]);
  });

  it('carries maps and unions', async () => {
    const sql = `SELECT CASE WHEN i % 4 = 1 THEN NULL ELSE map_from_entries(list_transform(range(i % 3), lambda x: {'k': 'key ' || x, 'v': CASE WHEN x = 1 THEN NULL ELSE x END})) END AS m,
      CASE WHEN i % 2 = 0 THEN union_value(num := i) ELSE union_value(str := 'a longer text ' || i)::UNION(num BIGINT, str VARCHAR) END AS u FROM range(3000) t(i)`;
    const table = await arrow(sql);
    const expected = await json(sql);
    expect(expected).toHaveLength(3000);
    expected.forEach((row, at) => {
      const map = table.getChild('m')?.get(at) as { toJSON(): Record<string, bigint | null> } | null;
      const pairs = row['m'] as { key: string; value: string | null }[] | null;
      expect(map === null ? null : Object.entries(map.toJSON()).map(([key, value]) => ({ key, value: value === null ? null : String(value) }))).toEqual(pairs);
      const union = table.getChild('u')?.get(at) as { num: bigint | null; str: string | null };
      expect(row['u']).toEqual(union.num === null ? { str: union.str } : { num: String(union.num) });
    });
    expect(expected[1]?.['m']).toBeNull();
    expect(expected[5]?.['u']).toEqual({ str: 'a longer text 5' });
  });

  it('reads strings that lie far apart or twice in memory', async () => {
    await encodeQuery(
      connection,
      "CREATE OR REPLACE TABLE words AS SELECT i, 'a dictionary word, longer than twelve ' || (i * 7919 % 100) AS w, repeat(chr((65 + i % 26)::INTEGER), (i % 3000)::INTEGER) AS r FROM range(20000) t(i)",
    );
    const sql = 'SELECT i, w, r FROM words ORDER BY (i * 7919) % 20011';
    const table = await arrow(sql);
    const [i, w, r] = [column(table, 'i'), column(table, 'w'), column(table, 'r')];
    expect(i).toHaveLength(20_000);
    i.forEach((value, at) => {
      const number = Number(value);
      expect(w[at]).toBe(`a dictionary word, longer than twelve ${(number * 7919) % 100}`);
      if (r[at] !== String.fromCharCode(65 + (number % 26)).repeat(number % 3000)) expect.fail(`row ${number} differs`);
    });
  });

  it('cuts long results into batches and keeps their order', async () => {
    const table = await arrow('SELECT i, i::VARCHAR AS s FROM range(300000) t(i)');
    expect(table.numRows).toBe(300_000);
    expect(table.batches.length).toBeGreaterThan(3);
    const values = table.getChild('i')?.toArray() as BigInt64Array;
    expect(values.every((value, at) => value === BigInt(at))).toBe(true);
    expect(table.getChild('s')?.get(299_999)).toBe('299999');
  });

  it('refuses what it cannot carry exactly', async () => {
    await expect(encodeQuery(connection, 'SELECT 170141183460469231731687303715884105727::HUGEINT AS h')).rejects.toThrow('39 digits');
    await expect(encodeQuery(connection, 'SELECT to_years(300) + to_microseconds(9223372036854775807) AS i')).rejects.toThrow('INTERVAL');
    await expect(encodeQuery(connection, 'SELECT 1::VARIANT AS v')).rejects.toThrow('VARIANT');
  });

  it('gives columns of one name names of their own', async () => {
    const table = await arrow('SELECT 1 AS a, 2 AS a_1, 3 AS a, 4 AS a');
    expect(table.schema.fields.map((field) => field.name)).toEqual(['a', 'a_1', 'a_2', 'a_3']);
    expect(table.get(0)?.toJSON()).toEqual({ a: 1, a_1: 2, a_2: 3, a_3: 4 });
  });

  it('has a comparison that fails when a byte is wrong', async () => {
    const { bytes } = await encodeQuery(connection, 'SELECT 1::BIGINT AS v');
    const at = bytes.lastIndexOf(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    bytes[at] = 2;
    expect(column(tableFromIPC(bytes), 'v')).not.toEqual((await json('SELECT 1::BIGINT AS v')).map((row) => row['v']));
  });
});
