import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readContract } from '@skein/contract';
import { demoMaterials, writeGa4Source } from '@skein/demo';
import { readPolicy } from '@skein/federation';
import { ga4 } from '@skein/ga4';
import type { ContractSet, DataProduct } from '@skein/product';
import { workbench } from '@skein/testing';

// Promise: the product that the README adds by hand works as it stands there.

it('publishes the product of the README from its contract, policy and step', async () => {
  const readme = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const chapter = readme.slice(readme.indexOf('## Add a product by hand'));
  const block = (language: string, index = 0) => {
    const found = [...chapter.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))][index]?.[1];
    if (found === undefined) throw new Error(`the chapter has no ${language} block ${index}`);
    return found.replaceAll(/^ {3}/gm, '');
  };
  const contract = readContract(block('yaml'), 'contracts/ga4/page_views_daily/v1/contract.odcs.yaml');
  expect(readPolicy(block('yaml', 1), 'policy.yaml', contract).product).toBe('ga4.page_views_daily');
  const module = `export default (contracts) => (${block('ts')});`;
  const { default: product } = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(module)}`)) as {
    default: (contracts: ContractSet) => DataProduct;
  };

  await using bench = await workbench(
    (contracts) => {
      const domain = ga4(contracts);
      return { ...domain, products: [...domain.products, product(contracts)] };
    },
    [contract],
  );
  await writeGa4Source({ directory: `${bench.directory}/sources`, seed: 3, rows: 3000, materials: demoMaterials(3) });
  const report = await bench.run();
  const made = report.products.find((one) => one.product === 'ga4.page_views_daily');
  expect(made).toMatchObject({ outcome: 'published' });
  const [sum] = await bench.rows<{ views: bigint }>('ga4.page_views_daily', 'SELECT sum(views)::BIGINT AS views FROM t');
  const [events] = await bench.rows<{ n: bigint }>('ga4.events', `SELECT count(*) AS n FROM t WHERE event_name = 'page_view'`);
  expect(sum?.views).toBe(events?.n);
  expect(sum?.views).toBeGreaterThan(100n);
});
