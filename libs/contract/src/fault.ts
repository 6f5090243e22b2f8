import { SkeinError, type ErrorCode, type Place } from '@skein/kernel';

/** One thing wrong in a contract: where, what, by which rule, and the way out. */
export interface Fault {
  readonly code: ErrorCode;
  /** Dotted path of the rule within the standard or within Skein's reading of it, such as `schema.properties.logicalType`. */
  readonly rule: string;
  readonly message: string;
  readonly fix: string;
  readonly place: Place;
  /** The faulty line with a caret under the column. */
  readonly frame: string;
}

const WIDTH = 120;

/** The line that begins at offset `start`, with a caret under its column (both count from 1); long lines are cut around the caret. */
export function codeFrame(text: string, start: number, line: number, column: number): string {
  const end = text.indexOf('\n', start);
  const whole = text
    .slice(start, end < 0 ? undefined : end)
    .replace(/\r$/, '')
    .replaceAll('\t', ' ');
  const from = whole.length > WIDTH && column > WIDTH - 20 ? column - WIDTH / 2 : 0;
  const shown = `${from > 0 ? '…' : ''}${whole.slice(from, from + WIDTH)}${whole.length > from + WIDTH ? '…' : ''}`;
  const gutter = `${line} | `;
  const caret = ' '.repeat(Math.max(0, column - 1 - from + (from > 0 ? 1 : 0)));
  return `  ${gutter}${shown}\n  ${' '.repeat(gutter.length - 2)}| ${caret}^`;
}

/** Throws the first fault as a SkeinError; `context.faults` lists all of them in the order of the file. */
export function throwFaults(faults: readonly Fault[]): void {
  const ordered = [...faults].sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0) || (a.place.column ?? 0) - (b.place.column ?? 0));
  const first = ordered[0];
  if (!first) return;
  throw new SkeinError(first.code, first.message, {
    place: first.place,
    frame: first.frame,
    hint: first.fix,
    context: {
      rule: first.rule,
      faults: ordered.map(({ code, rule, message, fix, place }) => ({ code, rule, message, fix, place })),
    },
  });
}
