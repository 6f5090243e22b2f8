import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDeclarations, copyWorkspace, readWorkspace } from '@skein/checks';
import { sqliteUsageLog } from '@skein/adapter-sqlite';
import { readContract } from '@skein/contract';
import { sha256 } from '@skein/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { domainGenerator } from './domain/generator.ts';
import { migrationGenerator, type MigrationOptions } from './migration/generator.ts';
import { productGenerator, type ProductOptions } from './product/generator.ts';
import { removeGenerator } from './remove/generator.ts';
import { treeOf } from './workspace/tree.fixture.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let base: string;
let folder: string;

beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'skein-plugin-'));
  folder = path.join(base, 'workspace');
  copyWorkspace(root, folder);
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'before');
});
beforeEach(() => {
  // what a failed test left is not the next one's
  git('reset', '-q', '--hard');
  git('clean', '-q', '-fd');
});
afterAll(() => rmSync(base, { recursive: true, force: true, maxRetries: 3 }));

function git(...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: folder, encoding: 'utf8' });
}
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path.join(base, name), content);
  return path.join(base, name);
};

async function run(generator: (tree: ReturnType<typeof treeOf>['tree']) => Promise<() => void>): Promise<string[]> {
  const { tree, flush } = treeOf(folder);
  const finish = await generator(tree);
  const changed = tree.listChanges().map((change) => `${change.type} ${change.path}`);
  flush();
  finish();
  return changed;
}
const domain = (name: string, owner = 'CRM team') => run((tree) => domainGenerator(tree, { name, owner }));
const product = (options: ProductOptions) => run((tree) => productGenerator(tree, options));
const migrate = (options: MigrationOptions) => run((tree) => migrationGenerator(tree, options));
const remove = (name: string, of?: string, more: { major?: number; released?: boolean } = {}) =>
  run((tree) => removeGenerator(tree, { domain: name, ...(of === undefined ? {} : { name: of }), ...more }));

const CSV = `Account ID,mail,segment,limit\n${Array.from({ length: 40 }, (_, at) => `A-${1000 + at},p${at}@example.com,${at % 2 === 0 ? 'gold' : 'silver'},${at}.50`).join('\n')}\n`;

describe('generators', () => {
  it('write a domain and a product that keep the floors, and take both away again without a trace', async () => {
    await domain('crm');
    expect(checkDeclarations(readWorkspace(folder))).toEqual([]);
    expect(read('platform/mesh/src/domains.ts')).toContain("import { crm } from '@skein/crm';");
    expect(read('docs/architecture.md')).toContain('`domains/crm`');
    await product({ domain: 'crm', name: 'accounts', from: put('accounts.csv', CSV) });
    const contract = readContract(read('contracts/crm/accounts/v1/contract.odcs.yaml'), 'contracts/crm/accounts/v1/contract.odcs.yaml');
    expect([contract.product, contract.version, contract.status]).toEqual(['crm.accounts', '1.0.0', 'draft']);
    expect(contract.properties.map(({ name, keyPosition }) => [name, keyPosition])).toEqual([
      ['account_id', 1],
      ['mail', undefined],
      ['segment', undefined],
      ['limit_value', undefined],
    ]);
    const written = ['crm.ts', 'accounts.ts', 'accounts.test.ts', 'crm.test.ts', 'main.ts', 'index.ts']
      .map((file) => read(`domains/crm/src/${file}`))
      .join('\n');
    expect(written).not.toMatch(/TODO|FIXME|placeholder|it\.skip|it\.todo/i);
    // personal values of the sample stay where they were
    expect(read('domains/crm/src/examples/accounts.csv')).toContain('person1@example.com');
    expect(read('domains/crm/src/examples/accounts.csv')).not.toMatch(/p\d+@/);
    execFileSync(process.execPath, [path.join(folder, 'node_modules/.bin/oxfmt'), '--check', 'domains/crm', 'platform/mesh/src'], { cwd: folder });
    await remove('crm', 'accounts');
    await remove('crm');
    expect(git('status', '--porcelain')).toBe('');
    expect(existsSync(path.join(folder, 'node_modules/@skein/crm'))).toBe(false);
  });

  it('draft NDJSON, DDL, and a query over products; what reads a product keeps it', async () => {
    await domain('shop', 'Shop & Co.');
    await product({
      domain: 'shop',
      name: 'orders',
      from: put(
        'o.ndjson',
        Array.from({ length: 30 }, (_, at) => `{"id": ${9007199254740993n + BigInt(at)}, "lines": [{"n": ${at}}], "at": "2026-01-02T03:04:05Z"}`).join('\n'),
      ),
    });
    await product({
      domain: 'shop',
      name: 'prices',
      from: put(
        'p.sql',
        'CREATE TABLE prices (sku VARCHAR(10) PRIMARY KEY, price DECIMAL(9,2) NOT NULL CHECK (price > 99.5), pieces INT CHECK (pieces BETWEEN -2 AND -1), weight DOUBLE CHECK (0.5 > weight), since DATE);',
      ),
    });
    await product({
      domain: 'shop',
      name: 'order_days',
      query: put('q.sql', 'SELECT "at"::DATE AS day, count(*) AS orders FROM orders GROUP BY ALL;'),
      reads: 'orders',
      key: 'day',
    });
    expect(read('domains/shop/src/order-days.ts')).toContain("from: ['orders']");
    // Made-up rows keep the bounds of the script's checks.
    expect(read('domains/shop/src/examples/prices.csv').split('\n').slice(1, 4)).toEqual([
      'text 1,99.51,-1,0.499999999,2026-01-01',
      'text 2,99.52,-2,0.499999998,2026-01-02',
      'text 3,99.53,-2,0.499999997,2026-01-03',
    ]);
    expect(read('contracts/shop/order_days/v1/contract.odcs.yaml')).toContain('name: Shop & Co.');
    expect(readContract(read('contracts/shop/order_days/v1/contract.odcs.yaml'), 'x').properties.map(({ type }) => type.kind)).toEqual(['date', 'int']);
    await expect(remove('shop', 'orders')).rejects.toThrow(/is read by domains\/shop\/src\/order-days\.ts/);
    await remove('shop');
    expect(git('status', '--porcelain')).toBe('');
  });

  it('give files to the product that is named most closely, and take away one product of like names', async () => {
    await domain('shop');
    for (const name of ['items', 'lineitems', 'items_sold', 'items_sold_twice', 'items_lost'])
      await product({ domain: 'shop', name, from: put(`${name}.csv`, CSV) });
    const listed = /sources: \[([^\]]*)\]/
      .exec(read('domains/shop/src/shop.ts'))?.[1]
      ?.split(',')
      .flatMap((one) => one.trim() || []);
    expect(listed).toEqual(['itemsSoldTwiceFiles', 'itemsSoldFiles', 'itemsLostFiles', 'itemsFiles', 'lineitemsFiles']);
    for (const name of ['items_files', 'items_rows', 'items__sold'])
      await expect(product({ domain: 'shop', name, from: put('c.csv', CSV) })).rejects.toThrow(/has that name already|not allowed/);
    await remove('shop', 'lineitems');
    await product({ domain: 'shop', name: 'lineitems', from: put('c.csv', CSV) });
    await remove('shop', 'items');
    expect(/sources: \[([^\]]*)\]/.exec(read('domains/shop/src/shop.ts'))?.[1]).toMatch(
      /^\s*itemsSoldTwiceFiles,\s+itemsSoldFiles,\s+itemsLostFiles,\s+lineitemsFiles,?\s*$/,
    );
    await expect(domain('sho_p')).resolves.toBeDefined();
    await remove('sho_p');
    await domain('shop_1');
    await expect(domain('shop1')).rejects.toThrow(/is called shop1 in code/);
    await remove('shop_1');
    await remove('shop');
    expect(git('status', '--porcelain')).toBe('');
  });

  it('take personal data and keys of a script for what they are', async () => {
    await product({
      domain: 'sap',
      name: 'extra',
      from: put('k.sql', 'CREATE TABLE k (active boolean, code char(2) NOT NULL UNIQUE, mail varchar(90), PRIMARY KEY (active));'),
    });
    const contract = readContract(read('contracts/sap/extra/v1/contract.odcs.yaml'), 'x');
    expect(contract.properties.map(({ classification }) => classification)).toEqual(['internal', 'internal', 'restricted']);
    // Of a key that has two values there are two rows.
    expect(read('domains/sap/src/examples/extra.csv')).toBe('active,code,mail\ntrue,1,text 1\nfalse,2,text 2\n');
  });

  it('make the broken row of a single column one that is a row', async () => {
    await product({ domain: 'sap', name: 'extra', from: put('one.csv', `name\n${Array.from({ length: 30 }, (_, at) => `n${at}`).join('\n')}\n`) });
    expect(read('domains/sap/src/extra.test.ts')).toContain('\\n""\\n`');
  });

  it('put what Nx reads in place at once, before Nx writes the rest', async () => {
    const { tree, flush } = treeOf(folder);
    const finish = await domainGenerator(tree, { name: 'shop', owner: 'Shop' });
    const left = tree.listChanges().map((change) => change.path);
    expect(left).toContain('domains/shop/src/main.ts');
    expect(left.filter((file) => /package|tsconfig/.test(file))).toEqual([]);
    expect(JSON.parse(read('package-lock.json'))).toHaveProperty(['packages', 'domains/shop']);
    expect(JSON.parse(read('domains/shop/package.json'))).toHaveProperty('name', '@skein/shop');
    flush();
    finish();
    await remove('shop');
    expect(git('status', '--porcelain')).toBe('');
  });

  it('make the next major of a product beside the one before, and take either away again', async () => {
    await domain('crm');
    await product({ domain: 'crm', name: 'accounts', from: put('accounts.csv', CSV) });
    const file = 'contracts/crm/accounts/v1/contract.odcs.yaml';
    await expect(migrate({ domain: 'crm', name: 'accounts' })).rejects.toThrow(/is draft: nobody relies on it yet/);
    writeFileSync(path.join(folder, file), read(file).replace('status: draft', 'status: active'));
    git('add', '-A');
    git('commit', '-q', '-m', 'active');
    await expect(migrate({ domain: 'crm', name: 'accounts', until: '2020-01-01' })).rejects.toThrow(/is no day to come/);
    await expect(migrate({ domain: 'crm', name: 'accounts', until: '2999-02-30' })).rejects.toThrow(/is no day to come/);
    await expect(migrate({ domain: 'crm', name: 'accounts', data: base })).rejects.toThrow(/no record of usage/);
    const log = sqliteUsageLog({ file: path.join(base, 'data/usage/usage.sqlite') });
    const reads = (major: number) => [{ product: 'crm.accounts', address: 'crm.accounts', major, columns: ['segment'], contractVersion: `${major}.0.0` }];
    for (const [principal, major] of [
      ['ann', 1],
      ['ann', 1],
      ['bob', 2],
    ] as const)
      log.record({
        queryHash: sha256(`q${major}`),
        sql: 'SELECT segment FROM crm.accounts',
        principal,
        purpose: 'analytics',
        reads: reads(major),
        time: Date.UTC(2026, 9, 1),
      });
    await log.close();
    await migrate({ domain: 'crm', name: 'accounts', until: '2999-12-31', data: path.join(base, 'data') });
    const contractOf = (major: number) => readContract(read(`contracts/crm/accounts/v${major}/contract.odcs.yaml`), 'x');
    expect([1, 2].map((major) => [contractOf(major).version, contractOf(major).status])).toEqual([
      ['1.1.0', 'deprecated'],
      ['2.0.0', 'draft'],
    ]);
    expect(read('contracts/crm/accounts/v1/released/1.1.0.yaml')).toBe(read(file));
    expect(read(file)).toMatch(/property: endOfLife\n\s+value: '2999-12-31'/);
    expect(read('domains/crm/src/crm.ts')).toContain("accountsV1(contracts.get('crm.accounts', 1))");
    expect(read('domains/crm/src/accounts-v1.ts')).toContain("id: 'crm.accounts_v1'");
    // One source of both: a second one of its name would never see a file.
    expect(read('domains/crm/src/accounts-v1.ts')).not.toContain('namedFiles');
    const page = read('domains/crm/README.md');
    expect(page).toContain('| ann | 2 runs of 1 query over `crm.accounts` for analytics | 2026-10-01 |');
    expect(page).not.toContain('bob');
    expect(checkDeclarations(readWorkspace(folder))).toEqual([]);
    execFileSync(process.execPath, [path.join(folder, 'node_modules/.bin/oxfmt'), '--check', 'domains/crm'], { cwd: folder });
    const both = git('status', '--porcelain');
    await expect(remove('crm', 'accounts', { major: 2, released: true })).rejects.toThrow(/no older major 2/);
    await expect(remove('crm', 'accounts', { major: 1 })).rejects.toThrow(/were released/);
    expect(git('status', '--porcelain')).toBe(both);
    await remove('crm', 'accounts', { major: 1, released: true });
    expect(read('domains/crm/src/crm.ts')).not.toContain('V1');
    expect(read('domains/crm/README.md')).not.toContain('from 1 to 2');
    expect(existsSync(path.join(folder, 'contracts/crm/accounts/v1'))).toBe(false);
    git('checkout', '-q', '.');
    git('clean', '-q', '-fd');
    await migrate({ domain: 'crm', name: 'accounts' });
    await remove('crm', undefined, { released: true });
    git('reset', '-q', '--soft', 'HEAD~1');
    expect(git('diff', '--stat', 'HEAD')).toBe('');
  });

  it.each([
    ['Größe', /not allowed/],
    ['select', /reserved word/],
    ['class', /reserved word/],
    ['x'.repeat(200), /not allowed/],
    ['日本', /not allowed/],
    ['../evil', /not allowed/],
    ['gateway', /a package @skein\/gateway/],
    ['sap', /a package @skein\/sap/],
    ['a_v1', /belongs to the mesh/],
    ['', /not allowed/],
    ['it', /reserved word/],
    ['products', /reserved word[^]*fix: Take products_data/],
  ])('refuse the domain name %j, and change nothing', async (name, message) => {
    await expect(domain(name)).rejects.toThrow(message);
    expect(git('status', '--porcelain')).toBe('');
  });

  it.each<[string, Partial<ProductOptions>, RegExp]>([
    ['an unknown domain', { domain: 'nowhere' }, /no domain "nowhere"/],
    ['a clashing name', { name: 'material' }, /contracts\/sap\/material already/],
    ['a reserved name', { name: 'order' }, /reserved word/],
    ['neither file nor query', {}, /either from a file or by a query/],
    ['a file that is not there', { from: '/nowhere.csv' }, /no file/],
    ['an unknown ending', { from: '/x.xlsx' }, /does not say its form/],
    ['an unknown key', { from: 'CSV', key: 'nothing' }, /--key names nothing/],
    ['duplicate headers', { from: 'DUP' }, /twice/],
    ['a binary file', { from: 'BIN' }, /binary/],
    ['3,000 columns', { from: 'WIDE' }, /more than 700 columns.*\s+fix: /],
    ['a query that fits nothing', { query: 'SQL', reads: 'material' }, /does not fit/],
  ])('refuse %s, and change nothing', async (_, options, message) => {
    const files: Readonly<Record<string, () => string>> = {
      CSV: () => put('c.csv', CSV),
      DUP: () => put('d.csv', 'a,A\n1,2\n'),
      BIN: () => put('b.csv', Buffer.from([80, 75, 3, 4, 0, 0, 10])),
      WIDE: () => put('w.csv', `${Array.from({ length: 3000 }, (__, at) => `c${at}`).join(',')}\n`),
      SQL: () => put('s.sql', 'SELECT nothing FROM material'),
    };
    const real = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, files[value]?.() ?? value]));
    await expect(product({ domain: 'sap', name: 'extra', ...real })).rejects.toThrow(message);
    expect(git('status', '--porcelain')).toBe('');
  });

  it('take back what a stopped generator left half done', async () => {
    const { tree, flush } = treeOf(folder);
    await domainGenerator(tree, { name: 'halfway', owner: 'Nobody' });
    flush();
    // Nx was killed here: the last call never came, and the lock names a process that is gone.
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    writeFileSync(path.join(folder, 'node_modules/.skein-generate.lock'), String(gone.pid));
    expect(git('status', '--porcelain')).not.toBe('');
    await domain('whole');
    expect(existsSync(path.join(folder, 'domains/halfway'))).toBe(false);
    expect(read('platform/mesh/src/domains.ts')).not.toContain('halfway');
    await remove('whole');
    expect(git('status', '--porcelain')).toBe('');
  });

  it('run one at a time: the second is told to wait, and changes nothing', async () => {
    const { tree, flush } = treeOf(folder);
    const finish = await domainGenerator(tree, { name: 'first', owner: 'A' });
    await expect(domain('second')).rejects.toMatchObject({ code: 'SKEIN_STORAGE_CONTENDED' });
    flush();
    finish();
    await domain('second');
    await remove('second');
    await remove('first');
    expect(git('status', '--porcelain')).toBe('');
  });
});
