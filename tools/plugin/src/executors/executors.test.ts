import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutorContext } from '@nx/devkit';
import { copyWorkspace } from '@skein/checks';
import { sqliteUsageLog } from '@skein/adapter-sqlite';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publishExecutor } from './publish.ts';
import { serveExecutor } from './serve.ts';
import { USAGE_FILE } from './usage-file.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const MATERIAL = 'contracts/sap/material/v1/contract.odcs.yaml';
const INVENTORY = 'contracts/sap/inventory_position/v1/contract.odcs.yaml';

let copy: TemporaryDirectory;
beforeAll(() => {
  copy = temporaryDirectory('skein-executors-');
  copyWorkspace(root, copy.path);
});
afterAll(() => copy[Symbol.dispose]());

function program(file: string, ...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, ['--conditions=@skein/source', `tools/plugin/src/executors/${file}`, ...args], { cwd: copy.path, encoding: 'utf8' });
}

function changed<T>(file: string, change: (text: string) => string, act: () => T): T {
  const text = readFileSync(copy.file(file), 'utf8');
  const next = change(text);
  expect(next).not.toBe(text);
  writeFileSync(copy.file(file), next);
  try {
    return act();
  } finally {
    writeFileSync(copy.file(file), text);
  }
}

describe('the neighbours of contracts', () => {
  it('are there, and of one type; where not, it is said at which place, and what would do', () => {
    const sound = program('check-neighbours.ts', 'sap');
    expect([sound.status, sound.stdout]).toEqual([0, `looked at 1 references of 4 contracts; no queries are recorded in ${USAGE_FILE}\n`]);
    const gone = changed(
      INVENTORY,
      (text) => text.replace('to: material.matnr', 'to: material.number'),
      () => program('check-neighbours.ts', 'sap'),
    );
    expect(gone.status).toBe(1);
    expect(gone.stdout).toMatch(
      /✗ contracts\/sap\/inventory_position\/v1\/contract\.odcs\.yaml:\d+:\d+\n {2}column matnr refers to sap\.material\.number, which/,
    );
    expect(gone.stdout).toMatch(/fix: Name one of its columns: .*matnr/);
    const nowhere = changed(
      INVENTORY,
      (text) => text.replace('to: material.matnr', 'to: crm.leads.id'),
      () => program('check-neighbours.ts', 'sap', '--json'),
    );
    expect(JSON.parse(nowhere.stdout)).toMatchObject({ passed: false, contracts: 4, references: 1, recorded: false, faults: [{ rule: 'reference.gone' }] });
    const other = changed(
      MATERIAL,
      (text) => text.replace(/(name: matnr\n {8}logicalType: )string/, '$1integer'),
      () => program('check-neighbours.ts', 'sap'),
    );
    expect([other.status, other.stdout.includes('rule: reference.')]).toEqual([1, true]);
  });

  it('looks at nothing where there is no contract, which is a failure', () => {
    expect(program('check-neighbours.ts', 'crm').status).toBe(1);
  });

  it('holds what is not released against recorded queries, and names who asks them', async () => {
    const log = sqliteUsageLog({ file: copy.file(USAGE_FILE) });
    const reads = [{ product: 'sap.material', major: 1, address: 'sap.material', columns: ['mtart'] }];
    log.record({ queryHash: 'q', sql: 'SELECT mtart FROM sap.material', principal: 'planner@example.com', purpose: 'planning', reads, time: 1 });
    await log.close();
    try {
      const sound = program('check-neighbours.ts', 'sap');
      expect([sound.status, sound.stdout]).toEqual([0, 'looked at 1 references of 4 contracts; 0 recorded queries of what is not released yet\n']);
      const without = (text: string) =>
        text.replace(/\n {6}- id: [^\n]+\n {8}name: mtart\n(?: {8,}[^\n]*\n)*/, '\n').replace(/^version: .*$/m, 'version: 1.1.0');
      const broken = changed(MATERIAL, without, () => program('check-neighbours.ts', 'sap'));
      expect(broken.status).toBe(1);
      expect(broken.stdout).toContain('rule: query.breaks');
      expect(broken.stdout).toContain('planner@example.com');
    } finally {
      rmSync(copy.file('.skein'), { recursive: true });
    }
  });
});

describe('generated files of one domain', () => {
  it('are written where they are stale, taken away where their contract is gone, and others are let be', () => {
    const [own, foreign, index] = ['contracts/sap/material/v1/types.gen.ts', 'contracts/ga4/events/v1/types.gen.ts', 'contracts/index.gen.ts'];
    const orphan = 'contracts/sap/gone/v1/checks.json';
    const before = readFileSync(copy.file(own), 'utf8');
    for (const file of [own, foreign, index]) writeFileSync(copy.file(file), 'stale');
    mkdirSync(path.dirname(copy.file(orphan)), { recursive: true });
    writeFileSync(copy.file(orphan), '{}');
    const { status, stdout } = program('write-generated.ts', 'sap');
    expect([status, stdout]).toEqual([0, '16 generated files of 4 contracts: 1 written, 1 removed\n']);
    expect(readFileSync(copy.file(own), 'utf8')).toBe(before);
    expect(existsSync(copy.file(orphan))).toBe(false);
    expect(readFileSync(copy.file(foreign), 'utf8')).toBe('stale');
    expect(program('write-generated.ts').stdout).toMatch(/^2 generated files of \d+ contracts: 1 written, 0 removed\n$/);
    expect(readFileSync(copy.file(index), 'utf8')).toBe(readFileSync(path.join(root, index), 'utf8'));
    const none = program('write-generated.ts', 'crm');
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('there is no contract below contracts/crm')]);
  });
});

it('list-readers names who reads, and says what is no product', () => {
  const { status, stdout } = program('list-readers.ts', 'sap', '--product', 'material');
  expect(status).toBe(0);
  expect(stdout).toContain('  sap.inventory_position reads sap.material: contract, matnr → matnr\n');
  expect(stdout).toMatch(/looked at [1-9]\d* contracts, [1-9]\d* domains, 0 live snapshots and no recorded queries in \.skein\n$/);
  const unknown = program('list-readers.ts', 'sap', '--product', 'matreial');
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('sap has no product matreial')]);
  const broken = changed(
    'domains/ga4/src/index.ts',
    (text) => `${text}import './absent.ts';\n`,
    () => program('list-readers.ts', 'sap'),
  );
  expect([broken.status, broken.stderr]).toEqual([1, expect.stringContaining('domains/ga4/src/index.ts cannot be loaded: Cannot find module')]);
});

describe('executors that run what was built', () => {
  const context = (folder: string, at: string) =>
    ({ root: folder, projectName: 'crm', projectsConfigurations: { version: 2, projects: { crm: { root: at } } } }) as unknown as ExecutorContext;

  it('end as the program ends, hand on its words, and say what is missing where nothing is built', async () => {
    using folder = temporaryDirectory();
    const said: string[] = [];
    const streams = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    for (const stream of streams) stream.mockImplementation((chunk) => said.push(String(chunk)) > 0);
    try {
      expect(await serveExecutor({}, context(folder.path, 'domains/crm'))).toEqual({ success: false });
      expect(await publishExecutor({ domain: 'crm' }, context(folder.path, 'domains/crm'))).toEqual({ success: false });
      expect(said.join('')).toMatch(/crm has nothing to run: there is no domains\/crm\/dist\/main\.js\n {2}fix: Build it: npx nx build crm\./);
      expect(said.join('')).toContain('there is no tools/cli/dist/main.js');
      for (const file of ['domains/crm/dist/main.js', 'tools/cli/dist/main.js']) {
        mkdirSync(path.dirname(folder.file(file)), { recursive: true });
        writeFileSync(folder.file(file), "const words = process.argv.slice(2); console.log(words.join('|')); process.exit(words.includes('--fail') ? 3 : 0);");
      }
      expect(await serveExecutor({ __unparsed__: ['--once', 'a b'] }, context(folder.path, 'domains/crm'))).toEqual({ success: true });
      expect(await publishExecutor({ domain: 'crm', __unparsed__: ['--fail'] }, context(folder.path, 'domains/crm'))).toEqual({ success: false });
      expect(said.join('')).toContain('--once|a b\n');
      expect(said.join('')).toContain('publish|crm|--fail\n');
    } finally {
      for (const stream of streams) stream.mockRestore();
    }
  });
});
