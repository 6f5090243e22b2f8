import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyWorkspace } from '@skein/checks';
import { readContract } from '@skein/contract';
import { soak, soaking, testProcess } from '@skein/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { domainGenerator } from './domain/generator.ts';
import { productGenerator, type ProductOptions } from './product/generator.ts';
import { removeGenerator } from './remove/generator.ts';
import { treeOf } from './workspace/tree.fixture.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fixture = fileURLToPath(new URL('generate.fixture.ts', import.meta.url));
let base: string;
let folder: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'skein-plugin-bad-'));
  folder = path.join(base, 'workspace');
  copyWorkspace(root, folder);
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'before');
});
beforeEach(() => {
  git('reset', '-q', '--hard');
  git('clean', '-q', '-fd');
});
afterAll(() => rmSync(base, { recursive: true, force: true, maxRetries: 3 }));

function git(...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: folder, encoding: 'utf8' });
}
async function run(generator: (tree: ReturnType<typeof treeOf>['tree']) => Promise<() => void>): Promise<void> {
  const { tree, flush } = treeOf(folder);
  const finish = await generator(tree);
  flush();
  finish();
}
const product = (options: Partial<ProductOptions>) => run((tree) => productGenerator(tree, { domain: 'sap', name: 'extra', ...options }));
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path.join(base, name), content);
  return path.join(base, name);
};
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
const CONTRACT = 'contracts/sap/extra/v1/contract.odcs.yaml';

describe('a sample that is hard to read', () => {
  it('refuses mixed encodings, says where, and changes nothing', async () => {
    const latin = Buffer.concat([Buffer.from('id,name\n1,Köln\n'), Buffer.from([50, 44, 0x4b, 0xf6, 0x6c, 0x6e, 10])]);
    await expect(product({ from: put('mixed.csv', latin) })).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNREADABLE', place: { line: 3 } });
    expect(git('status', '--porcelain')).toBe('');
    // Wholly of another encoding, it is read as what it is.
    await product({ from: put('latin.csv', Buffer.from('id,größe\n1,Köln\n2,Nürnberg\n', 'latin1')) });
    expect(read('domains/sap/src/extra.ts')).toContain('größe');
  });

  it('drafts a file without rows, and claims nothing of them', async () => {
    await product({ from: put('none.csv', 'id,name\n') });
    const contract = readContract(read(CONTRACT), CONTRACT);
    expect(contract.properties.map(({ name, required, keyPosition }) => [name, required, keyPosition])).toEqual([
      ['id', false, undefined],
      ['name', false, undefined],
    ]);
    expect(read(CONTRACT)).toMatch(/0 rows|no rows?/);
    expect(existsSync(path.join(folder, 'domains/sap/src/examples/extra.csv'))).toBe(false);
    expect(existsSync(path.join(folder, 'domains/sap/src/extra.test.ts'))).toBe(false);
  });

  it('looks at a part of 10 GB, and says which', async () => {
    const rows = Array.from({ length: 2_000 }, (_, at) => `${at},name ${'x'.repeat(980)}\n`).join('');
    const file = put('large.csv', 'id,name\n');
    // Rows enough to look at; the rest is a hole in the file, which takes no room on the disk.
    for (let at = 0; at < 36; at++) appendFileSync(file, rows);
    truncateSync(file, 10 * 2 ** 30);
    const started = performance.now();
    await product({ from: file });
    rmSync(file);
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(read(CONTRACT).split('\n')[0]).toMatch(/Drafted from large\.csv: (?!all of it).*\d/);
  });
});

describe('generators in processes of their own', () => {
  const start = (...args: string[]) => testProcess(process.execPath, ['--conditions=@skein/source', fixture, folder, ...args]);

  it('are killed at any moment of their writing: the next one finds the tree as it was', async () => {
    let stopped = 0;
    for (let round = 0; round < soak(40); round++) {
      // It kills itself instead of making one of its writes, in each round another.
      const child = start(`killed${round}`, String(soaking ? round : round * 5));
      await child.ended;
      expect(child.said()).toContain('writing');
      // Without its journal it had written all: then the tree is whole, with the new domain.
      if (existsSync(path.join(folder, 'node_modules/.skein-generate.json'))) stopped++;
      else {
        expect(read('platform/mesh/src/domains.ts')).toContain(`@skein/killed${round}'`);
        expect(read(`domains/killed${round}/src/main.ts`)).toContain(`killed${round}`);
        await run((tree) => removeGenerator(tree, { domain: `killed${round}` }));
      }
      await run((tree) => domainGenerator(tree, { name: 'after', owner: 'Someone' }));
      expect(git('status', '--porcelain', '-uall')).not.toContain('killed');
      expect(read('platform/mesh/src/domains.ts')).not.toContain('killed');
      await run((tree) => removeGenerator(tree, { domain: 'after' }));
      expect(git('status', '--porcelain')).toBe('');
    }
    expect(stopped).toBeGreaterThan(0);
  }, 600_000);

  it('start at the same moment: one writes, the other is told to wait, and the tree is whole', async () => {
    const children = ['one', 'two', 'three'].map((name) => {
      const child = start(name);
      return { name, gone: child.ended.then(({ code }) => ({ name, code, said: child.said })) };
    });
    const ended = await Promise.all(children.map(({ gone }) => gone));
    const [won, lost] = [ended.filter(({ code }) => code === 0), ended.filter(({ code }) => code !== 0)];
    expect(won.length).toBeGreaterThan(0);
    for (const { said } of lost) expect(said()).toMatch(/another generator/);
    const domains = read('platform/mesh/src/domains.ts');
    for (const { name } of won) expect(domains).toContain(`@skein/${name}'`);
    for (const { name } of lost) expect(domains).not.toContain(`@skein/${name}'`);
    for (const { name } of won) await run((tree) => removeGenerator(tree, { domain: name }));
    expect(git('status', '--porcelain')).toBe('');
  });

  it('leave what somebody changed after one was killed', async () => {
    const { tree, flush } = treeOf(folder);
    await domainGenerator(tree, { name: 'halfway', owner: 'Nobody' });
    flush();
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    writeFileSync(path.join(folder, 'node_modules/.skein-generate.lock'), String(gone.pid));
    appendFileSync(path.join(folder, 'docs/architecture.md'), '\nMine.\n');
    await run((other) => domainGenerator(other, { name: 'whole', owner: 'Someone' }));
    expect(read('docs/architecture.md')).toContain('Mine.');
    expect(existsSync(path.join(folder, 'domains/halfway'))).toBe(false);
  });
});
