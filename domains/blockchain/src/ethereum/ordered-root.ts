import { keccak256, toRlp, type Hex } from 'viem';

/** What RLP writes: bytes, or a list of such. */
export type Rlp = Hex | Rlp[];

/** A number as RLP has it: without zeros before it, and nothing at all for zero. */
export const rlpQuantity = (value: bigint): Hex => {
  const digits = value === 0n ? '' : value.toString(16);
  return `0x${digits.length % 2 === 0 ? '' : '0'}${digits}`;
};

/** The root that a block's header has of its transactions, or of its receipts: that of the trie of what each is written as, by its place (Yellow Paper, 4.3 and appendix D). */
export function orderedRoot(values: readonly Hex[]): string {
  if (values.length === 0) return keccak256(toRlp('0x'));
  const items = values.map((value, index) => ({ key: toRlp(rlpQuantity(BigInt(index))).slice(2), value }));
  items.sort((a, b) => (a.key < b.key ? -1 : 1));
  return keccak256(toRlp(trie(items, 0)));
}

/** The node over items in the order of their keys, which are hex digits and none of which begins another; `depth` digits of them are behind. */
function trie(items: readonly { readonly key: string; readonly value: Hex }[], depth: number): Rlp[] {
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return [];
  if (first === last) return [path(first.key.slice(depth), true), first.value];
  let shared = depth;
  while (first.key[shared] === last.key[shared]) shared += 1;
  if (shared > depth) return [path(first.key.slice(depth, shared), false), reference(trie(items, shared))];
  const children: Rlp[] = [];
  for (let digit = 0; digit < 16; digit += 1) {
    const below = items.filter(({ key }) => key[depth] === digit.toString(16));
    children.push(below.length === 0 ? '0x' : reference(trie(below, depth + 1)));
  }
  return [...children, '0x'];
}

/** A node of fewer than 32 bytes stands in its parent itself. */
function reference(node: Rlp[]): Rlp {
  const text = toRlp(node);
  return text.length < 2 + 64 ? node : keccak256(text);
}

/** Hex digits with how many there are, even or odd, and whether a value follows (appendix C). */
function path(digits: string, leaf: boolean): Hex {
  const flag = leaf ? 2 : 0;
  return digits.length % 2 === 0 ? `0x${flag}0${digits}` : `0x${flag + 1}${digits}`;
}
