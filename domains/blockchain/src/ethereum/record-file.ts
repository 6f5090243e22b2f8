import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeTextFile } from './range-file.ts';

/** Blocks that the chain replaced. */
export interface Reorg {
  readonly chain: string;
  /** The last block that both have. */
  readonly ancestor: bigint;
  readonly ancestorHash: string;
  /** Blocks that were replaced. */
  readonly depth: number;
  /** The last block that was taken before, and the one that came for the lowest replaced (the ancestor where none has come yet). */
  readonly fromHash: string;
  readonly toHash: string;
  /** Each block that was replaced, the lowest first. */
  readonly retracted: readonly { readonly number: bigint; readonly hash: string }[];
}

const stamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** `head.ndjson`: how far the chain is, and how far it is final. */
export async function writeHead(folder: string, chain: string, head: { latest: bigint; safe: bigint; finalized: bigint }, now: number): Promise<void> {
  const { latest, safe, finalized } = head;
  const row = { chain, latest: Number(latest), safe: Number(safe), finalized: Number(finalized), observed_at: stamp(now) };
  await writeTextFile(path.join(folder, 'head.ndjson'), `${JSON.stringify(row)}\n`);
}

/** `reorgs.ndjson`: one row for each reorganisation, the newest last. One that stands there last already is not written again. */
export async function appendReorg(folder: string, reorg: Reorg, now: number): Promise<void> {
  const file = path.join(folder, 'reorgs.ndjson');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const row = {
    chain: reorg.chain,
    ancestor: Number(reorg.ancestor),
    ancestor_hash: reorg.ancestorHash,
    depth: reorg.depth,
    from_hash: reorg.fromHash,
    to_hash: reorg.toHash,
    retracted: reorg.retracted.map(({ number, hash }) => ({ number: Number(number), hash })),
  };
  const last = text.trimEnd().split('\n').at(-1);
  if (last && last.startsWith(JSON.stringify(row).slice(0, -1))) return;
  await writeTextFile(file, `${text}${JSON.stringify({ ...row, observed_at: stamp(now) })}\n`);
}
