import { concatHex, keccak256, toRlp, type Hex } from 'viem';
import type { Receipt } from './answer.ts';
import { bloomOf } from './bloom.ts';

type Node = Hex | Node[];

/** The newest type of transaction whose receipt is known to be made so: EIP-7702's. */
const NEWEST_TYPE = 4;

/**
 * The root that a block's header has of its receipts: that of the trie of what each of them consists of, by its place (Yellow Paper, 4.3.1 and appendix D;
 * EIP-2718 for those with a type). A number that was changed in one log makes another root. Undefined where a receipt is of a kind that is not known.
 */
export function receiptsRoot(receipts: readonly Receipt[]): string | undefined {
  const items: { key: string; value: Hex }[] = [];
  for (const [index, receipt] of receipts.entries()) {
    const value = encoded(receipt);
    if (value === undefined) return undefined;
    items.push({ key: toRlp(quantity(BigInt(index))).slice(2), value });
  }
  if (items.length === 0) return keccak256(toRlp('0x'));
  items.sort((a, b) => (a.key < b.key ? -1 : 1));
  return keccak256(toRlp(trie(items, 0)));
}

const quantity = (value: bigint): Hex => {
  const digits = value === 0n ? '' : value.toString(16);
  return `0x${digits.length % 2 === 0 ? '' : '0'}${digits}`;
};

function encoded({ type, status, root, cumulativeGasUsed, logs }: Receipt): Hex | undefined {
  const outcome = status === undefined ? root : quantity(BigInt(status));
  if (outcome === undefined || cumulativeGasUsed === undefined || type > NEWEST_TYPE) return undefined;
  const entries = logs.map(({ address, topics, data }): Node[] => [address as Hex, topics as Node[], data as Hex]);
  const body = toRlp([outcome as Hex, quantity(cumulativeGasUsed), bloomOf(logs) as Hex, entries]);
  return type === 0 ? body : concatHex([quantity(BigInt(type)), body]);
}

/** The node over items in the order of their keys, which are hex digits and none of which begins another; `depth` digits of them are behind. */
function trie(items: readonly { readonly key: string; readonly value: Hex }[], depth: number): Node[] {
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return [];
  if (first === last) return [path(first.key.slice(depth), true), first.value];
  let shared = depth;
  while (first.key[shared] === last.key[shared]) shared += 1;
  if (shared > depth) return [path(first.key.slice(depth, shared), false), reference(trie(items, shared))];
  const children: Node[] = [];
  for (let digit = 0; digit < 16; digit += 1) {
    const below = items.filter(({ key }) => key[depth] === digit.toString(16));
    children.push(below.length === 0 ? '0x' : reference(trie(below, depth + 1)));
  }
  return [...children, '0x'];
}

/** A node of fewer than 32 bytes stands in its parent itself. */
function reference(node: Node[]): Node {
  const text = toRlp(node);
  return text.length < 2 + 64 ? node : keccak256(text);
}

/** Hex digits with how many there are, even or odd, and whether a value follows (appendix C). */
function path(digits: string, leaf: boolean): Hex {
  const flag = leaf ? 2 : 0;
  return digits.length % 2 === 0 ? `0x${flag}0${digits}` : `0x${flag + 1}${digits}`;
}
