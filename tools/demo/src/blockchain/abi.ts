import type { Random } from '../random.ts';

/** keccak256 of the signatures of the events that the demo chain writes. */
const TOPIC = {
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  erc1155_single: '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
  erc1155_batch: '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb',
  v2_swap: '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822',
  v2_sync: '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1',
  weth_deposit: '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c',
} as const;

export const ZERO = `0x${'0'.repeat(40)}`;

/** What a contract reports: topics and data as a node gives them, and what a decoder reads of them. */
export interface DemoLog {
  address: string;
  topics: string[];
  data: string;
  event: string | null;
  args: string[] | null;
}

const word = (value: bigint): string => value.toString(16).padStart(64, '0');
export const topic = (account: string): string => `0x${account.slice(2).padStart(64, '0')}`;
export const data = (...values: readonly bigint[]): string => `0x${values.map(word).join('')}`;

export const erc20 = (address: string, from: string, to: string, amount: bigint): DemoLog => ({
  address,
  topics: [TOPIC.transfer, topic(from), topic(to)],
  data: data(amount),
  event: 'erc20_transfer',
  args: [from, to, String(amount)],
});

/** The topic of ERC-20's Transfer; the token's id is indexed, and there is no data. */
export const erc721 = (address: string, from: string, to: string, id: bigint): DemoLog => ({
  address,
  topics: [TOPIC.transfer, topic(from), topic(to), `0x${word(id)}`],
  data: '0x',
  event: 'erc721_transfer',
  args: [from, to, String(id)],
});

export const erc1155Batch = (
  address: string,
  operator: string,
  from: string,
  to: string,
  items: readonly (readonly [id: bigint, value: bigint])[],
): DemoLog => ({
  address,
  topics: [TOPIC.erc1155_batch, topic(operator), topic(from), topic(to)],
  data: data(64n, 96n + 32n * BigInt(items.length), BigInt(items.length), ...items.map(([id]) => id), BigInt(items.length), ...items.map(([, value]) => value)),
  event: 'erc1155_batch',
  args: [operator, from, to, ...items.map(([id]) => String(id)), ...items.map(([, value]) => String(value))],
});

export const erc1155Single = (address: string, operator: string, from: string, to: string, id: bigint, value: bigint): DemoLog => ({
  address,
  topics: [TOPIC.erc1155_single, topic(operator), topic(from), topic(to)],
  data: data(id, value),
  event: 'erc1155_single',
  args: [operator, from, to, String(id), String(value)],
});

export const sync = (address: string, reserve0: bigint, reserve1: bigint): DemoLog => ({
  address,
  topics: [TOPIC.v2_sync],
  data: data(reserve0, reserve1),
  event: 'v2_sync',
  args: [String(reserve0), String(reserve1)],
});

export const swap = (address: string, sender: string, amounts: readonly [in0: bigint, in1: bigint, out0: bigint, out1: bigint], to: string): DemoLog => ({
  address,
  topics: [TOPIC.v2_swap, topic(sender), topic(to)],
  data: data(...amounts),
  event: 'v2_swap',
  args: [sender, ...amounts.map(String), to],
});

/** WETH9 reports a deposit, and no Transfer. */
export const deposit = (address: string, to: string, amount: bigint): DemoLog => ({
  address,
  topics: [TOPIC.weth_deposit, topic(to)],
  data: data(amount),
  event: 'weth_deposit',
  args: [to, String(amount)],
});

/** `digits` hex digits with `0x`. */
export function hex(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits) text += random.uint32().toString(16).padStart(8, '0');
  return `0x${text.slice(0, digits)}`;
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** What an address (44 characters) or a signature (88) of Solana looks like. */
export const base58 = (random: Random, characters: number): string => Array.from({ length: characters }, () => BASE58[random.below(58)]).join('');

/** A share of an amount, in parts of 10,000. */
export const share = (amount: bigint, parts: number): bigint => (amount * BigInt(parts)) / 10_000n;
