import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemTiming } from '@skein/adapter-connectors';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { anvilForTests, soaking, swapChain, temporaryDirectory, type AnvilForTests, type SwapChain } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ethereumConnector, type EthereumConnector, type EthereumOptions } from './connector.ts';
import type { Trouble } from './rpc.ts';
import { ANSWERED, refuse, untrueProxy, type Tamper } from './untrue-proxy.fixture.ts';

const anvil = await anvilForTests(['--slots-in-an-epoch', '4']);
// Of few blocks, for what is asked again and again.
const other = await anvilForTests(['--slots-in-an-epoch', '4']);
const why = typeof anvil === 'string' ? anvil : 'anvil';

describe.skipIf(typeof anvil === 'string')(`ethereumConnector (${why})`, () => {
  const node = anvil as AnvilForTests;
  const small = other as AnvilForTests;
  const engine = duckdbEngine({});
  let session: EngineSession;
  let chain: SwapChain;
  const folder = temporaryDirectory('skein-ethereum-');
  let folders = 0;
  const open = new Map<string, EthereumConnector>();
  /** Another one on the same folder takes over from the one before. */
  const connect = async (options: Partial<EthereumOptions> = {}): Promise<EthereumConnector> => {
    const directory = path.resolve(options.directory ?? folder.file(`source-${folders++}`));
    open.get(directory)?.[Symbol.dispose]();
    const connector = await ethereumConnector({
      url: node.url,
      allowHosts: ['127.0.0.1'],
      session,
      chunk: 20,
      tail: 5,
      hashes: true,
      pace: { start: 500 },
      timing: { clock: { now: () => 1_700_000_000_000 }, sleep: () => Promise.resolve(), random: () => 0 },
      ...options,
      directory,
    });
    open.set(directory, connector);
    return connector;
  };
  const rows = (connector: EthereumConnector, kind: string, query = '*') =>
    session.rows(`SELECT ${query} FROM (SELECT DISTINCT * FROM read_parquet(${literal(path.join(connector.folder, kind, '*.parquet'))})) ORDER BY ALL`);

  beforeAll(async () => {
    session = await engine.open();
    chain = await swapChain(node);
    await chain.swapBlocks(100, 5);
  });
  afterAll(async () => {
    for (const connector of open.values()) connector[Symbol.dispose]();
    await session.close();
    await engine.close();
    await node.kill();
    await small.kill();
    folder[Symbol.dispose]();
  });

  it('backfills what is final and steps to the head, as the node has it', async () => {
    const connector = await connect();
    const filled = await connector.backfill();
    const stepped = await connector.step();
    const head = Number(await node.rpc<string>('eth_blockNumber'));
    expect([filled.through, stepped.through]).toEqual([BigInt(head - 8), BigInt(head)]);
    expect(await rows(connector, 'blocks', 'count(*)::INT AS n, min(number)::INT AS low, max(number)::INT AS high')).toEqual([
      { n: head + 1, low: 0, high: head },
    ]);
    const [counted] = await rows(
      connector,
      'logs',
      "count(*)::INT AS logs, (count(*) FILTER (WHERE event = 'v2_swap'))::INT AS swaps, (count(*) FILTER (WHERE fault IS NOT NULL))::INT AS faults",
    );
    const all = await node.rpc<unknown[]>('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' });
    expect(counted).toEqual({ logs: all.length, swaps: 100, faults: 0 });
    expect(await connector.tokens()).toBe(3);
    expect(readFileSync(path.join(connector.folder, 'tokens.ndjson'), 'utf8')).toContain(`"address":"${chain.tokens[0]}","symbol":"UNI-V2","decimals":18`);
  });

  /** All that the files of a folder hold, with the names of the files. */
  const content = async (connector: EthereumConnector) => {
    const kinds = ['blocks', 'transactions', 'logs'];
    const held = await Promise.all(kinds.map(async (kind) => [kind, readdirSync(path.join(connector.folder, kind)).sort()]));
    const all: unknown[] = [held];
    for (const kind of kinds)
      all.push(await session.rows(`SELECT * FROM read_parquet(${literal(path.join(connector.folder, kind, '*.parquet'))}) ORDER BY ALL`));
    return all;
  };
  const fresh = async () => {
    const connector = await connect();
    await connector.backfill();
    await connector.step();
    return content(connector);
  };
  const records = (connector: EthereumConnector, file: string) =>
    readFileSync(path.join(connector.folder, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('trap: a reorganisation of depth 3 between two steps ends equal to a fresh ingest', async () => {
    const connector = await connect();
    await connector.step();
    const before = await content(connector);
    const head = Number(await node.rpc<string>('eth_blockNumber'));
    const orphan = await node.rpc<{ hash: string }>('eth_getBlockByNumber', '0x' + head.toString(16), false);
    await node.rpc('anvil_reorg', 3, []);
    await chain.swapBlocks(6, 3);
    const { reorg } = await connector.step();
    expect(reorg).toMatchObject({ depth: 3, ancestor: BigInt(head - 3), fromHash: orphan.hash });
    const after = await content(connector);
    expect(after).not.toEqual(before);
    expect(after).toEqual(await fresh());
    expect(JSON.stringify(after, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(orphan.hash);
    expect(records(connector, 'reorgs.ndjson')).toMatchObject([{ depth: 3, from_hash: orphan.hash, ancestor: head - 3 }]);
  });

  it('trap: a reorganisation in the middle of a step, between headers and logs, ends equal to a fresh ingest', async () => {
    await using proxy = await untrueProxy(node.url);
    const connector = await connect({ url: proxy.url });
    await connector.step();
    await chain.swapBlocks(8, 2);
    let [done, seen] = [false, 0];
    proxy.tamper = async ({ method }, result) => {
      if (method !== 'eth_getLogs' || done) return result;
      seen++;
      done = true;
      await node.rpc('anvil_reorg', 3, []);
      await chain.swaps(2, 77);
      await chain.mine();
      return node.rpc('eth_getLogs', ...(proxy.calls.at(-1)?.params ?? []));
    };
    await connector.step();
    await connector.step();
    expect(seen).toBe(1);
    expect(await content(connector)).toEqual(await fresh());
  });

  it('trap: the same transaction comes again in another block with other log indexes', async () => {
    const connector = await connect();
    await connector.step();
    const head = Number(await node.rpc<string>('eth_blockNumber'));
    const hash = await chain.transfer(chain.accounts[2] ?? '0x', 12_345n);
    await chain.mine();
    await connector.step();
    const where = (at: EthereumConnector) => rows(at, 'logs', 'block_number::INT AS block, log_index AS log').then((all) => all.at(-1));
    expect(await where(connector)).toEqual({ block: head + 1, log: 0 });
    const { input } = await node.rpc<{ input: string }>('eth_getTransactionByHash', hash);
    await node.rpc('anvil_reorg', 1, []);
    // One block later, and behind another transfer.
    await chain.transfer(chain.accounts[3] ?? '0x', 1n);
    await node.rpc('eth_sendTransaction', { from: chain.accounts[0], to: chain.tokens[0], data: input, gas: '0x61a80' });
    await chain.mine();
    await connector.step();
    expect(await where(connector)).toEqual({ block: head + 2, log: 1 });
    expect(await content(connector)).toEqual(await fresh());
  });

  it('trap: a chain that became shorter leaves no rows above its head', async () => {
    const connector = await connect();
    await connector.step();
    const snapshot = await node.rpc<string>('evm_snapshot');
    await chain.swapBlocks(7, 1);
    await connector.step();
    await node.rpc('evm_revert', snapshot);
    const head = Number(await node.rpc<string>('eth_blockNumber'));
    const { through, reorg } = await connector.step();
    expect([through, reorg?.depth]).toEqual([BigInt(head), 7]);
    expect(await rows(connector, 'blocks', 'max(number)::INT AS high, count(*)::INT AS n')).toEqual([{ high: head, n: head + 1 }]);
    expect(await rows(connector, 'logs', 'max(block_number)::INT <= ' + String(head) + ' AS within')).toEqual([{ within: true }]);
  });

  it('trap: a reorganisation deeper than what was final stops, and says what to do', async () => {
    const snapshot = await node.rpc<string>('evm_snapshot');
    await chain.mine(20);
    const connector = await connect();
    await connector.step();
    const before = await content(connector);
    await node.rpc('evm_revert', snapshot);
    await chain.swapBlocks(21, 1);
    const failure = connector.step();
    await expect(failure).rejects.toMatchObject({ code: 'SKEIN_SOURCE_REWRITTEN', hint: expect.stringContaining('remove the files') });
    expect(await content(connector)).toEqual(before);
    // Another start sees it too.
    await expect(connect({ directory: path.join(connector.folder, '../..') }).then((again) => again.step())).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_REWRITTEN',
    });
  });

  it('trap: a node that is behind has taken nothing back, and one that serves another chain is named', async () => {
    await using proxy = await untrueProxy(node.url);
    const connector = await connect({ url: proxy.url });
    await connector.step();
    const before = await content(connector);
    const head = Number(await node.rpc<string>('eth_blockNumber'));
    const at = (block: number) => node.rpc('eth_getBlockByNumber', `0x${block.toString(16)}`, false);
    let lag = 2;
    let left = 2;
    proxy.tamper = ({ method, params }, result) => (method === 'eth_getBlockByNumber' && params[0] === 'latest' && left-- > 0 ? at(head - lag) : result);
    expect(await connector.step()).toMatchObject({ reorg: undefined, through: BigInt(head) });
    expect(left).toBeLessThan(0);
    // Behind what was final, for good: it may catch up.
    [lag, left] = [12, Number.POSITIVE_INFINITY];
    await expect(connector.step()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE', message: expect.stringContaining('it is behind') });
    proxy.tamper = ({ method, params }, result) => {
      if (method === 'eth_chainId') return '0x1';
      return method === 'eth_getBlockByNumber' && params[0] !== 'latest' ? { ...(result as object), hash: `0x${'6'.repeat(64)}` } : result;
    };
    await expect(connector.step()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNTRUE', context: { at: 'eth_chainId' } });
    proxy.tamper = undefined;
    expect((await connector.step()).reorg).toBeUndefined();
    expect(await content(connector)).toEqual(before);
    expect(existsSync(path.join(connector.folder, 'reorgs.ndjson'))).toBe(false);
  });

  it('goes on where the files end, also when a crash left half of a range, or a small file beside a large one', async () => {
    const connector = await connect();
    await connector.backfill();
    await connector.step();
    const truth = await content(connector);
    const again = () => connect({ directory: path.join(connector.folder, '../..') });
    const names = readdirSync(path.join(connector.folder, 'blocks')).sort();
    // The last range without its blocks, as when the process dies between two files; and what it left of a file being written.
    rmSync(path.join(connector.folder, 'blocks', names.at(-1) ?? ''));
    writeFileSync(path.join(connector.folder, 'blocks', '.half.parquet.tmp'), 'PAR1');
    await (await again()).step();
    expect((await content(connector)).slice(1)).toEqual(truth.slice(1));
    // A range in the middle is gone: what comes after is taken anew, so that nothing is missing.
    rmSync(path.join(connector.folder, 'blocks', names[1] ?? ''));
    await (await again()).backfill();
    await (await again()).step();
    expect((await content(connector)).slice(1)).toEqual(truth.slice(1));
    const requests: string[] = [];
    await using proxy = await untrueProxy(node.url);
    proxy.tamper = ({ method }, result) => (requests.push(method), result);
    await (await connect({ url: proxy.url, directory: path.join(connector.folder, '../..') })).step();
    // Nothing new: the head, its two tags, and whether the last block still stands.
    expect(requests.filter((method) => method !== 'eth_getBlockByNumber')).toEqual(['eth_chainId']);
  });

  it('refuses to mix another part, another filter or another chain into a folder', async () => {
    const connector = await connect();
    const directory = path.join(connector.folder, '../..');
    await expect(connect({ directory, from: 40n })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID', context: { name: 'first' } });
    await expect(connect({ directory, addresses: [chain.pair] })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID', context: { name: 'addresses' } });
    await expect(connect({ chainId: 1 })).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_ANSWER',
      message: expect.stringContaining('eth_chainId is 31337, not 1'),
    });
    await using proxy = await untrueProxy(node.url);
    proxy.tamper = ({ method, params }, result) =>
      method === 'eth_getBlockByNumber' && params[0] === '0x0' ? { ...(result as object), hash: `0x${'1'.repeat(64)}` } : result;
    await expect(connect({ directory, url: proxy.url })).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNTRUE', context: { name: 'genesis' } });
  });

  it('trap: two connectors on one folder: the second is refused, until the first is done', async () => {
    const connector = await connect();
    const directory = path.join(connector.folder, '../..');
    const options = { url: node.url, allowHosts: ['127.0.0.1'], directory, session, chunk: 20, tail: 5, pace: { start: 500 } };
    await expect(ethereumConnector(options)).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID', message: expect.stringContaining('another connector') });
    connector[Symbol.dispose]();
    using after = await ethereumConnector(options);
    expect(after.folder).toBe(connector.folder);
  });

  it('trap: a backfilling process that is killed (-9) loses nothing, and takes nothing twice', async () => {
    const directory = folder.file(`source-${folders++}`);
    const script = fileURLToPath(new URL('backfill-child.fixture.ts', import.meta.url));
    for (const stop of [1, 2]) {
      const child = spawn(process.execPath, ['--conditions=@skein/source', script, node.url, directory, String(stop)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    }
    // Its lock went with it.
    const connector = await connect({ directory });
    const before = readdirSync(path.join(connector.folder, 'blocks')).length;
    expect(before).toBe(3);
    await connector.backfill();
    await connector.step();
    expect(await content(connector)).toEqual(await fresh());
  });

  it('takes heads as the node announces them, and asks for them when the socket breaks', async () => {
    const troubles: Trouble[] = [];
    const connector = await connect({ heads: node.url.replace('http', 'ws'), timing: systemTiming, onTrouble: (trouble) => troubles.push(trouble) });
    const stop = new AbortController();
    let seen = -1n;
    const following = connector.follow({ signal: stop.signal, everyMs: 600_000, onStep: ({ through }) => void (seen = through ?? seen) });
    const until = async (number: bigint) => {
      for (let left = 600; seen < number; left--) {
        if (left === 0) throw new Error(`block ${number} did not come: ${JSON.stringify(troubles)}`);
        await sleep(50);
      }
    };
    const head = BigInt(await node.rpc<string>('eth_blockNumber'));
    await until(head);
    // The first head may come before the node has confirmed the subscription: mined again until one is heard.
    let mined = head;
    while (seen === head) {
      await chain.mine();
      mined++;
      await sleep(100);
    }
    await until(mined);
    stop.abort();
    await following;
    expect(troubles).toEqual([]);
    // Nothing listens there: it says so, and goes on by asking.
    const again = await connect({ heads: 'ws://127.0.0.1:9', timing: systemTiming, onTrouble: (trouble) => troubles.push(trouble) });
    const end = new AbortController();
    let steps = 0;
    await again.follow({ signal: end.signal, everyMs: 20, onStep: () => void (++steps === 3 && end.abort()) });
    expect(troubles[0]).toMatchObject({ at: 'newHeads', message: expect.stringContaining('heads are asked for meanwhile') });
    // A socket is held to the same addresses as the rest.
    const inner = await connect({ heads: 'ws://10.0.0.1:8546' });
    await expect(inner.follow({ signal: new AbortController().signal })).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
  });

  type Raw = Record<string, unknown>;
  const logsOf = (result: unknown) => result as Raw[];
  const full = (result: unknown) => logsOf(result).length > 3;
  /** By name: what the proxy does while `left` is above zero, and how the connector must have named it. */
  const lies: Record<string, { method?: string; code: Trouble['code']; at: RegExp; when?: (result: unknown) => boolean; tamper: Tamper }> = {
    'withholds all logs of a range': { code: 'SKEIN_SOURCE_UNTRUE', at: /^block \d+: logsBloom$/, when: full, tamper: () => [] },
    // Where other logs of the block set the same bits, its receipts tell.
    'drops the last log': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: (logsBloom|log \d+)$/,
      when: full,
      tamper: (_, result) => logsOf(result).slice(0, -1),
    },
    'drops a log in the middle': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: (logsBloom|log \d+)$/,
      when: full,
      tamper: (_, result) => logsOf(result).toSpliced(-3, 1),
    },
    'repeats a log': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: log \d+$/,
      when: full,
      tamper: (_, result) => [...logsOf(result), logsOf(result)[1] as Raw],
    },
    'makes a transfer up': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: logsBloom$/,
      when: full,
      tamper: (_, result) => [...logsOf(result).slice(0, -1), { ...logsOf(result).at(-1), address: `0x${'77'.repeat(20)}` }],
    },
    'changes an amount': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: log 0$/,
      when: full,
      tamper: (_, result) => [{ ...logsOf(result)[0], data: `0x${'9'.repeat(64)}` }, ...logsOf(result).slice(1)],
    },
    'sends logs of another chain': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: log \d+$/,
      when: full,
      tamper: (_, result) => logsOf(result).map((log) => ({ ...log, blockHash: `0x${'5'.repeat(64)}` })),
    },
    'sends logs of other blocks': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^logs \d+-\d+\[0\]$/,
      when: full,
      tamper: (_, result) => logsOf(result).map((log) => ({ ...log, blockNumber: '0xffffff' })),
    },
    'sends a removed log': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^logs \d+-\d+\[0\]$/,
      when: full,
      tamper: (_, result) => logsOf(result).map((log) => ({ ...log, removed: true })),
    },
    'changes a type: a number that is no hex': {
      code: 'SKEIN_SOURCE_ANSWER',
      at: /^logs \d+-\d+\[0\]\.blockNumber$/,
      when: full,
      tamper: (_, result) => logsOf(result).map((log) => ({ ...log, blockNumber: Number(log['blockNumber']) })),
    },
    'changes a type: data that is no hex': {
      code: 'SKEIN_SOURCE_ANSWER',
      at: /\[0\]\.data$/,
      when: full,
      tamper: (_, result) => logsOf(result).map((log) => ({ ...log, data: '0x123' })),
    },
    'changes a type: no list': { code: 'SKEIN_SOURCE_ANSWER', at: /^logs \d+-\d+$/, tamper: () => ({}) },
    'sends another block': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block 7$/,
      when: (result) => (result as Raw)['number'] === '0x7',
      tamper: () => small.rpc('eth_getBlockByNumber', '0x6', true),
    },
    'sends a block of another branch': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block 7: (hash|parentHash)$/,
      when: (result) => (result as Raw)['number'] === '0x7',
      tamper: (_, result) => ({ ...(result as object), parentHash: `0x${'3'.repeat(64)}` }),
    },
    'changes a header': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block 7: hash$/,
      when: (result) => (result as Raw)['number'] === '0x7',
      tamper: (_, result) => ({ ...(result as Raw), timestamp: `0x${(BigInt(String((result as Raw)['timestamp'])) + 1n).toString(16)}` }),
    },
    'sends transactions of another chain': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block 7: transactions(Root|\[0\])$/,
      when: (result) => (result as Raw)['number'] === '0x7' && ((result as Raw)['transactions'] as unknown[]).length > 0,
      tamper: (_, result) => ({ ...(result as object), transactions: ((result as Raw)['transactions'] as Raw[]).map((one) => ({ ...one, chainId: '0x1' })) }),
    },
    'forgets a block': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block 7$/,
      when: (result) => (result as Raw)['number'] === '0x7',
      tamper: () => null,
    },
    'truncates receipts': {
      method: 'eth_getBlockReceipts',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: receipts$/,
      tamper: (_, result) => (result as unknown[]).slice(1),
    },
    'changes what a transaction cost': {
      method: 'eth_getBlockReceipts',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: receiptsRoot$/,
      tamper: (_, result) => (result as Raw[]).map((one) => ({ ...one, cumulativeGasUsed: '0x5209' })),
    },
    'changes the value of a transaction': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: transactionsRoot$/,
      when: (result) => ((result as Raw)['transactions'] as unknown[]).length > 0,
      tamper: (_, result) => ({
        ...(result as Raw),
        transactions: ((result as Raw)['transactions'] as Raw[]).map((one) => ({ ...one, value: '0xde0b6b3a7640000' })),
      }),
    },
    'names a transaction otherwise': {
      method: 'eth_getBlockByNumber',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: transactions\[0\]$/,
      when: (result) => ((result as Raw)['transactions'] as unknown[]).length > 0,
      tamper: (_, result) => ({
        ...(result as Raw),
        transactions: ((result as Raw)['transactions'] as Raw[]).map((one) => ({ ...one, hash: `0x${'4'.repeat(64)}` })),
      }),
    },
    'says that a transaction used less gas': {
      method: 'eth_getBlockReceipts',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: receipts\[0\]$/,
      tamper: (_, result) => (result as Raw[]).map((one) => ({ ...one, gasUsed: '0x1' })),
    },
    'says that gas cost less': {
      method: 'eth_getBlockReceipts',
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^block \d+: receipts\[0\]$/,
      tamper: (_, result) => (result as Raw[]).map((one) => ({ ...one, effectiveGasPrice: '0x1' })),
    },
    'changes a type: a log that was removed in words': {
      code: 'SKEIN_SOURCE_UNTRUE',
      at: /^logs \d+-\d+\[0\]$/,
      when: full,
      tamper: (_, result) => logsOf(result).map((log) => ({ ...log, removed: 'true' })),
    },
    'changes a type: a status of another kind': {
      method: 'eth_getBlockReceipts',
      code: 'SKEIN_SOURCE_ANSWER',
      at: /^receipts \d+\[0\]\.status$/,
      tamper: (_, result) => (result as Raw[]).map((one) => ({ ...one, status: true })),
    },
    'cuts an answer short': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => {
        const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
        answer.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
        answer.write(text.slice(0, text.length >> 1), () => answer.destroy());
        return ANSWERED;
      },
    },
    'sends half of the JSON as if it were whole': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => {
        answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }).slice(0, -20));
        return ANSWERED;
      },
    },
    'sends neither a result nor an error': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => {
        answer.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":1}');
        return ANSWERED;
      },
    },
    'goes away': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => {
        answer.destroy();
        return ANSWERED;
      },
    },
    'is broken for a while': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => refuse(answer, -32603, 'internal error', 503),
    },
    'limits the rate by HTTP': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => refuse(answer, -32005, 'rate limit', 429, { 'retry-after': '1' }),
    },
    'limits the rate by a code': {
      code: 'SKEIN_SOURCE_UNAVAILABLE',
      at: /^eth_getLogs$/,
      tamper: (_, result, answer) => refuse(answer, -32005, 'daily request count exceeded, request rate limited'),
    },
  };

  describe('a node that', () => {
    let truth: unknown[];
    // One file of each kind: what is tried here is the answers, not the ranges.
    const whole = { url: small.url, chunk: 1_000, tail: 1_000, concurrency: 1 };
    let smallPair: string;
    beforeAll(async () => {
      const made = await swapChain(small);
      smallPair = made.pair;
      await made.swapBlocks(12, 2);
      await made.mine(40);
      const connector = await connect(whole);
      await connector.step();
      truth = await content(connector);
    });

    it.each(Object.entries(lies))(
      '%s is reported with code and place, asked again, and costs nothing',
      async (_, { method = 'eth_getLogs', code, at, when = () => true, tamper }) => {
        await using proxy = await untrueProxy(small.url);
        const troubles: Trouble[] = [];
        const connector = await connect({ ...whole, url: proxy.url, onTrouble: (trouble) => troubles.push(trouble) });
        let left = 2;
        proxy.tamper = (call, result, answer) => (call.method === method && when(result) && left-- > 0 ? tamper(call, result, answer) : result);
        await connector.step();
        expect(troubles.map((trouble) => trouble.code)).toEqual([code, code]);
        for (const trouble of troubles) expect(trouble.at).toMatch(at);
        expect(await content(connector)).toEqual(truth);
      },
    );

    it('trap: one amount changed alike in logs and in receipts, which the bloom does not see', async () => {
      await using proxy = await untrueProxy(small.url);
      const troubles: Trouble[] = [];
      const false9 = (log: Raw): Raw => (log['logIndex'] === '0x0' && String(log['data']).length === 66 ? { ...log, data: `0x${'9'.repeat(64)}` } : log);
      let changed = 0;
      proxy.tamper = (call, result) => {
        if (call.method === 'eth_getLogs') return logsOf(result).map(false9);
        if (call.method !== 'eth_getBlockReceipts') return result;
        changed += 1;
        return (result as Raw[]).map((one) => ({ ...one, logs: logsOf(one['logs']).map(false9) }));
      };
      // Nobody vouches for the roots of a chain that hashes otherwise: there it would be believed.
      const believing = await connect({ ...whole, url: proxy.url, hashes: false });
      await believing.step();
      expect(await content(believing)).not.toEqual(truth);
      const connector = await connect({ ...whole, url: proxy.url, attempts: 2, onTrouble: (trouble) => troubles.push(trouble) });
      await expect(connector.step()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNTRUE' });
      expect(changed).toBeGreaterThan(0);
      for (const { at } of troubles) expect(at).toMatch(/^block \d+: receiptsRoot$/);
    });

    // Some of them, or all in a long run: the way out is one.
    it.each(Object.entries(lies).filter((_, index) => soaking || index % 4 === 0))(
      '%s for good is given up within bounds, and nothing false has landed',
      async (_, { method = 'eth_getLogs', code, when = () => true, tamper }) => {
        await using proxy = await untrueProxy(small.url);
        const troubles: Trouble[] = [];
        const directory = folder.file(`source-${folders++}`);
        const connector = await connect({ ...whole, url: proxy.url, directory, attempts: 3, onTrouble: (trouble) => troubles.push(trouble) });
        proxy.tamper = (call, result, answer) => (call.method === method && when(result) ? tamper(call, result, answer) : result);
        await expect(connector.step()).rejects.toMatchObject({ code, message: expect.stringContaining('(3 attempts)') });
        expect(troubles).toHaveLength(3);
        expect(existsSync(path.join(connector.folder, 'blocks', '000000000000-000000000999.parquet'))).toBe(false);
        // It comes to its senses: nothing is lost.
        proxy.tamper = undefined;
        const again = await connect({ ...whole, url: proxy.url, directory });
        await again.step();
        expect(await content(again)).toEqual(truth);
      },
    );

    it.each([
      ['query returned more than 10000 results. Try with this block range [0x0, 0x3].', 4n],
      ['block range too large', 1n],
      ['Log response size exceeded. this block range should work: [0x0, 0x4]', 5n],
      ['eth_getLogs is limited to a 7 block range', 7n],
    ])('caps the range of logs (%s) gets smaller ranges, and then larger ones again', async (message, most) => {
      await using proxy = await untrueProxy(small.url);
      const connector = await connect({ ...whole, url: proxy.url });
      const asked: bigint[] = [];
      proxy.tamper = (call, result, answer) => {
        if (call.method !== 'eth_getLogs') return result;
        const { fromBlock, toBlock } = call.params[0] as { fromBlock: string; toBlock: string };
        const span = BigInt(toBlock) - BigInt(fromBlock) + 1n;
        asked.push(span);
        return span > most ? refuse(answer, -32005, message) : result;
      };
      await connector.step();
      expect(asked[0]).toBeGreaterThan(40n);
      const least = asked.findIndex((span) => span <= most);
      expect(asked[least]).toBe(most);
      // It tries more again, is refused, and keeps below.
      expect(asked.slice(least).some((span) => span > most)).toBe(true);
      expect(await content(connector)).toEqual(truth);
    });

    it('trap: cuts answers of logs to so many, and does not say so: it is asked for less', async () => {
      await using proxy = await untrueProxy(node.url);
      const truth = await connect({ chunk: 200, tail: 200 });
      await truth.step();
      const troubles: Trouble[] = [];
      const connector = await connect({ url: proxy.url, chunk: 200, tail: 200, onTrouble: (trouble) => troubles.push(trouble) });
      let cut = 0;
      proxy.tamper = ({ method }, result) => (method === 'eth_getLogs' && logsOf(result).length > 100 ? (cut++, logsOf(result).slice(0, 100)) : result);
      await connector.step();
      expect(cut).toBeGreaterThan(1);
      expect(await rows(connector, 'logs')).toEqual(await rows(truth, 'logs'));
      expect(troubles.filter(({ code }) => code === 'SKEIN_SOURCE_UNTRUE')).toHaveLength(1);
      // Once it gives more, it is asked for more.
      proxy.tamper = undefined;
      const before = troubles.length;
      await chain.swapBlocks(120, 1);
      await connector.step();
      await truth.step();
      expect(await rows(connector, 'logs')).toEqual(await rows(truth, 'logs'));
      expect(troubles.length).toBe(before);
    });

    it('trap: an answer beyond the cap of bytes is asked for in parts, down to receipts', async () => {
      const troubles: Trouble[] = [];
      const connector = await connect({
        ...whole,
        tail: 20,
        maxAnswerBytes: 16_000,
        transactions: false,
        bloom: true,
        onTrouble: (trouble) => troubles.push(trouble),
      }).catch((error: unknown) => error as Error);
      if (connector instanceof Error) throw connector;
      await connector.backfill({ to: 30n });
      expect(troubles.some(({ message }) => message.includes('more than 16000 bytes'))).toBe(true);
      const wide = await connect({ ...whole, tail: 20, transactions: false });
      await wide.backfill({ to: 30n });
      expect(await rows(connector, 'logs')).toEqual(await rows(wide, 'logs'));
    });

    it('trap: viem reads no answer above 10 MB by itself; ours are read', async () => {
      await using proxy = await untrueProxy(small.url);
      const troubles: Trouble[] = [];
      const connector = await connect({ ...whole, url: proxy.url, onTrouble: (trouble) => troubles.push(trouble) });
      proxy.tamper = ({ method }, result, answer) => {
        if (method !== 'eth_getLogs') return result;
        answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }) + ' '.repeat(11_000_000));
        return ANSWERED;
      };
      await connector.step();
      expect(troubles).toEqual([]);
      expect(await content(connector)).toEqual(truth);
    });

    it('trap: pruned state: a node that has no receipts left is asked once, and named; nothing lands in part', async () => {
      await using proxy = await untrueProxy(small.url);
      const troubles: Trouble[] = [];
      const connector = await connect({ ...whole, url: proxy.url, onTrouble: (trouble) => troubles.push(trouble) });
      const asked: unknown[] = [];
      proxy.tamper = (call, result, answer) =>
        call.method === 'eth_getBlockReceipts' ? (asked.push(call.params[0]), refuse(answer, -32000, 'missing trie node: state is pruned')) : result;
      await expect(connector.step()).rejects.toMatchObject({
        code: 'SKEIN_SOURCE_ANSWER',
        message: expect.stringContaining('eth_getBlockReceipts: missing trie node'),
      });
      expect([asked.length, troubles]).toEqual([1, []]);
      expect(existsSync(path.join(connector.folder, 'logs'))).toBe(false);
    });

    it('filters by contract, and is caught when it withholds what the bloom of a block may hold', async () => {
      await using proxy = await untrueProxy(small.url);
      const troubles: Trouble[] = [];
      const connector = await connect({ url: proxy.url, addresses: [smallPair], onTrouble: (trouble) => troubles.push(trouble) });
      let left = 1;
      proxy.tamper = ({ method }, result) => (method === 'eth_getLogs' && full(result) && left-- > 0 ? [] : result);
      await connector.backfill();
      expect(troubles).toMatchObject([{ code: 'SKEIN_SOURCE_UNTRUE', at: expect.stringContaining('logsBloom') }]);
      expect(await rows(connector, 'logs', 'DISTINCT address')).toEqual([{ address: smallPair }]);
    });
  });
});
