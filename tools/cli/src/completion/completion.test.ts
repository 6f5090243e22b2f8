import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '@skein/testing';
import { runApp } from '../run-app.fixture.ts';
import { domainNames, productNames } from './names.ts';
import { completionScript, type Shell } from './scripts.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const NODE = path.join(ROOT, 'node_modules/.bin/node');
const found = (shell: string) => spawnSync(shell, ['--version']).error === undefined;

/** The script of a shell over the sources: a command that stands in for the built one. */
function scriptOf(folder: { file(name: string): string }, shell: Shell): string {
  const command = folder.file("it's the command.mjs");
  const main = path.join(ROOT, 'tools/cli/src/main.ts');
  writeFileSync(
    command,
    `import { spawnSync } from 'node:child_process';\nspawnSync(process.execPath, ['--conditions=@skein/source', ${JSON.stringify(main)}, ...process.argv.slice(2)], { stdio: 'inherit' });\n`,
  );
  const file = folder.file(`skein.${shell}`);
  writeFileSync(file, completionScript(shell, NODE, command));
  return file;
}

const CASES: readonly (readonly [words: readonly string[], wanted: (proposed: readonly string[]) => void])[] = [
  [['pub'], (proposed) => expect(proposed).toEqual(['publish'])],
  [
    ['plan', ''],
    (proposed) =>
      expect(proposed).toEqual(
        readdirSync(path.join(ROOT, 'contracts'), { withFileTypes: true })
          .filter((one) => one.isDirectory() && !['skein', 'dist', 'node_modules'].includes(one.name))
          .map(({ name }) => name)
          .sort(),
      ),
  ],
  [['plan', 'sap', '--product', 'sap.mat'], (proposed) => expect(proposed).toEqual(['sap.material'])],
  [['plan', 'sap', '--product', '=', 'sap.mat'], (proposed) => expect(proposed).toEqual(['sap.material'])],
  [['plan', 'sap', '--pro'], (proposed) => expect(proposed).toEqual(['--product'])],
  [['contract', 'rel'], (proposed) => expect(proposed).toEqual(['release'])],
  [['query', 'SELECT 1', '--format', 'p'], (proposed) => expect(proposed).toEqual(['parquet'])],
  [['lineage', 'ga4.s'], (proposed) => expect(proposed).toEqual(['ga4.sessions'])],
  [['nothing', ''], (proposed) => expect(proposed).toEqual([])],
];

describe('skein completion', () => {
  it('proposes in bash what stands in the commands and on the disk', () => {
    using folder = temporaryDirectory("skein completion's ");
    const script = scriptOf(folder, 'bash');
    const calls = CASES.map(([words]) => {
      const quoted = ['skein', ...words].map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _skein; printf '%s,' "\${COMPREPLY[@]}"; echo`;
    });
    const said = execFileSync('bash', ['-c', `source "$1"\ncomplete -p skein\n${calls.join('\n')}`, 'bash', script], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
    expect(said.shift()).toBe('complete -o bashdefault -o default -F _skein skein');
    expect(said).toHaveLength(CASES.length);
    for (const [index, [, wanted]] of CASES.entries()) wanted((said[index] ?? '').split(',').filter((word) => word !== ''));
  });

  it('proposes nothing where the command is gone', () => {
    using folder = temporaryDirectory('skein-completion-');
    const file = folder.file('skein.bash');
    writeFileSync(file, completionScript('bash', NODE, folder.file('gone.js')));
    const said = execFileSync('bash', ['-c', `source "$1"; COMP_WORDS=(skein p); COMP_CWORD=1; _skein; echo "\${#COMPREPLY[@]}"`, 'bash', file], {
      encoding: 'utf8',
    });
    expect(said.trim()).toBe('0');
  });

  it('is a script that zsh reads, where it is installed', () => {
    if (!found('zsh')) return;
    using folder = temporaryDirectory('skein-completion-');
    const said = spawnSync('zsh', ['-f', '-c', `autoload -U compinit; compinit -u -D; source "$1"; print $_comps[skein]`, 'zsh', scriptOf(folder, 'zsh')], {
      encoding: 'utf8',
    });
    expect(said.stderr).toBe('');
    expect(said.stdout.trim()).toBe('_skein');
  });

  it('is a script that fish reads and proposes by, where it is installed', () => {
    if (!found('fish')) return;
    using folder = temporaryDirectory('skein-completion-');
    const said = spawnSync('fish', ['-N', '-c', `source $argv[1]; complete -C 'skein lineage ga4.s'`, scriptOf(folder, 'fish')], { encoding: 'utf8' });
    expect(said.stderr).toBe('');
    expect(said.stdout).toContain('ga4.sessions');
  });

  it('prints scripts whose blocks and quotes are closed', async () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const { code, stdout } = await runApp('completion', shell);
      expect(code).toBe(0);
      const count = (pattern: RegExp) => [...stdout.matchAll(pattern)].length;
      expect(stdout).toContain('__complete');
      if (shell === 'fish') expect(count(/^\s*(?:function|if) /gm)).toBe(count(/^\s*end$/gm));
      else {
        expect(count(/\{/g)).toBe(count(/\}/g));
        expect(count(/\bdo$/gm)).toBe(count(/^\s*done\b/gm));
      }
      // Quotes that bash would not close are seen by bash, for the two that are written alike.
      if (shell !== 'fish')
        expect(
          spawnSync('bash', ['-n', '-c', shell === 'bash' ? stdout : stdout.replaceAll(/\$\{(?:\(@\)|\$\{)[^\n]*?\}+"/g, 'x"')], { encoding: 'utf8' }).stderr,
        ).toBe('');
    }
    expect((await runApp('completion', 'csh')).code).not.toBe(0);
  });

  it('knows every product that has a contract', () => {
    const products = productNames('');
    expect(products.length).toBeGreaterThan(5);
    for (const id of products) expect(existsSync(path.join(ROOT, 'contracts', ...id.split('.'), 'v1', 'contract.odcs.yaml'))).toBe(true);
    expect(domainNames('sa')).toEqual(['sap']);
    expect(productNames('nothing.')).toEqual([]);
  });
});
