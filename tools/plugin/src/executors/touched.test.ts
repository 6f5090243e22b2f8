import type { RecordedUse } from '@skein/ports';
import type { Domain, Snapshot } from '@skein/product';
import { repositoryContracts } from '@skein/testing';
import { expect, it } from 'vitest';
import { contractReadings, recordedReadings, sourceReadings, stepReadings, touchedBy, type Reading } from './touched.ts';

const reading = (reader: string, reads: string): Reading => ({ reader, reads, by: 'step', what: 'step' });
const use = (principal: string, count: number, lastSeen: number): RecordedUse => ({
  ...{ queryHash: `${principal}${lastSeen}`, sql: 'SELECT 1', principal, purposes: [], count, firstSeen: 0, lastSeen },
  reads: [{ product: 'a.one', major: 1, address: 'a.one', columns: ['*'] }],
});

it('follows readings to the end, once each, also in a circle', () => {
  const readings = [reading('a.two', 'a.one'), reading('b.three', 'a.two'), reading('a.one', 'b.three'), reading('c.four', 'c.five')];
  const { products } = touchedBy('a.one', readings, new Map());
  expect(products.map(({ reader }) => reader)).toEqual(['a.two', 'b.three', 'a.one']);
  expect(touchedBy('c.four', readings, new Map()).products).toEqual([]);
  expect(touchedBy('a.one', readings.slice(1), new Map()).products).toEqual([]);
});

it('adds up who asks for the product, and for what is made of it, and for nothing else', () => {
  const uses = new Map([
    ['a.one', [use('ann', 2, 5), use('ann', 3, 9), use('bob', 1, 1)]],
    ['a.two', [use('eve', 1, 2)]],
    ['a.other', [use('mallory', 1, 2)]],
  ]);
  expect(touchedBy('a.one', [reading('a.two', 'a.one')], uses).consumers).toEqual([
    { principal: 'ann', product: 'a.one', queries: 2, runs: 5, lastSeen: 9 },
    { principal: 'bob', product: 'a.one', queries: 1, runs: 1, lastSeen: 1 },
    { principal: 'eve', product: 'a.two', queries: 1, runs: 1, lastSeen: 2 },
  ]);
});

it('finds readings in contracts, in steps, in what sources ask, and in what snapshots were made of', async () => {
  const { all } = await repositoryContracts();
  expect(contractReadings(all)).toContainEqual({ reader: 'sap.inventory_position', reads: 'sap.material', by: 'contract', what: 'matnr → matnr' });
  const step = (name: string, from: string[]) => ({ name, from, sql: 'SELECT 1' });
  const domain = {
    name: 'b',
    sources: [{ name: 'files', answers: ['a.one'] }, { name: 'others' }],
    bronze: [{ name: 'rows', source: 'files' }],
    products: [
      { id: 'b.rows_clean', step: step('clean', ['rows']) },
      { id: 'b.sums', step: step('add up', ['rows_clean', 'elsewhere']) },
    ],
  } as unknown as Domain;
  expect(stepReadings(domain)).toEqual([{ reader: 'b.sums', reads: 'b.rows_clean', by: 'step', what: 'add up' }]);
  expect(sourceReadings(domain)).toEqual([{ reader: 'b.rows_clean', reads: 'a.one', by: 'source', what: 'files' }]);
  const snapshot = {
    product: 'b.sums',
    version: 3,
    lineage: {
      run: 'r',
      columns: [],
      inputs: [
        { kind: 'landing', name: 'a.one' },
        { kind: 'product', name: 'a.one', version: 2 },
        { kind: 'product', name: 'a.two' },
      ],
    },
  } as unknown as Snapshot;
  expect(recordedReadings([snapshot])).toEqual([
    { reader: 'b.sums', reads: 'a.one', by: 'lineage', what: 'snapshot 3 of snapshot 2' },
    { reader: 'b.sums', reads: 'a.two', by: 'lineage', what: 'snapshot 3' },
  ]);
});
