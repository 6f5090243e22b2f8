import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '@skein/testing';
import { CHAIN_CHECKS, chainConformance, type ChainUnderTest, type NodeFault } from '../chain-conformance.fixture.ts';
import { solanaConnector, type SolanaOptions } from './connector.ts';
import { parseExactly } from './rpc.ts';
import { GENESIS, SvmNode } from './svm.fixture.ts';

const ATTEMPTS = 3;
const FIRST = 1_000;
const timing = { clock: { now: () => 0 }, sleep: async () => {}, random: () => 0.5 } as unknown as NonNullable<SolanaOptions['timing']>;

async function make(): Promise<ChainUnderTest & { readonly folder: string }> {
  const node = new SvmNode(FIRST);
  const url = await node.listen();
  const directory = temporaryDirectory('skein-solana-conformance-');
  const folder = path.join(directory.path, 'solana', `solana-${GENESIS.slice(0, 32)}`, 'blocks');
  const options = { url, directory: directory.path, allowHosts: ['127.0.0.1'], attempts: ATTEMPTS, chunk: 5, pace: { start: 500, most: 500 }, timing };
  let heard = 0;
  const lies: Record<NodeFault, (slot: number) => ReturnType<SvmNode['lie']>> = {
    gone: () => ({ status: 502 }),
    cut: () => ({ cut: true }),
    limited: () => ({ status: 429 }),
    'other-form': (slot) => ({ result: { ...(node.blocks.get(slot) as object), transactions: undefined } }),
    untrue: (slot) => ({ result: { ...(node.blocks.get(slot) as object), previousBlockhash: GENESIS } }),
  };
  return {
    folder,
    attempts: ATTEMPTS,
    bring: (signal) => solanaConnector(options).catchUp(BigInt(FIRST), signal),
    async grow(blocks) {
      for (let left = blocks; left > 0; left -= 1)
        if (left % 4 === 0) node.skip(-32007);
        else await node.block([]);
    },
    fail(fault, times, spared = 0) {
      let [before, left] = [spared, times];
      // what names no parent before it is the first of its range
      const fits = (slot: number): boolean => typeof node.blocks.get(slot) === 'object' && (fault !== 'untrue' || slot % 5 !== 0);
      node.lie = (method, first) => {
        if (method !== 'getBlock' || before-- > 0 || !fits(Number(first)) || left-- <= 0) return undefined;
        return lies[fault](Number(first));
      };
    },
    asked() {
      const fresh = node.asked.slice(heard);
      heard = node.asked.length;
      return fresh.flatMap((one) => /^getBlock\((\d+)\)$/.exec(one)?.[1] ?? []).map(Number);
    },
    truth: async () => [...node.blocks].map(([slot, block]) => `${slot} ${typeof block === 'number' ? block : String(block['blockhash'])}`),
    async held() {
      if (!existsSync(folder)) return [];
      const slots = new Map<number, string>();
      for (const file of readdirSync(folder)
        .filter((name) => name.endsWith('.ndjson'))
        .sort())
        for (const line of readFileSync(path.join(folder, file), 'utf8').trim().split('\n')) {
          const { slot, block, skipped } = parseExactly(line) as { slot: number; block: { blockhash: string } | null; skipped?: number };
          slots.set(slot, `${slot} ${block?.blockhash ?? skipped}`);
        }
      return [...slots.entries()].sort(([a], [b]) => a - b).map(([, text]) => text);
    },
    outside: () => solanaConnector({ ...options, allowHosts: [] }).catchUp(BigInt(FIRST)),
    async dispose() {
      await node[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

chainConformance('Solana', make);

// What the suite is for: each of these breaks one promise, and is found.
it.each<[string, string, (made: ChainUnderTest) => ChainUnderTest]>([
  [
    'swallows what it cannot take',
    'tries again within bounds when the node is untrue, and leaves what stands',
    (made) => ({ ...made, bring: (signal) => made.bring(signal).catch(() => undefined) }),
  ],
  ['does not hear that it should stop', 'stops when it is told to', (made) => ({ ...made, bring: () => made.bring() })],
  ['reaches everything', 'does not reach what it must not', (made) => ({ ...made, outside: () => made.bring() })],
  ['holds a block less', 'follows the chain', (made) => ({ ...made, held: async () => (await made.held()).slice(1) })],
])('the suite finds a connector that %s', async (_, check, broken) => {
  const made = await make();
  await expect(CHAIN_CHECKS[check]?.(broken(made))).rejects.toThrow(/expected/);
  await made.dispose();
});
