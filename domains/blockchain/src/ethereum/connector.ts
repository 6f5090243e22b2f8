import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { lockFolder } from '@skein/adapter-sqlite';
import { attempted, attemptedAnew, fetchChainId, fetchHeader, fetchRange, logSpan, type Wanted } from './fetch-range.ts';
import { untrue } from './answer.ts';
import { headSocket, type HeadSocket } from './head-socket.ts';
import { hashesAsEthereum } from './header-hash.ts';
import { nextRange, type RangeSizes } from './next-range.ts';
import { joinRanges, KINDS, listRanges, readHeaders, removeRange, writeRange, writeTextFile, type KeptHeader, type Kind, type Range } from './range-file.ts';
import { appendReorg, writeHead, type Reorg } from './record-file.ts';
import { ethereumRpc, type Rpc, type RpcOptions } from './rpc.ts';
import { readTokens } from './token.ts';

export interface EthereumOptions extends RpcOptions {
  /** Folder of sources; files go below `ethereum/eip155-<chain>/`. */
  readonly directory: string;
  /** Of the engine that writes Parquet. */
  readonly session: EngineSession;
  /** The chain that must answer, such as 1; default whichever answers first. */
  readonly chainId?: number | bigint;
  /** First block; rounded down to the begin of its range. Default 0. */
  readonly from?: bigint;
  /** Contracts whose logs are taken; default all. */
  readonly addresses?: readonly string[];
  /** Default true. */
  readonly transactions?: boolean;
  /** Whether the chain fills logsBloom; default true. */
  readonly bloom?: boolean;
  /** Whether hashes of blocks and roots of receipts are made as Ethereum makes them; default true for it and its test networks, and false for other chains. */
  readonly hashes?: boolean;
  /** Blocks of a file that is final, and of one that is not yet; default 1000 and 20. */
  readonly chunk?: number;
  readonly tail?: number;
  /** Blocks below the head that are taken for final where the node has no `finalized`; default 65. */
  readonly finality?: number;
  /** Requests under way at a time; default 8. */
  readonly concurrency?: number;
  /** Where the node announces new heads (`ws://`, `wss://`): `follow` then takes them as they come. Without, or while it is broken, it asks for them. */
  readonly heads?: string;
}

export interface Progress {
  /** Blocks and logs that were written. */
  readonly blocks: number;
  readonly logs: number;
  /** Files of ranges that were written or written anew. */
  readonly ranges: number;
  /** The last block that the files hold; undefined when there is none. */
  readonly through: bigint | undefined;
  readonly reorg: Reorg | undefined;
}

/** One chain, taken from one node into one folder. Not for concurrent use; one connector a folder, which it locks until it is disposed of. */
export interface EthereumConnector extends Disposable {
  /** CAIP-2: `eip155:1`. */
  readonly chain: string;
  readonly folder: string;
  readonly rpc: Rpc;
  /** Takes all final blocks up to `to` that are not there yet. */
  backfill(options?: { readonly to?: bigint; readonly signal?: AbortSignal; onRange?(range: Range, logs: number): void }): Promise<Progress>;
  /** Takes what is new up to the head, and puts right what a reorganisation replaced. Throws SKEIN_SOURCE_REWRITTEN when that goes below what was final. */
  step(signal?: AbortSignal): Promise<Progress>;
  /** Steps until the signal ends it, `everyMs` apart (default 4 s); faults that may pass are reported and tried again at the next step. */
  follow(options: { readonly signal: AbortSignal; readonly everyMs?: number; onStep?(progress: Progress): void | Promise<void> }): Promise<void>;
  /** Reads symbol and decimals of the ERC-20 tokens among the logs that are not known yet; returns how many. */
  tokens(signal?: AbortSignal): Promise<number>;
}

const STATE = '.connector.json';
/** How often a head below what was taken is asked for again before it is believed. */
const LAGGING = 3;

/** Connects, checks that it is the chain that the folder holds, and finds where the files end. */
export async function ethereumConnector(options: EthereumOptions): Promise<EthereumConnector> {
  const rpc = ethereumRpc(options);
  const { session } = options;
  const chainId = await attempted(rpc, undefined, () => fetchChainId(rpc));
  if (options.chainId !== undefined && BigInt(options.chainId) !== chainId) {
    throw new SkeinError('SKEIN_SOURCE_ANSWER', `eth_chainId is ${chainId}, not ${options.chainId}: the node serves another chain`, {
      hint: 'Give the address of a node of the wanted chain.',
      context: { chainId: String(chainId), wanted: String(options.chainId) },
    });
  }
  const sizes: RangeSizes = { chunk: BigInt(options.chunk ?? 1_000), tail: BigInt(options.tail ?? 20) };
  if (sizes.tail < 1n || sizes.chunk % sizes.tail !== 0n) {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `chunk ${sizes.chunk} is no multiple of tail ${sizes.tail}`);
  }
  const asked = options.from ?? 0n;
  const first = asked - (asked % sizes.tail);
  const wanted: Wanted = {
    chainId,
    addresses: (options.addresses ?? []).map((address) => address.toLowerCase()).sort(),
    transactions: options.transactions ?? true,
    bloom: options.bloom ?? true,
    hashes: options.hashes ?? hashesAsEthereum(chainId),
    concurrency: options.concurrency ?? 8,
  };
  const kinds: readonly Kind[] = wanted.transactions ? KINDS : KINDS.filter((kind) => kind !== 'transactions');
  const span = logSpan(sizes.chunk);
  const chain = `eip155:${chainId}`;
  const folder = path.join(options.directory, 'ethereum', `eip155-${chainId}`);
  const lock = lockFolder(folder);
  /** Headers of the files without a gap, from the last that was final on; the last is the end of what was taken. */
  let kept: readonly KeptHeader[];
  let finalSeen: bigint;
  let heads: HeadSocket | undefined;
  try {
    await checkState(rpc, folder, { first, sizes, wanted });
    await removeCovered(folder);
    kept = await keptHeaders(session, folder, first, sizes);
    finalSeen = await readFinalized(folder);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }

  /** What is looked back at of headers: what is final needs it not, but for the block that a range that is written anew is linked to. */
  const recent = (headers: readonly KeptHeader[], finalized: bigint): KeptHeader[] => {
    const least = (finalized < 0n ? 0n : finalized - (finalized % sizes.tail)) - 1n;
    return headers.slice(
      Math.max(
        0,
        headers.findLastIndex((header) => header.number <= least),
      ),
    );
  };

  /**
   * Takes everything above what is kept up to `limit`; ranges that are whole and final in large files. While one range is written the next is
   * fetched; what was fetched counts when it is written.
   */
  const pull = async (limit: bigint, finalized: bigint, signal?: AbortSignal, onRange?: (range: Range, logs: number) => void) => {
    const done = { blocks: 0, logs: 0, ranges: 0 };
    let fetched = kept;
    let writing = Promise.resolve();
    try {
      for (;;) {
        signal?.throwIfAborted();
        const next = (fetched.at(-1)?.number ?? first - 1n) + 1n;
        if (next > limit) break;
        const { range, at } = nextRange(next, limit, finalized, sizes, first);
        const to = range.to < limit ? range.to : limit;
        const parent = fetched.findLast((header) => header.number < range.from);
        const blocks = await fetchRange(rpc, wanted, span, range.from, to, parent, signal);
        const fresh = blocks.map(({ header: { number, hash, parentHash } }): KeptHeader => ({ number, hash, parentHash }));
        fetched = recent([...fetched.filter((header) => header.number < range.from), ...fresh], finalized);
        await writing;
        writing = writeRange(session, folder, chain, range, blocks, kinds).then((logs) => {
          kept = recent([...kept.filter((header) => header.number < range.from), ...fresh], finalized);
          done.blocks += Number(to - at) + 1;
          done.logs += logs;
          done.ranges++;
          onRange?.(range, logs);
        });
        // Heard while the next range is fetched; thrown where it is waited for.
        writing.catch(() => undefined);
      }
      await writing;
      return done;
    } finally {
      await writing.catch(() => undefined);
    }
  };

  /** A head below what was final: a node that has the same block there is behind, and has replaced nothing. */
  const checkBehind = async (number: bigint, hash: string): Promise<void> => {
    const own = (await readHeaders(session, folder, number)).find((header) => header.number === number);
    if (own !== undefined && own.hash !== hash) return;
    throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `${chain}: the node is at block ${number}, and block ${finalSeen} was final: it is behind`, {
      context: { at: 'block latest', number: String(number), finalized: String(finalSeen) },
    });
  };

  /** Latest and finalized as the node says now, the latter never above the former. */
  const headsNow = async (signal?: AbortSignal) => {
    const top = kept.at(-1)?.number ?? -1n;
    let latest = await fetchHeader(rpc, 'latest', false, signal);
    // Behind one address stand several nodes, and some are behind: that is no chain that became shorter.
    for (let attempt = 1; latest && latest.number < top && attempt <= LAGGING; attempt++) {
      await rpc.backOff(attempt, signal);
      latest = await fetchHeader(rpc, 'latest', false, signal);
    }
    if (!latest) throw untrue('block latest', 'the node has no head');
    if (latest.number < finalSeen) await checkBehind(latest.number, latest.hash);
    const tagged = async (tag: 'safe' | 'finalized', depth: bigint): Promise<bigint> => {
      const header = await fetchHeader(rpc, tag, false, signal).catch((error: unknown) => {
        // Chains before the merge, and others, know no such tag.
        if (error instanceof SkeinError && error.code === 'SKEIN_SOURCE_ANSWER' && error.context['method'] !== undefined) return undefined;
        throw error;
      });
      const number = header?.number ?? latest.number - depth;
      return number > latest.number ? latest.number : number < -1n ? -1n : number;
    };
    const depth = BigInt(options.finality ?? 65);
    const finalized = await tagged('finalized', depth);
    return { latest, safe: await tagged('safe', (depth + 1n) / 2n), finalized: finalized < finalSeen ? finalSeen : finalized };
  };

  /** Drops from `kept` what the node has replaced; says what was. */
  const findReorg = async (latest: bigint, signal?: AbortSignal): Promise<Reorg | undefined> => {
    const top = kept.at(-1);
    if (!top) return undefined;
    let index = kept.length - 1;
    let replacedBy: string | undefined;
    for (; index >= 0; index--) {
      const own = kept[index] as KeptHeader;
      const theirs = own.number <= latest ? await fetchHeader(rpc, own.number, false, signal) : undefined;
      if (theirs?.hash === own.hash) break;
      if (index === kept.length - 1) {
        const now = await fetchChainId(rpc, signal);
        if (now !== chainId) throw untrue('eth_chainId', `it is ${now}, and was ${chainId}: the node serves another chain by now`);
      }
      replacedBy = theirs?.hash ?? replacedBy;
      if (own.number <= finalSeen || (index === 0 && own.number !== first)) throw rewritten(chain, own, theirs?.hash, finalSeen);
    }
    if (index === kept.length - 1) return undefined;
    // Of a branch that begins below the first block, what is known is the parent of the first.
    const ancestor = kept[index] ?? { number: first - 1n, hash: kept[0]?.parentHash ?? '' };
    const reorg: Reorg = {
      chain,
      ancestor: ancestor.number,
      ancestorHash: ancestor.hash,
      depth: Number(top.number - ancestor.number),
      fromHash: top.hash,
      toHash: replacedBy ?? ancestor.hash,
      retracted: kept.slice(index + 1).map(({ number, hash }) => ({ number, hash })),
    };
    // Before the files change: a crash in between leaves a record too many rather than a reorganisation that nobody wrote down.
    await appendReorg(folder, reorg, rpc.timing.clock.now());
    // Where nothing has come above the ancestor, its own range is still to be written without what stood above it.
    kept = kept.slice(0, index + (ancestor.number === latest ? 0 : 1));
    return reorg;
  };

  /** Joins ranges that have become final to large files, and drops the small ones. */
  const compact = async (finalized: bigint): Promise<void> => {
    const small = (await listRanges(folder, 'blocks')).filter((range) => range.to - range.from + 1n < sizes.chunk && range.to <= finalized);
    const starts = new Set(small.map((range) => range.from - (range.from % sizes.chunk)));
    for (const from of starts) {
      const whole = { from, to: from + sizes.chunk - 1n };
      const parts = small.filter((range) => range.from >= whole.from && range.to <= whole.to);
      const held = parts.reduce((sum, range) => sum + range.to - range.from + 1n, 0n);
      if (whole.to > finalized || held !== sizes.chunk) continue;
      for (const kind of kinds) await joinRanges(session, folder, kind, parts, whole);
      for (const part of parts) for (const kind of kinds) await removeRange(folder, kind, part);
    }
  };

  const through = () => kept.at(-1)?.number;
  const connector: EthereumConnector = {
    chain,
    folder,
    rpc,
    async backfill({ to, signal, onRange } = {}) {
      const { latest, safe, finalized } = await attempted(rpc, signal, () => headsNow(signal));
      // Below what is final nothing moves: that it did would have stopped here.
      const limit = to !== undefined && to < finalized ? to : finalized;
      const reorg = await attempted(rpc, signal, () => findReorg(latest.number, signal));
      const done = await pull(limit, finalized, signal, onRange);
      finalSeen = finalized;
      await writeHead(folder, chain, { latest: latest.number, safe, finalized }, rpc.timing.clock.now());
      return { ...done, through: through(), reorg };
    },
    step: (signal) =>
      attemptedAnew(rpc, signal, async () => {
        const { latest, safe, finalized } = await attempted(rpc, signal, () => headsNow(signal));
        const reorg = await attempted(rpc, signal, () => findReorg(latest.number, signal));
        const done = await pull(latest.number, finalized, signal);
        // A chain that became shorter: what stood above its head is no more.
        for (const range of await listRanges(folder, 'blocks')) if (range.from > latest.number) await writeRange(session, folder, chain, range, [], kinds);
        await writeHead(folder, chain, { latest: latest.number, safe, finalized }, rpc.timing.clock.now());
        finalSeen = finalized;
        await compact(finalized);
        return { ...done, through: through(), reorg };
      }),
    async follow({ signal, everyMs = 4_000, onStep }) {
      heads ??=
        options.heads === undefined
          ? undefined
          : headSocket({
              ...options,
              url: options.heads,
              onTrouble: (message) => rpc.report({ code: 'SKEIN_SOURCE_UNAVAILABLE', message, attempt: 1, at: 'newHeads' }),
            });
      for (;;) {
        if (signal.aborted) return;
        try {
          const progress = await connector.step(signal);
          await onStep?.(progress);
        } catch (error) {
          if (signal.aborted) return;
          // What may pass was tried and reported by the step; the rest is for a person.
          if (!(error instanceof SkeinError) || !error.retryable) throw error;
        }
        // Announced or not, the head is asked for: nodes announce no reorganisation that ends lower, and connections die in silence.
        if (heads) await heads.wait(everyMs, signal);
        else await rpc.timing.sleep(everyMs, signal).catch(() => undefined);
      }
    },
    tokens: (signal) => readTokens(rpc, session, folder, chain, signal),
    [Symbol.dispose]() {
      heads?.close();
      lock[Symbol.dispose]();
    },
  };
  return connector;
}

function rewritten(chain: string, own: KeptHeader, theirs: string | undefined, finalized: bigint): SkeinError {
  return new SkeinError('SKEIN_SOURCE_REWRITTEN', `${chain} block ${own.number} is ${theirs ?? 'gone'}, and was ${own.hash}; final was block ${finalized}`, {
    context: { chain, number: String(own.number), was: own.hash, is: theirs ?? null, finalized: String(finalized) },
  });
}

/** Which chain and which part of it a folder holds. Another one must not be mixed into it. */
async function checkState(rpc: Rpc, folder: string, { first, sizes, wanted }: { first: bigint; sizes: RangeSizes; wanted: Wanted }): Promise<void> {
  const genesis = await attempted(rpc, undefined, () => fetchHeader(rpc, 0n, false));
  const own = {
    chain: `eip155:${wanted.chainId}`,
    // A node without history has no block 0; then the number of the chain must do.
    genesis: genesis?.hash ?? null,
    first: String(first),
    chunk: String(sizes.chunk),
    tail: String(sizes.tail),
    addresses: wanted.addresses,
    transactions: wanted.transactions,
  };
  const file = path.join(folder, STATE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return writeTextFile(file, `${JSON.stringify(own)}\n`);
  const known = JSON.parse(text) as typeof own;
  for (const [name, value] of Object.entries(own)) {
    const before = known[name as keyof typeof own];
    if (JSON.stringify(before) === JSON.stringify(value) || (name === 'genesis' && (value === null || before === null))) continue;
    const code = name === 'genesis' ? 'SKEIN_SOURCE_UNTRUE' : 'SKEIN_CONFIG_INVALID';
    throw new SkeinError(code, `${folder} holds ${name} ${JSON.stringify(before)}, not ${JSON.stringify(value)}`, {
      hint:
        name === 'genesis'
          ? 'The node serves another chain under the same number; use another folder for it.'
          : `Use another folder, or ${name} as before: a folder holds one part of one chain without gaps.`,
      context: { name, before, value },
    });
  }
}

/** Small files that a large one holds too: a crash left them. */
async function removeCovered(folder: string): Promise<void> {
  for (const kind of KINDS) {
    const whole = await listRanges(folder, 'blocks');
    for (const range of await listRanges(folder, kind)) {
      const covered = whole.some((wide) => wide.from <= range.from && wide.to >= range.to && wide.to - wide.from > range.to - range.from);
      if (covered) await removeRange(folder, kind, range);
    }
  }
}

/** The headers of the files up to the first gap or broken link, from the last large file on: what comes after is taken anew. */
async function keptHeaders(session: EngineSession, folder: string, first: bigint, { chunk }: RangeSizes): Promise<KeptHeader[]> {
  let end = first - 1n;
  let last: Range | undefined;
  for (const range of await listRanges(folder, 'blocks')) {
    if (range.from > end + 1n) break;
    end = range.to;
    if (range.to - range.from + 1n >= chunk) last = range;
  }
  const headers = (await readHeaders(session, folder, last?.to ?? first)).filter((header) => header.number <= end);
  const broken = headers.findIndex((header, index) => {
    const before = headers[index - 1];
    return before ? header.number !== before.number + 1n || header.parentHash !== before.hash : header.number !== (last?.to ?? first);
  });
  return broken === -1 ? headers : headers.slice(0, broken);
}

async function readFinalized(folder: string): Promise<bigint> {
  const text = await readFile(path.join(folder, 'head.ndjson'), 'utf8').catch(() => undefined);
  if (text === undefined) return -1n;
  const { finalized } = JSON.parse(text) as { finalized?: number };
  return BigInt(finalized ?? -1);
}
