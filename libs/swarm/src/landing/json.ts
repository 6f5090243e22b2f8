import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { isBlank } from '../scan.ts';
import { checkRejects, MAX_LINE, MAX_REJECTS, reading, takeRejects, type Landed } from './landed.ts';
import { LONGEST_SAMPLED, stride } from './profile.ts';

/** Rows that one thread reads at a time: records are long, and a day of them should keep every core busy. */
const ROW_GROUP = 16_384;

/** NDJSON lines or the elements of one JSON array as text, or the rows of a Parquet file turned to JSON; the row number is the position in the landed file. */
export async function landJson(session: EngineSession, from: string, file: string, target: string): Promise<Landed> {
  const form = await formOf(from, file);
  const parquet = form === 'parquet';
  if (form === 'gzip') await checkGzip(from, file);
  // Told of \r\n, the engine's lenient reader counts each \n and each \r\n once, also mixed; told of \n, it counts \r\n twice.
  const array = !parquet && (await beginsArray(from, form));
  const read = parquet
    ? `SELECT to_json(source)::VARCHAR AS raw FROM ${await parquetRows(session, from, file)} AS source`
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
  const [stored] = await session.rows<{ rows: bigint }>(`SELECT num_rows AS rows FROM parquet_file_metadata(${literal(target)})`);
  const sampled = `line % ${stride(Number(stored?.rows ?? 0n))} = 0 AND NOT blank AND NOT broken AND length(raw) < ${LONGEST_SAMPLED}`;
  // A line that is cut short, or is no JSON object, is no record. The sample is taken on the way: to read the file again for it would take longer.
  const [counted] = await session.rows<{ lines: bigint; sample: string[] | null; broken: { row: bigint; raw: string; valid: boolean }[] | null }>(
    `SELECT count(*) FILTER (WHERE NOT blank) AS lines, list(CASE WHEN ${sampled} THEN raw END) FILTER (WHERE ${sampled}) AS sample,
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
  return { rows: lines - notRecords.length, columns: undefined, rejects, sample: counted?.sample ?? [] };
}

/** SQL of a Parquet file's rows with bytes and nanoseconds as contracts have them in JSON: base64, and cut to microseconds. */
async function parquetRows(session: EngineSession, from: string, file: string): Promise<string> {
  const rows = `read_parquet(${literal(from)}, hive_partitioning = false)`;
  let columns: readonly { readonly name: string; readonly type: string }[] = [];
  await reading(file, async () => {
    columns = await session.describe(`SELECT * FROM ${rows}`);
  });
  const replaced = columns.flatMap(({ name, type }) =>
    type === 'BLOB' ? [`to_base64(${ident(name)}) AS ${ident(name)}`] : type === 'TIMESTAMP_NS' ? [`${ident(name)}::TIMESTAMP AS ${ident(name)}`] : [],
  );
  return replaced.length === 0 ? rows : `(SELECT * REPLACE (${replaced.join(', ')}) FROM ${rows})`;
}

/**
 * What a file of records is, by its first bytes: exports carry whatever name they were given. Parquet begins and ends with four
 * magic bytes; what does not, or is named so and is not, is damaged or cut short.
 */
export async function formOf(from: string, file: string): Promise<'parquet' | 'gzip' | 'none'> {
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
