import path from 'node:path';
import { engineType, sameType, type ColumnType, type Contract } from '@skein/contract';
import { foreignType } from '@skein/contract/formats';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { engineReason } from '../contract/engine-reason.ts';
import { ColumnReader } from './column-reader.ts';
import { delimiterOf, openQuote, withoutMark, type DataFormat } from './data-file.ts';
import { jsonForm, jsonMembers, keepDigits, numberForm, textForm, type Form } from '@skein/verifier';

/**
 * Data files as the contract types them. The relation has the contract's columns that the data has, `_file` and `_row` (from 1),
 * and for each column that had to be read, `_bad<position>`: whether its value could not be, and `_raw<position>`: its text then.
 */
export interface TypedRelation {
  /** SQL that can stand after FROM. */
  readonly relation: string;
  /** Columns of the contract that the data has. */
  readonly offered: readonly string[];
  /** Columns of the data that the contract does not have. */
  readonly unknown: readonly string[];
  /** Positions of properties whose values had to be read. */
  readonly read: ReadonlySet<number>;
  /** Lines that are no records, of NDJSON and CSV. */
  readonly malformed: bigint;
}

export interface RelationOptions {
  /** A key that no record of NDJSON has is a column of nulls. */
  readonly absentAsNull: boolean;
  /** A folder of our own for what has to be read once and judged often. */
  readonly folder: string;
}

export async function typedRelation(
  session: EngineSession,
  contract: Contract,
  format: DataFormat,
  files: readonly string[],
  options: RelationOptions,
): Promise<TypedRelation> {
  try {
    if (format === 'parquet') return await fromParquet(session, contract, files);
    return format === 'ndjson' ? await fromNdjson(session, contract, files, options) : await fromCsv(session, contract, files, options);
  } catch (error) {
    if (error instanceof SkeinError && error.code !== 'SKEIN_STEP_FAILED') throw error;
    if (format === 'csv') await refuseOpenQuotes(files, error);
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `the data cannot be read as ${format}: ${engineReason(error)}`, {
      hint: 'Check that the files are what their names say; --input names the format.',
      cause: error,
    });
  }
}

/** The engine says no more of a quote that is not closed than that it did not understand the file. */
async function refuseOpenQuotes(files: readonly string[], cause: unknown): Promise<void> {
  for (const file of files) {
    const line = await openQuote(file, await delimiterOf(file));
    if (line !== undefined)
      throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `a quote opens in line ${line} of ${JSON.stringify(path.basename(file))} and is not closed`, {
        place: { file, line },
        hint: 'Close the quote; within a quoted value, a quote is written twice: "5"" pipe".',
        cause,
      });
  }
}

async function fromParquet(session: EngineSession, contract: Contract, files: readonly string[]): Promise<TypedRelation> {
  const scan = `read_parquet([${files.map(literal).join(', ')}], union_by_name = true, filename = '_file', file_row_number = true)`;
  const columns = (await session.describe(`SELECT * FROM ${scan}`)).filter(({ name }) => name !== '_file' && name !== 'file_row_number');
  const found = new Map(columns.map(({ name, type }) => [name, type]));
  const reader = new ColumnReader();
  const offered: string[] = [];
  for (const [index, property] of contract.properties.entries()) {
    const type = found.get(property.name);
    if (type === undefined) continue;
    offered.push(property.name);
    const own = `f.${ident(property.name)}`;
    if (castsExactly(type, property.type)) reader.take(own, property);
    else reader.add(index, property, { value: own, form: (name) => valueForm(name, type, property.type), raw: (name) => `${name}::VARCHAR` });
  }
  const rows = `(SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS "_row" FROM ${scan}) AS f`;
  return { relation: `(${reader.select(rows)})`, offered, unknown: unknownOf(columns, contract), read: reader.read, malformed: 0n };
}

/** Whether the engine's cast from a file's type loses nothing and refuses nothing. */
function castsExactly(from: string, to: ColumnType): boolean {
  const { type, notes } = foreignType(from);
  if (notes.length > 0) return false;
  if (sameType(type, to)) return true;
  return (type.kind === 'int' && to.kind === 'int' && type.bits < to.bits) || (type.kind === 'float' && to.kind === 'float' && type.bits < to.bits);
}

/** A value of another type than the contract's, by its text: what the text says exactly is taken. */
function valueForm(value: string, from: string, to: ColumnType): Form {
  if (to.kind === 'struct' || to.kind === 'list' || to.kind === 'map') {
    const json = from === 'VARCHAR' || from === 'JSON' ? `${value}::VARCHAR` : `to_json(${value})::VARCHAR`;
    return guardedJson(json, to);
  }
  const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(from);
  if (to.kind === 'string')
    return { ok: from === 'VARCHAR' || from === 'UUID' || from.startsWith('ENUM') || from === 'JSON' ? 'TRUE' : 'FALSE', value: `${value}::VARCHAR` };
  if (numeric) return numberForm(`${value}::VARCHAR`, to);
  // A day is no instant and a number no day, whatever their text looks like.
  if (from !== 'VARCHAR' && !(foreignType(from).type.kind === to.kind)) return { ok: 'FALSE', value: `NULL::${engineType(to)}` };
  return textForm(`${value}::VARCHAR`, to);
}

/** JSON in text: what is no JSON is unreadable, and no error. */
function guardedJson(text: string, type: ColumnType): Form {
  const form = jsonForm(`(CASE WHEN json_valid(${text}) THEN ${keepDigits(text)} END)::JSON`, type);
  return { ok: `(json_valid(${text}) AND ${form.ok})`, value: form.value };
}

/** An object, no key of which stands twice: which of its values counted would depend on the reader. */
const RECORD = "json_type(json) = 'OBJECT' AND len(list_distinct(json_keys(json))) = len(json_keys(json))";

async function fromNdjson(session: EngineSession, contract: Contract, files: readonly string[], options: RelationOptions): Promise<TypedRelation> {
  const bare = await Promise.all(files.map((file, index) => withoutMark(file, path.join(options.folder, `bare-${index}.ndjson`))));
  const scans = files.map(
    (file, index) =>
      `SELECT ${literal(file)} AS "_file", row_number() OVER () AS "_row", json FROM read_ndjson_objects(${literal(bare[index] ?? file)}, ignore_errors = true)`,
  );
  const lines = path.join(options.folder, 'lines.parquet');
  await session.run(
    `COPY (SELECT "_file", "_row", CASE WHEN ${RECORD} THEN ${keepDigits('json::VARCHAR')} END AS json FROM (${scans.join(' UNION ALL ')})) TO ${literal(lines)} (FORMAT parquet)`,
  );
  const stored = `read_parquet(${literal(lines)})`;
  const [counted] = await session.rows<{ malformed: bigint; rows: bigint }>(
    `SELECT count(*) FILTER (WHERE json IS NULL) AS malformed, count(json) AS rows FROM ${stored}`,
  );
  const keys = await session.rows<{ name: string }>(`SELECT DISTINCT unnest(json_keys(json::JSON)) AS name FROM ${stored} WHERE json IS NOT NULL ORDER BY 1`);
  const known = new Set(keys.map(({ name }) => name));
  // Of a file without a record nothing can be missing.
  const all = options.absentAsNull || counted?.rows === 0n;
  const taken = [...contract.properties.entries()].filter(([, property]) => all || known.has(property.name));
  const names = taken.map(([, property]) => property.name);
  const members = names.length === 0 ? 'NULL' : jsonMembers('json::JSON', names);
  const reader = new ColumnReader();
  for (const [position, [index, property]] of taken.entries()) {
    reader.add(index, property, {
      value: `members[${position + 1}]`,
      form: (name) => jsonForm(name, property.type),
      raw: (name) => `replace(json_extract_string(${name}, '$'), chr(1), '')`,
      missing: (name) => `${name} IS NULL OR json_type(${name}) = 'NULL'`,
    });
  }
  const relation = await stage(session, reader.select(`(SELECT "_file", "_row", ${members} AS members FROM ${stored} WHERE json IS NOT NULL)`), options);
  const unknown = unknownOf(keys, contract);
  return { relation, offered: taken.map(([, property]) => property.name), unknown, read: reader.read, malformed: counted?.malformed ?? 0n };
}

async function fromCsv(session: EngineSession, contract: Contract, files: readonly string[], options: RelationOptions): Promise<TypedRelation> {
  const names = new Set<string>();
  const scans: string[] = [];
  for (const [index, file] of files.entries()) {
    const delimiter = await delimiterOf(file);
    const read = `read_csv(${literal(file)}, header = true, all_varchar = true, delim = ${literal(delimiter)}, quote = '"', escape = '"', allow_quoted_nulls = false, sample_size = -1, store_rejects = true, rejects_scan = '_scan_${index}', rejects_table = '_rejects_${index}')`;
    for (const { name } of await session.describe(`SELECT * FROM ${read}`)) names.add(name);
    scans.push(`SELECT ${literal(file)} AS "_file", row_number() OVER () AS "_row", * FROM ${read}`);
  }
  const lines = path.join(options.folder, 'lines.parquet');
  await session.run(`COPY (${scans.join(' UNION ALL BY NAME ')}) TO ${literal(lines)} (FORMAT parquet)`);
  let malformed = 0n;
  for (const index of files.keys()) {
    const [row] = await session.rows<{ n: bigint }>(`SELECT count(DISTINCT line) AS n FROM "_rejects_${index}"`);
    malformed += row?.n ?? 0n;
  }
  const taken = [...contract.properties.entries()].filter(([, property]) => names.has(property.name));
  const reader = new ColumnReader();
  for (const [index, property] of taken) {
    const nested = ['struct', 'list', 'map'].includes(property.type.kind);
    const form = (name: string) => (nested ? guardedJson(name, property.type) : csvForm(name, property.type));
    reader.add(index, property, { value: `l.${ident(property.name)}`, form, raw: (name) => name });
  }
  const relation = await stage(session, reader.select(`read_parquet(${literal(lines)}) AS l`), options);
  const unknown = unknownOf(
    [...names].map((name) => ({ name })),
    contract,
  );
  return { relation, offered: taken.map(([, property]) => property.name), unknown, read: reader.read, malformed };
}

/** CSV does not tell numbers from text. */
function csvForm(text: string, type: ColumnType): Form {
  return type.kind === 'int' || type.kind === 'decimal' ? numberForm(text, type) : textForm(text, type);
}

async function stage(session: EngineSession, query: string, options: RelationOptions): Promise<string> {
  const file = path.join(options.folder, 'typed.parquet');
  await session.run(`COPY (${query}) TO ${literal(file)} (FORMAT parquet)`);
  return `(SELECT * FROM read_parquet(${literal(file)}))`;
}

function unknownOf(columns: readonly { readonly name: string }[], contract: Contract): string[] {
  const known = new Set(contract.properties.map((property) => property.name));
  return columns.map(({ name }) => name).filter((name) => !known.has(name));
}
