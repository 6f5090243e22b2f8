import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { blockchain } from './blockchain.ts';
import { decodeEvent } from './decode/event.ts';
import { lines, putRange } from './chain.fixture.ts';

// Recorded answers of real nodes, in shared/data.

const DATA = path.resolve(import.meta.dirname, '../../../../shared/data/chain');
const there = existsSync(DATA);
if (!there) console.warn(`skipped: ${DATA} is not there`);

interface Balance {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner?: string;
  readonly uiTokenAmount: { readonly amount: string };
}
interface RecordedBlock {
  readonly parentSlot: number;
  readonly blockhash: string;
  readonly transactions: readonly {
    readonly transaction: {
      readonly message: { readonly accountKeys: readonly (string | { readonly pubkey: string })[] };
      readonly signatures: readonly string[];
    };
    readonly meta: {
      readonly err: unknown;
      readonly fee: number;
      readonly preBalances: readonly number[];
      readonly postBalances: readonly number[];
      readonly preTokenBalances?: readonly Balance[];
      readonly postTokenBalances?: readonly Balance[];
      readonly loadedAddresses?: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
    } | null;
  }[];
}

/** What each wallet's balance of each token changed by, reckoned here by plain code over the same record. */
function changesOf({ transactions }: RecordedBlock): Map<string, bigint> {
  const changes = new Map<string, bigint>();
  const add = (wallet: string, token: string, amount: bigint) => changes.set(`${wallet} ${token}`, (changes.get(`${wallet} ${token}`) ?? 0n) + amount);
  for (const { transaction, meta } of transactions) {
    if (!meta) continue;
    const plain = transaction.message.accountKeys.map((key) => (typeof key === 'string' ? key : key.pubkey));
    const keys =
      typeof transaction.message.accountKeys[0] === 'string'
        ? [...plain, ...(meta.loadedAddresses?.writable ?? []), ...(meta.loadedAddresses?.readonly ?? [])]
        : plain;
    for (const [at, before] of meta.preBalances.entries()) add(keys[at] ?? '?', 'slip44:501', BigInt(meta.postBalances[at] ?? 0) - BigInt(before));
    for (const [sign, balances] of [
      [-1n, meta.preTokenBalances],
      [1n, meta.postTokenBalances],
    ] as const) {
      for (const { accountIndex, mint, owner, uiTokenAmount } of balances ?? [])
        add(owner ?? keys[accountIndex] ?? '?', `token:${mint}`, sign * BigInt(uiTokenAmount.amount));
    }
  }
  return new Map([...changes].filter(([, amount]) => amount !== 0n));
}

describe.skipIf(!there)('recorded blocks in shared/data', () => {
  it('of Solana: every change of every balance is in the flows, whatever the encoding and the version', async () => {
    const folder = path.join(DATA, 'coinbase-chainstorage/solana');
    const recorded = readdirSync(folder).flatMap((name, at) => {
      const answer = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as RecordedBlock & { result?: RecordedBlock | null };
      const block = answer.result ?? answer;
      return 'blockhash' in block && Array.isArray(block.transactions) ? [{ name, chain: `solana:recorded${at}`, block }] : [];
    });
    expect(recorded.length).toBeGreaterThan(4);
    await using bench = await workbench(blockchain);
    bench.put(
      Object.fromEntries(
        recorded.map(({ chain, block }) => [`solana/${chain.replace(':', '-')}/blocks/1-1.ndjson`, lines({ slot: block.parentSlot + 1, block })]),
      ),
    );
    const report = await bench.run();
    for (const id of ['blocks', 'transfers', 'wallet_flows_daily']) {
      const product = report.products.find((one) => one.product === `blockchain.${id}`);
      expect([id, product?.outcome, product?.refused, product?.error?.message]).toEqual([id, 'published', 0, undefined]);
    }
    const found = await bench.rows<{ chain: string; wallet: string; token: string; net: string }>(
      'blockchain.wallet_flows_daily',
      `SELECT chain, wallet, split_part(token, '/', 2) AS token, net_raw AS net FROM t WHERE net_raw <> '0'`,
    );
    let looked = 0;
    for (const { name, chain, block } of recorded) {
      const expected = changesOf(block);
      looked += expected.size;
      expect([name, new Map(found.filter((row) => row.chain === chain).map(({ wallet, token, net }) => [`${wallet} ${token}`, BigInt(net)]))]).toEqual([
        name,
        expected,
      ]);
    }
    expect(looked).toBeGreaterThan(30);
    // Failed transactions paid, each once.
    const paid = await bench.rows<{ n: bigint }>('blockchain.transfers', 'SELECT count(*) AS n FROM t WHERE is_fee');
    expect(paid[0]?.n).toBe(BigInt(recorded.flatMap(({ block }) => block.transactions).filter(({ meta }) => (meta?.fee ?? 0) > 0).length));
  });

  it('of Ethereum: the transfers that ethereum-etl expects', async () => {
    const folder = path.join(DATA, 'ethereum-etl/test_extract_token_transfers_job/logs');
    const [, ...rows] = readFileSync(path.join(folder, 'logs.csv'), 'utf8').trim().split('\n');
    const logs = rows.map((row) => {
      const [, index = '', transaction = '', place = '', block = '', number = '', contract = '', data = '', topics = ''] =
        /^(\d+),(0x\w+),(\d+),(0x\w+),(\d+),(0x\w+),(0x\w*),"?([^"]*)"?$/.exec(row.trim()) ?? [];
      const [topic0 = null, topic1 = null, topic2 = null, topic3 = null] = topics.split(',');
      const decoded = decodeEvent(topics.split(','), data);
      const known = decoded && 'event' in decoded ? decoded : { event: null, args: null };
      return {
        log_index: Number(index),
        transaction_hash: transaction,
        transaction_index: Number(place),
        block_hash: block,
        block_number: Number(number),
        block_time: 1_462_000_000,
        address: contract,
        data,
        topic0,
        topic1,
        topic2,
        topic3,
        event: known.event,
        args: known.args,
      };
    });
    const [, ...expected] = readFileSync(path.join(folder, 'expected_token_transfers.csv'), 'utf8').trim().split('\n');
    const blocks = [...new Map(logs.map(({ block_hash, block_number }) => [block_number, block_hash]))];
    await using bench = await workbench(blockchain);
    await putRange(
      path.join(bench.directory, 'sources'),
      'blocks',
      '1-1',
      blocks.map(([number, hash]) => ({ number, hash, parent_hash: `0x${'1'.repeat(64)}`, timestamp: 1_462_000_000, transaction_count: 9 })),
    );
    await putRange(path.join(bench.directory, 'sources'), 'logs', '1-1', logs);
    const report = await bench.run();
    expect(report.products.slice(0, 3).map(({ outcome, refused, error }) => [outcome, refused, error?.message])).toEqual(
      Array.from({ length: 3 }, () => ['published', 0, undefined]),
    );
    const found = await bench.rows<Record<string, unknown>>(
      'blockchain.transfers',
      `SELECT split_part(token, ':', 3) AS token, from_address, to_address, amount_raw, tx_id, log_index, block_number FROM t WHERE kind = 'erc20' ORDER BY block_number, log_index`,
    );
    expect(found.length).toBeGreaterThan(0);
    expect(found.map((row) => Object.values(row).map(String).join(','))).toEqual(expected.map((row) => row.trim()));
  });
});
