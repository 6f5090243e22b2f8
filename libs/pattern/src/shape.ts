import { engineType, type Property } from '@skein/contract';
import { sha256 } from '@skein/kernel';
import type { Signature } from './pattern.ts';

/** Characters of a value that its shape looks at, and characters that a shape holds at most. */
const LOOKED_AT = 200;
const LONGEST = 48;
/** Shapes that a signature names: the commonest ones. */
const MOST_SHAPES = 16;

/**
 * The shape of a value: each run of characters of one class becomes one sign, `9` digits, `A` capitals, `a` small letters, `L` letters
 * without case, `_` white space, `^` marks and symbols outside ASCII, `!` control characters, and ASCII punctuation itself, doubled where
 * it repeats. A capital before small letters joins them (`Dec` is `Aa`), and words that follow each other are `a_a…`. At most 48
 * characters and `…`, whatever the value; the empty value has the empty shape.
 */
export function shapeOf(value: string): string {
  let shape = '';
  let last = '';
  let repeated = false;
  const end = Math.min(value.length, LOOKED_AT);
  for (let at = 0; at < end; at += 1) {
    const code = value.codePointAt(at) ?? 0;
    if (code > 0xffff) at += 1;
    const sign = signOf(code);
    if (sign !== last) {
      shape += sign;
      repeated = false;
    } else if (!repeated && isPunctuation(code)) {
      shape += sign;
      repeated = true;
    }
    last = sign;
    if (shape.length > LONGEST * 2) break;
  }
  const short = shape.replace(/((?:Aa|[aAL])_)\1+(?:(?:Aa|[aAL])(?![aAL9]))?/g, '$1…');
  return short.length > LONGEST ? `${short.slice(0, LONGEST)}…` : value.length > LOOKED_AT && !short.endsWith('…') ? `${short}…` : short;
}

function signOf(code: number): string {
  if (code < 128) {
    if (code >= 48 && code <= 57) return '9';
    if (code >= 65 && code <= 90) return 'A';
    if (code >= 97 && code <= 122) return 'a';
    if (code === 32 || (code >= 9 && code <= 13)) return '_';
    return code < 32 || code === 127 ? '!' : String.fromCharCode(code);
  }
  if (code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200a) || code === 0x202f) return '_';
  if (code < 0xa0) return '!';
  const character = String.fromCodePoint(code);
  if (/\p{Lu}/u.test(character)) return 'A';
  if (/\p{Ll}/u.test(character)) return 'a';
  if (/\p{L}/u.test(character)) return 'L';
  return '^';
}

function isPunctuation(code: number): boolean {
  return code > 32 && code < 127 && !(code >= 48 && code <= 57) && !(code >= 65 && code <= 90) && !(code >= 97 && code <= 122);
}

/** What the failing values of one column have in common under one rule; the shapes are the commonest 16, a missing value has `∅`. */
export function signatureOf(rule: string, property: Property, values: readonly { readonly value: string | null; readonly count: number }[]): Signature {
  const counts = new Map<string, number>();
  for (const { value, count } of values) {
    const shape = value === null ? '∅' : shapeOf(value);
    counts.set(shape, (counts.get(shape) ?? 0) + count);
  }
  const commonest = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_SHAPES);
  return { rule, target: targetOf(property), shapes: commonest.map(([shape]) => shape).sort() };
}

/** What the contract asks of a column, in short: engine type, whether it may be missing, and the options that decide a repair. */
export function targetOf(property: Property): string {
  const { validValues, ...rest } = property.options;
  const parts = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${String(value)}`);
  if (validValues !== undefined) parts.push(`validValues=${sha256(JSON.stringify([...validValues].sort())).slice(0, 16)}`);
  return [engineType(property.type), ...(property.required ? ['required'] : []), ...parts].join(' ');
}
