import { printable } from '../output/place-text.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
}

const WIDEST = 48;
const NUMBERS = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|BIGNUM|FLOAT|DOUBLE|DECIMAL.*)$/;

/** Rows as lines of a table; numbers stand to the right, NULL is empty, long values are cut with `…`. */
export function tableText(columns: readonly Column[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const cells = rows.map((row) => columns.map(({ name }) => cellText(row[name])));
  const widths = columns.map(({ name }, index) => Math.max(widthOf(cut(name)), ...cells.map((row) => widthOf(row[index] ?? ''))));
  const line = (left: string, middle: string, right: string) => `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}`;
  const row = (texts: readonly string[], head: boolean) =>
    `│${texts.map((text, index) => ` ${pad(text, widths[index] ?? 0, !head && isNumber(columns[index]))} `).join('│')}│`;
  return [
    line('┌', '┬', '┐'),
    row(
      columns.map(({ name }) => cut(name)),
      true,
    ),
    line('├', '┼', '┤'),
    ...cells.map((texts) => row(texts, false)),
    line('└', '┴', '┘'),
  ].join('\n');
}

/** One bar for each row: its first column says what, its last number how much. */
export function plotText(columns: readonly Column[], rows: readonly Readonly<Record<string, unknown>>[], width: number): string {
  const value = columns.findLast((column) => isNumber(column));
  const label = columns.find((column) => column !== value);
  if (!value || !label) return 'nothing to plot: the answer needs a column of numbers and another one beside it';
  const points = rows.map((row) => ({ label: cellText(row[label.name]), text: cellText(row[value.name]), size: Number(row[value.name] ?? Number.NaN) }));
  const sizes = points.map(({ size }) => size).filter((size) => Number.isFinite(size));
  const most = Math.max(0, ...sizes);
  const least = Math.min(0, ...sizes);
  const span = most - least || 1;
  const labels = Math.max(...points.map((point) => widthOf(point.label)), 0);
  const texts = Math.max(...points.map((point) => point.text.length), 0);
  const room = Math.max(10, width - labels - texts - 4);
  const zero = Math.round((-least / span) * room);
  const lines = points.map(({ label: name, text, size }) => {
    const end = Number.isFinite(size) ? Math.round(((size - least) / span) * room) : zero;
    const bar = size < 0 ? `${' '.repeat(end)}${'▒'.repeat(zero - end)}` : `${' '.repeat(zero)}${blocks(((size || 0) / span) * room)}`;
    return `${pad(name, labels, false)} ${text.padStart(texts)} ${bar}`.trimEnd();
  });
  return [`${value.name} by ${label.name}`, ...lines].join('\n');
}

/** Whole blocks, and the eighth that is left. */
function blocks(length: number): string {
  const whole = Math.floor(length);
  const rest = Math.round((length - whole) * 8);
  return `${'█'.repeat(whole)}${rest > 0 ? String.fromCodePoint(0x2590 - rest) : ''}`;
}

function isNumber(column: Column | undefined): boolean {
  return column !== undefined && NUMBERS.test(column.type);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return cut(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function cut(text: string): string {
  const plain = printable(text).replaceAll('\t', '\\t').replaceAll('\n', '\\n');
  if (widthOf(plain) <= WIDEST) return plain;
  let shown = '';
  for (const sign of plain) {
    if (widthOf(shown + sign) >= WIDEST) break;
    shown += sign;
  }
  return `${shown}…`;
}

/** Columns of a terminal: signs of East Asian scripts and pictures take two, marks none. */
function widthOf(text: string): number {
  let width = 0;
  for (const sign of text) {
    if (/\p{Mn}|\p{Me}|\u200d/u.test(sign)) continue;
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(sign)
      ? 2
      : 1;
  }
  return width;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
}
