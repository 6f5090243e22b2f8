import { ident, literal } from '@skein/kernel';
import type { BronzeTable } from '@skein/product';
import { BLANKS, canonicalNumber, groupsThousands, hasThreeDecimals, pointed, speaksFor, trimmed, type Reading } from './reading.ts';

/** One landed column, read as one typed column. */
export interface TypedColumn {
  readonly reading: Reading;
  /** Column of the product that it becomes: the name in repairs and in the feedback. Default: its own name. */
  readonly becomes?: string;
  /** Other names of the column in other extracts; the first that holds a value counts. */
  readonly alias?: readonly string[];
}

export interface TypedTable {
  readonly name: string;
  readonly source: string;
  /** By the name in the source. */
  readonly columns: Readonly<Record<string, TypedColumn>>;
  /** Columns that identify a record: a file without them is refused. */
  readonly key: readonly string[];
  /** Further columns of the typed table: SQL over the typed ones and `_file`; `source_system` is part of every key. */
  readonly derived: Readonly<Record<string, string>>;
  /**
   * Quantities arrive as the ABAP dictionary writes them, with three decimals after a point: where nothing else in the file
   * speaks for a decimal sign, a column of nothing but `5.000` and `100.000` is read so.
   */
  readonly dictionaryForm?: boolean;
  /**
   * Which records of one key remain. `versions`: those of the newest version, so that true duplicates reach the step
   * and are counted there. `one`: exactly one record, for tables that are joined to others; what is mended in its key
   * is not told, since the row that it is joined to has a key of its own.
   */
  readonly keep: 'versions' | 'one';
  /** Records that are read at all: a condition over the typed columns. */
  readonly only?: string;
  /** Change records of a replication (SLT): the newest RECORDSTAMP of a key counts, and a deletion wins a tie. */
  readonly replicated: boolean;
}

const REPLICATION = ['operation_flag', 'is_deleted', 'recordstamp'] as const;
const stamp = (t: string) => `coalesce(
  CASE WHEN regexp_full_match(${t}, '[0-9]{14}([.,][0-9]+)?') THEN TRY_CAST(${t}[:4] || '-' || ${t}[5:6] || '-' || ${t}[7:8] || ' ' || ${t}[9:10] || ':' || ${t}[11:12] || ':' || ${t}[13:14] || replace(${t}[15:], ',', '.') AS TIMESTAMP) END,
  TRY_CAST(regexp_replace(${t}, ' UTC$', '+00') AS TIMESTAMPTZ)::TIMESTAMP)`;

/**
 * The bronze table of a delimited source, as SQL over `landing`:
 * trimmed → the file's decimal sign → numbers → typed values with `_repairs` and `_invalid` → the records that count.
 *
 * A decimal sign is a property of the file (most of its numbers must speak for it), thousands groups of the column; a
 * single value is never read in a way of its own. Reading numbers, dates and keys by the file's own convention is no
 * repair; `_repairs` names what broke that convention or lost data and was mended.
 */
export function typedTable(table: TypedTable): BronzeTable {
  const fields = Object.entries(table.columns).map(([name, column]) => ({
    name,
    t: ident(`t_${name}`),
    u: ident(`u_${name}`),
    v: ident(`v_${name}`),
    n: column.reading.number ? ident(`n_${name}`) : 'NULL',
    raw: column.alias ? `coalesce(${[name, ...column.alias].map(trimmed).join(', ')})` : ident(name),
    shown: column.becomes ?? name,
    reading: column.reading,
  }));
  const numbers = fields.filter((field) => field.reading.number);
  const text = [
    ...fields.map((field) => {
      const trim = `nullif(trim(${field.raw}, ${BLANKS}), '')`;
      return `${field.raw} AS ${ident(`r_${field.name}`)}, ${field.reading.unassigned ? `nullif(${trim}, '#')` : trim} AS ${field.t}`;
    }),
    ...(table.replicated ? REPLICATION.map((name) => `${trimmed(name)} AS ${ident(`t_${name}`)}`) : []),
  ];
  const stages = [`trimmed AS (SELECT _file, _row, _sequence, ${text.join(', ')} FROM landing)`];
  if (numbers.length > 0) {
    const votes = (mark: '.' | ',') => numbers.map(({ t }) => `count(*) FILTER (WHERE ${speaksFor(t, mark)})`).join(' + ');
    stages.push(
      `votes AS (SELECT _sequence, ${votes('.')} AS points, ${votes(',')} AS commas,
        ${numbers.map(({ t, name }) => `bool_or(${groupsThousands(t, '.')}) AS ${ident(`p_${name}`)}, bool_or(${groupsThousands(t, ',')}) AS ${ident(`c_${name}`)}`).join(', ')}
        ${table.dictionaryForm ? numbers.map(({ t, name }) => `, bool_and(${hasThreeDecimals(t)}) AS ${ident(`d_${name}`)}`).join('') : ''}
        FROM trimmed GROUP BY _sequence)`,
      `dialect AS (SELECT * EXCLUDE (points, commas), CASE WHEN points > commas THEN '.' WHEN commas > points THEN ',' END AS mark, points + commas = 0 AS silent FROM votes)`,
      `pointed AS (SELECT trimmed.*, dialect.* EXCLUDE (_sequence), ${numbers.map(({ t, u }) => `${pointed(t, 'mark')} AS ${u}`).join(', ')} FROM trimmed JOIN dialect USING (_sequence))`,
      `numbered AS (SELECT *, ${numbers
        .map(
          ({ u, n, name }) =>
            `${canonicalNumber(u, table.dictionaryForm ? `(mark IS NOT NULL OR (silent AND coalesce(${ident(`d_${name}`)}, false)))` : 'mark IS NOT NULL', `coalesce(CASE mark WHEN '.' THEN ${ident(`p_${name}`)} ELSE ${ident(`c_${name}`)} END, false)`)} AS ${n}`,
        )
        .join(', ')} FROM pointed)`,
    );
  }
  const told = fields.filter(({ name }) => table.keep === 'versions' || !table.key.includes(name));
  const repairs = told.flatMap(({ name, t, n, shown, reading }) => [
    [`${ident(`r_${name}`)} <> ${t}`, `${shown}:whitespace`],
    ...(reading.unassigned ? [[`${t} IS NULL AND contains(${ident(`r_${name}`)}, '#')`, `${shown}:unassigned`]] : []),
    ...Object.entries(reading.repairs ?? {}).map(([repair, when]) => [when(t, n), `${shown}:${repair}`]),
  ]);
  const faults = fields.flatMap(({ name, t, v, shown, reading }) =>
    reading.fault ? [`CASE WHEN ${reading.fault(t, v)} THEN ${struct(shown, ident(`r_${name}`), 'type')} END`] : [],
  );
  if (table.replicated)
    faults.push(`CASE WHEN t_recordstamp IS NOT NULL AND ${stamp('t_recordstamp')} IS NULL THEN ${struct('recordstamp', 't_recordstamp', 'type')} END`);
  const derived = Object.entries(table.derived).map(([name, sql]) => `${sql} AS ${ident(name)}`);
  stages.push(
    `valued AS (SELECT *, ${fields.map(({ t, n, v, reading }) => `${reading.value(t, n)} AS ${v}`).join(', ')} FROM ${numbers.length > 0 ? 'numbered' : 'trimmed'})`,
    `typed AS (SELECT _file, _row, _sequence, ${fields.map(({ v, name }) => `${v} AS ${ident(name)}`).join(', ')},
      ${table.replicated ? `${stamp('t_recordstamp')} AS _stamp, coalesce(upper(t_operation_flag) = 'D', false) OR coalesce(lower(t_is_deleted) IN ('true', '1', 'x', 't'), false) AS _deleted,` : ''}
      list_filter([${[...repairs.map(([when, label]) => `CASE WHEN ${when} THEN ${literal(label ?? null)} END`), 'NULL::VARCHAR'].join(', ')}], lambda repair: repair IS NOT NULL) AS _repairs,
      list_filter([${[...faults, `NULL::STRUCT("column" VARCHAR, "value" VARCHAR, "rule" VARCHAR)`].join(', ')}], lambda fault: fault IS NOT NULL) AS _invalid
      FROM valued)`,
  );
  stages.push(`whole AS (SELECT *${derived.length > 0 ? `, ${derived.join(', ')}` : ''} FROM typed${table.only ? ` WHERE ${table.only}` : ''})`);
  const names = Object.keys(table.columns);
  return {
    name: table.name,
    source: table.source,
    tables: (landed) => landed === table.name,
    columns: [...names, ...fields.flatMap(({ name }) => table.columns[name]?.alias ?? []), ...(table.replicated ? REPLICATION : [])],
    requiredColumns: table.key,
    sql: `WITH ${stages.join(',\n')}\nSELECT *${table.replicated ? ' EXCLUDE (_stamp, _deleted)' : ''} FROM whole ${remaining(table)}`,
    lineage: Object.fromEntries(names.map((name) => [name, [name]])),
  };
}

function struct(column: string, value: string, rule: string): string {
  return `{'column': ${literal(column)}, 'value': ${value}, 'rule': ${literal(rule)}}`;
}

function remaining(table: TypedTable): string {
  const by = table.key.map(ident).join(', ');
  const partition = `source_system, ${by}`;
  const nameless = table.key.map((name) => `${ident(name)} IS NULL`).join(' OR ');
  const newest = table.replicated ? '_stamp DESC NULLS LAST, ' : '';
  const alive = table.replicated ? ` AND NOT bool_or(_deleted) OVER (PARTITION BY ${partition}, _stamp)` : '';
  if (table.keep === 'one') return `QUALIFY row_number() OVER (PARTITION BY ${partition} ORDER BY ${newest}_sequence DESC, _row DESC) = 1${alive}`;
  return `QUALIFY (${nameless}) OR (rank() OVER (PARTITION BY ${partition} ORDER BY ${newest}_sequence DESC) = 1${alive})`;
}
