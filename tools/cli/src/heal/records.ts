import { createReadStream } from 'node:fs';

const QUOTE = 34;
const LF = 10;
const CR = 13;

/** The bytes of one field: `quoted` where it stands in quotes, which the bytes include. */
export interface RawField {
  readonly bytes: Buffer;
  readonly quoted: boolean;
}

/** One record of delimited text. Joined by the delimiter and ended by `end`, its fields are the bytes of the file. */
export interface RawRecord {
  readonly fields: readonly RawField[];
  /** Line break as it stands there; empty at the end of a file without one. */
  readonly end: Buffer;
  /** A quote that is not closed, or text behind a closing one: what the fields are is a guess. */
  readonly malformed: boolean;
}

/** The records of delimited text (RFC 4180), byte by byte: every byte of the file is in exactly one record. */
export async function* recordsOf(file: string, delimiter: number): AsyncGenerator<RawRecord> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const found = recordAt(buffer, at, delimiter, false);
      if (found === undefined) break;
      yield found.record;
      at = found.next;
    }
    rest = buffer.subarray(at);
  }
  let at = 0;
  while (at < rest.length) {
    const found = recordAt(rest, at, delimiter, true);
    if (found === undefined) break;
    yield found.record;
    at = found.next;
  }
}

/** The record that begins at `at`; undefined where its end is not in the buffer yet. */
function recordAt(buffer: Buffer, at: number, delimiter: number, last: boolean): { record: RawRecord; next: number } | undefined {
  const fields: RawField[] = [];
  let malformed = false;
  let start = at;
  let position = at;
  for (;;) {
    const quoted = buffer[start] === QUOTE;
    if (quoted) {
      position = start + 1;
      for (;;) {
        const quote = buffer.indexOf(QUOTE, position);
        if (quote < 0 || (!last && quote + 1 >= buffer.length)) {
          if (!last) return undefined;
          malformed = quote < 0;
          position = quote < 0 ? buffer.length : quote + 1;
          break;
        }
        position = quote + 1;
        if (buffer[position] !== QUOTE) break;
        position++;
      }
    }
    const closed = position;
    while (position < buffer.length) {
      const byte = buffer[position];
      if (byte === delimiter || byte === LF || byte === CR) break;
      position++;
    }
    if (quoted && position > closed) malformed = true;
    const ended = position >= buffer.length;
    if (ended && !last) return undefined;
    fields.push({ bytes: buffer.subarray(start, position), quoted });
    if (!ended && buffer[position] === delimiter) {
      position++;
      start = position;
      if (position < buffer.length || last) continue;
      return undefined;
    }
    // A carriage return at the end of what is there may have its line feed in the next piece.
    if (!last && buffer[position] === CR && position + 1 >= buffer.length) return undefined;
    const next = ended ? position : position + (buffer[position] === CR && buffer[position + 1] === LF ? 2 : 1);
    return { record: { fields, end: buffer.subarray(position, next), malformed }, next };
  }
}
