import { SkeinError } from '@skein/kernel';

/** A block's header, with the hashes of its transactions or the transactions themselves. Numbers are bigint, hex is lower case. */
export interface Header {
  readonly number: bigint;
  readonly hash: string;
  readonly parentHash: string;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly logsBloom: string;
  /** Undefined where the node does not say, or nothing vouches for it. */
  readonly receiptsRoot: string | undefined;
  readonly gasUsed: bigint;
  readonly gasLimit: bigint;
  readonly baseFee: bigint | undefined;
  readonly miner: string;
  readonly transactionHashes: readonly string[];
  readonly transactions: readonly Transaction[];
}

export interface Transaction {
  readonly hash: string;
  readonly index: number;
  readonly from: string;
  /** Undefined for one that creates a contract. */
  readonly to: string | undefined;
  readonly value: bigint;
  readonly nonce: bigint;
  /** The first four bytes of its data, which name the function; undefined where it has fewer. */
  readonly selector: string | undefined;
  readonly type: number;
  /** Undefined for transactions before EIP-155. */
  readonly chainId: bigint | undefined;
  /** What a unit of gas costs in a block of this base fee (EIP-1559); undefined where the node does not say what is paid. */
  priceAt(baseFee: bigint): bigint | undefined;
}

export interface Log {
  readonly blockNumber: bigint;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly transactionIndex: number;
  readonly logIndex: number;
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

export interface Receipt {
  readonly transactionHash: string;
  readonly transactionIndex: number;
  readonly blockHash: string;
  readonly blockNumber: bigint;
  /** 1 or 0; undefined before Byzantium (EIP-658), where a root stands instead. */
  readonly status: number | undefined;
  readonly root: string | undefined;
  /** Of its transaction; 0 where the node says none. */
  readonly type: number;
  /** Of the block up to here; undefined where the node does not say. */
  readonly cumulativeGasUsed: bigint | undefined;
  readonly gasUsed: bigint;
  readonly effectiveGasPrice: bigint | undefined;
  readonly contractAddress: string | undefined;
  readonly logs: readonly Log[];
}

/** What is wrong with an answer, and where. */
export function answerFault(at: string, wanted: string, value: unknown): SkeinError {
  const shown = (JSON.stringify(value) ?? 'undefined').slice(0, 80);
  return new SkeinError('SKEIN_SOURCE_ANSWER', `${at} is ${shown}, not ${wanted}`, { context: { at, value: shown } });
}

/** The source contradicts itself; `at` says where. */
export function untrue(at: string, message: string, context: Readonly<Record<string, unknown>> = {}): SkeinError {
  return new SkeinError('SKEIN_SOURCE_UNTRUE', `${at}: ${message}`, { context: { at, ...context } });
}

const QUANTITY = /^0x[0-9a-fA-F]{1,64}$/;
const HEX = /^0x(?:[0-9a-fA-F]{2})*$/;
const LOWER = /^[^A-F]*$/;

const lower = (text: string): string => (LOWER.test(text) ? text : text.toLowerCase());

function object(at: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw answerFault(at, 'an object', value);
  return value as Record<string, unknown>;
}

export function list(at: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw answerFault(at, 'a list', value);
  return value;
}

/** A quantity: `0x1f`. A JSON number is refused: beyond 2^53 it has already lost digits. */
export function quantity(at: string, value: unknown): bigint {
  if (typeof value !== 'string' || !QUANTITY.test(value)) throw answerFault(at, 'a quantity in hex', value);
  return BigInt(value);
}

function small(at: string, value: unknown): number {
  const number = quantity(at, value);
  if (number > 0x7fffffffn) throw answerFault(at, 'a number below 2^31', value);
  return Number(number);
}

/** Bytes: `0x` and an even number of digits; of `length` bytes, when given. */
export function hex(at: string, value: unknown, length?: number): string {
  if (typeof value !== 'string' || (length !== undefined && value.length !== 2 + 2 * length) || !HEX.test(value)) {
    throw answerFault(at, length === undefined ? 'bytes in hex' : `${length} bytes in hex`, value);
  }
  return lower(value);
}

const optional = <T>(value: unknown, read: (value: unknown) => T): T | undefined => (value === undefined || value === null ? undefined : read(value));

export function headerOf(value: unknown, asked: string): Header {
  const raw = object(`block ${asked}`, value);
  const at = (field: string) => `block ${asked}: ${field}`;
  const listed = list(at('transactions'), raw['transactions'] ?? []);
  const full = typeof listed[0] === 'object';
  const transactions = full ? listed.map((one, index) => transactionOf(one, at(`transactions[${index}]`))) : [];
  return {
    number: quantity(at('number'), raw['number']),
    hash: hex(at('hash'), raw['hash'], 32),
    parentHash: hex(at('parentHash'), raw['parentHash'], 32),
    timestamp: quantity(at('timestamp'), raw['timestamp']),
    logsBloom: hex(at('logsBloom'), raw['logsBloom'], 256),
    receiptsRoot: optional(raw['receiptsRoot'], (root) => hex(at('receiptsRoot'), root, 32)),
    gasUsed: quantity(at('gasUsed'), raw['gasUsed']),
    gasLimit: quantity(at('gasLimit'), raw['gasLimit']),
    baseFee: optional(raw['baseFeePerGas'], (fee) => quantity(at('baseFeePerGas'), fee)),
    miner: hex(at('miner'), raw['miner'], 20),
    transactionHashes: full ? transactions.map((one) => one.hash) : listed.map((one, index) => hex(at(`transactions[${index}]`), one, 32)),
    transactions,
  };
}

const selectorOf = (input: string): string | undefined => (input.length >= 10 ? input.slice(0, 10) : undefined);

/** Types 0 and 1 name a price; later ones what they pay at most, and how much of it above the block's base fee. */
function priceOf(type: number, read: (name: string) => bigint | undefined): (baseFee: bigint) => bigint | undefined {
  if (type < 2) {
    const price = read('gasPrice');
    return () => price;
  }
  const [most, above] = [read('maxFeePerGas'), read('maxPriorityFeePerGas')];
  return (baseFee) => (most === undefined || above === undefined ? undefined : most < baseFee + above ? most : baseFee + above);
}

function transactionOf(value: unknown, place: string): Transaction {
  const raw = object(place, value);
  const at = (field: string) => `${place}.${field}`;
  const type = optional(raw['type'], (one) => small(at('type'), one)) ?? 0;
  return {
    hash: hex(at('hash'), raw['hash'], 32),
    index: small(at('transactionIndex'), raw['transactionIndex']),
    from: hex(at('from'), raw['from'], 20),
    to: optional(raw['to'], (to) => hex(at('to'), to, 20)),
    value: quantity(at('value'), raw['value']),
    nonce: quantity(at('nonce'), raw['nonce']),
    selector: selectorOf(hex(at('input'), raw['input'])),
    type,
    chainId: optional(raw['chainId'], (chain) => quantity(at('chainId'), chain)),
    priceAt: priceOf(type, (name) => optional(raw[name], (price) => quantity(at(name), price))),
  };
}

export function logOf(value: unknown, place: string): Log {
  const raw = object(place, value);
  if ((raw['removed'] ?? false) !== false) {
    throw new SkeinError('SKEIN_SOURCE_UNTRUE', `${place} was removed by a reorganisation, and is given as if it stood`, { context: { at: place } });
  }
  const topics = list(`${place}.topics`, raw['topics']);
  if (topics.length > 4) throw answerFault(`${place}.topics`, 'a list of at most 4', topics);
  return {
    blockNumber: quantity(`${place}.blockNumber`, raw['blockNumber']),
    blockHash: hex(`${place}.blockHash`, raw['blockHash'], 32),
    transactionHash: hex(`${place}.transactionHash`, raw['transactionHash'], 32),
    transactionIndex: small(`${place}.transactionIndex`, raw['transactionIndex']),
    logIndex: small(`${place}.logIndex`, raw['logIndex']),
    address: hex(`${place}.address`, raw['address'], 20),
    topics: topics.map((topic, index) => hex(`${place}.topics[${index}]`, topic, 32)),
    data: hex(`${place}.data`, raw['data']),
  };
}

export function receiptOf(value: unknown, place: string): Receipt {
  const raw = object(place, value);
  const at = (field: string) => `${place}.${field}`;
  return {
    transactionHash: hex(at('transactionHash'), raw['transactionHash'], 32),
    transactionIndex: small(at('transactionIndex'), raw['transactionIndex']),
    blockHash: hex(at('blockHash'), raw['blockHash'], 32),
    blockNumber: quantity(at('blockNumber'), raw['blockNumber']),
    status: optional(raw['status'], (status) => small(at('status'), status)),
    root: optional(raw['root'], (root) => hex(at('root'), root, 32)),
    type: optional(raw['type'], (type) => small(at('type'), type)) ?? 0,
    cumulativeGasUsed: optional(raw['cumulativeGasUsed'], (gas) => quantity(at('cumulativeGasUsed'), gas)),
    gasUsed: quantity(at('gasUsed'), raw['gasUsed']),
    effectiveGasPrice: optional(raw['effectiveGasPrice'], (price) => quantity(at('effectiveGasPrice'), price)),
    contractAddress: optional(raw['contractAddress'], (address) => hex(at('contractAddress'), address, 20)),
    logs: list(at('logs'), raw['logs']).map((log, index) => logOf(log, at(`logs[${index}]`))),
  };
}
