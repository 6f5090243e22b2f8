import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SkeinError } from '@skein/kernel';

export const DATA_FORMATS = ['parquet', 'ndjson', 'csv'] as const;
export type DataFormat = (typeof DATA_FORMATS)[number];

const ENDINGS: readonly (readonly [RegExp, DataFormat])[] = [
  [/\.parquet$/i, 'parquet'],
  [/\.(?:ndjson|jsonl|json)(?:\.gz|\.zst)?$/i, 'ndjson'],
  [/\.(?:csv|tsv)(?:\.gz|\.zst)?$/i, 'csv'],
];

/** Files of one format, as absolute paths. Throws SKEIN_SOURCE_NOT_FOUND, SKEIN_SOURCE_EMPTY or SKEIN_USAGE. */
export async function dataFiles(targets: readonly string[], cwd: string, format?: DataFormat): Promise<{ format: DataFormat; files: string[] }> {
  if (targets.length === 0) throw new SkeinError('SKEIN_USAGE', 'no data file is named', { hint: 'Name one or more Parquet, NDJSON or CSV files.' });
  const formats = new Set<DataFormat>();
  const files: string[] = [];
  for (const target of targets) {
    const file = path.resolve(cwd, target);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no file ${JSON.stringify(target)}`, { hint: 'Name files one by one.' });
    const known = format ?? ENDINGS.find(([ending]) => ending.test(file))?.[1];
    if (known === undefined)
      throw new SkeinError('SKEIN_USAGE', `the name of ${JSON.stringify(target)} does not say its format`, {
        hint: `Give --input ${DATA_FORMATS.join(', --input ')}.`,
      });
    if (found.size === 0 && known !== 'ndjson')
      throw new SkeinError('SKEIN_SOURCE_EMPTY', `${JSON.stringify(target)} has no content`, {
        hint: known === 'csv' ? 'A CSV file needs at least its header.' : 'Write the file again.',
      });
    formats.add(known);
    files.push(file);
  }
  if (formats.size > 1)
    throw new SkeinError('SKEIN_USAGE', `the files are of several formats: ${[...formats].join(', ')}`, { hint: 'Judge one format at a time.' });
  return { format: [...formats][0] as DataFormat, files };
}

const HEADER_BYTES = 256 * 1024;

/** The sign between the fields of a CSV file: the one of comma, semicolon, tab and bar that its header has most of, outside of quotes. */
export async function delimiterOf(file: string): Promise<string> {
  if (/\.zst$/i.test(file)) return ',';
  const source = createReadStream(file, { end: HEADER_BYTES });
  const stream = /\.gz$/i.test(file) ? source.pipe(createGunzip()) : source;
  let head = '';
  try {
    for await (const chunk of stream) {
      head += String(chunk);
      if (head.includes('\n') || head.length > HEADER_BYTES) break;
    }
  } catch {
    // A damaged archive is told by the engine, which reads all of it.
  } finally {
    source.destroy();
  }
  const header = (head.split(/\r?\n/)[0] ?? '').replaceAll(/"(?:[^"]|"")*"/g, '');
  const [best] = [',', ';', '\t', '|'].map((sign) => ({ sign, count: header.split(sign).length })).sort((a, b) => b.count - a.count);
  return best?.sign ?? ',';
}

/**
 * The line in which the first quote opens that is not closed as CSV closes one: never, or with more text behind it in the same field. Undefined where
 * there is none, or where the file cannot be read here.
 */
export async function openQuote(file: string, delimiter: string): Promise<number | undefined> {
  if (/\.zst$/i.test(file)) return undefined;
  const source = createReadStream(file);
  const stream = /\.gz$/i.test(file) ? source.pipe(createGunzip()) : source;
  let [line, opened] = [1, 1];
  let state: 'start' | 'plain' | 'quoted' | 'after' = 'start';
  try {
    for await (const chunk of stream.setEncoding('latin1')) {
      for (const char of String(chunk)) {
        if (char === '"') {
          if (state === 'start') [state, opened] = ['quoted', line];
          else if (state === 'quoted') state = 'after';
          else if (state === 'after') state = 'quoted';
        } else if (state !== 'quoted') {
          if (char === delimiter || char === '\n' || char === '\r') state = 'start';
          else if (state === 'after') return opened;
          // The mark of byte order is no text.
          else if (line > 1 || !'\u00ef\u00bb\u00bf'.includes(char)) state = 'plain';
        }
        if (char === '\n') line += 1;
      }
    }
    return state === 'quoted' ? opened : undefined;
  } catch {
    return undefined;
  } finally {
    source.destroy();
  }
}

const MARK = Buffer.from('\uFEFF');

/** The file, or a copy of it without the mark of byte order that it begins with: the engine's JSON reader takes that for a fault. */
export async function withoutMark(file: string, copy: string): Promise<string> {
  const handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MARK.length), 0, MARK.length, 0).finally(() => handle.close());
  if (bytesRead < MARK.length || !buffer.equals(MARK)) return file;
  await pipeline(createReadStream(file, { start: MARK.length }), createWriteStream(copy));
  return copy;
}
