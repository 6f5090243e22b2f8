import { concat, extract, lower, matches, pad, sub, upper, type Text } from '../program/program.ts';
import { type Column, type Family, type Reading, reads } from './family.ts';

/** Longest key that padding is looked for. */
const LONGEST_KEY = 40;

/**
 * Keys that passed through a number and lost their leading zeros, or won a `.0`. The length comes from the contract (`minLength`, a
 * pattern that takes one length only), or from accepted values that all have one.
 */
export const key: Family = (column) => {
  if (column.facts.property.type.kind !== 'string' || !column.values.some(({ text }) => /^[0-9]+(\.0)?$/.test(text))) return [];
  const readings: Reading[] = [];
  const digits = sub(column.text, '[.]0$');
  readings.push({ category: 'key', what: 'a key without the .0 of a number', when: reads(column, '^[0-9]+[.]0$'), result: digits, tier: 0 });
  const length = lengthOf(column);
  if (length !== undefined) {
    readings.push({
      category: 'key',
      what: `lost zeros, to ${length} digits`,
      when: reads(column, `^[0-9]{1,${length - 1}}(?:[.]0)?$`),
      result: pad(digits, length),
      tier: 0,
    });
  }
  return readings;
};

function lengthOf(column: Column): number | undefined {
  const lengths = new Set(column.accepted.filter((value) => /^[0-9]+$/.test(value)).map((value) => value.length));
  if (lengths.size === 1 && column.accepted.length >= 3) return [...lengths][0];
  const digits = column.values.filter(({ text, fails }) => fails && /^[0-9]+(\.0)?$/.test(text)).map(({ text }) => text.replace(/\.0$/, ''));
  const fitting: number[] = [];
  for (let length = 1; length <= LONGEST_KEY; length += 1) {
    const padded = digits.filter((value) => value.length < length).map((value) => value.padStart(length, '0'));
    if (padded.length > 0 && padded.every((value) => column.facts.accepts(value))) fitting.push(length);
  }
  return fitting.length === 1 ? fitting[0] : undefined;
}

/**
 * The form that the accepted values share, with the same letters and digits poured into it: `12345678` and `1234-5678`, phone numbers,
 * ISSN, cost centres. Marks may be moved, added and dropped; letters and digits never.
 */
export const mask: Family = (column) => {
  if (column.facts.property.type.kind !== 'string') return [];
  const form = formOf(column);
  const readings: Reading[] = [];
  const bare = sub(column.text, '[^0-9A-Za-z]+');
  const when = reads(column, '^[-0-9A-Za-z ()./_+,:;#\'"]+$');
  if (form !== undefined) {
    const filled = form.parts.filter(({ fill }) => fill).map(({ pattern }) => pattern);
    const strip: Text = filled.some((pattern) => pattern.includes('a-z'))
      ? filled.some((pattern) => pattern.includes('A-Z'))
        ? bare
        : lower(bare)
      : upper(bare);
    const pieces: Text[] = [];
    let at = 0;
    for (const part of form.parts) {
      if (part.fill) {
        pieces.push({ op: 'slice', of: strip, from: at, length: part.text.length });
        at += part.text.length;
      } else pieces.push({ op: 'const', text: part.text });
    }
    readings.push({
      category: 'mask',
      what: `letters and digits in the form ${JSON.stringify(form.shown)}`,
      when: { op: 'all', of: [matches(strip, `^${filled.join('')}$`), when] },
      result: concat(...pieces),
      tier: form.count >= 10 ? 0 : 1,
    });
  } else if (column.accepted.every((value) => /^[0-9A-Za-z]+$/.test(value))) {
    readings.push({ category: 'mask', what: 'letters and digits only', when, result: bare, tier: 1 });
    readings.push({ category: 'mask', what: 'letters and digits only, in capitals', when, result: upper(bare), tier: 2 });
  }
  return form === undefined ? [...readings, ...joined(column)] : readings;
};

/** What stands for a mark between two parts: dashes of all kinds, with blanks around. */
const BETWEEN = '[-\u2010\u2011\u2012\u2013\u2014\u2212_/~: ]+';

/** Parts of any length with one kind of mark between them, in accepted values: `12 – 19`, `12--19` and `12/19` where others have `12-19`. */
function joined(column: Column): Reading[] {
  const sample = column.accepted.slice(0, 500);
  const parts = sample.map((value) => /^([0-9A-Za-z]+)([-/:_])([0-9A-Za-z]+)$/.exec(value));
  const marks = new Set(parts.map((part) => part?.[2]));
  const [mark] = marks;
  if (sample.length < 10 || marks.size !== 1 || mark === undefined) return [];
  const classOf = (group: number): string => (parts.every((part) => /^[0-9]+$/.test(part?.[group] ?? '')) ? '[0-9]+' : '[0-9A-Za-z]+');
  const pattern = `^(${classOf(1)})${BETWEEN}(${classOf(3)})$`;
  if (!column.values.some(({ text }) => new RegExp(pattern, 'u').test(text))) return [];
  const result = concat(extract(column.text, pattern, 1), { op: 'const', text: mark }, extract(column.text, pattern, 2));
  return [{ category: 'mask', what: `two parts with ${JSON.stringify(mark)} between them`, when: reads(column, pattern), result, tier: 0 }];
}

interface FormPart {
  /** Whether letters and digits go here; else its text stands. */
  readonly fill: boolean;
  readonly text: string;
  readonly pattern: string;
}

interface KeyForm {
  readonly parts: readonly FormPart[];
  readonly shown: string;
  /** Accepted values that have the form. */
  readonly count: number;
}

/**
 * The one form of the accepted values: their marks at the same places, and for each other place the classes of what stands there. At
 * least 95 % of them must have it, so that one odd value does not hide it.
 */
function formOf(column: Column): KeyForm | undefined {
  const frames = new Map<string, string[]>();
  const sample = column.accepted.slice(0, 500);
  if (sample.length < 3) return undefined;
  for (const value of sample) {
    if (value.length > LONGEST_KEY || /[^\x20-\x7e]/.test(value)) continue;
    const frame = value.replace(/[0-9A-Za-z]/g, FILL);
    const alike = frames.get(frame);
    if (alike === undefined) frames.set(frame, [value]);
    else alike.push(value);
  }
  const [frame, values] = [...frames].sort((a, b) => b[1].length - a[1].length)[0] ?? ['', []];
  if (values.length < sample.length * 0.95 || !values.some((value) => /[0-9]/.test(value))) return undefined;
  const parts: FormPart[] = [];
  let from = 0;
  for (const text of frame.match(/\u25a1+|[^\u25a1]+/g) ?? []) {
    const [fill, start] = [text.startsWith(FILL), from];
    const pattern = Array.from(text, (sign, offset) => (fill ? classAt(values, start + offset) : literally(sign))).join('');
    parts.push({ fill, text, pattern });
    from += text.length;
  }
  return { parts, shown: (values[0] ?? '').replace(/[0-9]/g, '9').replace(/[A-Z]/g, 'A').replace(/[a-z]/g, 'a'), count: values.length };
}
/** Stands for a letter or digit in a frame of ASCII. */
const FILL = '\u25a1';

function classAt(values: readonly string[], at: number): string {
  const has = (pattern: RegExp): boolean => values.some((value) => pattern.test(value[at] ?? ''));
  return `[${has(/[0-9]/) ? '0-9' : ''}${has(/[A-Z]/) ? 'A-Z' : ''}${has(/[a-z]/) ? 'a-z' : ''}]`;
}

function literally(sign: string): string {
  return /[\\^[\]]/.test(sign) ? `\\${sign}` : `[${sign}]`;
}

/** The part of the value that has the shape of the accepted values, where there is exactly one. */
export const embedded: Family = (column) => {
  if (column.facts.property.type.kind !== 'string') return [];
  const form = formOf(column);
  if (form === undefined) return [];
  const written = form.parts.map(({ pattern }) => pattern).join('');
  const around = '(?:^|[^0-9A-Za-z])';
  return [
    {
      category: 'embedded',
      what: `the part with the form ${JSON.stringify(form.shown)}`,
      when: {
        op: 'all',
        of: [
          reads(column, `${around}${written}(?:[^0-9A-Za-z]|$)`),
          { op: 'not', of: reads(column, `${around}${written}[^0-9A-Za-z](?:[^\\n]*[^0-9A-Za-z])?${written}(?:[^0-9A-Za-z]|$)`) },
        ],
      },
      result: { op: 'extract', of: column.text, pattern: `${around}(${written})(?:[^0-9A-Za-z]|$)`, group: 1 },
      tier: 1,
    },
  ];
};
