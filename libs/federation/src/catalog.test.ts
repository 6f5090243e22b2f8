import path from 'node:path';
import { readContractFiles } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { composeCatalog } from './catalog.ts';
import { contractOf, type ProductText } from './conformance/mesh-fixture.ts';
import { readPolicy } from './policy-file.ts';

const MATERIAL: ProductText = { columns: ['matnr string joinKey=material_number pattern=^[0-9A-Z]+$', 'plant'] };
const EVENTS: ProductText = { columns: ['event_id', 'item string joinKey=material_number pattern=^[0-9A-Z]+$'] };
const FEEDBACK = contractOf('skein.feedback', { columns: ['rule', 'value string restricted'] });
const LINEAGE = contractOf('skein.lineage', { columns: ['input'] });

function conflictOf(contracts: readonly Contract[]): SkeinError {
  try {
    composeCatalog(contracts, []);
  } catch (error) {
    if (error instanceof SkeinError) return error;
    throw error;
  }
  throw new Error('no conflict');
}

describe('catalog', () => {
  it('composes the contracts and policies of this repository', async () => {
    const files = await readContractFiles(path.resolve(import.meta.dirname, '../../../contracts'));
    const read = files.map(({ contract, policy }) => ({ contract: readContract(contract.text, contract.file), policy }));
    const catalog = composeCatalog(
      read.map(({ contract }) => contract),
      read.flatMap(({ contract, policy }) => (policy ? [readPolicy(policy.text, policy.file, contract)] : [])),
    );
    expect(catalog.products.length).toBeGreaterThan(10);
    expect(catalog.products.filter((entry) => entry.policy === undefined).map((entry) => entry.id)).toEqual([]);
  });

  it('addresses products by name, majors by number, and gives each its feedback and each domain its lineage', () => {
    const catalog = composeCatalog(
      [contractOf('sap.material', MATERIAL), contractOf('ga4.events', EVENTS), contractOf('ga4.events', { ...EVENTS, version: '2.1.0' }), FEEDBACK, LINEAGE],
      [],
    );
    expect(catalog.products.map((entry) => `${entry.id} ${entry.table.name}/${entry.table.major}`)).toEqual([
      'ga4.events events/2',
      'ga4.events_feedback events_feedback/1',
      'ga4.lineage lineage/1',
      'sap.lineage lineage/1',
      'sap.material material/1',
      'sap.material_feedback material_feedback/1',
    ]);
    expect(catalog.entries.get('ga4.events_v1')?.table).toEqual({ domain: 'ga4', name: 'events', major: 1 });
    expect(catalog.entries.get('ga4.events_v2')?.contract).toBe(catalog.entries.get('ga4.events')?.contract);
    expect(catalog.entries.has('skein.feedback')).toBe(false);
    // Each major's violations are apart: a draft's are not those of the major that has the plain name.
    const tables = (status: string) => {
      const { entries } = composeCatalog([contractOf('ga4.events', EVENTS), contractOf('ga4.events', { ...EVENTS, version: '2.1.0', status }), FEEDBACK], []);
      return ['events_feedback', 'events_v1_feedback', 'events_v2_feedback'].map((name) => entries.get(`ga4.${name}`)?.table.name);
    };
    expect(tables('active')).toEqual(['events_feedback', 'events_v1_feedback', 'events_feedback']);
    expect(tables('draft')).toEqual(['events_v1_feedback', 'events_v1_feedback', 'events_feedback']);
  });

  it('keeps the plain name with the major that is past draft', () => {
    const catalog = composeCatalog([contractOf('ga4.events', EVENTS), contractOf('ga4.events', { ...EVENTS, version: '2.0.0', status: 'draft' })], []);
    expect(catalog.entries.get('ga4.events')?.major).toBe(1);
    expect(catalog.entries.get('ga4.events_v2')?.major).toBe(2);
  });

  it('takes policies from beside their contract', () => {
    const one = contractOf('ga4.events', EVENTS);
    const two = contractOf('ga4.events', { ...EVENTS, version: '2.0.0' });
    const policy = readPolicy('version: 1\ngrants: []\n', 'contracts/ga4/events/v1/policy.yaml', one);
    const catalog = composeCatalog([one, two], [policy]);
    expect(catalog.entries.get('ga4.events_v1')?.policy).toBe(policy);
    expect(catalog.entries.get('ga4.events')?.policy).toBeUndefined();
    expect(() => composeCatalog([one], [policy, policy])).toThrow(/two policies.*policy.yaml:1 and .*policy.yaml:1/);
  });

  it('gives columns that join one pseudonym scope: by join key, or through references', () => {
    const catalog = composeCatalog(
      [
        contractOf('sap.material', { columns: ['matnr string joinKey=m', 'grp'] }),
        contractOf('sap.orders', { columns: ['matnr string references=sap.material.matnr', 'grp string references=sap.material.grp', 'note'] }),
      ],
      [],
    );
    expect(catalog.entries.get('sap.orders')?.scopes).toEqual({ matnr: 'join:m', grp: 'column:sap.material.grp', note: 'column:sap.orders.note' });
  });

  it.each<[string, readonly Contract[], readonly (string | RegExp)[]]>([
    [
      'two contracts of one name',
      [contractOf('ga4.events', EVENTS), { ...contractOf('ga4.events', EVENTS), file: 'elsewhere/contract.odcs.yaml', id: 'other' }],
      ['ga4.events', 'contracts/ga4/events/v1/contract.odcs.yaml:1', 'elsewhere/contract.odcs.yaml:1'],
    ],
    [
      'two owners of one name',
      [contractOf('ga4.events', { ...EVENTS, owner: 'web' }), contractOf('ga4.events', { ...EVENTS, owner: 'shop', version: '2.0.0' })],
      ['two owners, web and shop', 'v1/contract.odcs.yaml:1', 'v2/contract.odcs.yaml:1'],
    ],
    ['one id for two products', [contractOf('ga4.events', { ...EVENTS, id: 'x' }), contractOf('sap.material', { ...MATERIAL, id: 'x' })], ['one id, x']],
    [
      'join keys of two types',
      [contractOf('sap.material', { columns: ['matnr string joinKey=m'] }), contractOf('ga4.events', { columns: ['event_id', 'item int joinKey=m'] })],
      [
        'sap.material.matnr is VARCHAR',
        'ga4.events.item is BIGINT',
        /sap\/material\/v1\/contract.odcs.yaml:\d+:\d+ and .*ga4\/events\/v1\/contract.odcs.yaml:\d+:\d+/,
      ],
    ],
    [
      'join keys of two patterns',
      [contractOf('sap.material', MATERIAL), contractOf('ga4.events', { columns: ['item string joinKey=material_number'] })],
      ['with pattern ^[0-9A-Z]+$', 'ga4.events.item is VARCHAR'],
    ],
    [
      'a reference to no product',
      [contractOf('sap.orders', { columns: ['matnr string references=sap.material.matnr'] })],
      ['sap.orders.matnr refers to sap.material.matnr, but no contract defines sap.material', 'contract.odcs.yaml:'],
    ],
    [
      'a reference to no column',
      [contractOf('sap.material', MATERIAL), contractOf('sap.orders', { columns: ['matnr string references=sap.material.nothing'] })],
      ['which does not exist'],
    ],
    [
      'a reference of another type',
      [contractOf('sap.material', MATERIAL), contractOf('sap.orders', { columns: ['matnr int references=sap.material.plant'] })],
      ['sap.orders.matnr is BIGINT', 'sap.material.plant, which is VARCHAR', 'material/v1/contract.odcs.yaml:', 'orders/v1/contract.odcs.yaml:'],
    ],
    ['the name of a major', [contractOf('ga4.events_v1', EVENTS)], ['ga4.events_v1 is reserved']],
    ['the name of a feedback dataset', [contractOf('ga4.events_feedback', EVENTS)], ['reserved']],
    ['the name of a lineage dataset', [contractOf('ga4.lineage', EVENTS)], ['reserved']],
    ['a domain of the engine', [contractOf('main.events', EVENTS)], ['the domain name main is reserved']],
  ])('refuses %s and names the places', (_what, contracts, parts) => {
    const error = conflictOf(contracts);
    expect(error.code).toBe('SKEIN_CATALOG_CONFLICT');
    for (const part of parts) expect(error.message).toMatch(part);
  });
});
