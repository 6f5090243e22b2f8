import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { SkeinError } from '@skein/kernel';

/** How a delimited text file is written: found from its header line, never from its values. */
export interface Dialect {
  readonly delimiter: ',' | ';' | '\t' | '|';
  /** Bytes that are no UTF-8 are read as Windows-1252: the letters of Latin-1, and the euro sign. */
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
  /** Header names as received, without byte order mark and surrounding blanks; empty trailing names are left out of use but counted. */
  readonly columns: readonly string[];
}

export interface Fingerprint {
  readonly sha256: string;
  readonly bytes: number;
  readonly utf8: boolean;
  /** UTF-8, its lines ended by `\n` alone, none of them blank: the engine's reader of delimited text can be trusted with it. */
  readonly plain: boolean;
}

/** Reads a file once: its sha256, whether all of it is UTF-8, and whether its lines are plain. */
export async function fingerprint(path: string): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  let utf8 = true;
  let lines = true;
  let last = LF;
  let pending = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    lines &&= !chunk.includes(CR) && !chunk.includes(BLANK) && !(last === LF && chunk[0] === LF);
    last = chunk.at(-1) ?? last;
    if (!utf8) continue;
    const text = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    const cut = incompleteTail(text);
    utf8 = isUtf8(text.subarray(0, text.length - cut));
    pending = Buffer.from(text.subarray(text.length - cut));
  }
  utf8 &&= pending.length === 0;
  return { sha256: hash.digest('hex'), bytes, utf8, plain: utf8 && lines };
}

const LF = 10;
const CR = 13;
const BLANK = Buffer.from('\n\n');

/** Bytes at the end that may be the beginning of a UTF-8 sequence (at most 3). */
function incompleteTail(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needs > back ? back : 0;
  }
  return 0;
}

const HEADER_BYTES = 1 << 20;
const DELIMITERS = [';', ',', '\t', '|'] as const;

/** Reads the first record of a delimited file. `utf8` says whether the whole file is UTF-8 (see `fingerprint`). */
export async function sniffDialect(path: string, file: string, utf8: boolean): Promise<Dialect> {
  const handle = await open(path, 'r');
  let head: Buffer;
  try {
    const buffer = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, HEADER_BYTES, 0);
    head = buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
  const utf16 = head.length >= 2 && ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff));
  const encoding = utf16 ? (head[0] === 0xff ? 'utf-16le' : 'utf-16be') : utf8 ? 'utf-8' : 'windows-1252';
  const text = new TextDecoder(encoding).decode(head);
  if (text.includes('\0')) {
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is named like delimited text but holds binary data`, { context: { file } });
  }
  const header = firstRecord(text);
  if (header.trim() === '') throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} has no header line`, { context: { file } });
  const delimiter = DELIMITERS.map((candidate) => ({ candidate, count: splitRecord(header, candidate).length })).reduce((best, next) =>
    next.count > best.count ? next : best,
  ).candidate;
  const columns = splitRecord(header, delimiter).map((name) => name.trim());
  const seen = new Set<string>();
  for (const name of columns) {
    if (name === '') continue;
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw new SkeinError('SKEIN_SOURCE_COLUMNS', `${file}:1: the header names the column ${JSON.stringify(name)} twice`, {
        hint: 'Rename or remove one of the two columns in the file.',
        context: { file, column: name },
      });
    }
    seen.add(key);
  }
  return { delimiter, encoding, columns };
}

/** The text up to the first line break outside quotes. */
function firstRecord(text: string): string {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    else if ((char === '\n' || char === '\r') && !quoted) return text.slice(0, at);
  }
  return text;
}

/** Fields of one record (RFC 4180 quoting). */
function splitRecord(record: string, delimiter: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < record.length; at++) {
    const char = record[at] ?? '';
    if (quoted) {
      if (char !== '"') field += char;
      else if (record[at + 1] === '"') {
        field += '"';
        at++;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === delimiter) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  fields.push(field);
  return fields;
}
