import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type CommandResult } from './run-command.ts';
import { staleReferences } from './references.ts';
import { copyWorkspace } from './workspace-copy.ts';
import { readWorkspace } from './workspace.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('nx sync:check, in a copy of the workspace', () => {
  let copy: TemporaryDirectory;
  beforeAll(() => {
    copy = temporaryDirectory('skein-nx-');
    copyWorkspace(root, copy.path);
    for (const config of staleReferences(readWorkspace(copy.path)).stale) writeFileSync(copy.file(config.path), config.text);
  });
  afterAll(() => copy[Symbol.dispose]());

  const nx = (command: string): Promise<CommandResult> =>
    runCommand(process.execPath, [copy.file('node_modules/.bin/nx'), command], {
      cwd: copy.path,
      env: {
        ...process.env,
        NX_DAEMON: 'false',
        NX_ISOLATE_PLUGINS: 'false',
        NO_COLOR: '1',
        FORCE_COLOR: undefined,
        NX_WORKSPACE_DATA_DIRECTORY: copy.file('.nx'),
      },
    });

  /** Breaks one file of the copy for the length of `check`. */
  async function broken(
    path: string,
    change: (json: { dependencies: Record<string, string>; references: unknown[] }) => void,
    check: () => Promise<void>,
  ): Promise<void> {
    const text = readFileSync(copy.file(path), 'utf8');
    const json = JSON.parse(text) as { dependencies: Record<string, string>; references: unknown[] };
    change(json);
    writeFileSync(copy.file(path), JSON.stringify(json));
    await check().finally(() => writeFileSync(copy.file(path), text));
  }

  it('passes when references and floors are in order', async () => {
    expect(await nx('sync:check')).toMatchObject({ code: 0 });
  });

  it('fails on a reference that no dependency justifies, and nx sync mends it', async () => {
    await broken(
      'libs/kernel/tsconfig.json',
      (config) => config.references.push({ path: '../ports' }),
      async () => {
        const { code, output } = await nx('sync:check');
        expect(code).not.toBe(0);
        expect(output).toContain('libs/kernel/tsconfig.json');
        expect(await nx('sync')).toMatchObject({ code: 0 });
        expect(JSON.parse(readFileSync(copy.file('libs/kernel/tsconfig.json'), 'utf8'))).toMatchObject({ references: [] });
      },
    );
  });

  it('fails on a dependency that leads upwards, and names it', async () => {
    await broken(
      'libs/kernel/package.json',
      (manifest) => Object.assign(manifest.dependencies, { '@skein/ports': '*' }),
      async () => {
        const { code, output } = await nx('sync:check');
        expect(code).not.toBe(0);
        expect(output).toContain('@skein/kernel (kernel) may not depend on @skein/ports (ports)');
      },
    );
  });
});
