/**
 * Words of 32 bytes, as the RPC writes them: `0x` and hex digits. A text is copied into a buffer once and then read two digits at a time by a table:
 * four times as quick as by characters, and every digit is looked at. Nothing here returns a number made of what is no hex digit.
 */

/** Hex digits of a word. */
export const WORD = 64;
const PAIRS = WORD / 2;

/** Of a pair of digits: its byte; or this, when one of them is no hex digit. */
const NOT_HEX = 0x8000;

/** More than the data of any log: a block's gas pays for 4 MB. What is never written to takes no memory. */
const MOST = 1 << 24;
// Constants, so that the compiler knows where they lie.
const memory = new ArrayBuffer(MOST);
const bytes = Buffer.from(memory);
const pairs = new Uint16Array(memory);
const fours = new Int32Array(memory);
const eights = new Float64Array(memory);

const VALUE = new Uint16Array(65_536).fill(NOT_HEX);
const key = (text: string): number => {
  bytes.write(text, 0, 'latin1');
  return pairs[0] as number;
};
const DIGITS = '0123456789abcdefABCDEF';
for (const high of DIGITS) {
  for (const low of DIGITS) VALUE[key(high + low)] = Number.parseInt(high + low, 16);
}
const PREFIX = key('0x');
/** Where a loaded text begins, so that its digits begin at a multiple of eight bytes; and the pair that they begin with. */
const START = 6;
const FIRST = (START + 2) / 2;
const ZEROS = key('00');
/** Eight digits 0 and eight f, as a double: compared with what stands in the text, never counted with. */
const eight = (digit: string): number => {
  bytes.write(digit.repeat(8), 0, 'latin1');
  return eights[0] as number;
};
const ZEROS_8 = eight('0');
/** The highest bit of each of four bytes. */
const HIGH = 0x80808080 | 0;

/** Takes a text to be read. False when it is not `0x` and a whole number of words. */
export function load(text: string): boolean {
  // A character beyond ASCII takes more than a byte, so that the count of bytes tells, as it does of a text that is too long: it must not be cut to the
  // digit in its low byte.
  return bytes.write(text, START, 'utf8') === text.length && (text.length - 2) % WORD === 0 && pairs[START >> 1] === PREFIX;
}

/**
 * The address in word `word` of the loaded `text`: 12 zero bytes, then 20 of address; lower case with `0x`. Undefined when the padding is dirty or a
 * character is no hex digit: solidity refuses such a word, and so an address made of it would be a guess.
 */
export function addressIn(text: string, word: number): string | undefined {
  const eighth = 1 + word * (WORD / 8);
  if (eights[eighth] !== ZEROS_8 || eights[eighth + 1] !== ZEROS_8 || eights[eighth + 2] !== ZEROS_8) return undefined;
  const last = 2 * (eighth + WORD / 8);
  let plain = HIGH;
  for (let at = last - 10; at < last; at++) {
    // Bytes below 128 stay below 256 where these are added, so that the four of them do not meet.
    const four = fours[at] as number;
    const letter = four ^ 0x60606060;
    plain &= ~((four ^ 0x30303030) + 0x76767676) | ((letter + 0x7f7f7f7f) & ~(letter + 0x79797979));
  }
  const address = `0x${text.slice(26 + word * WORD, 66 + word * WORD)}`;
  return plain === HIGH ? address : lowered(address, last);
}

/** The address whose digits end at `last`, a number of fours, and are not all lower-case. */
function lowered(address: string, last: number): string | undefined {
  for (let at = 2 * (last - 10); at < 2 * last; at++) if (((VALUE[pairs[at] as number] as number) & NOT_HEX) !== 0) return undefined;
  return address.toLowerCase();
}

/** The unsigned integer in word `word` of the loaded text as decimal text. Undefined when it is no hex, or has more than `bits` bits (whole bytes). */
export function uintIn(word: number, bits: number): string | undefined {
  const end = FIRST + (word + 1) * PAIRS;
  let eighth = 1 + word * (WORD / 8);
  const last = eighth + WORD / 8;
  while (eighth < last && eights[eighth] === ZEROS_8) eighth++;
  if (eighth === last) return '0';
  let from = eighth * 4;
  while (from < end && pairs[from] === ZEROS) from++;
  return (end - from) * 8 > bits ? undefined : decimal(from, end);
}

/** The two's complement integer of `bits` bits (whole bytes) in word `word` of the loaded text, sign-extended to the word, as decimal text. */
export function intIn(word: number, bits: number): string | undefined {
  const last = FIRST + (word + 1) * PAIRS;
  const own = last - bits / 8;
  const sign = VALUE[pairs[own] as number] as number;
  if (sign >= NOT_HEX) return undefined;
  if ((sign & 0x80) === 0) return uintIn(word, bits);
  for (let at = last - PAIRS; at < own; at++) {
    const byte = VALUE[pairs[at] as number] as number;
    if (byte >= NOT_HEX || (byte & 0xff) !== 0xff) return undefined;
  }
  return negative(own, last);
}

/** Of a negative number the bytes in which it differs from -1, turned about: what is below zero counts down from -1. */
function negative(own: number, last: number): string | undefined {
  let from = own;
  while (from < last && ((VALUE[pairs[from] as number] as number) & NOT_HEX) === 0 && ((VALUE[pairs[from] as number] as number) & 0xff) === 0xff) from++;
  const text = decimal(from, last, 0xff, 1);
  return text === undefined ? undefined : `-${text}`;
}

/** Position of the first character in `text[from, to)` that is no hex digit, or -1. */
export function notHexAt(text: string, from: number, to: number): number {
  const found = /[^0-9a-fA-F]/.exec(text.slice(from, to));
  return found === null ? -1 : from + found.index;
}

const PLAIN = Array.from({ length: 10_000 }, (_, value) => String(value));
const PADDED = PLAIN.map((text) => text.padStart(4, '0'));
/** Digits of the decimal number that is being made, eight to a place, the lowest first: 256 bits have 78. */
const places = new Float64Array(10);
const PLACE = 1e8;
const LIMB = 2 ** 24;

/**
 * The number of the pairs in [from, end) in decimal digits. The first 32 to 48 bits are a double; each further 24 bits multiply what is there: a place
 * times 2^24 stays below 2^51, so that all of it is exact. `turn` is laid over each byte, and `more` added in the end: 255 and 1 make a two's complement positive. (Schoolbook conversion of radix: Knuth, The Art of Computer Programming, vol. 2, 4.4, method 1b.)
 */
function decimal(from: number, end: number, turn = 0, more = 0): string | undefined {
  const length = end - from;
  let at = from;
  let seen = 0;
  let value = 0;
  const head = length <= 6 ? end : from + 4 + ((length - 4) % 3);
  for (; at < head; at++) {
    const byte = VALUE[pairs[at] as number] as number;
    seen |= byte;
    value = value * 256 + ((byte & 255) ^ turn);
  }
  if (at === end) value += more;
  let used = 0;
  do {
    const rest = Math.floor(value / PLACE);
    places[used++] = value - rest * PLACE;
    value = rest;
  } while (value > 0);
  while (at < end) {
    const a = VALUE[pairs[at] as number] as number;
    const b = VALUE[pairs[at + 1] as number] as number;
    const c = VALUE[pairs[at + 2] as number] as number;
    seen |= a | b | c;
    at += 3;
    let carry = (((a & 255) ^ turn) << 16) | (((b & 255) ^ turn) << 8) | ((c & 255) ^ turn);
    if (at === end) carry += more;
    for (let index = 0; index < used; index++) {
      const product = (places[index] as number) * LIMB + carry;
      carry = Math.floor(product / PLACE);
      places[index] = product - carry * PLACE;
    }
    if (carry > 0) places[used++] = carry;
  }
  if (seen >= NOT_HEX) return undefined;
  let text = top((places[used - 1] as number) | 0);
  for (let index = used - 2; index >= 0; index--) {
    const place = (places[index] as number) | 0;
    const high = (place / 10_000) | 0;
    text = text + (PADDED[high] as string) + (PADDED[place - high * 10_000] as string);
  }
  return text;
}

function top(place: number): string {
  if (place < 10_000) return PLAIN[place] as string;
  const high = (place / 10_000) | 0;
  return (PLAIN[high] as string) + (PADDED[place - high * 10_000] as string);
}
