import type { ColumnType } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { TEXT_FORMATS } from '@skein/contract';
import { textForm } from '@skein/verifier';
import type { Sample, SampleColumn } from './sample.ts';

/** What was counted of one column of a sample. Counts are of values, not of distinct ones, unless said. */
export interface Facts {
  readonly name: string;
  /** Where the source has types of its own. */
  readonly type?: ColumnType;
  readonly notes: readonly string[];
  readonly rows: number;
  readonly filled: number;
  readonly distinct: number;
  /** Values that can be read as the type without loss. */
  readonly fits: Readonly<Record<'boolean' | 'int' | 'decimal' | 'date' | 'timestamp' | 'instant' | 'time', number>>;
  /** Most digits before and after the point, of values that are decimals. */
  readonly whole: number;
  readonly scale: number;
  /** Whole numbers with a zero in front that are longer than that zero. */
  readonly padded: number;
  /** Of NDJSON: values that are JSON strings; of other files undefined. */
  readonly quoted: number | undefined;
  readonly lengths: readonly [shortest: number, longest: number];
  /** Exact text of the least and the greatest number; undefined without one. */
  readonly range: readonly [string, string] | undefined;
  /** By the name of a format of ODCS. */
  readonly formats: Readonly<Record<string, number>>;
  /** The one mask that all values have, `9` for a digit, `A` and `a` for letters; undefined where they differ. */
  readonly mask: string | undefined;
  /** The commonest values with their counts, at most `TOP`. */
  readonly top: readonly (readonly [value: string, count: number])[];
}

export const TOP = 50;
/** Columns looked at by one query: what the engine takes to plan it grows faster than their number, while records are read anew for each. */
const AT_ONCE = { columns: 4, records: 24 } as const;
const FORMATS = ['email', 'uuid', 'ipv4', 'uri'] as const;

const CANDIDATES: Readonly<Record<keyof Facts['fits'], ColumnType>> = {
  boolean: { kind: 'boolean' },
  int: { kind: 'int', bits: 64 },
  decimal: { kind: 'decimal', precision: 38, scale: 18 },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp', zoned: false },
  instant: { kind: 'timestamp', zoned: true },
  time: { kind: 'time' },
};
const NUMBER = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?';

/** Looks at every value of a sample once. */
export async function gatherFacts(session: EngineSession, { relation, columns }: Sample): Promise<Facts[]> {
  const facts: Facts[] = [];
  const most = columns.some(({ quoted }) => quoted !== undefined) ? AT_ONCE.records : AT_ONCE.columns;
  for (let at = 0; at < columns.length; at += most) {
    const some = columns.slice(at, at + most);
    const figures = some.flatMap((column, index) => aggregates(column, index));
    const [row] = await session.rows<Record<string, unknown>>(
      `SELECT count(*) AS rows, ${figures.join(', ')} FROM (SELECT ${some.map(({ text, quoted }, index) => `${text} AS t${index}${quoted ? `, ${quoted} AS q${index}` : ''}`).join(', ')} FROM ${relation})`,
    );
    for (const [index, column] of some.entries()) facts.push(read(column, index, row ?? {}));
  }
  return facts;
}

function aggregates({ quoted }: SampleColumn, index: number): string[] {
  const t = `t${index}`;
  const a = (name: string, sql: string) => `${sql} AS ${name}_${index}`;
  const fit = (name: keyof Facts['fits']) => a(name, `count(*) FILTER (WHERE ${t} IS NOT NULL AND ${textForm(t, CANDIDATES[name]).ok})`);
  const isNumber = `regexp_full_match(${t}, ${literal(NUMBER)})`;
  // A double tells decimals apart, a whole number what doubles cannot.
  const order = `CASE WHEN ${isNumber} THEN {'d': TRY_CAST(${t} AS DOUBLE), 'i': TRY_CAST(${t} AS HUGEINT)} END`;
  const mask = `regexp_replace(regexp_replace(regexp_replace(left(${t}, 40), '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g')`;
  return [
    a('filled', `count(${t})`),
    a('distinct', `count(DISTINCT ${t})`),
    ...(Object.keys(CANDIDATES) as (keyof Facts['fits'])[]).filter((name) => name !== 'decimal').map(fit),
    a('decimal', `count(*) FILTER (WHERE ${isNumber})`),
    a('whole', `max(CASE WHEN ${isNumber} THEN length(regexp_replace(${t}, '^-|\\..*', '', 'g')) END)`),
    a('scale', `max(CASE WHEN ${isNumber} THEN length(regexp_replace(${t}, '^[^.]*\\.?', '')) END)`),
    a('padded', `count(*) FILTER (WHERE regexp_full_match(${t}, '-?0[0-9]+'))`),
    a('shortest', `min(length(${t}))`),
    a('longest', `max(length(${t}))`),
    a('least', `arg_min(${t}, ${order})`),
    a('greatest', `arg_max(${t}, ${order})`),
    ...FORMATS.map((format) => a(format, `count(*) FILTER (WHERE regexp_full_match(${t}, ${literal(TEXT_FORMATS[format] ?? '')}))`)),
    a('mask', `CASE WHEN min(${mask}) = max(${mask}) THEN min(${mask}) END`),
    a('top', `approx_top_k(left(${t}, 200), ${TOP})`),
    ...(quoted ? [a('quoted', `count(*) FILTER (WHERE q${index})`)] : []),
  ];
}

function read({ name, type, notes = [], quoted }: SampleColumn, index: number, row: Record<string, unknown>): Facts {
  const count = (figure: string) => Number(row[`${figure}_${index}`] ?? 0);
  const text = (figure: string) => (row[`${figure}_${index}`] ?? undefined) as string | undefined;
  const [least, greatest] = [text('least'), text('greatest')];
  const top = (row[`top_${index}`] ?? []) as readonly (string | null)[];
  return {
    name,
    ...(type ? { type } : {}),
    notes,
    rows: Number(row['rows'] ?? 0),
    filled: count('filled'),
    distinct: count('distinct'),
    fits: Object.fromEntries(Object.keys(CANDIDATES).map((key) => [key, count(key)])) as Facts['fits'],
    whole: count('whole'),
    scale: count('scale'),
    padded: count('padded'),
    quoted: quoted === undefined ? undefined : count('quoted'),
    lengths: [count('shortest'), count('longest')],
    range: least === undefined || greatest === undefined || count('decimal') === 0 ? undefined : [least, greatest],
    formats: Object.fromEntries(FORMATS.map((format) => [format, count(format)])),
    mask: text('mask'),
    top: top.flatMap((value) => (value === null ? [] : [[value, 0] as const])),
  };
}
