import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releasesResult } from './steps.ts';
import { copyWorkspace } from './workspace-copy.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const MATERIAL = 'contracts/sap/material/v1/contract.odcs.yaml';

describe('the step contracts of the check', () => {
  let folder: TemporaryDirectory;
  beforeAll(() => {
    folder = temporaryDirectory('skein-contracts-');
    copyWorkspace(root, folder.path);
  });
  afterAll(() => folder[Symbol.dispose]());

  /** Runs the step in the copy with one contract changed, and puts the contract back. */
  function check(change: (text: string) => string): { status: number | null; stdout: string } {
    const file = folder.file(MATERIAL);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, change(text));
    const { status, stdout } = spawnSync(process.execPath, [folder.file('tools/checks/bin/source.js'), folder.file('tools/checks/src/main.ts'), 'contracts'], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    writeFileSync(file, text);
    return { status, stdout };
  }
  /** Without the last column of the contract. */
  const shortened = (text: string) => text.slice(0, text.lastIndexOf('\n      - id: ') + 1);
  const raised = (text: string, version: string) => text.replace(/^version: .*$/m, `version: ${version}`);

  it('passes on the workspace as it is, without its history, and says how many it looked at', () => {
    const { status, stdout } = check((text) => text);
    expect(stdout).toMatch(/^✓ contracts .* [1-9]\d* contracts and [1-9]\d* released versions; no earlier commit is known here$/m);
    expect(status).toBe(0);
  });

  it('fails on a removed column, whatever its version says', () => {
    for (const version of ['1.0.0', '1.0.1', '1.1.0']) {
      const { status, stdout } = check((text) => raised(shortened(text), version));
      expect([version, status, stdout.includes('rule: column.removed'), stdout.includes('✗ contracts')]).toEqual([version, 1, true, true]);
    }
  });

  it('fails on a change that nobody recorded, on a faulty contract, and on records that are gone', () => {
    expect(check((text) => raised(text, '1.0.1')).stdout).toContain('rule: release.missing');
    expect(check((text) => text.replace('logicalType: string', 'logicalType: strin'))).toMatchObject({ status: 1 });
    rmSync(folder.file('contracts/sap/material/v1/released'), { recursive: true });
    expect(check((text) => text).stdout).toContain('rule: release.missing');
  });

  it('looks at nothing where there is no contract, which is a failure', () => {
    for (const entry of readdirSync(folder.file('contracts'), { withFileTypes: true }))
      if (entry.isDirectory()) rmSync(folder.file('contracts', entry.name), { recursive: true });
    const { status } = spawnSync(process.execPath, [folder.file('tools/checks/bin/source.js'), folder.file('tools/checks/src/main.ts'), 'contracts'], {
      cwd: folder.path,
    });
    expect(status).toBe(1);
  });
});

it('a run that does not say what it looked at, or found no record, has failed', () => {
  const said = 'looked at 9 contracts and 9 released versions; no earlier commit is known here';
  expect(releasesResult({ code: 0, output: said })).toMatchObject({ passed: true, looked: { count: 9 } });
  expect(releasesResult({ code: 1, output: said }).passed).toBe(false);
  expect(releasesResult({ code: 0, output: said.replace('and 9', 'and 0') }).passed).toBe(false);
  expect(releasesResult({ code: 0, output: 'looked at 0 contracts and 9 released versions; x' }).passed).toBe(false);
  expect(releasesResult({ code: 0, output: '' }).passed).toBe(false);
});
