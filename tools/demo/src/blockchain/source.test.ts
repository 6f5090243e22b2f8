import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { BLOCKCHAIN_FAULTS } from './faults.ts';
import { writeBlockchainSource, type BlockchainSource } from './source.ts';

let folder: string;
let source: BlockchainSource;
const engine = duckdbEngine();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'skein-demo-chain-'));
  source = await write('first', 4, 20_000);
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, seed: number, rows: number) => writeBlockchainSource({ directory: path.join(folder, name), seed, rows });

async function query<Row>(kind: string, sql: string, name = 'first'): Promise<Row[]> {
  const session = await engine.open();
  try {
    return await session.rows<Row>(
      `WITH t AS (SELECT * FROM read_parquet('${path.join(folder, name, 'ethereum/*', kind)}/*.parquet', filename = true)) ${sql}`,
    );
  } finally {
    await session.close();
  }
}
const one = async (kind: string, sql: string) => Number((await query<{ n: bigint }>(kind, `SELECT (${sql})::BIGINT AS n`))[0]?.n);

describe('the blockchain demo source', () => {
  it('plants every kind of fault, as many as the ledger says: counted in the files', async () => {
    expect(Object.keys(source.planted)).toEqual(Object.keys(BLOCKCHAIN_FAULTS));
    for (const [name, fault] of Object.entries(source.planted)) expect(fault.count, name).toBeGreaterThan(0);
    const { planted } = source;
    expect(await one('logs', 'SELECT count(*) FROM t WHERE length(data) % 2 = 1')).toBe(planted.cut_data.count);
    expect(await one('logs', "SELECT count(*) FROM t WHERE block_hash LIKE '0xdead%'")).toBe(planted.unknown_block.count);
    expect(await one('logs', 'SELECT count(*) FROM t WHERE address <> lower(address)')).toBe(planted.checksummed_address.count);
    expect(await one('logs', 'SELECT count(*) - count(DISTINCT (block_number, block_hash, log_index)) FROM t')).toBe(planted.duplicate_log.count);
    expect(await one('blocks', 'SELECT count(*) - count(DISTINCT number) FROM t')).toBe(planted.orphaned_block.count);
  });

  it('is a chain: parents without a break, but for what was replaced', async () => {
    const breaks = `SELECT count(*) FROM (SELECT *, lag(hash) OVER (ORDER BY number) AS below FROM (SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY number ORDER BY filename DESC) = 1)) WHERE below <> parent_hash`;
    expect(await one('blocks', breaks)).toBe(0);
    expect(await one('blocks', breaks.replace('filename DESC', 'filename'))).toBeGreaterThan(0);
  });

  it('holds amounts beyond 2^53 and near 2^256, and pools whose product never falls at a swap', async () => {
    expect(await one('logs', `SELECT count(*) FROM t WHERE event = 'erc20_transfer' AND length(args[3]) > 16`)).toBeGreaterThan(100);
    expect(await one('logs', `SELECT count(*) FROM t WHERE event = 'erc20_transfer' AND args[3] = '${2n ** 256n - 1n}'`)).toBe(1);
    const syncs = await query<{ address: string; args: string[]; next: string | null }>(
      'logs',
      `, kept AS (SELECT * FROM t WHERE block_hash IN (SELECT hash FROM read_parquet('${path.join(folder, 'first/ethereum/*/blocks/*.parquet')}', filename = true)
         QUALIFY row_number() OVER (PARTITION BY number ORDER BY filename DESC) = 1))
       SELECT address, args, lead(event) OVER (PARTITION BY address ORDER BY block_number, log_index) AS next FROM kept WHERE event IN ('v2_sync', 'v2_swap') ORDER BY block_number, log_index`,
    );
    const last = new Map<string, bigint>();
    let judged = 0;
    for (const { address, args, next } of syncs) {
      if (args.length !== 2) continue;
      const k = BigInt(args[0] ?? 0) * BigInt(args[1] ?? 0);
      const before = last.get(address);
      if (next === 'v2_swap' && before !== undefined) {
        judged++;
        expect(k >= before, `${address}: ${before} to ${k}`).toBe(true);
      }
      last.set(address, k);
    }
    expect(judged).toBeGreaterThan(100);
  });

  it('never lets anybody give what he does not have', async () => {
    const rows = await query<{ address: string; args: string[] }>(
      'logs',
      `SELECT DISTINCT ON (block_number, log_index) address, args FROM t WHERE event = 'erc20_transfer' AND block_hash IN (SELECT hash FROM read_parquet('${path.join(folder, 'first/ethereum/*/blocks/*.parquet')}', filename = true)
         QUALIFY row_number() OVER (PARTITION BY number ORDER BY filename DESC) = 1) AND address = (SELECT address FROM t WHERE event = 'erc20_transfer' AND args[3] = '${2n ** 256n - 1n}' LIMIT 1) ORDER BY block_number, log_index`,
    );
    const held = new Map<string, bigint>();
    for (const {
      args: [from = '', to = '', amount = ''],
    } of rows) {
      held.set(from, (held.get(from) ?? 0n) - BigInt(amount));
      held.set(to, (held.get(to) ?? 0n) + BigInt(amount));
    }
    expect(rows.length).toBeGreaterThan(10);
    // The zero address mints; it alone is below nothing.
    expect([...held.values()].filter((balance) => balance < 0n).length).toBe(1);
  });

  it('has Solana slots that were declared skipped, u64 as plain numbers, and one line cut short', () => {
    const file = source.files.find((one) => one.file.startsWith('solana') && one.file.includes('blocks'))?.file ?? '';
    const lines = readFileSync(path.join(folder, 'first', file), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => /"block":null,"skipped":-3200[79]/.test(line)).length).toBeGreaterThan(3);
    expect(lines.some((line) => /"preBalances":\[\d{17}/.test(line))).toBe(true);
    expect(
      lines.filter((line) => {
        try {
          JSON.parse(line);
          return false;
        } catch {
          return true;
        }
      }).length,
    ).toBe(1);
  });

  it('writes the same rows for the same seed, others for another, and holds every fault at the smallest volume', async () => {
    const again = await write('again', 4, 20_000);
    const other = await write('other', 5, 1);
    expect(again.planted).toEqual(source.planted);
    const rows = (name: string) => query('logs', `SELECT * EXCLUDE (filename) FROM t ORDER BY ALL`, name);
    expect(await rows('again')).toEqual(await rows('first'));
    expect((await rows('other')).length).toBeGreaterThan(1000);
    for (const [name, fault] of Object.entries(other.planted)) expect(fault.count, name).toBeGreaterThan(0);
    await expect(write('none', 4, 0)).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
  });
});
