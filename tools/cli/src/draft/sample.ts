import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { foreignType } from '@skein/contract/formats';
import type { ColumnType } from '@skein/contract';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { landFile } from '@skein/swarm';
import { jsonMembers, keepDigits } from '@skein/verifier';
import type { DataFormat } from '../judge/data-file.ts';

/** More of a file is not read for a draft. */
const SAMPLE_BYTES = 64 << 20;
const SAMPLE_ROWS = 500_000;
/** Beyond it a contract with its evidence would be larger than a contract may be. */
const MOST_COLUMNS = 700;

/** One column of a sample: SQL of its text, or the type that the source itself gives it. */
export interface SampleColumn {
  readonly name: string;
  /** SQL of a VARCHAR, NULL where there is no value. */
  readonly text: string;
  /** Where the source has types of its own: its values need not be looked at to know it. */
  readonly type?: ColumnType;
  /** Of NDJSON: how many values are JSON strings, to tell 1 from "1". */
  readonly quoted?: string;
  readonly notes?: readonly string[];
}

export interface Sample {
  /** SQL that can stand after FROM. */
  readonly relation: string;
  readonly columns: readonly SampleColumn[];
  /** Whether it is the whole file; else why not, in words. */
  readonly part: string | undefined;
  /** Lines that are no records. */
  readonly malformed: number;
}

/** Rows of a data file to draft a contract from, read as the swarm would land them. `folder` is a private one. Throws SKEIN_SOURCE_…. */
export async function sampleFile(session: EngineSession, file: string, format: DataFormat, folder: string): Promise<Sample> {
  if (format === 'parquet') return parquetSample(session, file);
  const { size } = await stat(file);
  const cut = size > SAMPLE_BYTES && !/\.gz$/i.test(file);
  const from = cut ? await headOf(file, path.join(folder, path.basename(file))) : file;
  const part = cut ? `its first ${SAMPLE_BYTES >> 20} MiB of ${Math.ceil(size / 2 ** 20)} MiB` : undefined;
  const target = path.join(folder, 'landed.parquet');
  const landed = await landFile(session, { shape: format === 'csv' ? 'columns' : 'json', from, file: path.basename(file), stage: folder, target });
  const stored = `read_parquet(${literal(target)})`;
  if (landed.columns) {
    checkWidth(file, landed.columns);
    const columns = landed.columns.map((name) => ({ name, text: `nullif(trim(${ident(name)}, ' ' || chr(9) || chr(10) || chr(13) || chr(160)), '')` }));
    return { relation: stored, columns, part, malformed: landed.rejects.length };
  }
  const keys = await session.rows<{ name: string }>(
    `SELECT name FROM (SELECT unnest(keys) AS name, generate_subscripts(keys, 1) AS place, n FROM
       (SELECT json_keys(raw::JSON) AS keys, file_row_number AS n FROM read_parquet(${literal(target)}, file_row_number = true) WHERE try(json_type(raw)) = 'OBJECT'))
     GROUP BY name ORDER BY min(n), arg_min(place, n) LIMIT ${MOST_COLUMNS + 1}`,
  );
  const names = keys.map(({ name }) => name);
  if (names.includes(''))
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} has records with a member that has no name`, {
      hint: 'Have it exported with a name for each member.',
      place: { file },
    });
  checkWidth(file, names);
  const members = names.length === 0 ? '[]::JSON[]' : jsonMembers(`${keepDigits('raw')}::JSON`, names);
  const relation = `(SELECT ${members} AS members FROM ${stored} WHERE try(json_type(raw)) = 'OBJECT')`;
  return { relation, columns: await jsonColumns(session, target, names), part, malformed: landed.rejects.length };
}

function checkWidth(file: string, names: readonly string[]): void {
  if (names.length <= MOST_COLUMNS) return;
  throw new SkeinError('SKEIN_CONTRACT_LIMIT', `${file} has more than ${MOST_COLUMNS} columns, whose contract would be too large`, {
    hint: 'Draft from a file with the columns that the product is to have.',
    place: { file, line: 1, column: 1 },
  });
}

/** Members that hold objects and lists have the type that the engine finds in them. */
async function jsonColumns(session: EngineSession, target: string, names: readonly string[]): Promise<SampleColumn[]> {
  if (names.length === 0) return [];
  const columns: SampleColumn[] = [];
  for (const [index, name] of names.entries()) {
    const member = `members[${index + 1}]`;
    const kind = `json_type(${member})`;
    columns.push({
      name,
      text: `CASE WHEN ${kind} <> 'NULL' THEN ltrim(json_extract_string(${member}, '$'), chr(1)) END`,
      // what keepDigits marked is a number
      quoted: `(${kind} = 'VARCHAR' AND NOT starts_with(json_extract_string(${member}, '$'), chr(1)))`,
    });
  }
  const nested = await session.rows<{ name: string; structure: string }>(
    `SELECT key AS name, value::VARCHAR AS structure FROM (SELECT unnest(map_entries(from_json(json_group_structure(raw::JSON), '"MAP(VARCHAR, JSON)"')), recursive := true) FROM read_parquet(${literal(target)}) WHERE try(json_type(raw)) = 'OBJECT') WHERE json_type(value) IN ('OBJECT', 'ARRAY')`,
  );
  const structures = new Map(nested.map(({ name, structure }) => [name, structure]));
  for (const [index, column] of columns.entries()) {
    const structure = structures.get(column.name);
    if (structure === undefined) continue;
    const [described] = await session.describe(`SELECT from_json('null', ${literal(structure.replaceAll('"UBIGINT"', '"BIGINT"'))}) AS v`);
    const { notes, ...read } = foreignType(described?.type ?? 'VARCHAR');
    columns[index] = { ...column, ...read, notes };
  }
  return columns;
}

async function parquetSample(session: EngineSession, file: string): Promise<Sample> {
  const scan = `read_parquet(${literal(file)}, hive_partitioning = false)`;
  const described = await session.describe(`SELECT * FROM ${scan}`).catch((error: unknown) => {
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} cannot be read as Parquet`, { place: { file }, cause: error });
  });
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${scan}`);
  const rows = counted?.rows ?? 0n;
  return {
    relation: rows > SAMPLE_ROWS ? `(SELECT * FROM ${scan} LIMIT ${SAMPLE_ROWS})` : scan,
    columns: described.map(({ name, type }) => {
      const { notes, ...read } = foreignType(type);
      return { name, text: parquetText(ident(name), type, read.type), ...read, notes };
    }),
    part: rows > SAMPLE_ROWS ? `its first ${SAMPLE_ROWS} rows of ${rows}` : undefined,
    malformed: 0,
  };
}

/** SQL of a value as JSON would have it, which is the form that contracts are checked in. */
function parquetText(column: string, stored: string, { kind }: ColumnType): string {
  if (kind === 'struct' || kind === 'list' || kind === 'map') return `to_json(${column})::VARCHAR`;
  if (kind === 'binary') return `to_base64(${column}::BLOB)`;
  return stored === 'TIMESTAMP_NS' ? `${column}::TIMESTAMP::VARCHAR` : `${column}::VARCHAR`;
}

/** The first bytes of a file up to the end of a line. */
async function headOf(file: string, copy: string): Promise<string> {
  await pipeline(createReadStream(file, { end: SAMPLE_BYTES - 1 }), createWriteStream(copy));
  const handle = await open(copy, 'r+');
  try {
    const tail = Buffer.alloc(1 << 20);
    const { bytesRead } = await handle.read(tail, 0, tail.length, SAMPLE_BYTES - tail.length);
    const end = tail.subarray(0, bytesRead).lastIndexOf(10);
    if (end < 0) throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} has a line of more than ${tail.length} bytes`, { place: { file } });
    await handle.truncate(SAMPLE_BYTES - tail.length + end + 1);
  } finally {
    await handle.close();
  }
  return copy;
}
