import { concat, matches, pad, sub, type Text } from '../program/program.ts';
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
  const strip = sub(column.text, '[^0-9A-Za-z]+');
  if (form !== undefined) {
    const { parts, count } = form;
    const pieces: Text[] = [];
    let at = 0;
    for (const part of parts) {
      if (part.fill) {
        pieces.push({ op: 'slice', of: strip, from: at, length: part.text.length });
        at += part.text.length;
      } else pieces.push({ op: 'const', text: part.text });
    }
    const whole = parts.map(({ fill, text }) => (fill ? classes(text) : '')).join('');
    readings.push({
      category: 'mask',
      what: `letters and digits in the form ${JSON.stringify(parts.map(({ text }) => text).join(''))}`,
      when: { op: 'all', of: [matches(strip, `^${whole}$`), reads(column, '^[-0-9A-Za-z ()./_+,:;#\'"]+$')] },
      result: concat(...pieces),
      tier: count >= 10 ? 0 : 1,
    });
  } else if (column.accepted.every((value) => /^[0-9A-Za-z]+$/.test(value))) {
    readings.push({ category: 'mask', what: 'letters and digits only', when: reads(column, '^[-0-9A-Za-z ()./_+,:;#\'"]+$'), result: strip, tier: 1 });
  }
  return readings;
};

/** A pattern for signs of a form: 9 a digit, A a capital, a a small letter. */
function classes(signs: string): string {
  return [...signs].map((sign) => (sign === '9' ? '[0-9]' : sign === 'A' ? '[A-Z]' : '[a-z]')).join('');
}

interface FormOfKey {
  readonly parts: readonly { readonly fill: boolean; readonly text: string }[];
  readonly count: number;
}

/** The one form of at least 95 % of the accepted values, where it has a fixed number of letters and digits. */
function formOf(column: Column): FormOfKey | undefined {
  const counts = new Map<string, number>();
  const sample = column.accepted.slice(0, 500);
  if (sample.length < 3) return undefined;
  for (const value of sample) {
    if (value.length > LONGEST_KEY) return undefined;
    // eslint-disable-next-line no-control-regex
    if (/[^\x20-\x7e]/.test(value)) continue;
    const form = value.replace(/[0-9]/g, '9').replace(/[A-Z]/g, 'A').replace(/[a-z]/g, 'a');
    counts.set(form, (counts.get(form) ?? 0) + 1);
  }
  const [form, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  if (count < sample.length * 0.95 || !/[9]/.test(form)) return undefined;
  const parts = (form.match(/[9Aa]+|[^9Aa]+/g) ?? []).map((text) => ({ fill: /[9Aa]/.test(text), text }));
  return { parts, count };
}

/** The part of the value that has the shape of the accepted values, where there is exactly one. */
export const embedded: Family = (column) => {
  if (column.facts.property.type.kind !== 'string') return [];
  const form = formOf(column);
  if (form === undefined) return [];
  const written = form.parts
    .map(({ fill, text }) =>
      fill ? classes(text) : [...text].map((sign) => (sign === '\\' || sign === '^' || sign === ']' || sign === '[' ? `\\${sign}` : `[${sign}]`)).join(''),
    )
    .join('');
  const around = '(?:^|[^0-9A-Za-z])';
  return [
    {
      category: 'embedded',
      what: `the part with the form ${JSON.stringify(form.parts.map(({ text }) => text).join(''))}`,
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
