/**
 * Words of 32 bytes, as the RPC writes them: `0x` and hex digits. A text is copied into a buffer once and then read two digits at a time by a table:
 * four times as quick as by characters, and every digit is looked at. Nothing here returns a number made of what is no hex digit.
 */

/** Hex digits of a word. */
export const WORD = 64;
const PAIRS = WORD / 2;

/** Of a pair of digits: its byte; or this, when one of them is no hex digit. */
const NOT_HEX = 0x8000;
/** Added to the byte when one of the digits is an upper-case letter. */
const UPPER = 0x100;

let bytes = Buffer.alloc(4_096);
let pairs = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);

const VALUE = new Uint16Array(65_536).fill(NOT_HEX);
const key = (text: string): number => {
  bytes.write(text, 0, 'latin1');
  return pairs[0] as number;
};
const DIGITS = '0123456789abcdefABCDEF';
for (const high of DIGITS) {
  for (const low of DIGITS) VALUE[key(high + low)] = Number.parseInt(high + low, 16) + (high + low === (high + low).toLowerCase() ? 0 : UPPER);
}
const PREFIX = key('0x');
const ZEROS = key('00');

/** Takes a text to be read. False when it is not `0x` and a whole number of words. */
export function load(text: string): boolean {
  // A character beyond ASCII takes more than a byte, so that the count of bytes tells: it must not be cut to the digit in its low byte.
  if (text.length * 3 > bytes.length) {
    bytes = Buffer.alloc(text.length * 6 + 2);
    pairs = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  }
  return bytes.write(text, 0, 'utf8') === text.length && (text.length - 2) % WORD === 0 && pairs[0] === PREFIX;
}

/**
 * The address in word `word` of the loaded `text`: 12 zero bytes, then 20 of address; lower case with `0x`. Undefined when the padding is dirty or a
 * character is no hex digit: solidity refuses such a word, and so an address made of it would be a guess.
 */
export function addressIn(text: string, word: number): string | undefined {
  const first = 1 + word * PAIRS;
  for (let at = first; at < first + 12; at++) if (pairs[at] !== ZEROS) return undefined;
  let seen = 0;
  for (let at = first + 12; at < first + PAIRS; at++) seen |= VALUE[pairs[at] as number] as number;
  if (seen >= NOT_HEX) return undefined;
  const address = `0x${text.slice(26 + word * WORD, 66 + word * WORD)}`;
  return seen >= UPPER ? address.toLowerCase() : address;
}

/** The unsigned integer in word `word` of the loaded text as decimal text. Undefined when it is no hex, or has more than `bits` bits (whole bytes). */
export function uintIn(word: number, bits: number): string | undefined {
  const end = 1 + (word + 1) * PAIRS;
  let from = end - PAIRS;
  while (from < end && pairs[from] === ZEROS) from++;
  return (end - from) * 8 > bits ? undefined : decimal(from, end);
}

/** The two's complement integer of `bits` bits in word `word` of the loaded `text`, sign-extended to the word, as decimal text. */
export function intIn(text: string, word: number, bits: number): string | undefined {
  const negative = ((VALUE[pairs[1 + word * PAIRS] as number] as number) & 0x80) !== 0;
  if (bits === 256 && !negative) return uintIn(word, bits);
  if (bits <= 48 && !negative) {
    const text = uintIn(word, bits);
    return text !== undefined && Number(text) < 2 ** (bits - 1) ? text : undefined;
  }
  if (notHexAt(text, 2 + word * WORD, 2 + (word + 1) * WORD) !== -1) return undefined;
  const value = BigInt.asIntN(256, BigInt(`0x${text.slice(2 + word * WORD, 2 + (word + 1) * WORD)}`));
  return BigInt.asIntN(bits, value) === value ? value.toString() : undefined;
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
 * times 2^24 stays below 2^51, so that all of it is exact. (Schoolbook conversion of radix: Knuth, The Art of Computer Programming, vol. 2, 4.4, method 1b.)
 */
function decimal(from: number, end: number): string | undefined {
  const length = end - from;
  let at = from;
  let seen = 0;
  let value = 0;
  const head = length <= 6 ? end : from + 4 + ((length - 4) % 3);
  for (; at < head; at++) {
    const byte = VALUE[pairs[at] as number] as number;
    seen |= byte;
    value = value * 256 + (byte & 255);
  }
  let used = 0;
  do {
    const rest = Math.floor(value / PLACE);
    places[used++] = value - rest * PLACE;
    value = rest;
  } while (value > 0);
  while (at < end) {
    const [a, b, c] = [VALUE[pairs[at] as number] as number, VALUE[pairs[at + 1] as number] as number, VALUE[pairs[at + 2] as number] as number];
    seen |= a | b | c;
    at += 3;
    let carry = ((a & 255) << 16) | ((b & 255) << 8) | (c & 255);
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
    text += (PADDED[high] as string) + (PADDED[place - high * 10_000] as string);
  }
  return text;
}

function top(place: number): string {
  if (place < 10_000) return PLAIN[place] as string;
  const high = (place / 10_000) | 0;
  return (PLAIN[high] as string) + (PADDED[place - high * 10_000] as string);
}
