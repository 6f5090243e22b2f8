import { concatHex, toRlp, type Hex } from 'viem';
import type { Receipt } from './answer.ts';
import { bloomOf } from './bloom.ts';
import { orderedRoot, rlpQuantity, type Rlp } from './ordered-root.ts';

/** The newest type of transaction whose receipt is known to be made so: EIP-7702's. */
const NEWEST_TYPE = 4;

/**
 * The root that a block's header has of its receipts (Yellow Paper, 4.3.1; EIP-2718 for those with a type). A number that was changed in one log makes
 * another root. Undefined where a receipt is of a kind that is not known.
 */
export function receiptsRoot(receipts: readonly Receipt[]): string | undefined {
  const values: Hex[] = [];
  for (const receipt of receipts) {
    const value = encoded(receipt);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return orderedRoot(values);
}

function encoded({ type, status, root, cumulativeGasUsed, logs }: Receipt): Hex | undefined {
  const outcome = status === undefined ? root : rlpQuantity(BigInt(status));
  if (outcome === undefined || cumulativeGasUsed === undefined || type > NEWEST_TYPE) return undefined;
  const entries = logs.map(({ address, topics, data }): Rlp[] => [address as Hex, topics as Rlp[], data as Hex]);
  const body = toRlp([outcome as Hex, rlpQuantity(cumulativeGasUsed), bloomOf(logs) as Hex, entries]);
  return type === 0 ? body : concatHex([rlpQuantity(BigInt(type)), body]);
}
