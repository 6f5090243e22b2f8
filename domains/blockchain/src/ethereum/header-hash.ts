import { keccak256, toRlp, type Hex } from 'viem';

type Form = 'quantity' | 'bytes' | number;

/** What a header is hashed of, in its order: 15 fields since the first block, and those that forks have added at the end, each with all before it. */
const FIRST: readonly (readonly [string, Form])[] = [
  ['parentHash', 32],
  ['sha3Uncles', 32],
  ['miner', 20],
  ['stateRoot', 32],
  ['transactionsRoot', 32],
  ['receiptsRoot', 32],
  ['logsBloom', 256],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'bytes'],
  ['mixHash', 32],
  ['nonce', 8],
];
const ADDED: readonly (readonly [string, Form])[] = [
  // London (EIP-1559), Shanghai (4895), Cancun (4844, 4788), Prague (7685)
  ['baseFeePerGas', 'quantity'],
  ['withdrawalsRoot', 32],
  ['blobGasUsed', 'quantity'],
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 32],
  ['requestsHash', 32],
];
/** Members of a block that are no part of its header's hash. */
const BESIDE = ['hash', 'size', 'totalDifficulty', 'transactions', 'uncles', 'withdrawals'];
const KNOWN: ReadonlySet<string> = new Set([...FIRST, ...ADDED].map(([name]) => name).concat(BESIDE));

/** Chains whose headers are known to be hashed so, in all their forks: Ethereum, Sepolia, Holesky and Hoodi. Others add and leave out fields. */
const ETHEREUM: ReadonlySet<bigint> = new Set([1n, 11_155_111n, 17_000n, 560_048n]);

export const hashesAsEthereum = (chainId: bigint): boolean => ETHEREUM.has(chainId);

/** What comes of reckoning a block's hash anew: it is that, or another, or it cannot be told. */
export type HeaderVerdict = { readonly hash: string } | { readonly unknown: string };

/**
 * The hash of a block as `eth_getBlockByNumber` gives it: keccak256 of the RLP of its header (Yellow Paper, 4.3, and the EIPs named above). A field that is
 * not there, or not known, is no fault: then it says why the hash cannot be told. So a fork of the future is let pass, and one that is known is not.
 */
export function headerHash(block: Readonly<Record<string, unknown>>, claimed: string): HeaderVerdict {
  const given = (name: string): boolean => block[name] !== undefined && block[name] !== null;
  const added = ADDED.findLastIndex(([name]) => given(name)) + 1;
  const fields: Hex[] = [];
  for (const [name, form] of [...FIRST, ...ADDED.slice(0, added)]) {
    const field = given(name) ? rlpField(block[name], form) : undefined;
    if (field === undefined) return { unknown: given(name) ? `its ${name} has another form` : `it has no ${name}` };
    fields.push(field);
  }
  const hash = keccak256(toRlp(fields));
  const strange = Object.keys(block).find((name) => !KNOWN.has(name));
  return hash !== claimed && strange !== undefined ? { unknown: `its ${JSON.stringify(strange.slice(0, 60))} is not known` } : { hash };
}

function rlpField(value: unknown, form: Form): Hex | undefined {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]*$/.test(value)) return undefined;
  const digits = value.slice(2).toLowerCase();
  if (form === 'quantity') {
    const least = digits.replace(/^0+/, '');
    return `0x${least.length % 2 === 0 ? '' : '0'}${least}`;
  }
  return digits.length % 2 === 0 && (form === 'bytes' || digits.length === 2 * form) ? `0x${digits}` : undefined;
}
