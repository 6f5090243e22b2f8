import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';
import type { Agreement } from './agreement.ts';
import { agreementMessage, dcatDataset } from './dcat.ts';
import type { Listing } from './listing.ts';

const SCHEMAS = path.resolve(import.meta.dirname, '../../../../shared/data/brokerage/dsp/artifacts/src/main/resources');
const there = existsSync(SCHEMAS);
if (!there) console.warn(`skipped: ${SCHEMAS} is not there`);

const listing: Listing = {
  id: 'orders',
  title: 'Orders',
  description: 'What was ordered.',
  product: 'shop.orders',
  major: 1,
  contractVersion: '1.0.0',
  licence: { purposes: ['planning', 'research'] },
  terms: { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '100' }, columns: ['id'], rows: [], quota: 10, days: 30 },
  dictionary: [],
  preview: [],
  royalties: [{ domain: 'shop', product: 'shop.orders', weight: 1 }],
  needsRelease: false,
  by: 'seller',
  state: 'live',
};
const agreement: Agreement = {
  id: 'a',
  listing: 'orders',
  product: 'shop.orders',
  consumer: 'Étoile',
  state: 'FINALIZED',
  terms: listing.terms,
  requestedAt: 0,
};

function schemas(): Ajv2019 {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  for (const folder of ['common', 'catalog', 'negotiation', 'transfer'])
    for (const file of readdirSync(path.join(SCHEMAS, folder)))
      // three schemas of transfers leave out a slash
      if (file.endsWith('-schema.json'))
        ajv.addSchema(JSON.parse(readFileSync(path.join(SCHEMAS, folder, file), 'utf8').replaceAll('"#definitions/', '"#/definitions/')) as object);
  return ajv;
}

describe('shapes of the Dataspace Protocol (shared/data)', () => {
  it.skipIf(!there)('are those of a listing and of an agreement, and not of ones that lack a part', () => {
    const ajv = schemas();
    const judge = (schema: string, value: unknown): boolean => ajv.validate(`https://w3id.org/dspace/2025/1/${schema}`, JSON.parse(JSON.stringify(value)));
    const dataset = dcatDataset(listing, listing.terms.plan, { endpoint: 'http://127.0.0.1:4747/v1/sql' });
    const message = agreementMessage(agreement, listing, Date.UTC(2026, 1, 1));
    expect([judge('catalog/dataset-schema.json', dataset), ajv.errors]).toEqual([true, null]);
    expect([judge('negotiation/contract-agreement-message-schema.json', message), ajv.errors]).toEqual([true, null]);
    const { hasPolicy: _policy, ...unlicensed } = dataset;
    expect(judge('catalog/dataset-schema.json', unlicensed)).toBe(false);
    const [offer] = dataset['hasPolicy'] as readonly object[];
    expect(judge('catalog/dataset-schema.json', { ...dataset, hasPolicy: [{ ...offer, target: 'urn:x' }] })).toBe(false);
    const { assignee: _nobody, ...nameless } = message['agreement'] as Readonly<Record<string, unknown>>;
    expect(judge('negotiation/contract-agreement-message-schema.json', { ...message, agreement: nameless })).toBe(false);
  });

  it('name the same thing by the same URN, and two things by two', () => {
    const idOf = (id: string) => dcatDataset({ ...listing, id }, listing.terms.plan, { endpoint: 'x' })['@id'];
    expect(idOf('orders')).toBe(idOf('orders'));
    expect(idOf('orders')).not.toBe(idOf('orders2'));
    expect(idOf('orders')).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
