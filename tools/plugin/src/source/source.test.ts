import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDeclarations, copyWorkspace, readWorkspace } from '@skein/checks';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { domainGenerator } from '../domain/generator.ts';
import { removeGenerator } from '../remove/generator.ts';
import { treeOf } from '../workspace/tree.fixture.ts';
import { sourceGenerator, type SourceOptions } from './generator.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
let base: string;
let folder: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'skein-source-'));
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
const source = (options: SourceOptions) => run((tree) => sourceGenerator(tree, options));
const node = (file: string, ...args: string[]) =>
  execFileSync(process.execPath, [path.join(folder, file), ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: '0' },
  });
const SOURCES: readonly SourceOptions[] = [
  { domain: 'crm', name: 'accounts', kind: 'http', from: 'https://crm.example/v2/accounts?size=500' },
  { domain: 'crm', name: 'contacts', kind: 'http', from: 'https://crm.example/contacts.csv', format: 'csv', tenant: "client's=100" },
  { domain: 'crm', name: 'visits', kind: 'files', from: "/mnt/o'brien/visits", format: 'csv' },
];

it('makes connectors that compile, keep the floors and pass the suite, and go without a trace', async () => {
  await run((tree) => domainGenerator(tree, { name: 'crm', owner: 'CRM team' }));
  git('add', '-A');
  git('commit', '-q', '-m', 'crm');
  for (const one of SOURCES) await source(one);
  expect(checkDeclarations(readWorkspace(folder))).toEqual([]);
  expect(readFileSync(path.join(folder, 'domains/crm/README.md'), 'utf8')).toContain('node domains/crm/dist/bring-accounts.js --directory FOLDER');
  node('node_modules/.bin/oxfmt', '--check', 'domains/crm/src');
  node('node_modules/.bin/tsc', '-b', 'domains/crm');
  const report = path.join(base, 'report.json');
  node('node_modules/.bin/vitest', 'run', 'domains/crm', '--reporter=json', `--outputFile=${report}`);
  const { numPassedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
  expect([numPassedTests, (numTotalTests ?? 0) > 30]).toEqual([numTotalTests, true]);
  // What is built brings as well, and says why not.
  expect(() => node('domains/crm/dist/bring-accounts.js', '--directory', base, '--url', 'http://169.254.169.254/latest')).toThrow(/SKEIN_SOURCE_ADDRESS/);
  // A connector that takes whatever comes does not pass.
  const file = path.join(folder, 'domains/crm/src/visits-source.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('...options,', '...options,\ntenant: undefined as never,'));
  expect(() => node('node_modules/.bin/vitest', 'run', 'domains/crm/src/visits-source.test.ts', '--retry=0')).toThrow(/another tenant/);
  for (const { name } of SOURCES) await run((tree) => removeGenerator(tree, { domain: 'crm', source: name }));
  expect(git('status', '--porcelain')).toBe('');
});

it.each<[string, Partial<SourceOptions>, RegExp]>([
  ['an unknown domain', { domain: 'nowhere' }, /no domain "nowhere"/],
  ['a name that is none', { name: 'Größe' }, /not allowed/],
  ['an unknown kind', { kind: 'ftp' as never }, /no kind "ftp"/],
  ['an address of another scheme', { from: 'file:///etc/passwd' }, /no http or https address/],
  ['an address with a password', { from: 'https://me:secret@crm.example/' }, /holds a name or a password/],
  ['half a tenant', { tenant: 'client' }, /is not COLUMN=VALUE/],
])('refuses %s, and changes nothing', async (_, options, message) => {
  await expect(source({ domain: 'sap', name: 'extra', kind: 'http', from: 'https://x.example/', ...options })).rejects.toThrow(message);
  expect(git('status', '--porcelain')).toBe('');
});

it('writes over no source, and keeps one that is used', async () => {
  await source({ domain: 'sap', name: 'extra', kind: 'http', from: 'https://x.example/' });
  await expect(source({ domain: 'sap', name: 'extra', kind: 'files', from: '/x' })).rejects.toThrow(/extra-source\.ts already/);
  writeFileSync(path.join(folder, 'domains/sap/src/uses.ts'), "export { extraSource } from './extra-source.ts';\n");
  await expect(run((tree) => removeGenerator(tree, { domain: 'sap', source: 'extra' }))).rejects.toThrow(/is used by domains\/sap\/src\/uses\.ts/);
  rmSync(path.join(folder, 'domains/sap/src/uses.ts'));
  await run((tree) => removeGenerator(tree, { domain: 'sap', source: 'extra' }));
  expect(git('status', '--porcelain')).toBe('');
});
