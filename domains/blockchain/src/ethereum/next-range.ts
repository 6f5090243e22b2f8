import type { Range } from './range-file.ts';

/** Blocks of a file that is final, and of one that is not; the first is a multiple of the second. */
export interface RangeSizes {
  readonly chunk: bigint;
  readonly tail: bigint;
}

/**
 * The file that block `next` goes into, and the first block that must be fetched for it. Files begin at multiples of their size: a large one where
 * nothing of it is there yet and all of it is final, else a small one, which is written anew as a whole when it grows.
 */
export function nextRange(next: bigint, limit: bigint, finalized: bigint, { chunk, tail }: RangeSizes, first: bigint): { range: Range; at: bigint } {
  const end = next + chunk - 1n;
  if (next % chunk === 0n && end <= limit && end <= finalized) return { range: { from: next, to: end }, at: next };
  const from = next - (next % tail);
  const begin = from < first ? first : from;
  return { range: { from: begin, to: from + tail - 1n }, at: begin };
}
