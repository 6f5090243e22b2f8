import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { SkeinError } from '@skein/kernel';

/** How a delimited text file is written: found from its header line, never from its values. */
export interface Dialect {
  readonly delimiter: ',' | ';' | '\t' | '|';
  readonly newline: '\n' | '\r\n';
  readonly encoding: 'utf-8' | 'utf-16' | 'latin-1';
  /** Header names as received, without byte order mark and surrounding blanks; empty trailing names are left out of use but counted. */
  readonly columns: readonly string[];
}

export interface Fingerprint {
  readonly sha256: string;
  readonly bytes: number;
  readonly utf8: boolean;
}

/** Reads a file once: its sha256, and whether all of it is UTF-8. */
export async function fingerprint(path: string): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  let utf8 = true;
  let pending = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (!utf8) continue;
    const text = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    const cut = incompleteTail(text);
    utf8 = isUtf8(text.subarray(0, text.length - cut));
    pending = Buffer.from(text.subarray(text.length - cut));
  }
  return { sha256: hash.digest('hex'), bytes, utf8: utf8 && pending.length === 0 };
}

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
  const encoding = utf16 ? 'utf-16' : utf8 ? 'utf-8' : 'latin-1';
  const decoder = new TextDecoder(utf16 ? (head[0] === 0xff ? 'utf-16le' : 'utf-16be') : utf8 ? 'utf-8' : 'latin1');
  const text = decoder.decode(head).replace(/^\ufeff/, '');
  if (text.includes('\0')) {
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is named like delimited text but holds binary data`, { context: { file } });
  }
  const header = firstRecord(text);
  if (header.record.trim() === '') throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} has no header line`, { context: { file } });
  const delimiter = DELIMITERS.map((candidate) => ({ candidate, count: splitRecord(header.record, candidate).length })).reduce((best, next) =>
    next.count > best.count ? next : best,
  ).candidate;
  const columns = splitRecord(header.record, delimiter).map((name) => name.trim());
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
  return { delimiter, newline: header.newline, encoding, columns };
}

/** The text up to the first line break outside quotes. */
function firstRecord(text: string): { record: string; newline: '\n' | '\r\n' } {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    else if (char === '\n' && !quoted) {
      return text[at - 1] === '\r' ? { record: text.slice(0, at - 1), newline: '\r\n' } : { record: text.slice(0, at), newline: '\n' };
    }
  }
  return { record: text, newline: '\n' };
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
