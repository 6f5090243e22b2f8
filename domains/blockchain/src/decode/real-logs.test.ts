import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { bloomOf } from '../ethereum/bloom.ts';
import { decodeEvent } from './event.ts';

const DATA = path.resolve(import.meta.dirname, '../../../../../shared/data/chain');
const there = existsSync(DATA);

interface Recorded {
  readonly tokenTransfers?: readonly {
    tokenAddress: string;
    fromAddress: string;
    toAddress: string;
    value: string;
    logIndex: string;
    erc20?: object;
    erc721?: { tokenId: string };
  }[];
  readonly receipt: { readonly logs?: readonly { address: string; data: string; topics?: readonly string[]; logIndex?: string }[] };
}

it.skipIf(!there)('decodes the transfers of a recorded block of the main chain as recorded, and makes its bloom (shared/data)', () => {
  const file = path.join(DATA, 'coinbase-chainstorage/ethereum/native_block_17300000.json');
  const { ethereum } = JSON.parse(readFileSync(file, 'utf8')) as { ethereum: { header: { logsBloom: string }; transactions: Recorded[] } };
  const logs = ethereum.transactions.flatMap(({ receipt }) => receipt.logs ?? []);
  const ours = logs.flatMap(({ address, topics = [], data }) => {
    const decoded = decodeEvent(topics, data);
    if (!decoded || !('event' in decoded) || !/^erc(20|721)_transfer$/.test(decoded.event)) return [];
    return [[decoded.event, address, ...decoded.args].join(' ')];
  });
  const expected = ethereum.transactions
    .flatMap(({ tokenTransfers = [] }) => tokenTransfers)
    .map((one) =>
      [one.erc721 ? 'erc721_transfer' : 'erc20_transfer', one.tokenAddress, one.fromAddress, one.toAddress, one.erc721?.tokenId ?? one.value].join(' '),
    );
  expect(expected.length).toBeGreaterThan(100);
  expect(ours.toSorted()).toEqual(expected.toSorted());
  // Half of the amounts are beyond what a number holds.
  expect(ours.filter((line) => BigInt(line.split(' ')[4] ?? 0) > 2n ** 53n).length).toBeGreaterThan(50);
  expect(bloomOf(logs.map(({ address, topics = [] }) => ({ address, topics })))).toBe(ethereum.header.logsBloom);
  expect(bloomOf(logs.slice(10).map(({ address, topics = [] }) => ({ address, topics })))).not.toBe(ethereum.header.logsBloom);
});

it.skipIf(!there)('decodes the logs that ethereum-etl extracts transfers from, as it does (shared/data)', () => {
  const folder = path.join(DATA, 'ethereum-etl/test_extract_token_transfers_job/logs');
  const lines = (file: string) => readFileSync(path.join(folder, file), 'utf8').trim().split('\n').slice(1);
  const ours = lines('logs.csv').flatMap((line) => {
    const [, address = '', data = '', topics = ''] = /^(?:[^,]*,){5}([^,]*),([^,]*),"?([^"]*)"?$/.exec(line.trim()) ?? [];
    const decoded = decodeEvent(topics.split(','), data);
    return decoded && 'event' in decoded ? [[address, ...decoded.args].join(',')] : [];
  });
  expect(ours).toEqual(lines('expected_token_transfers.csv').map((line) => line.split(',').slice(0, 4).join(',')));
  expect(ours.length).toBe(2);
});
