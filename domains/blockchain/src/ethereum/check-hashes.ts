import { untrue, type Header, type Receipt } from './answer.ts';
import { headerHash } from './header-hash.ts';
import { receiptsRoot } from './receipts-root.ts';
import type { Rpc } from './rpc.ts';
import { transactionsRoot } from './transactions-root.ts';

/** Whether the hash is that of the header. What cannot be told is reported and let pass: a fork that is not known yet is no lie. */
export function checkHash(rpc: Rpc, header: Header, block: Readonly<Record<string, unknown>>): boolean {
  const found = headerHash(block, header.hash);
  const at = `block ${header.number}: hash`;
  if ('hash' in found) {
    if (found.hash !== header.hash) throw untrue(at, `it is ${header.hash}, and the hash of what the node sends is ${found.hash}`);
    return true;
  }
  letPass(rpc, at, `the hash cannot be reckoned anew, since ${found.unknown}`);
  return false;
}

export function checkTransactions(rpc: Rpc, header: Header, block: Readonly<Record<string, unknown>>): void {
  const found = transactionsRoot(block['transactions'] as readonly unknown[]);
  const at = `block ${header.number}: transactionsRoot`;
  if ('unknown' in found) return letPass(rpc, at, `the root cannot be reckoned anew, since ${found.unknown}`);
  if (found.root !== String(block['transactionsRoot']).toLowerCase())
    throw untrue(at, `it is ${String(block['transactionsRoot'])}, and that of the transactions that the node sends is ${found.root}`);
  const index = header.transactionHashes.findIndex((hash, place) => hash !== found.hashes[place]);
  if (index !== -1)
    throw untrue(`block ${header.number}: transactions[${index}]`, `its hash is ${found.hashes[index]}, not ${header.transactionHashes[index]}`);
}

/** Reports what cannot be checked, once for each reason and node. */
function letPass(rpc: Rpc, at: string, message: string): void {
  const told = untold.get(rpc) ?? new Set();
  untold.set(rpc, told);
  if (told.has(message)) return;
  told.add(message);
  rpc.report({ code: 'SKEIN_SOURCE_ANSWER', message: `${at}: it is taken as it is said: ${message}`, attempt: 1, at });
}

const untold = new WeakMap<Rpc, Set<string>>();

/** Receipts make up their root; what each of them used and paid is no part of it, and follows from what is. */
export function checkReceipts(rpc: Rpc, header: Header, receipts: readonly Receipt[]): void {
  const at = `block ${header.number}: receiptsRoot`;
  const root = receiptsRoot(receipts);
  if (root === undefined) return letPass(rpc, at, 'the root cannot be reckoned anew, since a receipt is of a type that is not known, or lacks a field');
  if (root !== header.receiptsRoot) throw untrue(at, `it is ${header.receiptsRoot}, and that of the receipts that the node sends is ${root}`);
  let before = 0n;
  for (const [index, { gasUsed, cumulativeGasUsed = 0n, effectiveGasPrice }] of receipts.entries()) {
    const place = `block ${header.number}: receipts[${index}]`;
    if (gasUsed !== cumulativeGasUsed - before) throw untrue(place, `it used ${gasUsed} gas, and the block says ${cumulativeGasUsed - before}`);
    before = cumulativeGasUsed;
    const price = header.transactions[index]?.priceAt(header.baseFee ?? 0n);
    if (price !== undefined && effectiveGasPrice !== undefined && effectiveGasPrice !== price)
      throw untrue(place, `a unit of gas cost ${effectiveGasPrice}, and its transaction says ${price}`);
  }
}
