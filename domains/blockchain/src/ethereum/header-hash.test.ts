import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashesAsEthereum, headerHash } from './header-hash.ts';

const zeros = (bytes: number): string => `0x${'00'.repeat(bytes)}`;
/** The first block of Ethereum, which everybody knows. */
const GENESIS = {
  hash: '0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
  parentHash: zeros(32),
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  miner: zeros(20),
  stateRoot: '0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544',
  transactionsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  receiptsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  logsBloom: zeros(256),
  difficulty: '0x400000000',
  number: '0x0',
  gasLimit: '0x1388',
  gasUsed: '0x0',
  timestamp: '0x0',
  extraData: '0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa',
  mixHash: zeros(32),
  nonce: '0x0000000000000042',
  size: '0x21c',
  totalDifficulty: '0x400000000',
  transactions: [],
  uncles: [],
};

describe('the hash of a header', () => {
  it('is that of the first block of Ethereum, and another with any field changed', () => {
    expect(headerHash(GENESIS, GENESIS.hash)).toEqual({ hash: GENESIS.hash });
    let changed = 0;
    for (const [name, value] of Object.entries(GENESIS)) {
      if (typeof value !== 'string' || ['hash', 'size', 'totalDifficulty'].includes(name)) continue;
      const other = `${value.slice(0, -1)}${value.endsWith('7') ? '8' : '7'}`;
      expect([name, headerHash({ ...GENESIS, [name]: other }, GENESIS.hash)]).not.toEqual([name, { hash: GENESIS.hash }]);
      changed += 1;
    }
    expect(changed).toBe(15);
    // what is written otherwise is the same number
    expect(headerHash({ ...GENESIS, gasLimit: '0x001388', stateRoot: GENESIS.stateRoot.toUpperCase().replace('0X', '0x') }, GENESIS.hash)).toEqual({
      hash: GENESIS.hash,
    });
  });

  it('is not told where a field is not there, has another form, or is not known', () => {
    const { mixHash: _mixHash, ...without } = GENESIS;
    expect(headerHash(without, GENESIS.hash)).toEqual({ unknown: 'it has no mixHash' });
    expect(headerHash({ ...GENESIS, nonce: null }, GENESIS.hash)).toEqual({ unknown: 'it has no nonce' });
    expect(headerHash({ ...GENESIS, difficulty: 17_179_869_184 }, GENESIS.hash)).toEqual({ unknown: 'its difficulty has another form' });
    expect(headerHash({ ...GENESIS, nonce: '0x42' }, GENESIS.hash)).toEqual({ unknown: 'its nonce has another form' });
    // a later fork's field comes with those of the forks before it
    expect(headerHash({ ...GENESIS, requestsHash: zeros(32) }, GENESIS.hash)).toEqual({ unknown: 'it has no baseFeePerGas' });
    // a field of a fork that is not known yet; one that a node adds by itself changes nothing
    expect(headerHash({ ...GENESIS, gasUsed: '0x1', blockAccessListHash: zeros(32) }, GENESIS.hash)).toEqual({
      unknown: 'its "blockAccessListHash" is not known',
    });
    expect(headerHash({ ...GENESIS, author: zeros(20) }, GENESIS.hash)).toEqual({ hash: GENESIS.hash });
    expect([1n, 11_155_111n, 137n, 42_161n, 31_337n].map(hashesAsEthereum)).toEqual([true, true, false, false, false]);
  });
});

const DATA = path.resolve(import.meta.dirname, '../../../../../shared/data/chain');

/** Answers of `eth_getBlockByNumber` as nodes gave them. */
function recorded(): { readonly name: string; readonly block: Readonly<Record<string, unknown>> }[] {
  const json = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const raw = readdirSync(path.join(DATA, 'coinbase-chainstorage/ethereum'))
    .filter((name) => name.startsWith('raw_block_'))
    .map((name) => {
      const { ethereum } = json(path.join(DATA, 'coinbase-chainstorage/ethereum', name)) as { ethereum: { header: string } };
      return { name, block: JSON.parse(Buffer.from(ethereum.header, 'base64').toString()) as Record<string, unknown> };
    });
  const answers = readdirSync(path.join(DATA, 'ethereum-etl'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /web3_response\.eth_getBlockByNumber_.*\.json$/.test(name))
    .map((name) => ({ name, block: json(path.join(DATA, 'ethereum-etl', name))['result'] as Record<string, unknown> }));
  return [...raw, ...answers];
}

it.skipIf(!existsSync(DATA))('is that of recorded blocks of Ethereum, before and after its forks (shared/data)', () => {
  const verdicts = recorded().map(({ name, block }) => {
    const claimed = String(block['hash']);
    const changed = { ...block, timestamp: `0x${(BigInt(String(block['timestamp'])) + 1n).toString(16)}` };
    return [name, headerHash(block, claimed), JSON.stringify(headerHash(changed, claimed)) === JSON.stringify({ hash: claimed }), claimed] as const;
  });
  expect(verdicts.length).toBeGreaterThan(4);
  for (const [name, verdict, unnoticed, claimed] of verdicts) expect([name, verdict, unnoticed]).toEqual([name, { hash: claimed }, false]);
});
