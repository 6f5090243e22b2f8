import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyWorkspace } from '@skein/checks';
import { readContract } from '@skein/contract';
import { ga4 } from '@skein/ga4';
import { repositoryContracts } from '@skein/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { domainGenerator } from './domain/generator.ts';
import { productGenerator } from './product/generator.ts';
import { removeGenerator } from './remove/generator.ts';
import { formatted } from './workspace/format.ts';
import { treeOf } from './workspace/tree.fixture.ts';

// Promise: what generators write is what the house writes by hand. What a person adds to it is named here, edit by edit; a template that
// falls behind the domains it was taken from fails.

const root = fileURLToPath(new URL('../../../', import.meta.url));
let base: string;
let folder: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'skein-living-'));
  folder = path.join(base, 'workspace');
  copyWorkspace(root, folder);
});
afterAll(() => rmSync(base, { recursive: true, force: true, maxRetries: 3 }));

const read = (file: string, of = folder): string => readFileSync(path.join(of, file), 'utf8');
async function run(generator: (tree: ReturnType<typeof treeOf>['tree']) => Promise<() => void>): Promise<void> {
  const { tree, flush } = treeOf(folder);
  const finish = await generator(tree);
  flush();
  finish();
}

interface Edit {
  readonly name: string;
  readonly from: string | RegExp;
  readonly to: string;
}

/** The text with the edits made; each must find what it changes. */
function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((now, { name, from, to }) => {
    const next = now.replace(from, () => to);
    if (next === now) throw new Error(`the edit "${name}" finds nothing to change`);
    return next;
  }, text);
}

const DOMAIN = 'domains/ga4/src/ga4.ts';
const MODULE = 'domains/ga4/src/item-demand-daily.ts';
const CONTRACT = 'contracts/ga4/item_demand_daily/v1/contract.odcs.yaml';

it("makes ga4's simplest product of its query, save for what its people wrote about it", async () => {
  const [domain, module, contract] = [DOMAIN, MODULE, CONTRACT].map((file) => read(file));
  const product = ga4(await repositoryContracts()).products.find(({ id }) => id === 'ga4.item_demand_daily');
  const sql = product?.step.sql ?? '';
  const query = path.join(base, 'query.sql');
  writeFileSync(query, sql);
  await run((tree) => removeGenerator(tree, { domain: 'ga4', name: 'item_demand_daily', released: true }));
  expect(read(DOMAIN)).not.toContain('itemDemandDaily');
  await run((tree) => productGenerator(tree, { domain: 'ga4', name: 'item_demand_daily', query, reads: 'events,purchases', key: 'event_date,item_id' }));

  // The list of the domain is as it was, to the letter but for the order of imports.
  const sorted = (text = '') => text.split('\n').sort().join('\n');
  expect(sorted(read(DOMAIN))).toBe(sorted(domain));

  const original = module ?? '';
  const between = (from: string, to: string) => original.slice(original.indexOf(from), original.indexOf(to));
  const made = edited(read(MODULE), [
    { name: 'the query in named parts', from: `const SQL = \`${sql}\`;\n\n`, to: between('const LINES', 'const events =') },
    { name: 'a word for columns of events', from: '/** ga4', to: `${between('const events =', '/**\n * ga4')}/** ga4` },
    { name: 'what the product is for', from: /\/\*\* ga4\.item_demand_daily: [^*]* \*\//, to: between('/**\n * ga4', 'export function').trimEnd() },
    { name: 'what the step is called', from: "name: 'make item demand daily'", to: "name: 'add up demand by item and day'" },
    { name: 'lineage column by column', from: /lineage: \{[^}]*\}/, to: between('lineage: {', ',\n    },\n  };') },
  ]);
  expect(formatted(folder, MODULE, made)).toBe(original);

  // Names, types, order and key are the query's; the rest of a contract is what its people promise.
  const [was, is] = [readContract(contract ?? '', CONTRACT), readContract(read(CONTRACT), CONTRACT)];
  const shape = ({ properties }: typeof was) => properties.map(({ name, type, keyPosition }) => ({ name, type, keyPosition }));
  expect(shape(is)).toEqual(shape(was));
  expect(shape(is)).toHaveLength(8);
  expect(read('contracts/ga4/item_demand_daily/v1/policy.yaml')).toBe(read('contracts/ga4/item_demand_daily/v1/policy.yaml', root));
});

it('does not let a template pass that fell behind', () => {
  expect(() => edited('const SQL = 1;', [{ name: 'another form', from: 'export const SQL', to: '' }])).toThrow(/"another form" finds nothing/);
});

it('makes the skeleton of an existing domain', async () => {
  await run((tree) => domainGenerator(tree, { name: 'stock', owner: 'SAP team' }));
  const asSap = (text: string) => text.replaceAll('stock', 'sap');
  for (const file of ['src/main.ts', 'tsconfig.json']) {
    const [made, own] = [asSap(read(`domains/stock/${file}`)), read(`domains/sap/${file}`)];
    if (file.endsWith('.ts')) expect(made).toBe(own);
    else {
      const { references: _, ...rest } = JSON.parse(made) as { references: unknown };
      expect(JSON.parse(own)).toMatchObject(rest);
    }
  }
  expect(read('domains/sap/src/index.ts')).toContain(asSap(read('domains/stock/src/index.ts')).trim());
  // The sap domain once more, of what it lists: the generated form holds it, save for its own sources, tables and products.
  const head = (text: string) => text.slice(text.indexOf('export function'), text.indexOf('sources:')).replaceAll(/\s+/g, ' ');
  expect(
    head(
      edited(asSap(read('domains/stock/src/stock.ts')), [
        { name: 'its products take contracts', from: '(): Domain', to: "(contracts: Pick<ContractSet, 'get'>): Domain" },
      ]),
    ),
  ).toBe(head(read('domains/sap/src/sap.ts')));
  type Manifest = Record<string, unknown> & { name: string; dependencies: Record<string, string> };
  const [made, own] = ['stock', 'sap'].map((name) => JSON.parse(read(`domains/${name}/package.json`)) as Manifest);
  const { name: _, dependencies: used, author: __, devDependencies: ___, ...rest } = made as Manifest;
  expect(own).toMatchObject(rest);
  expect(Object.keys(own?.dependencies ?? {})).toEqual(expect.arrayContaining(Object.keys(used)));
});
