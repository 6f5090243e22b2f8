import { composeCatalog } from '@skein/federation';
import type { SnapshotStore } from '@skein/ports';
import type { Snapshot } from '@skein/product';
import { expect, it } from 'vitest';
import { sales } from '../market.fixture.ts';
import { readListing, type DraftParts } from './draft.ts';

/** As long as it was cut once. */
const CHAIN = 1_203;

it('names every product of a lineage among those that earn, however long it is, and each once though it goes in circles', async () => {
  const [shop] = composeCatalog([sales], []).entries.values();
  if (!shop) throw new Error('the catalog is empty');
  const name = (at: number): string => (at === 0 ? 'shop.sales' : `far.p${at % CHAIN}`);
  const entries = new Map(
    Array.from({ length: CHAIN }, (_, at) => [
      name(at),
      {
        ...shop,
        id: name(at),
        domain: name(at).split('.')[0] as string,
        table: { domain: 'far', name: name(at), major: 1 },
        contract: { ...sales, product: name(at) },
      },
    ]),
  );
  // each is made of the next two, and of what lies outside of the mesh; the last ones of the first again
  const current = ({ name: of }: { name: string }): Promise<Snapshot> => {
    const at = [...entries.keys()].indexOf(of);
    const inputs = [at + 1, at + 2].map((next) => ({ kind: 'product', name: next >= CHAIN ? 'shop.sales' : name(next), version: 1 }));
    return Promise.resolve({ lineage: { inputs: [...inputs, { kind: 'product', name: 'lost.one', version: 1 }] } } as unknown as Snapshot);
  };
  const parts = { catalog: { entries }, store: { current } as unknown as SnapshotStore } as unknown as DraftParts;
  const body = { id: 'long', product: 'shop.sales', title: 'Long', plan: { unit: 'Open-data', currency: 'EUR' } };
  const last = { product: name(CHAIN - 1), weight: 7 };
  const { listing } = await readListing(parts, { ...body, royalties: [last] }, 'seller');
  expect(new Set(listing.royalties.map(({ product }) => product))).toEqual(new Set(entries.keys()));
  expect([listing.royalties.length, listing.royalties.find(({ product }) => product === last.product)]).toEqual([CHAIN, { domain: 'far', ...last }]);
  await expect(readListing(parts, { ...body, royalties: [{ product: 'lost.one', weight: 1 }] }, 'seller')).rejects.toMatchObject({
    code: 'SKEIN_REQUEST_INVALID',
  });
});
