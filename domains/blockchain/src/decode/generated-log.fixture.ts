import { encodeAbiParameters, encodeEventTopics, parseAbi, type Hex } from 'viem';
import type { HotEvent } from './event.ts';

/** The events as their sources declare them, for viem. */
export const EVENTS = {
  erc20_transfer: parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)']),
  erc721_transfer: parseAbi(['event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)']),
  erc1155_single: parseAbi(['event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)']),
  erc1155_batch: parseAbi(['event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)']),
  v2_swap: parseAbi(['event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)']),
  v2_sync: parseAbi(['event Sync(uint112 reserve0, uint112 reserve1)']),
  v2_mint: parseAbi(['event Mint(address indexed sender, uint256 amount0, uint256 amount1)']),
  v2_burn: parseAbi(['event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)']),
  v3_swap: parseAbi([
    'event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
  ]),
  weth_deposit: parseAbi(['event Deposit(address indexed dst, uint256 wad)']),
  weth_withdrawal: parseAbi(['event Withdrawal(address indexed src, uint256 wad)']),
} as const satisfies Record<HotEvent, unknown>;

export const HOT_EVENTS = Object.keys(EVENTS) as HotEvent[];

export interface GeneratedLog {
  readonly event: HotEvent;
  readonly topics: [Hex, ...Hex[]];
  readonly data: Hex;
}

/** A generator of 32-bit numbers (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** A log as viem encodes it, of values of every width up to the type's, with the bounds among them. */
export function generatedLog(event: HotEvent, random: () => number): GeneratedLog {
  const abi = EVENTS[event];
  const inputs = abi[0].inputs as readonly { name: string; type: string; indexed?: boolean }[];
  const length = random() % 5;
  const values = inputs.map(({ type }) => (type.endsWith('[]') ? Array.from({ length }, () => valueOf('uint256', random)) : valueOf(type, random)));
  const args = Object.fromEntries(inputs.map(({ name }, index) => [name, values[index]]));
  const topics = encodeEventTopics({ abi, args } as unknown as Parameters<typeof encodeEventTopics>[0]) as [Hex, ...Hex[]];
  const stored = inputs.map((input, index) => ({ input, value: values[index] })).filter(({ input }) => input.indexed !== true);
  const data = encodeAbiParameters(
    stored.map(({ input: { type } }) => ({ type })),
    stored.map(({ value }) => value),
  );
  return { event, topics, data };
}

function valueOf(type: string, random: () => number): string | bigint | number {
  const bits = (count: number): bigint => {
    let value = 0n;
    for (let done = 0; done < count; done += 32) value = (value << 32n) | BigInt(random());
    return BigInt.asUintN(count, value);
  };
  if (type === 'address') return `0x${bits(160).toString(16).padStart(40, '0')}`;
  const width = Number(type.replace(/\D/g, ''));
  const unsigned = type.startsWith('u');
  const kind = random() % 16;
  const room = unsigned ? width : width - 1;
  const size = kind === 0 ? 0n : kind === 1 ? (1n << BigInt(room)) - 1n : kind === 2 ? 2n ** 53n + 1n : bits(1 + (random() % room));
  const fitted = BigInt.asUintN(room, size);
  const value = !unsigned && random() % 2 === 0 ? -fitted - 1n : fitted;
  return width <= 48 ? Number(value) : value;
}
