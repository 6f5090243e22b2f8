import { literal } from '@skein/kernel';
import { shapeOf } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import type { FieldProfile, Source, SourceProfile } from '@skein/product';
import { countForms } from './personal-forms.ts';
import { leavesOf } from './record-leaves.ts';

/** A fiftieth of a file is looked at, and never fewer or more rows than these. */
const SHARE = 50;
const FEWEST = 200;
const MOST = 500;
/** Columns and fields of one file; names may come from whoever writes the file. */
const MOST_COLUMNS = 500;
const LONGEST_NAME = 200;
const MOST_SHAPES = 8;
/** Characters of a record above which it is no part of a sample. */
export const LONGEST_SAMPLED = 262_144;
const LONGEST_SHOWN = 64;

/** Every how many rows one is looked at. */
export function stride(rows: number): number {
  return Math.max(1, Math.ceil(rows / Math.min(MOST, Math.max(FEWEST, Math.ceil(rows / SHARE)))));
}

/** Names that tell of persons: of such columns no extreme is kept, whatever their values look like. */
export const NAMES_PERSONS = /(^|[._[])(e?mail|phone|iban|name|surname|birth(day|date)?|address|street|user_?id)([._\]]|$)/i;

/** The profile of a file of records from a sample of them. */
export function profileRecords(rows: number, records: readonly string[]): SourceProfile {
  return profileOf(
    rows,
    records.map((record) => leavesOf(JSON.parse(record) as unknown)),
  );
}

/** The profile of a landed file, read from a part of its rows. */
export async function profileLanded(session: EngineSession, target: string, shape: Source['shape'], rows: number): Promise<SourceProfile> {
  const every = stride(rows);
  if (shape === 'json') {
    const sample = await session.rows<{ raw: string }>(
      `SELECT raw FROM read_parquet(${literal(target)}, file_row_number = true) WHERE file_row_number % ${every} = 0 AND ${isSampled('raw')}`,
    );
    return profileRecords(
      rows,
      sample.map(({ raw }) => raw),
    );
  }
  const sample = await session.rows<Record<string, string | null>>(
    `SELECT COLUMNS(* EXCLUDE (_row))::VARCHAR FROM read_parquet(${literal(target)}) WHERE _row % ${every} = 0`,
  );
  return profileOf(
    rows,
    sample.map((row) => Object.entries(row)),
  );
}

/** Records that a sample may hold: whole ones of no unusual length. */
function isSampled(raw: string): string {
  return `CASE WHEN length(${raw}) < ${LONGEST_SAMPLED} THEN try(json_type(${raw})) = 'OBJECT' ELSE false END`;
}

type Leaf = readonly [name: string, value: string | null];

function profileOf(rows: number, sample: readonly (readonly Leaf[])[]): SourceProfile {
  const columns = new Map<string, Map<string, number>>();
  const seen = new Map<string, number>();
  for (const row of sample) {
    for (const [name, value] of row) {
      if (name.length > LONGEST_NAME) continue;
      let values = columns.get(name);
      if (values === undefined) {
        if (columns.size >= MOST_COLUMNS) continue;
        columns.set(name, (values = new Map()));
      }
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if (value !== null && value !== '') values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  return {
    rows,
    sampled: sample.length,
    columns: [...columns]
      .map(([name, values]) => columnOf(name, values, Math.max(seen.get(name) ?? 0, sample.length)))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function columnOf(name: string, values: ReadonlyMap<string, number>, looked: number): FieldProfile {
  const shapes = new Map<string, number>();
  let present = 0;
  let numbers = 0;
  let booleans = 0;
  for (const [value, count] of values) {
    const shape = shapeOf(value);
    shapes.set(shape, (shapes.get(shape) ?? 0) + count);
    present += count;
    if (NUMBER.test(value)) numbers += count;
    else if (value === 'true' || value === 'false') booleans += count;
  }
  const { texts, forms } = countForms(values.keys());
  const type = present === 0 ? 'none' : numbers * 10 >= present * 9 ? 'number' : booleans * 10 >= present * 9 ? 'boolean' : 'text';
  const shown = present > 0 && Object.keys(forms).length === 0 && !NAMES_PERSONS.test(name);
  return {
    name,
    nulls: looked - present,
    distinct: values.size,
    type,
    ...(shown ? extremes([...values.keys()], type) : {}),
    shapes: [...shapes]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, MOST_SHAPES)
      .map(([shape, count]) => ({ shape, share: Math.round((count / present) * 1e4) / 1e4 })),
    texts,
    forms,
  };
}

const NUMBER = /^[+-]?\d{1,60}(\.\d{1,60})?$/;

function extremes(values: readonly string[], type: FieldProfile['type']): Pick<FieldProfile, 'minimum' | 'maximum'> {
  const compared = type === 'number' ? values.filter((value) => NUMBER.test(value)) : values;
  const less = type === 'number' ? (a: string, b: string) => compareDecimals(a, b) < 0 : (a: string, b: string) => a < b;
  let [minimum = '', maximum = minimum] = [compared[0], compared[0]];
  for (const value of compared) {
    if (less(value, minimum)) minimum = value;
    if (less(maximum, value)) maximum = value;
  }
  return { minimum: minimum.slice(0, LONGEST_SHOWN), maximum: maximum.slice(0, LONGEST_SHOWN) };
}

/** Orders decimals by their digits: beyond 2^53 a number would round them together. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [decimal(a), decimal(b)];
  if (left.negative !== right.negative) return left.negative ? -1 : 1;
  const sign = left.negative ? -1 : 1;
  if (left.whole.length !== right.whole.length) return sign * (left.whole.length - right.whole.length);
  const [x, y] = [left.whole + left.fraction, right.whole + right.fraction];
  return x === y ? 0 : sign * (x < y ? -1 : 1);
}

function decimal(text: string): { readonly negative: boolean; readonly whole: string; readonly fraction: string } {
  const [, sign, whole = '', fraction = ''] = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
  return { negative: sign === '-' && (whole !== '' || fraction !== ''), whole, fraction };
}
