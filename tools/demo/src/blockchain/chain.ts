import type { Random } from '../random.ts';
import { weighted } from '../random.ts';
import { deposit, erc1155Batch, erc1155Single, erc20, erc721, hex, share, swap, sync, ZERO, type DemoLog } from './abi.ts';

export const EVM_CHAIN = 'eip155:31337';

export interface DemoTransaction {
  readonly hash: string;
  readonly from: string;
  readonly to: string;
  readonly value: bigint;
  readonly failed: boolean;
  readonly gas: number;
  readonly logs: DemoLog[];
}

export interface DemoBlock {
  readonly number: number;
  readonly hash: string;
  readonly parent: string;
  readonly timestamp: number;
  readonly transactions: readonly DemoTransaction[];
}

export interface DemoToken {
  readonly address: string;
  readonly symbol: string;
  /** Undefined where the contract does not tell. */
  readonly decimals: number | undefined;
  readonly currency?: string;
}

export interface DemoChain {
  readonly blocks: readonly DemoBlock[];
  readonly tokens: readonly DemoToken[];
  readonly logs: number;
}

interface Pool {
  readonly address: string;
  readonly tokens: readonly [DemoToken, DemoToken];
  readonly reserves: [bigint, bigint];
}

const MAX = 2n ** 256n - 1n;
const FEE = 997n;

/**
 * A chain on which nothing is made up: tokens are minted before they are moved, nobody gives what he does not have, and pools keep x·y = k with a fee
 * of 0.3 %. One supply is 2^256 - 1.
 */
export function demoChain(random: Random, wanted: { readonly logs: number; readonly from: number; readonly until: number }): DemoChain {
  const wallets = Array.from({ length: 200 }, () => hex(random, 40));
  const founder = hex(random, 40);
  const token = (symbol: string, decimals: number | undefined, currency?: string): DemoToken => ({
    address: hex(random, 40),
    symbol,
    decimals,
    ...(currency ? { currency } : {}),
  });
  const usd = token('USDX', 6, 'USD');
  const weth = token('WETH', 18);
  const alpha = token('ALPHA', 18);
  const whole = token('TICKET', 0);
  const silent = token('', undefined);
  const vast = token('VAST', 18);
  const cats = hex(random, 40);
  const goods = hex(random, 40);
  const balances = new Map<string, Map<string, bigint>>();
  const holdings = (id: string): Map<string, bigint> => {
    const known = balances.get(id) ?? new Map<string, bigint>();
    balances.set(id, known);
    return known;
  };
  const move = (id: string, from: string, to: string, amount: bigint): void => {
    const held = holdings(id);
    if (from !== ZERO) held.set(from, (held.get(from) ?? 0n) - amount);
    if (to !== ZERO) held.set(to, (held.get(to) ?? 0n) + amount);
  };
  const transfer = (of: DemoToken, from: string, to: string, amount: bigint): DemoLog => {
    move(of.address, from, to, amount);
    return erc20(of.address, from, to, amount);
  };
  const pool = (a: DemoToken, b: DemoToken, amountA: bigint, amountB: bigint): Pool =>
    a.address < b.address
      ? { address: hex(random, 40), tokens: [a, b], reserves: [amountA, amountB] }
      : { address: hex(random, 40), tokens: [b, a], reserves: [amountB, amountA] };
  const pools = [pool(usd, weth, 5_000_000n * 10n ** 6n, 2_000n * 10n ** 18n), pool(usd, alpha, 800_000n * 10n ** 6n, 3_000_000n * 10n ** 18n)];
  const owners = new Map<bigint, string>();

  const logsOf = (): DemoLog[] => {
    const [from, to] = [random.pick(wallets), random.pick(wallets)];
    switch (KINDS[pickKind(random)]) {
      case 'transfer': {
        const of = random.pick([usd, weth, alpha, whole, silent, vast]);
        const held = holdings(of.address).get(from) ?? 0n;
        const amount = share(held, 1 + random.below(4000));
        return amount > 0n ? [transfer(of, from, to, amount)] : [];
      }
      case 'swap': {
        const { address, tokens, reserves } = random.pick(pools);
        const given = random.below(2) as 0 | 1;
        const got = (1 - given) as 0 | 1;
        const held = holdings(tokens[given].address).get(from) ?? 0n;
        const most = share(reserves[given], 50);
        const amount = share(held < most ? held : most, 500 + random.below(9500));
        const taken = (amount * FEE * reserves[got]) / (reserves[given] * 1000n + amount * FEE);
        if (taken <= 0n) return [];
        const logs = [transfer(tokens[given], from, address, amount), transfer(tokens[got], address, from, taken)];
        reserves[given] += amount;
        reserves[got] -= taken;
        const amounts: [bigint, bigint, bigint, bigint] = given === 0 ? [amount, 0n, 0n, taken] : [0n, amount, taken, 0n];
        return [...logs, sync(address, reserves[0], reserves[1]), swap(address, from, amounts, from)];
      }
      case 'nft': {
        const id = BigInt(random.below(500));
        const owner = owners.get(id);
        owners.set(id, to);
        return [erc721(cats, owner ?? ZERO, to, id)];
      }
      case 'goods':
        return random.chance(0.5)
          ? [erc1155Single(goods, from, ZERO, to, BigInt(random.below(50)), BigInt(1 + random.below(9)))]
          : [
              erc1155Batch(goods, from, ZERO, to, [
                [BigInt(random.below(50)), 3n],
                [BigInt(50 + random.below(50)), 2n ** 200n + BigInt(random.uint32())],
              ]),
            ];
      default: {
        const amount = 10n ** 15n * BigInt(1 + random.below(5000));
        move(weth.address, ZERO, from, amount);
        return [deposit(weth.address, from, amount)];
      }
    }
  };

  const genesis = [
    ...wallets.flatMap((wallet) => [
      transfer(usd, ZERO, wallet, 50_000n * 10n ** 6n),
      transfer(alpha, ZERO, wallet, 40_000n * 10n ** 18n + BigInt(random.uint32())),
    ]),
    ...wallets
      .slice(0, 40)
      .flatMap((wallet) => [
        transfer(whole, ZERO, wallet, 250n),
        transfer(silent, ZERO, wallet, 10n ** 24n + BigInt(random.uint32())),
        transfer(weth, ZERO, wallet, 9n * 10n ** 18n),
      ]),
    transfer(vast, ZERO, founder, MAX),
    ...wallets.slice(0, 5).map((wallet) => transfer(vast, founder, wallet, share(MAX, 1500))),
    ...pools.flatMap(({ address, tokens, reserves }) => [
      transfer(tokens[0], ZERO, address, reserves[0]),
      transfer(tokens[1], ZERO, address, reserves[1]),
      sync(address, reserves[0], reserves[1]),
    ]),
  ];

  const count = Math.max(60, Math.ceil(wanted.logs / 12));
  const blocks: DemoBlock[] = [];
  let logs = 0;
  let parent = hex(random, 64);
  for (let index = 0; index < count; index++) {
    const transactions: DemoTransaction[] = [];
    const due = Math.round(((wanted.logs - genesis.length) * (index + 1)) / count);
    const add = (made: DemoLog[]): void => {
      const failed = made.length === 0 && random.chance(0.5);
      const value = made.length === 0 ? BigInt(random.uint32()) * 10n ** 9n : 0n;
      transactions.push({
        hash: hex(random, 64),
        from: random.pick(wallets),
        to: made[0]?.address ?? random.pick(wallets),
        value,
        failed,
        gas: 21_000 + 40_000 * made.length,
        logs: made,
      });
      logs += made.length;
    };
    // The first block mints; a supply is there before it is spent.
    if (index === 0) for (let at = 0; at < genesis.length; at += 50) add(genesis.slice(at, at + 50));
    for (let tries = 0; logs - genesis.length < due && tries < 200; tries++) add(logsOf());
    const timestamp = wanted.from + Math.floor(((wanted.until - wanted.from) * index) / count);
    const block = { number: 1_000_000 + index, hash: hex(random, 64), parent, timestamp, transactions };
    blocks.push(block);
    parent = block.hash;
  }
  return { blocks, tokens: [usd, weth, alpha, whole, silent, vast], logs };
}

const KINDS = ['transfer', 'swap', 'nft', 'goods', 'deposit'] as const;
const pickKind = weighted([45, 32, 8, 5, 10]);
