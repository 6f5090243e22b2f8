import { keccak256, type Hex } from 'viem';
import type { Log } from './answer.ts';

/** Bits of an address or a topic in a block's bloom: three of 2048, from the first three pairs of its keccak256 (Yellow Paper, 4.3.1). */
const bitsOf = new Map<string, readonly [number, number, number]>();
/** Addresses and topics come again and again; a hash costs as much as the rest of a log. */
const REMEMBERED = 200_000;

function bits(value: string): readonly [number, number, number] {
  const known = bitsOf.get(value);
  if (known !== undefined) return known;
  const hash = keccak256(value as Hex);
  const bit = (pair: number) => Number.parseInt(hash.slice(2 + pair * 4, 6 + pair * 4), 16) & 2047;
  const found = [bit(0), bit(1), bit(2)] as const;
  if (bitsOf.size >= REMEMBERED) bitsOf.clear();
  bitsOf.set(value, found);
  return found;
}

/** The bloom that a block with these logs has, as 256 bytes in hex: equal to the header's, when these are all its logs. */
export function bloomOf(logs: readonly Pick<Log, 'address' | 'topics'>[]): string {
  const bloom = Buffer.alloc(256);
  const add = (value: string): void => {
    for (const bit of bits(value)) bloom[255 - (bit >> 3)] = (bloom[255 - (bit >> 3)] as number) | (1 << (bit & 7));
  };
  for (const { address, topics } of logs) {
    add(address);
    for (const topic of topics) add(topic);
  }
  return `0x${bloom.toString('hex')}`;
}

/** Whether a bloom may hold the address or topic: never wrongly no, now and then wrongly yes. */
export function mayHold(bloom: string, value: string): boolean {
  return bits(value).every((bit) => {
    const digit = Number.parseInt(bloom.charAt(2 + 511 - (bit >> 2)), 16);
    return ((digit >> (bit & 3)) & 1) === 1;
  });
}

/** Whether every bit of `part` is set in `whole`. */
export function holds(whole: string, part: string): boolean {
  const [a, b] = [Buffer.from(whole.slice(2), 'hex'), Buffer.from(part.slice(2), 'hex')];
  return b.every((byte, index) => ((a[index] as number) & byte) === byte);
}
