// Uniswap v2 as its authors compiled it, with the token that they test with.
import erc20 from '@uniswap/v2-core/build/ERC20.json' with { type: 'json' };
import factoryBuild from '@uniswap/v2-core/build/UniswapV2Factory.json' with { type: 'json' };
import pairBuild from '@uniswap/v2-core/build/UniswapV2Pair.json' with { type: 'json' };
import { encodeDeployData, encodeFunctionData, type Abi, type Hex } from 'viem';
import type { AnvilForTests } from './anvil.ts';

const artefact = ({ abi, bytecode }: { readonly abi: unknown; readonly bytecode: string }): { abi: Abi; bytecode: Hex } => ({
  abi: abi as Abi,
  bytecode: `0x${bytecode.replace(/^0x/, '')}`,
});

/** A pair with liquidity on a node of a test's own. */
export interface SwapChain {
  /** Token 0 and token 1 of the pair; addresses in lower case. */
  readonly tokens: readonly [Hex, Hex];
  readonly pair: Hex;
  readonly accounts: readonly Hex[];
  /** Sends `count` swaps, two transactions and four logs each, without mining them. `seed` makes the amounts. */
  swaps(count: number, seed?: number): Promise<void>;
  /** Mines `count` blocks; the first takes what was sent. */
  mine(count?: number): Promise<void>;
  /** Sends `count` swaps and mines them, `each` to a block. */
  swapBlocks(count: number, each: number): Promise<void>;
  /** Sends one transfer of token 0, without mining it; returns the hash of the transaction. */
  transfer(to: Hex, amount: bigint): Promise<Hex>;
}

/** Of a call to a token or the pair, and of a deployment. */
const GAS = '0x61a80';
const DEPLOYMENT_GAS = '0x989680';
const SUPPLY = 2n ** 250n;
const LIQUIDITY = 10n ** 24n;

/** Deploys tokens, factory and pair, and puts 10^24 of each token into it. */
export async function swapChain(anvil: AnvilForTests): Promise<SwapChain> {
  const accounts = await anvil.rpc<Hex[]>('eth_accounts');
  const [own] = accounts as [Hex];
  const [token, factory, pool] = [artefact(erc20), artefact(factoryBuild), artefact(pairBuild)];
  const send = (to: Hex | undefined, data: Hex, gas = DEPLOYMENT_GAS): Promise<Hex> =>
    anvil.rpc('eth_sendTransaction', { from: own, ...(to ? { to } : {}), data, gas });
  const mine = async (count = 1): Promise<void> => void (await anvil.rpc('anvil_mine', `0x${count.toString(16)}`, '0xc'));
  const done = async (hash: Hex): Promise<Hex> => {
    await mine();
    const receipt = await anvil.rpc<{ status: Hex; contractAddress: Hex | null } | null>('eth_getTransactionReceipt', hash);
    if (receipt?.status !== '0x1') throw new Error(`transaction ${hash} failed: ${JSON.stringify(receipt)}`);
    return receipt.contractAddress ?? '0x';
  };
  const deploy = async ({ abi, bytecode }: { abi: Abi; bytecode: Hex }, ...args: unknown[]): Promise<Hex> =>
    done(await send(undefined, encodeDeployData({ abi, bytecode, args })));
  const call = (to: Hex, { abi }: { abi: Abi }, functionName: string, ...args: unknown[]): Promise<Hex> =>
    send(to, encodeFunctionData({ abi, functionName, args }));

  const made = [await deploy(token, SUPPLY), await deploy(token, SUPPLY)].sort() as [Hex, Hex];
  const maker = await deploy(factory, own);
  await done(await call(maker, factory, 'createPair', ...made));
  const found = await anvil.rpc<Hex>('eth_call', { to: maker, data: encodeFunctionData({ abi: factory.abi, functionName: 'getPair', args: made }) }, 'latest');
  const pair: Hex = `0x${found.slice(26)}`;
  for (const one of made) await done(await call(one, token, 'transfer', pair, LIQUIDITY));
  await done(await call(pair, pool, 'mint', own));

  const swapCall = (to: Hex, { abi }: { abi: Abi }, functionName: string, ...args: unknown[]): Promise<Hex> =>
    send(to, encodeFunctionData({ abi, functionName, args }), GAS);
  const swaps = async (count: number, seed = 1): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const side = (index + seed) % 2;
      // In beyond 2^53, out a tenth of it: the product of the reserves grows.
      const amount = 10n ** 16n + BigInt(index * 7_919 + seed) * 1_000_003n;
      await swapCall(made[side] as Hex, token, 'transfer', pair, amount);
      await swapCall(pair, pool, 'swap', side === 0 ? 0n : amount / 10n, side === 0 ? amount / 10n : 0n, accounts[1], '0x');
    }
  };
  return {
    tokens: made,
    pair,
    accounts,
    swaps,
    mine,
    async swapBlocks(count, each) {
      for (let sent = 0; sent < count; sent += each) {
        await swaps(Math.min(each, count - sent), sent + 1);
        await mine();
      }
    },
    transfer: (to, amount) => swapCall(made[0], token, 'transfer', to, amount),
  };
}
