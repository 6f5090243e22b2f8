import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { serializeTransaction, keccak256, type Hex, type TransactionSerializable } from 'viem';
import { expect, it } from 'vitest';
import { headerOf, receiptOf } from './answer.ts';
import { transactionsRoot } from './transactions-root.ts';

const text = (value: bigint | number): string => `0x${value.toString(16)}`;
const TO: Hex = `0x${'ab'.repeat(20)}`;
const [R, S]: [Hex, Hex] = [`0x${'0'.repeat(2)}${'7'.repeat(62)}`, `0x${'3'.repeat(64)}`];
const KEY: Hex = `0x${'5'.repeat(64)}`;
const access = [{ address: TO, storageKeys: [KEY] }];
const blob: Hex = `0x01${'6'.repeat(62)}`;
const call = { chainId: '0x1', nonce: '0x0', gas: text(21_000), to: TO, value: '0x0', input: '0x', yParity: '0x1', v: '0x1', r: R, s: S };
const fees = { maxFeePerGas: text(9n), maxPriorityFeePerGas: text(2n) };

// As a node tells them, and as viem knows them, which writes them by its own hand.
const kinds: Record<string, [Record<string, unknown>, TransactionSerializable]> = {
  'of old': [
    { ...call, type: '0x0', v: '0x26', gasPrice: '0x5' },
    { type: 'legacy', chainId: 1, gasPrice: 5n },
  ],
  'EIP-2930': [
    { ...call, type: '0x1', gasPrice: '0x5', accessList: access },
    { type: 'eip2930', chainId: 1, gasPrice: 5n, accessList: access },
  ],
  'EIP-1559': [
    { ...call, type: '0x2', ...fees, accessList: access, yParity: undefined },
    { type: 'eip1559', chainId: 1, maxFeePerGas: 9n, maxPriorityFeePerGas: 2n, accessList: access },
  ],
  'EIP-4844': [
    { ...call, type: '0x3', ...fees, accessList: [], maxFeePerBlobGas: '0x4', blobVersionedHashes: [blob] },
    { type: 'eip4844', chainId: 1, maxFeePerGas: 9n, maxPriorityFeePerGas: 2n, maxFeePerBlobGas: 4n, blobVersionedHashes: [blob], to: TO },
  ],
  'EIP-7702': [
    { ...call, type: '0x4', ...fees, accessList: [], authorizationList: [{ chainId: '0x1', address: TO, nonce: '0x0', yParity: '0x0', r: R, s: S }] },
    {
      type: 'eip7702',
      chainId: 1,
      maxFeePerGas: 9n,
      maxPriorityFeePerGas: 2n,
      authorizationList: [{ chainId: 1, address: TO, nonce: 0, yParity: 0, r: R, s: S }],
    },
  ],
};

it.each(Object.entries(kinds))('a transaction %s has the hash that viem reckons, and another with any of its fields changed', (_, [told, known]) => {
  const signed = serializeTransaction(
    { ...known, nonce: 0, gas: 21_000n, to: TO, value: 0n },
    {
      r: R,
      s: S,
      yParity: 1,
      v: told['v'] === '0x26' ? 38n : 1n,
    },
  );
  const found = transactionsRoot([told]);
  expect(found).toMatchObject({ hashes: [keccak256(signed)] });
  const roots = new Set([JSON.stringify(found)]);
  const changes = {
    nonce: '0x1',
    gas: '0x1',
    to: null,
    value: '0x1',
    input: '0x00',
    r: '0x1',
    s: '0x1',
    ...('gasPrice' in told ? { gasPrice: '0x1' } : { maxFeePerGas: '0x1' }),
  };
  for (const [name, value] of Object.entries(changes)) roots.add(JSON.stringify(transactionsRoot([{ ...told, [name]: value }])));
  expect(roots.size).toBe(9);
});

it('tells why it cannot tell', () => {
  const [told] = kinds['EIP-4844'] as [Record<string, unknown>, unknown];
  expect(transactionsRoot([{ ...told, type: '0x7e' }])).toEqual({ unknown: 'type 0x7e of transactions is not known' });
  for (const odd of [{ value: 5 }, { value: undefined }, { accessList: [null] }, { blobVersionedHashes: undefined }, { r: '0x' }])
    expect(transactionsRoot([{ ...told, ...odd }])).toEqual({ unknown: `${Object.keys(odd)[0]} of a transaction of type 3 is not there, or has another form` });
});

const DATA = path.resolve(import.meta.dirname, '../../../../../shared/data/chain/coinbase-chainstorage/ethereum');

it.skipIf(!existsSync(DATA))('is that of recorded blocks of Ethereum, whose receipts paid what their transactions say (shared/data)', () => {
  let priced = 0;
  for (const name of readdirSync(DATA).filter((one) => one.startsWith('raw_block_'))) {
    const { ethereum } = JSON.parse(readFileSync(path.join(DATA, name), 'utf8')) as { ethereum: { header: string; transactionReceipts: string[] } };
    const decoded = (one: string): Record<string, unknown> => JSON.parse(Buffer.from(one, 'base64').toString()) as Record<string, unknown>;
    const block = decoded(ethereum.header);
    const all = block['transactions'] as Record<string, unknown>[];
    expect(transactionsRoot(all)).toEqual({ root: block['transactionsRoot'], hashes: all.map(({ hash }) => hash) });
    expect(transactionsRoot(all.with(0, { ...all[0], value: '0x1234567' }))).not.toMatchObject({ root: block['transactionsRoot'] });
    const header = headerOf(block, name);
    for (const [index, one] of ethereum.transactionReceipts.entries()) {
      const { effectiveGasPrice } = receiptOf(decoded(one), name);
      if (effectiveGasPrice === undefined) continue;
      expect(header.transactions[index]?.priceAt(header.baseFee ?? 0n)).toBe(effectiveGasPrice);
      priced += 1;
    }
  }
  expect(priced).toBeGreaterThan(100);
});
