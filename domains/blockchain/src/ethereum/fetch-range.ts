import { SkeinError } from '@skein/kernel';
import { headerOf, list, logOf, quantity, receiptOf, untrue, type Header, type Log, type Receipt } from './answer.ts';
import { bloomOf, holds, mayHold } from './bloom.ts';
import { checkHash, checkReceipts, checkTransactions } from './check-hashes.ts';
import { RangeTooLarge, type Rpc } from './rpc.ts';

/** What is taken of a chain. */
export interface Wanted {
  /** EIP-155 number of the chain. */
  readonly chainId: bigint;
  /** Contracts whose logs are taken, in lower case; all when empty. */
  readonly addresses: readonly string[];
  /** Whether transactions and their receipts are taken too. */
  readonly transactions: boolean;
  /** Whether the chain fills logsBloom: then logs that a node withholds or makes up are found by it. */
  readonly bloom: boolean;
  /** Whether a block's hash is that of its header as Ethereum hashes it: then a header, or a receipt, of which anything is changed is found by it. */
  readonly hashes: boolean;
  /** Requests under way at a time. */
  readonly concurrency: number;
}

/** A block with what belongs to it, checked against itself. */
export interface Block {
  readonly header: Header;
  readonly logs: readonly Log[];
  readonly receipts: readonly Receipt[];
}

/** How many blocks `eth_getLogs` is asked for at once; learned from the node, and kept from range to range. */
export interface LogSpan {
  blocks: bigint;
  readonly most: bigint;
  /** Logs of the fullest answer to the attempt under way. */
  fullest: number;
  /** Where answers seem to be cut without a word: one of so many logs is asked for in parts. Until one comes that holds more. */
  cut: number | undefined;
}

export const logSpan = (most: bigint): LogSpan => ({ blocks: most, most, fullest: 0, cut: undefined });

/** No provider cuts answers to fewer logs. */
const LEAST_CUT = 100;

const toHex = (number: bigint): string => `0x${number.toString(16)}`;

/**
 * Blocks `from` to `to`, each linked to the one before (the first to `parent`, when known), with logs that fit their block's hash, transactions and
 * bloom. A range that does not hold together is fetched anew, whole, up to the attempts of `rpc`; nothing of a bad attempt is used. Throws
 * SKEIN_SOURCE_UNTRUE or SKEIN_SOURCE_ANSWER with the block and the field after the last one.
 */
export async function fetchRange(
  rpc: Rpc,
  wanted: Wanted,
  span: LogSpan,
  from: bigint,
  to: bigint,
  parent?: { readonly number: bigint; readonly hash: string },
  signal?: AbortSignal,
): Promise<readonly Block[]> {
  const checked = async (): Promise<readonly Block[]> => {
    span.fullest = 0;
    // Headers with their receipts, and logs, at the same time: a range takes as long as the slower of the two, and is held together afterwards.
    const [taken, logs] = await both(fetchBlocks(rpc, wanted, from, to, signal), fetchLogs(rpc, wanted, span, from, to, signal));
    const headers = taken.map(({ header }) => header);
    checkLinks(headers, parent);
    const byBlock = groupLogs(headers, logs, wanted);
    if (wanted.bloom) await checkBlooms(rpc, headers, byBlock, wanted, signal);
    return taken.map(({ header, receipts }, index): Block => {
      const block = { header, logs: byBlock[index] ?? [], receipts };
      if (!wanted.transactions) return block;
      checkReceiptLogs(block, wanted);
      // The same logs stand in both: once is enough from here on.
      return { ...block, receipts: receipts.map((receipt) => ({ ...receipt, logs: [] })) };
    });
  };
  return attempted(rpc, signal, () =>
    checked().catch(async (error: unknown) => {
      // Logs that are not all there, and it said nothing: its fullest answer may be all that it gives at once.
      if (error instanceof SkeinError && error.context['logs'] !== undefined && span.fullest >= LEAST_CUT) span.cut = span.fullest;
      // The chain may have moved meanwhile: then this range can never be linked, and who asked must look for the new branch.
      if (
        parent &&
        error instanceof SkeinError &&
        error.code === 'SKEIN_SOURCE_UNTRUE' &&
        (await fetchHeader(rpc, parent.number, false, signal))?.hash !== parent.hash
      ) {
        throw new ChainMoved(parent.number, error);
      }
      throw error;
    }),
  );
}

/** The block that a range was to be linked to is no longer part of the chain. */
export class ChainMoved extends SkeinError {
  constructor(number: bigint, cause: unknown) {
    super('SKEIN_SOURCE_UNTRUE', `block ${number}: the node has replaced it while the blocks above were taken`, { cause, context: { at: `block ${number}` } });
  }
}

/** Tries one piece of work again that failed because of what the source said. That the chain moved is for who looks for its new branch. */
export function attempted<T>(rpc: Rpc, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  // An answer that names its method is a refusal: asking again does not help.
  return retried(
    rpc,
    signal,
    work,
    (error) => !(error instanceof ChainMoved) && (error.code === 'SKEIN_SOURCE_UNTRUE' || (error.code === 'SKEIN_SOURCE_ANSWER' && !error.context['method'])),
  );
}

/** Tries work again when the chain moved under it. */
export function attemptedAnew<T>(rpc: Rpc, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return retried(rpc, signal, work, (error) => error instanceof ChainMoved);
}

async function retried<T>(rpc: Rpc, signal: AbortSignal | undefined, work: () => Promise<T>, again: (error: SkeinError) => boolean): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SkeinError) || !again(error)) throw error;
      rpc.report({ code: error.code as 'SKEIN_SOURCE_UNTRUE', message: error.message, attempt, at: String(error.context['at'] ?? '') });
      if (attempt >= rpc.attempts) throw new SkeinError(error.code, `${error.message} (${attempt} attempts)`, { cause: error, context: error.context });
      await rpc.backOff(attempt, signal);
    }
  }
}

/** The header of a number or of `latest`, `safe`, `finalized`; undefined when the node has none. */
export async function fetchHeader(
  rpc: Rpc,
  which: bigint | 'latest' | 'safe' | 'finalized',
  full: boolean,
  signal?: AbortSignal,
  hashed = false,
): Promise<Header | undefined> {
  const asked = String(which);
  const value = await rpc.call('eth_getBlockByNumber', [typeof which === 'bigint' ? toHex(which) : which, full], signal);
  if (value === null) return undefined;
  const header = headerOf(value, asked);
  if (typeof which === 'bigint' && header.number !== which) throw untrue(`block ${asked}`, `the node sends block ${header.number}`);
  // What the header says of transactions and receipts is worth something where the block's hash vouches for it.
  const vouched = hashed && checkHash(rpc, header, value as Readonly<Record<string, unknown>>);
  if (vouched && header.transactions.length > 0) checkTransactions(rpc, header, value as Readonly<Record<string, unknown>>);
  return vouched ? header : { ...header, receiptsRoot: undefined };
}

export async function fetchChainId(rpc: Rpc, signal?: AbortSignal): Promise<bigint> {
  return quantity('eth_chainId', await rpc.call('eth_chainId', [], signal));
}

/** Each header, and its receipts as soon as it is there. */
async function fetchBlocks(
  rpc: Rpc,
  wanted: Wanted,
  from: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<{ header: Header; receipts: readonly Receipt[] }[]> {
  const numbers = Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index));
  return pooled(numbers, wanted.concurrency, async (number) => {
    const header = await fetchHeader(rpc, number, wanted.transactions, signal, wanted.hashes);
    if (!header) throw untrue(`block ${number}`, 'the node has no such block, though it has later ones');
    for (const [index, transaction] of header.transactions.entries()) {
      if (transaction.index !== index) throw untrue(`block ${number}: transactions[${index}]`, `its index is ${transaction.index}`);
      if (transaction.chainId !== undefined && transaction.chainId !== wanted.chainId)
        throw untrue(`block ${number}: transactions[${index}]`, `it is of chain ${transaction.chainId}, not ${wanted.chainId}`);
    }
    return { header, receipts: wanted.transactions ? await fetchReceipts(rpc, header, signal) : [] };
  });
}

/** Both, or the failure of the first that failed, once neither is under way any more. */
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [one, other] = await Promise.allSettled([a, b]);
  if (one.status === 'rejected') throw one.reason;
  if (other.status === 'rejected') throw other.reason;
  return [one.value, other.value];
}

function checkLinks(headers: readonly Header[], parent: { readonly number: bigint; readonly hash: string } | undefined): void {
  let before = parent;
  for (const header of headers) {
    if (before && (header.number !== before.number + 1n || header.parentHash !== before.hash)) {
      throw untrue(`block ${header.number}: parentHash`, `${header.parentHash} is not the hash of block ${before.number}, ${before.hash}`, {
        number: String(header.number),
      });
    }
    before = header;
  }
}

/** All logs of the range, in as few answers as the node gives; what is refused for its size is asked for in parts. */
async function fetchLogs(rpc: Rpc, wanted: Wanted, span: LogSpan, from: bigint, to: bigint, signal: AbortSignal | undefined): Promise<Log[]> {
  const logs: Log[] = [];
  for (let at = from; at <= to;) {
    const end = at + span.blocks - 1n < to ? at + span.blocks - 1n : to;
    const filter = { fromBlock: toHex(at), toBlock: toHex(end), ...(wanted.addresses.length > 0 ? { address: wanted.addresses } : {}) };
    try {
      const answer = list(`logs ${at}-${end}`, await rpc.call('eth_getLogs', [filter], signal));
      span.fullest = Math.max(span.fullest, answer.length);
      if (span.cut !== undefined && answer.length > span.cut) span.cut = undefined;
      if (answer.length === span.cut) throw new RangeTooLarge(`the node seems to send no more than ${span.cut} logs at once, and does not say so`, undefined);
      for (const [index, log] of answer.entries()) logs.push(checkedLog(logOf(log, `logs ${at}-${end}[${index}]`), at, end, index));
      if (end - at + 1n === span.blocks) span.blocks = smaller(span.most, span.blocks + (span.blocks + 3n) / 4n);
      at = end + 1n;
    } catch (error) {
      if (!(error instanceof RangeTooLarge)) throw error;
      const asked = end - at + 1n;
      rpc.report({ code: 'SKEIN_SOURCE_UNAVAILABLE', message: error.message, attempt: 1, at: `logs ${at}-${end}` });
      if (asked === 1n) {
        // One block's logs that no answer holds: its receipts carry the same, and are a method of their own.
        logs.push(...(await receiptLogs(rpc, at, wanted, signal)));
        at += 1n;
      } else span.blocks = smaller(error.span ?? asked / 2n, asked - 1n);
    }
  }
  return logs;
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function checkedLog(log: Log, from: bigint, to: bigint, index: number): Log {
  if (log.blockNumber < from || log.blockNumber > to) throw untrue(`logs ${from}-${to}[${index}]`, `it is of block ${log.blockNumber}`);
  return log;
}

async function receiptLogs(rpc: Rpc, number: bigint, wanted: Wanted, signal: AbortSignal | undefined): Promise<Log[]> {
  const answer = list(`receipts ${number}`, await rpc.call('eth_getBlockReceipts', [toHex(number)], signal));
  const logs = answer.flatMap((one, index) => receiptOf(one, `receipts ${number}[${index}]`).logs);
  return logs.filter(({ address }) => wanted.addresses.length === 0 || wanted.addresses.includes(address));
}

/** Logs by block, in order; each must name its block's hash and a transaction that stands there. */
function groupLogs(headers: readonly Header[], logs: readonly Log[], wanted: Wanted): Log[][] {
  const first = headers[0]?.number ?? 0n;
  const groups: Log[][] = headers.map(() => []);
  for (const log of logs) {
    const header = headers[Number(log.blockNumber - first)];
    const at = `block ${log.blockNumber}: log ${log.logIndex}`;
    if (log.blockHash !== header?.hash) throw untrue(at, `its block is ${log.blockHash}, not ${header?.hash}`);
    if (header.transactionHashes[log.transactionIndex] !== log.transactionHash) {
      throw untrue(at, `transaction ${log.transactionIndex} of the block is ${header.transactionHashes[log.transactionIndex]}, not ${log.transactionHash}`);
    }
    if (wanted.addresses.length > 0 && !wanted.addresses.includes(log.address)) throw untrue(at, `${log.address} was not asked for`);
    groups[Number(log.blockNumber - first)]?.push(log);
  }
  for (const [index, group] of groups.entries()) {
    group.sort((a, b) => a.logIndex - b.logIndex);
    for (const [place, log] of group.entries()) {
      const at = `block ${headers[index]?.number}: log ${log.logIndex}`;
      const before = group[place - 1];
      if (before?.logIndex === log.logIndex) throw untrue(at, 'it is sent twice');
      if (before && before.transactionIndex > log.transactionIndex) throw untrue(at, 'its transaction comes before that of the log before');
      if (wanted.addresses.length === 0 && log.logIndex !== place)
        throw untrue(`block ${headers[index]?.number}: log ${place}`, 'it is missing', { logs: group.length });
    }
  }
  return groups;
}

/** Logs must make up their block's bloom, bit by bit: what is withheld leaves bits over, and what is made up has bits too many. */
async function checkBlooms(
  rpc: Rpc,
  headers: readonly Header[],
  groups: readonly (readonly Log[])[],
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [index, header] of headers.entries()) {
    const logs = groups[index] ?? [];
    const bloom = bloomOf(logs);
    const at = `block ${header.number}: logsBloom`;
    if (wanted.addresses.length === 0) {
      if (bloom !== header.logsBloom) {
        throw untrue(at, `the ${logs.length} logs that the node sends are not those of the block's bloom: it withholds some, or makes some up`, {
          logs: logs.length,
        });
      }
      continue;
    }
    if (!holds(header.logsBloom, bloom)) throw untrue(at, 'the node sends logs that are not in the bloom of their block');
    const seen = new Set(logs.map(({ address }) => address));
    if (wanted.addresses.every((address) => seen.has(address) || !mayHold(header.logsBloom, address))) continue;
    // The bloom may be right by chance: the receipts decide.
    const there = (await receiptLogs(rpc, header.number, wanted, signal)).filter((log) => log.blockHash === header.hash);
    if (there.length !== logs.length) throw untrue(at, `the node sends ${logs.length} logs, and receipts with ${there.length}`, { logs: logs.length });
  }
}

async function fetchReceipts(rpc: Rpc, header: Header, signal: AbortSignal | undefined): Promise<readonly Receipt[]> {
  if (header.transactionHashes.length === 0) return [];
  const answer = list(`receipts ${header.number}`, await rpc.call('eth_getBlockReceipts', [toHex(header.number)], signal));
  const receipts = answer.map((one, index) => receiptOf(one, `receipts ${header.number}[${index}]`));
  if (receipts.length !== header.transactionHashes.length)
    throw untrue(`block ${header.number}: receipts`, `${receipts.length} of ${header.transactionHashes.length} transactions`);
  for (const [index, receipt] of receipts.entries()) {
    const fits = receipt.blockHash === header.hash && receipt.transactionHash === header.transactionHashes[index] && receipt.transactionIndex === index;
    if (!fits) throw untrue(`block ${header.number}: receipts[${index}]`, `it is of transaction ${receipt.transactionHash} in block ${receipt.blockHash}`);
  }
  if (header.receiptsRoot !== undefined) checkReceipts(rpc, header, receipts);
  return receipts;
}

function checkReceiptLogs({ header, logs, receipts }: Block, wanted: Wanted): void {
  const there = receipts.flatMap((receipt) => receipt.logs).filter(({ address }) => wanted.addresses.length === 0 || wanted.addresses.includes(address));
  const text = (log: Log | undefined) => (log ? [log.logIndex, log.transactionHash, log.address, log.topics.join(), log.data].join(' ') : 'none');
  for (let index = 0; index < Math.max(there.length, logs.length); index++) {
    if (text(there[index]) !== text(logs[index]))
      throw untrue(`block ${header.number}: log ${logs[index]?.logIndex ?? index}`, 'its receipt has another', { logs: logs.length });
  }
}

/** `work` for each item, in order, `most` at a time; the first failure ends it. */
async function pooled<Item, Result>(items: readonly Item[], most: number, work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = Array.from({ length: items.length });
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await work(items[index] as Item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(most, items.length) }, lane));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  return results;
}
