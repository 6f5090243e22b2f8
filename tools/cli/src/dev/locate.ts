import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { frameAt } from '@skein/contract';
import { formatPlace, SkeinError, type Place } from '@skein/kernel';
import type { ToldError } from './told.ts';

/** An error with its place and the lines around it, as far as they can be found: in the sources of the domain, or where the error itself says. */
export async function toldError(error: unknown, root: string, domain: string): Promise<ToldError> {
  const found = await placeOf(error, root, domain);
  const message = error instanceof Error ? error.message : String(error);
  // A frame that the message brings along is said once.
  const plain = found === undefined ? message : (message.split('\n\n')[0] ?? message).trim();
  const shown = found && { ...found.place, file: path.relative(process.cwd(), found.place.file) };
  const frame = found?.frame ?? (error instanceof SkeinError ? error.frame : undefined);
  return {
    message:
      shown === undefined ? (error instanceof SkeinError && error.place ? `${formatPlace(error.place)}: ${plain}` : plain) : `${formatPlace(shown)}: ${plain}`,
    ...(frame === undefined ? {} : { frame }),
    ...(error instanceof SkeinError ? { fix: error.hint, code: error.code } : {}),
  };
}

interface Found {
  readonly place: Place;
  readonly frame: string | undefined;
}

async function placeOf(error: unknown, root: string, domain: string): Promise<Found | undefined> {
  if (error instanceof SkeinError && error.place !== undefined) return undefined;
  const folder = path.join(root, 'domains', domain, 'src');
  if (error instanceof SkeinError) return await inSql(error, folder);
  return error instanceof Error ? await inStack(error, folder) : undefined;
}

/** The first place of the stack that lies in the domain: `file:///…/material.ts:12:5`, or, of syntax that cannot be read, `…/material.ts:12`. */
async function inStack(error: Error, folder: string): Promise<Found | undefined> {
  for (const [, written = '', line = '1', column] of (error.stack ?? '').matchAll(/((?:file:\/\/)?\/[^\s()]*?\.ts):(\d+)(?::(\d+))?/g)) {
    const file = written.startsWith('file:') ? fileURLToPath(written) : written;
    if (!file.startsWith(`${folder}${path.sep}`)) continue;
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const caret = column === undefined ? caretOf(error.stack ?? '') : Number(column);
    const place = { file, line: Number(line), column: caret };
    return { place, frame: frameAt(text, place) };
  }
  return undefined;
}

/** Where the caret stands in the frame that Node prints above a stack. */
function caretOf(stack: string): number {
  const line = stack.split('\n').find((one) => /^\s*\^+\s*$/.test(one));
  return line === undefined ? 1 : line.indexOf('^') + 1;
}

/** Least characters by which a piece of SQL is looked for: fewer stand in many places. */
const LEAST = 6;

/** DuckDB says `LINE 3: …text` and a caret below: the longest piece of that line with the caret in it that stands once in the sources is the place. */
async function inSql(error: SkeinError, folder: string): Promise<Found | undefined> {
  const lines = error.message.split('\n');
  const at = lines.findIndex((line) => /^LINE \d+: /.test(line));
  const [line = '', below = ''] = lines.slice(at, at + 2);
  const start = line.indexOf(': ') + 2;
  const caret = below.indexOf('^');
  if (at < 0 || caret < start) return undefined;
  const text = line.slice(start);
  const focus = caret - start;
  const files = await Promise.all(
    (await readdir(folder, { recursive: true }).catch(() => []))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .sort()
      .map(async (name) => ({ file: path.join(folder, name), text: await readFile(path.join(folder, name), 'utf8') })),
  );
  for (let length = text.length; length >= LEAST; length -= 1) {
    for (let from = Math.max(0, focus - length + 1); from <= Math.min(focus, text.length - length); from += 1) {
      const piece = text.slice(from, from + length);
      if (piece.trim().length < LEAST) continue;
      const holding = files.filter((one) => one.text.includes(piece));
      const [only] = holding;
      if (holding.length !== 1 || only === undefined || only.text.indexOf(piece) !== only.text.lastIndexOf(piece)) continue;
      const offset = only.text.indexOf(piece) + focus - from;
      const before = only.text.slice(0, offset);
      const place = { file: only.file, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
      return { place, frame: frameAt(only.text, place) };
    }
  }
  return undefined;
}
