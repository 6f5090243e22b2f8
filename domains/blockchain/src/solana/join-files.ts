import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

/** First and last slot of a file, which has a line for each. */
export interface SlotFile {
  readonly from: bigint;
  readonly to: bigint;
}

export const slotFileName = ({ from, to }: SlotFile): string => `${String(from).padStart(12, '0')}-${String(to).padStart(12, '0')}.ndjson`;

/** Files of slots in a folder, by first slot; of those that begin alike, the longer first. */
export async function slotFiles(folder: string): Promise<SlotFile[]> {
  const names = await readdir(folder).catch(() => []);
  const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
  return names
    .flatMap((name) => {
      const [, from, to] = /^(\d+)-(\d+)\.ndjson$/.exec(name) ?? [];
      return from === undefined || to === undefined ? [] : [{ from: BigInt(from), to: BigInt(to) }];
    })
    .sort((a, b) => order(a.from, b.from) || order(b.to, a.to));
}

/**
 * Joins what lies within windows of `size` slots that are final to one file each. Where files overlap, the one that begins later was written later. What does not
 * reach the end of its window without a gap stays as it is.
 */
export async function joinFinal(folder: string, size: bigint, final: bigint): Promise<void> {
  const windows = new Map<bigint, SlotFile[]>();
  for (const file of await slotFiles(folder)) {
    const start = file.from - (file.from % size);
    const end = start + size - 1n;
    if (end <= final && file.to <= end) windows.set(end, [...(windows.get(end) ?? []), file]);
  }
  for (const [end, files] of windows) {
    const [first] = files;
    if (first === undefined || files.length < 2) continue;
    const joined = { from: first.from, to: end };
    // Made before, when the process was killed: what it was made of is left.
    if (first.to !== end) {
      const parts = files.map((file, at) => ({ file, until: files[at + 1]?.from ?? end + 1n }));
      if (parts.some(({ file, until }) => file.to < until - 1n)) continue;
      const aside = path.join(folder, `.${slotFileName(joined)}.${process.pid}`);
      await pipeline(linesOf(folder, parts), createWriteStream(aside, { flush: true }));
      await rename(aside, path.join(folder, slotFileName(joined)));
    }
    for (const file of files) if (slotFileName(file) !== slotFileName(joined)) await rm(path.join(folder, slotFileName(file)), { force: true });
  }
}

/** The bytes of whole files, and of others their lines up to the slot where the next begins. */
async function* linesOf(folder: string, parts: readonly { readonly file: SlotFile; readonly until: bigint }[]): AsyncGenerator<Buffer | string> {
  for (const { file, until } of parts) {
    const stream = createReadStream(path.join(folder, slotFileName(file)));
    if (until > file.to) {
      yield* stream as AsyncIterable<Buffer>;
      continue;
    }
    let left = until - file.from;
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      if (left-- <= 0n) break;
      yield `${line}\n`;
    }
    stream.destroy();
  }
}
