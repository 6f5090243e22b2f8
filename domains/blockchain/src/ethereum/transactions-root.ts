import { concatHex, keccak256, toRlp, type Hex } from 'viem';
import { orderedRoot, rlpQuantity, type Rlp } from './ordered-root.ts';

type Raw = Readonly<Record<string, unknown>>;
type Form = 'quantity' | 'bytes' | 'to' | 'parity' | 'access' | 'hashes' | 'authorizations';
type Fields = readonly (readonly [string, Form])[];

const SIGNATURE: Fields = [
  ['r', 'quantity'],
  ['s', 'quantity'],
];
const CALL: Fields = [
  ['gas', 'quantity'],
  ['to', 'to'],
  ['value', 'quantity'],
  ['input', 'bytes'],
];
const CHAIN: Fields = [
  ['chainId', 'quantity'],
  ['nonce', 'quantity'],
];
const FEES: Fields = [
  ['maxPriorityFeePerGas', 'quantity'],
  ['maxFeePerGas', 'quantity'],
];

/** What transactions of each type are written as, in its order: of old, EIP-2930, EIP-1559, EIP-4844 and EIP-7702. */
const TYPES: readonly Fields[] = [
  [['nonce', 'quantity'], ['gasPrice', 'quantity'], ...CALL, ['v', 'quantity'], ...SIGNATURE],
  [...CHAIN, ['gasPrice', 'quantity'], ...CALL, ['accessList', 'access'], ['yParity', 'parity'], ...SIGNATURE],
  [...CHAIN, ...FEES, ...CALL, ['accessList', 'access'], ['yParity', 'parity'], ...SIGNATURE],
  [
    ...CHAIN,
    ...FEES,
    ...CALL,
    ['accessList', 'access'],
    ['maxFeePerBlobGas', 'quantity'],
    ['blobVersionedHashes', 'hashes'],
    ['yParity', 'parity'],
    ...SIGNATURE,
  ],
  [...CHAIN, ...FEES, ...CALL, ['accessList', 'access'], ['authorizationList', 'authorizations'], ['yParity', 'parity'], ...SIGNATURE],
];
const AUTHORIZATION: Fields = [['chainId', 'quantity'], ['address', 'bytes'], ['nonce', 'quantity'], ['yParity', 'parity'], ...SIGNATURE];

/** What comes of reckoning anew: the root with the hash of each transaction, or why it cannot be told. */
export type TransactionsVerdict = { readonly root: string; readonly hashes: readonly string[] } | { readonly unknown: string };

/**
 * The root that a block's header has of its transactions, as `eth_getBlockByNumber` gives them in full (Yellow Paper, 4.3; EIP-2718). It holds what each one asks
 * for and its signature. Who sent it is no part of it: that only the signature tells.
 */
export function transactionsRoot(transactions: readonly unknown[]): TransactionsVerdict {
  const values: Hex[] = [];
  for (const one of transactions) {
    const raw = one as Raw;
    const type = Number(raw['type'] ?? '0x0');
    const fields = TYPES[type];
    if (fields === undefined) return { unknown: `type ${String(raw['type']).slice(0, 20)} of transactions is not known` };
    const written = record(raw, fields);
    if (typeof written === 'string') return { unknown: `${written} of a transaction of type ${type} is not there, or has another form` };
    const body = toRlp(written);
    values.push(type === 0 ? body : concatHex([rlpQuantity(BigInt(type)), body]));
  }
  return { root: orderedRoot(values), hashes: values.map((value) => keccak256(value)) };
}

/** The fields of a record, or the name of the one that cannot be written. */
function record(raw: Raw, fields: Fields): Rlp[] | string {
  const written: Rlp[] = [];
  for (const [name, form] of fields) {
    // Nodes call the same bit `v` or `yParity`, or both.
    const value = form === 'parity' ? (raw[name] ?? raw['v']) : raw[name];
    const one = field(value, form);
    if (one === undefined) return name;
    written.push(one);
  }
  return written;
}

function field(value: unknown, form: Form): Rlp | undefined {
  switch (form) {
    case 'quantity':
    case 'parity':
      return typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value) ? rlpQuantity(BigInt(value)) : undefined;
    case 'to':
      return value === null || value === undefined ? '0x' : bytes(value);
    case 'bytes':
      return bytes(value);
    case 'hashes':
      return each(value, bytes);
    case 'access':
      return each(value ?? [], (entry) => {
        const address = bytes((entry as Raw | null)?.['address']);
        const keys = each((entry as Raw | null)?.['storageKeys'], bytes);
        return address === undefined || keys === undefined ? undefined : [address, keys];
      });
    case 'authorizations':
      return each(value, (entry) => {
        const written = record((entry ?? {}) as Raw, AUTHORIZATION);
        return typeof written === 'string' ? undefined : written;
      });
  }
}

const bytes = (value: unknown): Hex | undefined =>
  typeof value === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(value) ? (value.toLowerCase() as Hex) : undefined;

function each(values: unknown, write: (value: unknown) => Rlp | undefined): Rlp[] | undefined {
  if (!Array.isArray(values)) return undefined;
  const written = values.map(write);
  return written.includes(undefined) ? undefined : (written as Rlp[]);
}
