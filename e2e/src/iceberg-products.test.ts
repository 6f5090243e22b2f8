import { expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { repositoryContracts, temporaryDirectory } from '@skein/testing';
import { publishDemo } from './demo-tables.ts';
import { fetchFiles } from './file-fetch.ts';
import { rowsByDuckdb, rowsByIcebird } from './icebird-reader.ts';

// Promise: icebird reads every product, feedback and lineage table of the mesh, and agrees row for row.

/** Of so few events no group of materials has ten purchasers. */
const EMPTY = 'brokerage.demand_index';

it('icebird agrees on every table of all domains', async () => {
  using data = temporaryDirectory('skein-products-');
  const snapshots = await publishDemo(data.path, 2_000);
  const engine = duckdbEngine();
  const session = await engine.open();
  const restore = fetchFiles();
  const counts: Record<string, number> = {};
  try {
    for (const snapshot of snapshots) {
      const { domain, name, major } = snapshot.table;
      const theirs = await rowsByIcebird(`file://${data.path}/tables/${domain}/${name}/v${major}`, snapshot.fields);
      expect(theirs, snapshot.product).toEqual(await rowsByDuckdb(session, snapshot));
      expect(BigInt(theirs.length), snapshot.product).toBe(snapshot.rows);
      counts[snapshot.product] = theirs.length;
    }
  } finally {
    restore();
    await engine.close();
  }
  const products = Object.keys(counts).filter((product) => !product.endsWith('_feedback') && !product.endsWith('.lineage'));
  const contracts = (await repositoryContracts()).all.filter(({ domain }) => domain !== 'skein').map(({ product }) => product);
  expect(products.sort()).toEqual(contracts.sort());
  // each with its feedback dataset, and the lineage of each domain
  expect(Object.keys(counts)).toHaveLength(2 * contracts.length + 4);
  for (const product of products) if (product !== EMPTY) expect(counts[product], product).toBeGreaterThan(0);
});
