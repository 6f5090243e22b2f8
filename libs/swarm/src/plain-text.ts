import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { storageError } from '@skein/ports';
import type { Dialect } from './delimited.ts';

/** First field of the record that stands for a blank line; no source writes this control character. */
export const BLANK_LINE = '\x1a';

const QUOTE = 34;
const LF = 10;
const CR = 13;

/**
 * Copies delimited text into the one form that the engine reads without loss: UTF-8, one line feed after each record, and a record
 * of its own for each blank line, so that counted records stay at their places.
 *
 * The engine's strict reader gives no row, and no error, where a line break is not the one it was told, and skips blank lines
 * without counting them. Breaks within quotes are kept, as `\n` where they were `\r\n`.
 */
export async function copyPlain(from: string, to: string, { encoding, delimiter, columns }: Dialect): Promise<void> {
  const decoder = new TextDecoder(encoding);
  const splitter = recordSplitter(delimiter.charCodeAt(0), `${BLANK_LINE}${delimiter.repeat(columns.length - 1)}\n`);
  const source = createReadStream(from, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
  const target = await open(to, 'wx').catch(failed);
  try {
    for await (const chunk of source) await target.writeFile(splitter(decoder.decode(chunk, { stream: true }))).catch(failed);
    await target.writeFile(splitter(decoder.decode())).catch(failed);
  } finally {
    await target.close();
  }

  function failed(error: unknown): never {
    throw storageError(error, `a plain copy of ${from} could not be written`);
  }
}

/** Takes text piece by piece, and gives it back with other line breaks. A quote counts where a field begins (RFC 4180). */
function recordSplitter(delimiter: number, blank: string): (piece: string) => string {
  let quoted = false;
  let closed = false;
  let fieldBegins = true;
  let recordBegins = true;
  let afterReturn = false;
  return (piece) => {
    let out = '';
    let kept = 0;
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      const secondHalf = afterReturn && code === LF;
      afterReturn = code === CR;
      if (code === CR || code === LF) {
        out += piece.slice(kept, at);
        kept = at + 1;
        if (secondHalf) continue;
        out += !quoted && recordBegins ? blank : '\n';
        closed = false;
        if (!quoted) fieldBegins = recordBegins = true;
        continue;
      }
      // A quote right after the one that closed is the second of a pair, and opens again: no looking ahead is needed.
      const turns = code === QUOTE && (quoted || fieldBegins || closed);
      closed = turns && quoted;
      if (turns) quoted = !quoted;
      fieldBegins = code === delimiter && !quoted;
      recordBegins = false;
    }
    return out + piece.slice(kept);
  };
}
