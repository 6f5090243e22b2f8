import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDeclarations, copyWorkspace, readWorkspace } from '@skein/checks';
import { soak } from '@skein/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { removeGenerator } from '../remove/generator.ts';
import { treeOf } from '../workspace/tree.fixture.ts';
import { adapterGenerator } from './generator.ts';
import { modelPorts } from './template.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
let base: string;
let folder: string;
beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'skein-adapter-'));
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
const node = (file: string, ...args: string[]) =>
  execFileSync(process.execPath, [path.join(folder, file), ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } });

it('makes an adapter of every port that is kept in memory: it compiles, keeps the floors, passes the suite, and goes without a trace', async () => {
  const ports = [...modelPorts(treeOf(folder).tree).keys()].sort();
  expect(ports).toEqual(['contract-registry', 'event-bus', 'market-store', 'pattern-board', 'review-desk', 'state-store', 'usage-log']);
  // All of them in a long run; each is made the same way.
  const held = soak(10) === 10 ? ports : ['event-bus', 'state-store'];
  const directories = held.map((port) => `libs/adapters/new-${port}`);
  for (const port of ports) await run((tree) => adapterGenerator(tree, { name: `new_${port.replaceAll('-', '_')}`, port }));
  expect(checkDeclarations(readWorkspace(folder))).toEqual([]);
  expect(readFileSync(path.join(folder, 'docs/architecture.md'), 'utf8')).toContain('`libs/adapters/new-state-store`');
  expect(readFileSync(path.join(folder, 'libs/adapters/new-state-store/src/index.ts'), 'utf8')).toBe(
    "export { newStateStoreStateStore } from './new-state-store-state-store.ts';\n",
  );
  node('node_modules/.bin/tsc', '-b', ...directories);
  node('node_modules/.bin/vitest', 'run', ...directories, '--reporter=json', `--outputFile=${path.join(base, 'report.json')}`);
  const report = JSON.parse(readFileSync(path.join(base, 'report.json'), 'utf8')) as { numPassedTests: number; numTotalTests: number };
  expect(report.numPassedTests).toBe(report.numTotalTests);
  expect(report.numTotalTests).toBeGreaterThan(8);
  // A suite that could not fail would prove nothing.
  const store = path.join(folder, 'libs/adapters/new-state-store/src/new-state-store-state-store.ts');
  const text = readFileSync(store, 'utf8');
  writeFileSync(store, text.replace('value.slice());', 'value.slice(1));'));
  expect(() => node('node_modules/.bin/vitest', 'run', 'libs/adapters/new-state-store')).toThrow(/gives back what was put/);
  for (const port of ports) await run((tree) => removeGenerator(tree, { adapter: `new_${port.replaceAll('-', '_')}` }));
  expect(git('status', '--porcelain')).toBe('');
  expect(existsSync(path.join(folder, 'node_modules/@skein/adapter-new-state-store'))).toBe(false);
});

it.each([
  ['an unknown port', { name: 'disk', port: 'floppy' }, /no adapter is made of "floppy"/],
  ['a port without an implementation in memory', { name: 'disk', port: 'query-engine' }, /no adapter is made of "query-engine"/],
  ['a name that is taken', { name: 'sqlite', port: 'state-store' }, /a package @skein\/adapter-sqlite/],
  ['a name that is none', { name: '../disk', port: 'state-store' }, /not allowed/],
])('refuses %s, and changes nothing', async (_, options, message) => {
  await expect(run((tree) => adapterGenerator(tree, options))).rejects.toThrow(message);
  expect(git('status', '--porcelain')).toBe('');
});

it('keeps an adapter that others depend on', async () => {
  await expect(run((tree) => removeGenerator(tree, { adapter: 'memory' }))).rejects.toThrow(/@skein\/adapter-memory is a dependency of @skein\//);
  await expect(run((tree) => removeGenerator(tree, { adapter: 'floppy' }))).rejects.toThrow(/no adapter "floppy"/);
  await expect(run((tree) => removeGenerator(tree, {}))).rejects.toThrow(/nothing is named/);
  expect(git('status', '--porcelain')).toBe('');
});
