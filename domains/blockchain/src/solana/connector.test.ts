import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getTransferSolInstruction } from '@solana-program/system';
import { getTransferInstruction } from '@solana-program/token';
import { temporaryDirectory, workbench } from '@skein/testing';
import { blockchain } from '../blockchain.ts';
import { solanaConnector, type SolanaOptions } from './connector.ts';
import { GENESIS, SvmNode } from './svm.fixture.ts';
import { parseExactly, writeExactly } from './rpc.ts';

const CHAIN = `solana:${GENESIS.slice(0, 32)}`;
const BIG = 2n ** 63n + 1n;

let node: SvmNode;
let url: string;
let folder: ReturnType<typeof temporaryDirectory>;

beforeEach(async () => {
  node = new SvmNode(1000);
  url = await node.listen();
  folder = temporaryDirectory('skein-solana-');
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const timing = { clock: { now: () => 0 }, sleep: async () => {}, random: () => 0.5 } as unknown as NonNullable<SolanaOptions['timing']>;
const connector = (changes: Partial<SolanaOptions> = {}) =>
  solanaConnector({ url, directory: folder.path, allowHosts: ['127.0.0.1'], attempts: 3, pace: { start: 500, most: 500 }, timing, ...changes });

/** Four slots: lamports and tokens moved, one skipped, a transfer that fails, another one skipped by its other code. */
async function chain() {
  const alice = await node.signer(10_000_000_000n);
  const bob = await node.signer(2_000_000_000n);
  const { mint, accounts } = await node.mint(alice, [alice.address, bob.address], [BIG, 0n]);
  const [from, to] = accounts;
  if (!from || !to) throw new Error('no accounts');
  const lamports = (amount: bigint) => ({ payer: alice, instructions: [getTransferSolInstruction({ source: alice, destination: bob.address, amount })] });
  await node.block([
    lamports(1_000_000n),
    { payer: alice, instructions: [getTransferInstruction({ source: from, destination: to, authority: alice, amount: 2n ** 53n + 1n })] },
  ]);
  node.skip(-32007);
  await node.block([lamports(500_000_000_000n)]);
  node.skip(-32009);
  await node.block([lamports(7n)]);
  return { alice, bob, mint };
}

describe('the Solana connector', () => {
  it('takes real transfers into the products: lamports, SPL tokens beyond 2^53, fees also of what failed, and skipped slots', async () => {
    const { alice, bob, mint } = await chain();
    await using bench = await workbench(blockchain);
    const sources = path.join(bench.directory, 'sources');
    const taken = await connector({ directory: sources, chunk: 3 }).backfill(1000n, 1004n);
    expect(taken).toMatchObject({ chain: CHAIN, slots: 5, skipped: 2 });
    expect(taken.files).toEqual(['blocks/000000001000-000000001001.ndjson', 'blocks/000000001002-000000001004.ndjson']);
    const report = await bench.run();
    expect(report.products.slice(0, 1)).toMatchObject([{ outcome: 'published', rows: 3 }]);
    expect(report.products.find(({ product }) => product === 'blockchain.transfers')).toMatchObject({ outcome: 'published', refused: 0 });
    const rows = await bench.rows(
      'blockchain.transfers',
      'SELECT block_number AS slot, kind, token, from_address, to_address, amount_raw, amount, is_fee, finality FROM t ORDER BY block_number, tx_id <> (SELECT min(tx_id) FROM t WHERE kind = $$native$$ AND amount_raw = $$1000000$$), ordinal',
    );
    const native = (slot: bigint, amount: string, to: string | null, fee: boolean, finality: string, text: string) => ({
      slot,
      kind: 'native',
      token: `${CHAIN}/slip44:501`,
      from_address: alice.address,
      to_address: to,
      amount_raw: amount,
      amount: text,
      is_fee: fee,
      finality,
    });
    expect(rows).toEqual([
      native(1000n, '1000000', bob.address, false, 'finalized', '0.001000000000000000'),
      native(1000n, '5000', null, true, 'finalized', '0.000005000000000000'),
      {
        slot: 1000n,
        kind: 'spl',
        token: `${CHAIN}/token:${mint}`,
        from_address: alice.address,
        to_address: bob.address,
        amount_raw: '9007199254740993',
        amount: '9007199254.740993000000000000',
        is_fee: false,
        finality: 'finalized',
      },
      native(1000n, '5000', null, true, 'finalized', '0.000005000000000000'),
      native(1002n, '5000', null, true, 'finalized', '0.000005000000000000'),
      native(1004n, '7', bob.address, false, 'confirmed', '0.000000007000000000'),
      native(1004n, '5000', null, true, 'confirmed', '0.000005000000000000'),
    ]);
    expect((await bench.rows('blockchain.blocks', 'SELECT number, declared_skipped AS skipped FROM t ORDER BY 1')).slice(1)).toEqual([
      { number: 1002n, skipped: 1n },
      { number: 1004n, skipped: 1n },
    ]);
  });

  it('goes on after the last final slot, and takes again what was not final', async () => {
    await chain();
    const first = await connector().catchUp(1000n);
    expect(first.files).toEqual(['blocks/000000001000-000000001004.ndjson']);
    await node.block([]);
    // At that time 1002 was final.
    expect((await connector().catchUp(0n)).files).toEqual(['blocks/000000001003-000000001005.ndjson']);
    await expect(connector({ chain: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1' }).catchUp(0n)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNTRUE' });
  });

  it('tries again what may pass, within bounds, and names what does not', async () => {
    await chain();
    node.lie = (method, first, asked) => (method === 'getBlock' && Number(first) === 1002 && asked < 3 ? { status: asked === 1 ? 429 : 500 } : undefined);
    const heard: string[] = [];
    expect(await connector({ onTrouble: ({ at }) => heard.push(at) }).backfill(1000n, 1004n)).toMatchObject({ slots: 5 });
    expect(heard).toEqual(['getBlock(1002)', 'getBlock(1002)']);
    node.lie = (method, first) => (method === 'getBlock' && Number(first) === 1002 ? { status: 503 } : undefined);
    await expect(connector().backfill(1000n, 1004n)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE', context: { at: 'getBlock(1002)', attempt: 3 } });
    node.lie = (method) => (method === 'getBlock' ? { status: 403 } : undefined);
    const before = node.asked.length;
    await expect(connector().backfill(1000n, 1004n)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ANSWER' });
    expect(node.asked.slice(before).filter((one) => one.startsWith('getBlock(')).length).toBe(1);
  });

  it('refuses a transaction version that it was not told to read, and says what to do', async () => {
    await chain();
    node.lie = (method, first) =>
      method === 'getBlock' && Number(first) === 1002
        ? { error: { code: -32015, message: 'Transaction version (1) is not supported by the requesting client.' } }
        : undefined;
    await expect(connector().backfill(1000n, 1004n)).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_ANSWER',
      hint: 'Raise maxTransactionVersion.',
      context: { slot: '1002' },
    });
  });

  it.each([
    [
      'leaves a block out',
      (method: string, first: unknown) => (method === 'getBlock' && Number(first) === 1002 ? { error: { code: -32007, message: 'skipped' } } : undefined),
    ],
    ['lists a skipped slot', (method: string) => (method === 'getBlocks' ? { result: [1000, 1001, 1002, 1004] } : undefined)],
    ['does not list a block', (method: string) => (method === 'getBlocks' ? { result: [1000, 1004] } : undefined)],
    [
      'answers with a block of another fork',
      (method: string, first: unknown) =>
        method === 'getBlock' && Number(first) === 1004 ? { result: { ...(node.blocks.get(1004) as object), previousBlockhash: GENESIS } } : undefined,
    ],
  ])('catches a node that %s, and writes nothing', async (_what, lie) => {
    await chain();
    node.lie = lie;
    await expect(connector().backfill(1000n, 1004n)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNTRUE' });
    const at = path.join(folder.path, 'solana', CHAIN.replace(':', '-'), 'blocks');
    mkdirSync(at, { recursive: true });
    expect(readdirSync(at)).toEqual([]);
  });

  type Answer = ReturnType<NonNullable<SvmNode['lie']>>;
  it.each<[string, string, RegExp, (method: string, first: unknown) => Answer]>([
    ['goes away', 'SKEIN_SOURCE_UNAVAILABLE', /getBlock\(1002\)/, () => ({ status: 502 })],
    ['limits the rate', 'SKEIN_SOURCE_UNAVAILABLE', /getBlock\(1002\)/, () => ({ status: 429 })],
    ['is behind', 'SKEIN_SOURCE_UNAVAILABLE', /getBlock\(1002\)/, () => ({ error: { code: -32004, message: 'Block not available for slot 1002' } })],
    ['leaves a block out', 'SKEIN_SOURCE_UNTRUE', /slot 1002/, () => ({ error: { code: -32007, message: 'skipped' } })],
    [
      'sends a block of another chain',
      'SKEIN_SOURCE_UNTRUE',
      /slot 1002/,
      () => ({ result: { ...(node.blocks.get(1002) as object), previousBlockhash: GENESIS } }),
    ],
    ['repeats the block before', 'SKEIN_SOURCE_UNTRUE', /slot 1002/, () => ({ result: node.blocks.get(1000) })],
    ['truncates a block', 'SKEIN_SOURCE_ANSWER', /slot 1002/, () => ({ result: { ...(node.blocks.get(1002) as object), transactions: undefined } })],
    ['changes a type', 'SKEIN_SOURCE_ANSWER', /slot 1002/, () => ({ result: { ...(node.blocks.get(1002) as object), parentSlot: '1000' } })],
  ])('a node that %s for a while is reported with code and place, and costs nothing; for good it is given up within bounds', async (_what, code, at, lie) => {
    await chain();
    const file = path.join(folder.path, 'solana', CHAIN.replace(':', '-'), 'blocks/000000001000-000000001004.ndjson');
    let left = 2;
    const heard: { code: string; at: string }[] = [];
    const lying = (method: string, first: unknown): Answer => (method === 'getBlock' && Number(first) === 1002 && left-- > 0 ? lie(method, first) : undefined);
    node.lie = lying;
    const own = () => connector({ onTrouble: (trouble) => heard.push(trouble) });
    await own().backfill(1000n, 1004n);
    expect(heard.map((one) => one.code)).toEqual([code, code]);
    for (const one of heard) expect(one.at).toMatch(at);
    const truth = readFileSync(file, 'utf8');
    rmSync(file);
    left = Number.POSITIVE_INFINITY;
    await expect(own().backfill(1000n, 1004n)).rejects.toMatchObject({ code });
    expect(heard.length).toBe(5);
    expect(existsSync(file)).toBe(false);
    // It comes to its senses: nothing is lost, nothing twice.
    node.lie = () => undefined;
    await own().backfill(1000n, 1004n);
    expect(readFileSync(file, 'utf8')).toBe(truth);
  });

  it('follows a chain until it is told to stop', async () => {
    await chain();
    const stop = new AbortController();
    const files: string[] = [];
    let steps = 0;
    const heard: string[] = [];
    await connector({ onTrouble: ({ code }) => heard.push(code) }).follow({
      signal: stop.signal,
      from: 1000n,
      everyMs: 1,
      onStep(progress) {
        files.push(...progress.files);
        if (++steps === 3) stop.abort();
        // Fails in the middle, is tried at the next step again.
        let left = 3;
        node.lie = (method) => (steps === 1 && method === 'getSlot' && left-- > 0 ? { status: 503 } : undefined);
      },
    });
    expect([steps, files[0]]).toEqual([3, 'blocks/000000001000-000000001004.ndjson']);
    expect(heard).toEqual(Array.from({ length: 3 }, () => 'SKEIN_SOURCE_UNAVAILABLE'));
  });

  /** Slots of all files, as often as they stand there, with the hashes of their blocks; and the names of the files. */
  const held = () => {
    const at = path.join(folder.path, 'solana', CHAIN.replace(':', '-'), 'blocks');
    const names = readdirSync(at).sort();
    const lines = names.flatMap((name) => readFileSync(path.join(at, name), 'utf8').trim().split('\n'));
    const slots = lines.map((line) => parseExactly(line) as { slot: number; block: { blockhash: string } | null; skipped?: number });
    return { at, names, slots: slots.map(({ slot, block, skipped }) => `${slot} ${block?.blockhash ?? skipped}`) };
  };
  const truth = () => [...node.blocks].map(([slot, block]) => `${slot} ${typeof block === 'number' ? block : String(block['blockhash'])}`);

  it('follows a chain for long with each slot asked for once, and one file for each range of slots that are final', async () => {
    const own = connector({ chunk: 5 });
    let most = 0;
    for (let step = 0; step < 30; step++) {
      await node.block([]);
      if (step % 4 === 3) node.skip(-32007);
      await own.catchUp(1000n);
      most = Math.max(most, held().names.length - Math.floor(node.blocks.size / 5));
      expect(held().slots).toEqual(truth());
      // Idle: nothing is taken, nothing is written.
      if (step > 2) expect((await own.catchUp(1000n)).files).toEqual([]);
    }
    expect(most).toBeLessThanOrEqual(5 + 2);
    const asked = node.asked.filter((one) => one.startsWith('getBlock('));
    // The first steps had nothing final to go on from.
    expect(asked.length - new Set(asked).size).toBeLessThanOrEqual(3);
    expect(held().names).toContain('000000001005-000000001009.ndjson');
  });

  it('takes again what was not final where the next block follows another, and ends as a fresh one', async () => {
    const own = connector({ chunk: 5 });
    for (let step = 0; step < 9; step++) {
      await node.block([]);
      await own.catchUp(1000n);
    }
    const before = held().slots;
    // Slots 1007 and 1008 were of a fork that lost.
    Object.assign(node.blocks.get(1007) as object, { blockhash: GENESIS });
    node.blocks.set(1008, -32007);
    await node.block([]);
    await own.catchUp(1000n);
    expect(held().slots).toEqual(truth());
    expect(held().slots).not.toEqual(expect.arrayContaining(before.slice(-2)));
    for (let step = 0; step < 6; step++) {
      await node.block([]);
      await own.catchUp(1000n);
    }
    const after = held();
    expect(after.slots).toEqual(truth());
    // Killed while it joined: the parts of a file that is whole are left, and go.
    const whole = readFileSync(path.join(after.at, '000000001005-000000001009.ndjson'), 'utf8').split('\n');
    writeFileSync(path.join(after.at, '000000001005-000000001007.ndjson'), `${whole.slice(0, 3).join('\n')}\n`);
    await node.block([]);
    await own.catchUp(1000n);
    expect(held().slots).toEqual(truth());
    // A part in the middle is missing: what is there is left alone.
    rmSync(path.join(after.at, '000000001005-000000001009.ndjson'));
    for (const [from, to] of [
      [0, 2],
      [3, 5],
    ] as const)
      writeFileSync(path.join(after.at, `00000000100${5 + from}-00000000100${4 + to}.ndjson`), `${whole.slice(from, to).join('\n')}\n`);
    const gap = held().names;
    await own.catchUp(1000n);
    expect(held().names).toEqual(gap);
  });

  it('reaches no loopback address that it was not allowed', async () => {
    await chain();
    await expect(connector({ allowHosts: [] }).backfill(1000n, 1004n)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
    expect(node.asked).toEqual([]);
  });

  it('keeps u64 beyond 2^53 from the node to the file', async () => {
    await node.block([]);
    Object.assign(node.blocks.get(1000) as object, {
      transactions: [{ meta: { fee: 5000, preBalances: [2n ** 64n - 1n], postBalances: [9_007_199_254_740_993n] }, transaction: {} }],
    });
    await connector().backfill(1000n, 1000n);
    const text = readFileSync(path.join(folder.path, 'solana', CHAIN.replace(':', '-'), 'blocks/000000001000-000000001000.ndjson'), 'utf8');
    expect(text).toContain('"preBalances":[18446744073709551615],"postBalances":[9007199254740993]');
    expect(parseExactly('{"a":9007199254740993,"b":1.5,"c":"9007199254740993","d":7}')).toEqual({
      a: 9_007_199_254_740_993n,
      b: 1.5,
      c: '9007199254740993',
      d: 7,
    });
    expect(writeExactly({ a: 2n ** 64n - 1n })).toBe('{"a":18446744073709551615}');
  });
});
