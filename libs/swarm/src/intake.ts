import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession, LandingStore } from '@skein/ports';
import type { Domain, Landing, Source } from '@skein/product';
import { fingerprint, sniffDialect, type Fingerprint } from './delimited.ts';
import { BLANK_LINE, copyPlain } from './plain-text.ts';
import type { SourceReport, SwarmEvent } from './report.ts';
import { isBlank } from './scan.ts';

/** A file with more unreadable rows than this is not what its name says. */
const MAX_REJECTS = 10_000;
/** One record may be this long (bytes). */
const MAX_LINE = 32 << 20;
/** Rows that one thread reads at a time: records are long, and a day of them should keep every core busy. */
const ROW_GROUP = 16_384;

type Reject = Landing['rejects'][number];

export interface IntakeOptions {
  readonly domain: Domain;
  readonly session: () => Promise<EngineSession>;
  readonly landings: LandingStore;
  /** Folder to read, with all folders below it. */
  readonly from: string;
  /** Who brings the files; rows of the origin `demo` stop counting when another origin brings rows. */
  readonly origin: string;
  readonly onEvent: (event: SwarmEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * The ingestor: lands every file of a folder that a source of the domain reads, as received, as immutable Parquet.
 * Files already landed with the same bytes are left alone; a file that cannot be read is refused and the others go on.
 * Throws SKEIN_SOURCE_NOT_FOUND or SKEIN_SOURCE_EMPTY when there is nothing to do.
 */
export async function takeIn(options: IntakeOptions): Promise<{ sources: SourceReport[]; ignored: string[] }> {
  const { domain, from, onEvent } = options;
  const files = await filesBelow(from);
  const wanted = files
    .map((file) => ({ file, source: domain.sources.find((source) => source.tableOf(file) !== undefined) }))
    .filter((entry): entry is { file: string; source: Source } => entry.source !== undefined);
  if (wanted.length === 0) {
    throw new SkeinError('SKEIN_SOURCE_EMPTY', `${from} holds ${files.length} files, none of which ${domain.name} reads`, {
      hint: `Put files of these kinds there: ${domain.sources.map((source) => source.describes).join('; ')}.`,
      context: { from, domain: domain.name, files: files.slice(0, 20) },
    });
  }
  const reports: SourceReport[] = [];
  for (const [done, { file, source }] of wanted.entries()) {
    options.signal?.throwIfAborted();
    onEvent({ verb: 'landing', domain: domain.name, file, done, of: wanted.length });
    const report = await landOne(options, source, file).catch((error: unknown): SourceReport => {
      if (!(error instanceof SkeinError) || error.fault !== 'source') throw error;
      return { file, source: source.name, outcome: 'refused', rows: 0, malformed: 0, error };
    });
    reports.push(report);
    onEvent({ verb: 'landed', domain: domain.name, source: report, done: done + 1, of: wanted.length });
  }
  const read = new Set(wanted.map(({ file }) => file));
  return { sources: reports, ignored: files.filter((file) => !read.has(file)) };
}

async function filesBelow(from: string): Promise<string[]> {
  const info = await stat(from).catch(() => undefined);
  if (!info?.isDirectory()) throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `${from} is not a folder`, { context: { from } });
  const entries = await reading(from, () => readdir(from, { recursive: true, withFileTypes: true }));
  return (
    entries
      // A link counts as the file that it leads to; one that leads to a folder, or nowhere, is refused by name where it is wanted.
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
      .map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .sort()
  );
}

async function landOne(options: IntakeOptions, source: Source, file: string): Promise<SourceReport> {
  const { landings, domain, origin } = options;
  const table = source.tableOf(file) ?? source.name;
  const from = path.join(options.from, file);
  const before = await reading(file, () => stat(from));
  if (!before.isFile()) throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} leads to no file`, { context: { file } });
  const state = { source: source.name, origin, file, size: before.size, mtimeMs: before.mtimeMs };
  const known = await landings.findUnchanged(domain.name, state);
  if (known) return report(known, 'unchanged');
  if (before.size === 0) throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is empty (0 bytes)`, { context: { file } });
  const newest = (await landings.list(domain.name)).findLast((landing) => landing.origin === origin && landing.file === file && landing.source === source.name);
  // Records need nothing of the hash to be landed: a file that never came before is hashed meanwhile.
  const early = newest !== undefined || source.shape === 'columns' ? await reading(file, () => fingerprint(from)) : undefined;
  if (newest && newest.sha256 === early?.sha256) {
    await landings.noteUnchanged(domain.name, state, newest);
    return report(newest, 'unchanged');
  }
  const session = await options.session();
  const stage = await landings.stage(domain.name);
  try {
    const target = path.join(stage.directory, 'landing.parquet');
    const [hashed, written] = await Promise.allSettled([
      early ?? reading(file, () => fingerprint(from)),
      source.shape === 'columns' && early ? landColumns(session, from, file, stage.directory, target, early) : landJson(session, from, file, target),
    ]);
    if (hashed.status === 'rejected') throw hashed.reason;
    if (written.status === 'rejected') throw written.reason;
    const [print, landed] = [hashed.value, written.value];
    const after = await stat(from);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} changed while it was read`, { hint: 'Run again when the file is complete.', context: { file } });
    }
    const landing = await landings.commit(
      stage,
      { source: source.name, table, file, origin, sha256: print.sha256, bytes: print.bytes, mtimeMs: before.mtimeMs, ...landed },
      target,
    );
    return report(landing, 'landed');
  } catch (error) {
    await landings.abandon(stage);
    throw error;
  }
  function report(landing: Landing, outcome: 'landed' | 'unchanged'): SourceReport {
    return { file, source: source.name, outcome, rows: landing.rows, malformed: landing.rejects.length };
  }
}

interface Landed {
  readonly rows: number;
  readonly columns: readonly string[] | undefined;
  readonly rejects: readonly Reject[];
}

/** NDJSON lines or the elements of one JSON array as text, or the rows of a Parquet file turned to JSON; the row number is the position in the landed file. */
async function landJson(session: EngineSession, from: string, file: string, target: string): Promise<Landed> {
  const form = await formOf(from, file);
  const parquet = form === 'parquet';
  if (form === 'gzip') await checkGzip(from, file);
  // Told of \r\n, the engine's lenient reader counts each \n and each \r\n once, also mixed; told of \n, it counts \r\n twice.
  const array = !parquet && (await beginsArray(from, form));
  const read = parquet
    ? `SELECT to_json(source)::VARCHAR AS raw FROM read_parquet(${literal(from)}, hive_partitioning = false) AS source`
    : array
      ? `SELECT json::VARCHAR AS raw FROM read_json(${literal(from)}, format = 'array', records = false, columns = {json: 'JSON'}, maximum_object_size = ${MAX_LINE}, compression = ${literal(form === 'gzip' ? 'gzip' : 'uncompressed')})`
      : `SELECT raw FROM read_csv(${literal(from)}, columns = {raw: 'VARCHAR'}, delim = ${literal('\x01')}, quote = '', escape = '', header = false,
         auto_detect = false, strict_mode = false, max_line_size = ${MAX_LINE}, new_line = '\\r\\n', compression = ${literal(form)}, store_rejects = true)`;
  const copy = (select: string) => session.run(`COPY (${select}) TO ${literal(target)} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${ROW_GROUP})`);
  await reading(file, () => copy(read));
  const dropped = parquet || array ? [] : await takeRejects(session, file);
  if (dropped.length > 0) {
    // Lines that are not text leave no row behind; empty rows in their places keep row numbers equal to line numbers.
    const shift = JSON.stringify(dropped.map((reject, index) => reject.row - 1 - index)).replaceAll('"', '');
    await reading(file, () =>
      copy(`SELECT raw FROM (
              SELECT raw, n + len(list_filter(${shift}, k -> k < n)) AS line FROM (SELECT raw, row_number() OVER () AS n FROM (${read}))
              UNION ALL SELECT NULL, unnest(${JSON.stringify(dropped.map((reject) => reject.row))})) ORDER BY line`),
    );
    await takeRejects(session, file);
  }
  // A line that is cut short, or is no JSON object, is no record.
  const [counted] = await session.rows<{ lines: bigint; broken: { row: bigint; raw: string; valid: boolean }[] | null }>(
    `SELECT count(*) FILTER (WHERE NOT blank) AS lines,
       -- CASE as well as FILTER: an aggregate's argument is worked out for every row, filtered or not.
       arg_min(CASE WHEN broken THEN {'row': line, 'raw': left(raw, 4096), 'valid': json_valid(raw)} END, line, ${MAX_REJECTS + 1}) FILTER (WHERE broken) AS broken
     FROM (SELECT raw, line, blank, CASE WHEN blank THEN false ELSE try(json_type(raw)) IS DISTINCT FROM 'OBJECT' END AS broken
       FROM (SELECT raw, file_row_number + 1 AS line, ${isBlank('raw')} AS blank FROM read_parquet(${literal(target)}, file_row_number = true)))`,
  );
  const notRecords = counted?.broken ?? [];
  const rejects = [
    ...dropped,
    ...notRecords.map(({ row, raw, valid }) => ({
      row: Number(row),
      raw,
      reason: valid ? 'the line is JSON, but not an object' : 'the line is not complete JSON',
    })),
  ].sort((a, b) => a.row - b.row);
  const lines = Number(counted?.lines ?? 0n);
  checkRejects(file, rejects, lines);
  return { rows: lines - notRecords.length, columns: undefined, rejects };
}

/** Delimited text: every column as VARCHAR under its own name, and `_row`, the record number with the header as 1. */
async function landColumns(session: EngineSession, from: string, file: string, stage: string, target: string, print: Fingerprint): Promise<Landed> {
  const dialect = await sniffDialect(from, file, print.utf8);
  const named = dialect.columns.map((name, index) => ({ name, stored: name === '' ? `_empty_${index}` : name }));
  const columns = named.map(({ stored }) => `${ident(stored)}: 'VARCHAR'`).join(', ');
  const kept = named.filter(({ name }) => name !== '').map(({ name }) => name);
  if (kept.some((name) => ['_row', '__n', '__k', '__blank'].includes(name.toLowerCase()))) {
    throw new SkeinError('SKEIN_SOURCE_COLUMNS', `${file}:1: a column may not be named _row, __n, __k or __blank`, {
      hint: 'Rename the column in the file.',
      context: { file },
    });
  }
  const text = print.plain ? from : path.join(stage, 'plain.txt');
  if (!print.plain) await copyPlain(from, text, dialect);
  const first = ident(named[0]?.stored ?? '');
  const read = `SELECT * FROM read_csv(${literal(text)}, columns = {${columns}}, delim = ${literal(dialect.delimiter)}, quote = '"', escape = '"',
    header = true, auto_detect = false, strict_mode = true, max_line_size = ${MAX_LINE}, new_line = '\\n',
    encoding = 'utf-8', store_rejects = true)`;
  const write = async (shift: readonly number[]) => {
    // Names that begin with __ keep clear of the file's own: in a lambda, DuckDB takes a column before the parameter.
    const position = shift.length === 0 ? '__n + 1' : `__n + 1 + len(list_filter(${JSON.stringify(shift)}, __k -> __k < __n))`;
    await reading(file, () =>
      session.run(`COPY (SELECT ${position} AS _row, * EXCLUDE (__n, __blank) FROM (SELECT row_number() OVER () AS __n, ${kept.map(ident).join(', ')}, ${first} = ${literal(BLANK_LINE)} AS __blank FROM (${read})) WHERE __blank IS DISTINCT FROM true)
        TO ${literal(target)} (FORMAT parquet, COMPRESSION snappy)`),
    );
    return takeRejects(session, file);
  };
  let rejects = await write([]);
  // Rejected records leave no row behind: count them in, so that `_row` stays the record number.
  if (rejects.length > 0) rejects = await write(rejects.map((reject, index) => reject.row - 2 - index));
  const [count] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${literal(target)})`);
  const rows = Number(count?.rows ?? 0n);
  checkRejects(file, rejects, rows);
  return { rows, columns: kept, rejects };
}

/** Reads and forgets what the engine could not split since the last call. */
async function takeRejects(session: EngineSession, file: string): Promise<Reject[]> {
  const rows = await session.rows<{ line: bigint; reason: string; raw: string | null }>(
    `SELECT line, any_value(error_message) AS reason, any_value(csv_line)[:4096] AS raw FROM reject_errors GROUP BY line ORDER BY line LIMIT ${MAX_REJECTS + 1}`,
  );
  await session.run('DROP TABLE reject_errors');
  await session.run('DROP TABLE reject_scans');
  if (rows.length > MAX_REJECTS)
    checkRejects(
      file,
      rows.map(({ line }) => ({ row: Number(line), reason: '', raw: '' })),
      0,
    );
  return rows.map(({ line, reason, raw }) => ({ row: Number(line), reason: reason.split('\n')[0] ?? reason, raw: raw ?? '' }));
}

function checkRejects(file: string, rejects: readonly Reject[], rows: number): void {
  const [first] = rejects;
  if (!first || (rejects.length <= MAX_REJECTS && rejects.length < Math.max(2, rows))) return;
  throw new SkeinError(
    'SKEIN_SOURCE_UNREADABLE',
    `${file}:${first.row}: ${rejects.length > MAX_REJECTS ? `more than ${MAX_REJECTS}` : rejects.length} rows cannot be read; the first: ${first.reason}`,
    {
      place: { file, line: first.row },
      context: { file, rows, rejects: rejects.length },
    },
  );
}

/**
 * What a file of records is, by its first bytes: exports carry whatever name they were given. Parquet begins and ends with four
 * magic bytes; what does not, or is named so and is not, is damaged or cut short.
 */
async function formOf(from: string, file: string): Promise<'parquet' | 'gzip' | 'none'> {
  const handle = await open(from, 'r');
  try {
    const { size } = await handle.stat();
    const magic = Buffer.alloc(8);
    await handle.read(magic, 0, 4, 0);
    await handle.read(magic, 4, 4, Math.max(0, size - 4));
    const begins = magic.toString('latin1', 0, 4) === 'PAR1';
    if (!begins && !/\.parquet$/i.test(file)) return magic.readUInt16BE(0) === 0x1f8b || /\.gz$/i.test(file) ? 'gzip' : 'none';
    if (size < 12 || !begins || magic.toString('latin1', 4) !== 'PAR1') {
      throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is not a Parquet file, or is cut short (${size} bytes; the marks PAR1 are missing)`, {
        context: { file, bytes: size },
      });
    }
    return 'parquet';
  } finally {
    await handle.close();
  }
}

/** A file of records may also be one JSON array, as consoles save query results. */
async function beginsArray(from: string, form: 'gzip' | 'none'): Promise<boolean> {
  const file = createReadStream(from, form === 'none' ? { end: (1 << 16) - 1 } : {});
  const text = form === 'none' ? file : file.pipe(createGunzip());
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) return /^\ufeff?\s*\[/.test(chunk.toString('utf8'));
    return false;
  } finally {
    file.destroy();
  }
}

/** The engine takes a compressed file that was cut short for its whole: what it holds is tested first. */
async function checkGzip(from: string, file: string): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip({ chunkSize: 1 << 20 }), async (chunks: AsyncIterable<Buffer>) => {
      for await (const _ of chunks);
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is not a gzip file, or is damaged or cut short: ${said}`, { cause: error, context: { file } });
  }
}

/** Engine errors while reading a source are the source's fault. */
async function reading<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'SKEIN_STORAGE_FULL') throw error;
    const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} cannot be read: ${said}`, { cause: error, context: { file } });
  }
}
