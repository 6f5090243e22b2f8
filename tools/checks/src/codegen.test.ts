import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '@skein/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareGenerated } from './codegen.ts';
import { generate, json, refuseReferences } from './generate.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const contract = (domain: string, name: string, version: string, properties = '      - { name: id, logicalType: integer, primaryKey: true }\n') => ({
  path: `contracts/${domain}/${name}/v${version.split('.')[0]}/contract.odcs.yaml`,
  text: `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: ${version}\ndomain: ${domain}\nschema:\n  - name: ${name}\n    properties:\n${properties}`,
});
const SYSTEM = [contract('skein', 'feedback', '1.0.0'), contract('skein', 'lineage', '1.0.0')];

describe('the files of a contract', () => {
  it('are four, beside an index of products and the page of errors', async () => {
    const files = await generate([contract('shop', 'orders', '1.0.0')]);
    expect(files.map((file) => file.path)).toEqual([
      'contracts/shop/orders/v1/record.schema.json',
      'contracts/shop/orders/v1/checks.json',
      'contracts/shop/orders/v1/arrow.json',
      'contracts/shop/orders/v1/types.gen.ts',
      'contracts/index.gen.ts',
      'docs/errors.md',
    ]);
    for (const { text } of files) expect(text).toMatch(/sha256 [0-9a-f]{64}/);
  });

  it('follow from the meaning of the contract, not from its comments', async () => {
    const plain = contract('shop', 'orders', '1.0.0');
    const commented = { ...plain, text: `# why\n\n${plain.text}` };
    const changed = { ...plain, text: plain.text.replace('integer', 'string') };
    const [first, second, third] = await Promise.all([plain, commented, changed].map((file) => generate([file])));
    expect(second).toEqual(first);
    expect(third?.filter((file, index) => file.text !== first?.[index]?.text).map((file) => file.path)).toHaveLength(5);
  });

  it('have exact row types and forgiving record types', async () => {
    const files = await generate([
      contract(
        'shop',
        'order_lines',
        '2.1.0',
        `      - { name: id, logicalType: integer, primaryKey: true, description: "ends */ here" }
      - { name: "net price", physicalType: "DECIMAL(9,2)", classification: confidential }
      - { name: params, physicalType: "MAP(VARCHAR, BIGINT)" }
      - { name: tags, physicalType: "VARCHAR[]" }
      - { name: photo, physicalType: BLOB, required: true }
`,
      ),
    ]);
    const types = files.find((file) => file.path.endsWith('types.gen.ts'))?.text ?? '';
    expect(types).toContain('export interface ShopOrderLinesV2 {');
    expect(types).toContain('  id: bigint;');
    expect(types).toContain('  "net price": string | null;');
    expect(types).toContain('  params: { key: string; value: bigint | null }[] | null;');
    expect(types).toContain('  tags: (string | null)[] | null;');
    expect(types).toContain('  photo: Uint8Array;');
    expect(types).toContain('export interface ShopOrderLinesV2Record {');
    expect(types).toContain('  id: number | string;');
    expect(types).not.toContain('ends */ here');
  });

  it('name the newest major of each product, and the tables of the system beside them', async () => {
    const files = await generate([...SYSTEM, contract('shop', 'orders', '10.0.0'), contract('shop', 'orders', '9.0.0')]);
    const index = files.find((file) => file.path === 'contracts/index.gen.ts')?.text ?? '';
    expect(/export interface Products \{\n([\s\S]*)\}/.exec(index)?.[1]?.split('\n').filter(Boolean)).toEqual([
      "  'shop.lineage': SkeinLineageV1;",
      "  'shop.orders': ShopOrdersV10;",
      "  'shop.orders_feedback': SkeinFeedbackV1;",
    ]);
    expect(index).toContain("export type { ShopOrdersV9, ShopOrdersV9Record } from './shop/orders/v9/types.gen.ts';");
  });

  it('list every code of the table of errors, and no other', async () => {
    const page = (await generate([])).find((file) => file.path === 'docs/errors.md')?.text ?? '';
    expect([...page.matchAll(/^\| `(SKEIN_[A-Z_]+)`/gm)].map((match) => match[1])).toEqual(Object.keys(ERRORS));
  });

  it('are not made of a schema that refers elsewhere or carries code', () => {
    expect(() => refuseReferences({ properties: { a: { $ref: 'file:///etc/passwd' } } })).toThrow('$ref');
    expect(() => refuseReferences({ items: [{ tsType: 'process.exit()' }] })).toThrow('tsType');
    expect(() => refuseReferences({ properties: { $ref: { type: 'string' }, tsType: { type: 'string' } } })).not.toThrow();
  });

  it('are refused as a whole when one contract is faulty', async () => {
    await expect(generate([contract('shop', 'orders', '1.0.0', '      - { name: id, logicalType: integr }\n')])).rejects.toMatchObject({
      code: 'SKEIN_CONTRACT_INVALID',
    });
  });
});

describe('the comparison with what stands', () => {
  let root: string;
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'skein-codegen-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('finds what is missing, changed or left behind', async () => {
    const file = contract('shop', 'orders', '1.0.0');
    put(file.path, file.text);
    const missing = await compareGenerated(root);
    expect(missing).toMatchObject({ contracts: 1, looked: 6, orphaned: [] });
    expect(missing.stale).toHaveLength(6);
    for (const { path, text } of missing.stale) put(path, text);
    expect(await compareGenerated(root)).toMatchObject({ looked: 6, stale: [], orphaned: [] });

    put('contracts/shop/orders/v1/checks.json', '{}');
    put('contracts/shop/gone/v1/types.gen.ts', '');
    const damaged = await compareGenerated(root);
    expect(damaged.stale.map((one) => one.path)).toEqual(['contracts/shop/orders/v1/checks.json']);
    expect(damaged.orphaned).toEqual(['contracts/shop/gone/v1/types.gen.ts']);
  });

  it('looks at nothing where there is no contract, and says so', async () => {
    expect((await compareGenerated(root)).contracts).toBe(0);
  });
});

it('the command refuses what it does not know', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@skein/source', join(ROOT, 'tools/checks/src/codegen.ts'), '--chekc'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 2, stderr: 'codegen does not know --chekc; usage: codegen [--check]\n' });
});

it('JSON stays readable and parses to what it was', () => {
  const value = { a: [1, 'x'], b: { c: null, d: 'y'.repeat(200), e: [{ f: true }] }, g: [], h: {}, i: undefined };
  expect(JSON.parse(json(value))).toEqual(JSON.parse(JSON.stringify(value)));
  expect(
    Math.max(
      ...json({ rows: Array.from({ length: 50 }, (_, id) => ({ id, name: 'x'.repeat(20) })) })
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThan(160);
  expect(readFileSync(join(ROOT, 'contracts/skein/lineage/v1/arrow.json'), 'utf8')).toContain('"fields"');
});
