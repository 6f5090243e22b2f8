import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bySemver } from '../diff/semver-order.ts';
import { runApp } from '../run-app.fixture.ts';

const HOME = 'contracts/shop/orders/v1';
const FILE = `${HOME}/contract.odcs.yaml`;
let folder: TemporaryDirectory;
beforeEach(() => {
  folder = temporaryDirectory('skein release ü ');
  vi.spyOn(process, 'cwd').mockReturnValue(folder.path);
});
afterEach(() => {
  vi.restoreAllMocks();
  folder[Symbol.dispose]();
});

const contract = (version: string, columns: readonly string[] = ['id', 'state'], status = 'active') =>
  `apiVersion: v3.1.0\nkind: DataContract\nid: o\nversion: ${version}\nstatus: ${status}\ndomain: shop\nteam: { name: shop-team }\nschema:\n  - name: orders\n    properties:\n${columns.map((name) => `      - { name: ${name}, logicalType: string }\n`).join('')}`;
function put(file: string, text: string): void {
  mkdirSync(path.dirname(folder.file(file)), { recursive: true });
  writeFileSync(folder.file(file), text);
}
const release = (...args: string[]) => runApp('contract', 'release', 'contracts', ...args);
const check = () => release('--check');
/** Rules of what is refused. */
async function refusals(...args: string[]): Promise<string[]> {
  const { stdout } = await release('--check', '--json', ...args);
  const { steps } = JSON.parse(stdout) as {
    steps: { findings: { rule: string; standing: string }[]; faults: { rule: string }[]; version?: { suffices: boolean } }[];
  };
  return steps.flatMap(({ findings, faults, version }) => [
    ...faults.map((one) => one.rule),
    ...findings.filter((one) => one.standing === 'refused').map((one) => one.rule),
    ...(version?.suffices === false ? ['version'] : []),
  ]);
}
function git(...args: string[]): string {
  const own = ['-c', 'user.name=x', '-c', 'user.email=x@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...own, ...args], { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
function commit(): void {
  git('add', '-A');
  git('commit', '-qm', 'as it was', '--allow-empty');
}

describe('a released version', () => {
  it('is recorded to the letter, and what may follow it is recorded behind it', async () => {
    put(FILE, `# why\n${contract('1.0.0')}`);
    expect((await check()).code).toBe(1);
    const first = await release();
    expect([first.code, first.stderr]).toEqual([
      0,
      `recorded ${HOME}/released/1.0.0.yaml\nlooked at 1 contracts and 0 released versions; no earlier commit is known here\n`,
    ]);
    expect(readFileSync(folder.file(`${HOME}/released/1.0.0.yaml`), 'utf8')).toBe(`# why\n${contract('1.0.0')}`);
    expect((await check()).code).toBe(0);
    // A comment is no change.
    put(FILE, contract('1.0.0'));
    expect((await check()).code).toBe(0);
    put(FILE, contract('1.1.0', ['id', 'state', 'more']));
    expect(await refusals()).toEqual(['release.missing']);
    expect((await release()).code).toBe(0);
    const again = await check();
    expect([again.code, again.stderr]).toEqual([0, 'looked at 1 contracts and 2 released versions; no earlier commit is known here\n']);
  });

  it('is followed by no break, unless it is approved; and the approval stays', async () => {
    put(FILE, contract('1.0.0'));
    await release();
    put(FILE, contract('1.1.0', ['id']));
    expect(await refusals()).toEqual(['column.removed', 'version']);
    const refused = await release();
    expect([refused.code, refused.stderr.includes('recorded')]).toEqual([1, false]);
    const stub = refused.stdout.slice(refused.stdout.indexOf('version: 1\n'), refused.stdout.lastIndexOf('1 contract'));
    put(`${HOME}/approvals.yaml`, stub.replace('[]', '[shop-team]').replace('reason: ""', 'reason: agreed'));
    expect((await release()).code).toBe(0);
    expect((await check()).code).toBe(0);
    rmSync(folder.file(`${HOME}/approvals.yaml`));
    expect(await refusals()).toEqual(['column.removed', 'version']);
  });

  it('stands for one document', async () => {
    put(FILE, contract('1.0.0'));
    await release();
    put(FILE, contract('1.0.0', ['id', 'state', 'more']));
    expect(await refusals()).toEqual(['version']);
    put(FILE, contract('0.9.0'));
    expect((await check()).code).toBe(1);
    put(FILE, contract('1.0.0'));
    put(`${HOME}/released/1.0.1.yaml`, contract('1.0.2'));
    expect(await refusals()).toEqual(['release.name']);
    rmSync(folder.file(`${HOME}/released/1.0.1.yaml`));
    put(`${HOME}/released/1.0.0.yaml`, 'version: 1.0.0\nbroken');
    expect((await check()).code).toBe(1);
  });

  it('outlives its contract, unless that was retired', async () => {
    put(FILE, contract('1.0.0'));
    put('contracts/shop/other/v1/contract.odcs.yaml', contract('1.0.0').replace('- name: orders', '- name: other'));
    await release();
    rmSync(folder.file(FILE));
    expect(await refusals()).toEqual(['contract.removed']);
    put(FILE, contract('2.0.0', ['id', 'state'], 'retired').replace('2.0.0', '1.1.0'));
    expect(await refusals()).toEqual(['status.retired', 'version']);
  });

  it('is none of a draft that was never released', async () => {
    put(FILE, contract('0.1.0', ['id'], 'draft').replace('0.1.0', '1.0.0'));
    expect([(await release()).code, (await check()).code]).toEqual([0, 0]);
    expect((await check()).stderr).toContain('0 released versions');
    put(FILE, contract('1.0.0'));
    await release();
    put(FILE, contract('1.0.1', ['id', 'state'], 'draft'));
    expect(await refusals()).toContain('status.withdrawn');
  });

  it('needs a contract to look at, and a folder of its own for each', async () => {
    expect((await check()).code).toBe(2);
    expect((await runApp('contract', 'release')).code).toBe(2);
    put('contracts/a.odcs.yaml', contract('1.0.0'));
    put('contracts/b.odcs.yaml', contract('1.0.0'));
    expect((await check()).code).toBe(2);
  });
});

describe('records and history', () => {
  beforeEach(async () => {
    git('init', '-q', '-b', 'main');
    put(FILE, contract('1.0.0'));
    await release();
    commit();
  });

  it('a record that stood at the parent commit, or where the branch began, stands unchanged', async () => {
    const rewrite = () => {
      put(FILE, contract('1.0.0', ['id']));
      put(`${HOME}/released/1.0.0.yaml`, contract('1.0.0', ['id']));
    };
    // The first commit has no parent: nothing is known before it.
    expect((await check()).stderr).toContain('no earlier commit is known here');
    git('checkout', '-q', '-b', 'work');
    rewrite();
    commit();
    commit();
    expect(await refusals()).toEqual(['release.rewritten']);
    git('checkout', '-q', 'main');
    git('merge', '-q', '--no-ff', 'work');
    expect(await refusals()).toEqual(['release.rewritten']);
    rmSync(folder.file(HOME), { recursive: true });
    put('contracts/shop/other/v1/contract.odcs.yaml', contract('1.0.0', ['id'], 'draft').replace('- name: orders', '- name: other'));
    expect(await refusals()).toEqual(['release.rewritten']);
    expect(await refusals('--against', 'HEAD')).toEqual(['release.rewritten']);
    expect((await release('--check', '--against', 'nope')).code).toBe(2);
  });

  it('a clone of one commit knows no history, and still what was released', async () => {
    put(FILE, contract('1.1.0', ['id']));
    commit();
    git('clone', '-q', '--depth', '1', `file://${folder.path}`, 'shallow');
    vi.spyOn(process, 'cwd').mockReturnValue(folder.file('shallow'));
    const ran = await check();
    expect([ran.code, ran.stderr]).toEqual([1, 'looked at 1 contracts and 1 released versions; no earlier commit is known here\n']);
    expect(await refusals()).toEqual(['column.removed', 'version']);
  });
});

it('versions are ordered as semver says', () => {
  const ordered = ['0.9.9', '1.0.0-1', '1.0.0-9', '1.0.0-10', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-beta', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0'];
  expect([...ordered].reverse().sort(bySemver)).toEqual(ordered);
  expect(bySemver('1.0.0+a', '1.0.0+b')).toBe(0);
});
