import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { receiptOf, type Receipt } from './answer.ts';
import { receiptsRoot } from './receipts-root.ts';

const receipt = (changes: Partial<Receipt> = {}): Receipt => ({
  transactionHash: `0x${'1'.repeat(64)}`,
  transactionIndex: 0,
  blockHash: `0x${'2'.repeat(64)}`,
  blockNumber: 1n,
  status: 1,
  root: undefined,
  type: 2,
  cumulativeGasUsed: 21_000n,
  gasUsed: 21_000n,
  effectiveGasPrice: undefined,
  contractAddress: undefined,
  logs: [],
  ...changes,
});

describe('the root of receipts', () => {
  it('is the known one of none, and of an odd one it is not told', () => {
    expect(receiptsRoot([])).toBe('0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');
    for (const odd of [{ type: 0x7e }, { cumulativeGasUsed: undefined }, { status: undefined }]) expect(receiptsRoot([receipt(odd)])).toBeUndefined();
    // before Byzantium a root stands in the place of the status
    expect(receiptsRoot([receipt({ status: undefined, root: `0x${'3'.repeat(64)}` })])).toBeDefined();
  });

  it('is another for another order, number or kind, at every size of the trie', () => {
    const roots = new Set<string>();
    for (const size of [1, 2, 15, 16, 17, 127, 128, 129, 256, 257, 300]) {
      const all = Array.from({ length: size }, (_, at) => receipt({ cumulativeGasUsed: BigInt(21_000 * (at + 1)) }));
      roots.add(receiptsRoot(all) as string);
      roots.add(receiptsRoot(all.map((one, at) => (at === size - 1 ? { ...one, status: 0 } : one))) as string);
      roots.add(receiptsRoot(all.map((one, at) => (at === size >> 1 ? { ...one, type: 0 } : one))) as string);
      if (size > 1) roots.add(receiptsRoot(all.toReversed()) as string);
    }
    expect(roots.size).toBe(11 * 4 - 1);
  });
});

const DATA = path.resolve(import.meta.dirname, '../../../../../shared/data/chain/coinbase-chainstorage/ethereum');

it.skipIf(!existsSync(DATA))('is that of recorded blocks of Ethereum, and another with one digit of one amount changed (shared/data)', () => {
  let blocks = 0;
  for (const name of readdirSync(DATA).filter((one) => one.startsWith('raw_block_'))) {
    const { ethereum } = JSON.parse(readFileSync(path.join(DATA, name), 'utf8')) as { ethereum: { header: string; transactionReceipts?: string[] } };
    const decoded = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, 'base64').toString()) as Record<string, unknown>;
    const receipts = (ethereum.transactionReceipts ?? []).map((text, at) => receiptOf(decoded(text), `${name} ${at}`));
    const told = decoded(ethereum.header)['receiptsRoot'];
    expect([name, receipts.length > 0, receiptsRoot(receipts)]).toEqual([name, true, told]);
    const at = receipts.findIndex(({ logs }) => logs.some(({ data }) => data.length > 2));
    const changed = receipts.map((one, index) =>
      index === at ? { ...one, logs: one.logs.map((log) => ({ ...log, data: log.data.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) })) } : one,
    );
    if (at >= 0) expect([name, receiptsRoot(changed)]).not.toEqual([name, told]);
    blocks += 1;
  }
  expect(blocks).toBeGreaterThan(2);
});
