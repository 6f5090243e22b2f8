import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemTiming } from '@skein/adapter-connectors';
import { SkeinError } from '@skein/kernel';
import { lockFolder } from '@skein/adapter-sqlite';
import { joinFinal, slotFileName, slotFiles } from './join-files.ts';
import { solanaNode, writeExactly, type SolanaNode, type SolanaRpcOptions } from './rpc.ts';

export interface SolanaOptions extends SolanaRpcOptions {
  /** Folder of sources; files go below `solana/solana-<reference>/`. */
  readonly directory: string;
  /** CAIP-2 of the chain: `solana:` and the first 32 characters of its genesis hash. The node must be of that chain. Default: the chain of the node. */
  readonly chain?: string;
  /** Slots of a file; default 100. */
  readonly chunk?: number;
  /** Highest transaction version that is read; default 0. A block that holds a higher one is refused (-32015). */
  readonly maxTransactionVersion?: number;
}

export interface SolanaProgress {
  readonly chain: string;
  /** Slots that were written, with those that were skipped. */
  readonly slots: number;
  readonly skipped: number;
  /** Names of the files, below the chain's folder. */
  readonly files: readonly string[];
}

export interface SolanaConnector {
  /** Takes the slots from `from` to `to`, both included, and says how far the chain is. */
  backfill(from: bigint, to: bigint): Promise<SolanaProgress>;
  /**
   * Goes on after the last slot that it took, as long as the next block follows it; else, and at first, after the last final slot that was taken: what was not
   * final is taken again. To the newest confirmed one; with nothing taken yet, from `from` (default the newest final one). Files whose slots are all final are
   * joined, to one for each `chunk` slots.
   */
  catchUp(from?: bigint, signal?: AbortSignal): Promise<SolanaProgress>;
  /** Catches up until the signal ends it, `everyMs` apart (default 2 s); faults that may pass were reported, and are tried again the next time. */
  follow(options: {
    readonly signal: AbortSignal;
    readonly from?: bigint | undefined;
    readonly everyMs?: number;
    onStep?(progress: SolanaProgress): void;
  }): Promise<void>;
}

interface Head {
  readonly latest: bigint;
  readonly safe: bigint;
  readonly finalized: bigint;
}

/** What is checked of a block. */
interface Block {
  readonly blockhash: string;
  readonly previousBlockhash: string;
  readonly parentSlot: bigint;
  readonly transactions: readonly unknown[];
}

/** The last block that was taken, which the next must name as its parent. */
interface Below {
  readonly slot: bigint;
  readonly block: Block;
}

/** The block that was taken last is not the one that the next follows. */
class Replaced extends Error {}

/** The codes by which a node says that a slot has no block. */
const SKIPPED = new Set([-32007, -32009]);
const UNSUPPORTED_VERSION = -32015;

/**
 * Takes a Solana chain from a node into files: one line for each slot, the answer of getBlock as it is. What the node says is checked against what else it says:
 * a block names its parent, and the slots between the two are skipped, by the list of blocks and slot by slot. A node that contradicts itself throws
 * SKEIN_SOURCE_UNTRUE; nothing of the range is written then.
 */
export function solanaConnector(options: SolanaOptions): SolanaConnector {
  const { directory, chunk = 100, timing = systemTiming } = options;
  const node = solanaNode(options);
  let known: Promise<string> | undefined;
  const chain = () => (known ??= chainOf(node, options.chain));
  const folderOf = async () => path.join(directory, 'solana', (await chain()).replace(':', '-'));

  /** How far this process followed the chain, and the last block there. The next one names it by its hash, and so vouches for all below. */
  let reached: { readonly through: bigint; readonly below: Below } | undefined;

  // Asked before slots are taken, and written after: what it calls final was so when it was taken.
  const headOf = async (): Promise<Head> => {
    const slot = (commitment: 'processed' | 'confirmed' | 'finalized') =>
      node.ask('getSlot', (rpc, abortSignal) => rpc.getSlot({ commitment }).send({ abortSignal }));
    // In this order, so that a later answer is not behind an earlier one.
    return { finalized: await slot('finalized'), safe: await slot('confirmed'), latest: await slot('processed') };
  };

  const take = async (
    folder: string,
    from: bigint,
    to: bigint,
    before: Below | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ file: string; skipped: number; below: Below | undefined }> => {
    const listed = new Set(await node.ask('getBlocks', (rpc, abortSignal) => rpc.getBlocks(from, to, { commitment: 'confirmed' }).send({ abortSignal })));
    const lines: string[] = [];
    let below = before;
    let skipped = 0;
    for (let slot = from; slot <= to; slot++) {
      signal?.throwIfAborted();
      const found = await blockAt(node, slot, options.maxTransactionVersion ?? 0);
      if (typeof found === 'number') {
        if (listed.has(slot)) throw untrue(`slot ${slot} is among its blocks, and skipped (${found})`, slot);
        skipped++;
        lines.push(writeExactly({ slot, block: null, skipped: found }));
        continue;
      }
      if (!listed.has(slot)) throw untrue(`slot ${slot} has a block, which is not among its blocks`, slot);
      if (below !== undefined && (found.parentSlot !== below.slot || found.previousBlockhash !== below.block.blockhash)) {
        if (below === reached?.below) throw new Replaced();
        throw untrue(
          `the block of slot ${slot} follows ${found.previousBlockhash} of slot ${found.parentSlot}, not ${below.block.blockhash} of slot ${below.slot}`,
          slot,
        );
      }
      below = { slot, block: found };
      lines.push(writeExactly({ slot, block: found }));
    }
    const file = `blocks/${slotFileName({ from, to })}`;
    await replaceFile(path.join(folder, file), `${lines.join('\n')}\n`);
    return { file, skipped, below };
  };

  /** Asks again, within bounds, where the node contradicted itself or sent what is no block: it may have been between two states. */
  const asked = async <T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const again =
          error instanceof SkeinError && (error.code === 'SKEIN_SOURCE_UNTRUE' || (error.code === 'SKEIN_SOURCE_ANSWER' && error.context['misread'] === true));
        if (!again) throw error;
        options.onTrouble?.({ code: error.code, message: error.message, attempt, at: `slot ${String(error.context['slot'])}` });
        if (attempt >= (options.attempts ?? 6)) throw error;
        await timing.sleep(Math.min(30_000, 200 * 2 ** attempt), signal);
      }
    }
  };

  const backfill = async (from: bigint, to: bigint, head: Head, signal?: AbortSignal): Promise<SolanaProgress> => {
    if (from < 0n || to < from) throw new SkeinError('SKEIN_CONFIG_INVALID', `slots ${from} to ${to} are no range`);
    const folder = await folderOf();
    const files: string[] = [];
    let skipped = 0;
    let below = reached?.through === from - 1n ? reached.below : undefined;
    const { latest, safe, finalized } = head;
    const before = await finalIn(folder);
    const tell = async (final: bigint): Promise<void> => {
      const observed = new Date(timing.clock.now()).toISOString();
      await replaceFile(path.join(folder, 'head.ndjson'), `${writeExactly({ chain: await chain(), latest, safe, finalized: final, observed_at: observed })}\n`);
    };
    const size = BigInt(chunk);
    let last: bigint;
    for (let first = from; first <= to; first = last + 1n) {
      signal?.throwIfAborted();
      last = smallest(to, first - (first % size) + size - 1n);
      // All that was taken before is on disk, and says how far it is final: a process that is killed goes on from there.
      if (first > from) await tell(largest(before, smallest(finalized, first - 1n)));
      const taken = await asked(() => take(folder, first, last, below, signal), signal);
      below = taken.below;
      files.push(taken.file);
      skipped += taken.skipped;
    }
    await tell(finalized);
    reached = below && { through: to, below };
    return { chain: await chain(), slots: Number(to - from + 1n), skipped, files };
  };

  /** Others are kept off the folder while it is written. */
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    using _lock = lockFolder(await folderOf());
    return await work();
  };

  const own: SolanaConnector = {
    backfill: (from, to) =>
      alone(async () => {
        reached = undefined;
        return backfill(from, to, await headOf()).finally(() => (reached = undefined));
      }),
    catchUp: (from, signal) =>
      alone(async () => {
        const folder = path.join(await folderOf(), 'blocks');
        const final = await finalBefore(await folderOf());
        const head = await headOf();
        const anew = async (): Promise<SolanaProgress> => {
          reached = undefined;
          const first = final === undefined ? (from ?? head.finalized) : final + 1n;
          if (first > head.safe) return { chain: await chain(), slots: 0, skipped: 0, files: [] };
          const before = await slotFiles(folder);
          const taken = await backfill(first, head.safe, head, signal);
          // What was taken before it was final has come anew.
          for (const file of before.filter((one) => one.from >= first && one.to <= head.safe && !taken.files.includes(`blocks/${slotFileName(one)}`)))
            await rm(path.join(folder, slotFileName(file)), { force: true });
          return taken;
        };
        const next = (reached?.through ?? -1n) + 1n;
        // Nothing new that could vouch for what has become final meanwhile: it is taken again.
        const idle = next > head.safe && head.finalized <= (final ?? -1n);
        const progress =
          reached === undefined || (next > head.safe && !idle)
            ? await anew()
            : idle
              ? { chain: await chain(), slots: 0, skipped: 0, files: [] }
              : await backfill(next, head.safe, head, signal).catch((error: unknown) => (error instanceof Replaced ? anew() : Promise.reject(error)));
        await joinFinal(folder, BigInt(chunk), (await finalBefore(await folderOf())) ?? -1n);
        return progress;
      }),
    async follow({ signal, from, everyMs = 2_000, onStep }) {
      while (!signal.aborted) {
        try {
          onStep?.(await own.catchUp(from, signal));
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof SkeinError) || !error.retryable) throw error;
        }
        await timing.sleep(everyMs, signal).catch(() => undefined);
      }
    },
  };
  return own;
}

async function chainOf(node: SolanaNode, wanted: string | undefined): Promise<string> {
  const genesis = await node.ask('getGenesisHash', (rpc, abortSignal) => rpc.getGenesisHash().send({ abortSignal }));
  const found = `solana:${genesis.slice(0, 32)}`;
  if (wanted !== undefined && wanted !== found) {
    throw new SkeinError('SKEIN_SOURCE_UNTRUE', `the node is of ${found}, not of ${wanted}`, {
      hint: 'Name the address of a node of that chain.',
      context: { found, wanted },
    });
  }
  return found;
}

/** The block of a slot, or the code by which the node says that it has none. */
async function blockAt(node: SolanaNode, slot: bigint, version: number): Promise<Block | number> {
  try {
    const block = await node.ask(`getBlock(${slot})`, (rpc, abortSignal) =>
      rpc
        .getBlock(slot, {
          encoding: 'jsonParsed',
          maxSupportedTransactionVersion: version as 0,
          transactionDetails: 'full',
          rewards: true,
          commitment: 'confirmed',
        })
        .send({ abortSignal }),
    );
    if (block === null)
      throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `slot ${slot} is not confirmed, and was said to be`, { context: { slot: String(slot) } });
    const { blockhash, previousBlockhash, parentSlot, transactions } = block as Partial<Block>;
    if (!Array.isArray(transactions) || typeof blockhash !== 'string' || typeof previousBlockhash !== 'string' || typeof parentSlot !== 'bigint') {
      throw new SkeinError('SKEIN_SOURCE_ANSWER', `getBlock(${slot}) is no block: ${writeExactly(block).slice(0, 200)}`, {
        context: { slot: String(slot), misread: true },
      });
    }
    return block;
  } catch (error) {
    const code = error instanceof SkeinError ? error.context['code'] : undefined;
    if (typeof code === 'number' && SKIPPED.has(code)) return code;
    if (code === UNSUPPORTED_VERSION) {
      throw new SkeinError('SKEIN_SOURCE_ANSWER', `slot ${slot} holds transactions of a version above ${version} (-32015)`, {
        hint: 'Raise maxTransactionVersion.',
        cause: error,
        context: { slot: String(slot), code },
      });
    }
    throw error;
  }
}

const untrue = (message: string, slot: bigint): SkeinError =>
  new SkeinError('SKEIN_SOURCE_UNTRUE', `the node contradicts itself: ${message}`, { context: { slot: String(slot) } });

/** The last slot that was both taken and final when it was; undefined where there is none. */
async function finalBefore(folder: string): Promise<bigint | undefined> {
  const last = (await slotFiles(path.join(folder, 'blocks'))).reduce<bigint | undefined>(
    (most, { to }) => (most === undefined || to > most ? to : most),
    undefined,
  );
  if (last === undefined) return undefined;
  const final = await finalIn(folder);
  return final < 0n ? undefined : smallest(final, last);
}

/** The last slot that the files call final; -1 where there is none. */
async function finalIn(folder: string): Promise<bigint> {
  const text = await readFile(path.join(folder, 'head.ndjson'), 'utf8').catch(() => '{}');
  const { finalized } = JSON.parse(text) as { finalized?: number };
  return BigInt(finalized ?? -1);
}

const smallest = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const largest = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Whole or not at all: a reader finds the old file or the new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const aside = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  await writeFile(aside, text);
  await rename(aside, file);
}
