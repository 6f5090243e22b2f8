import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connectorConformance } from '@skein/ports/conformance';
import { temporaryDirectory } from '@skein/testing';
import { expect, it } from 'vitest';
import { folderSource, type FolderSourceOptions } from './folder-source.ts';
import { systemTiming } from './pace.ts';

const ATTEMPTS = 3;

connectorConformance('of a folder', async () => {
  const folder = temporaryDirectory('skein-folder-');
  const inbox = folder.file('inbox');
  let parts: readonly (readonly object[])[] = [];
  let failing: { fault: string; times: number } | undefined;
  const write = () => {
    rmSync(inbox, { recursive: true, force: true });
    const fault = failing && failing.times > 0 ? failing.fault : undefined;
    if (fault === 'gone') return;
    mkdirSync(inbox);
    for (const [index, rows] of parts.entries()) {
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      const body = index > 0 || fault === undefined ? text : fault === 'cut' ? text.slice(0, text.length - 9) : '<!doctype html>\n';
      writeFileSync(`${inbox}/records_${index}.ndjson`, body);
    }
  };
  const options: FolderSourceOptions = {
    name: 'records',
    format: 'ndjson',
    from: inbox,
    directory: folder.file('sources'),
    tenant: { column: 'tenant', value: 'ours' },
    attempts: ATTEMPTS,
    timing: {
      ...systemTiming,
      // Whoever fills the folder goes on while the connector waits.
      sleep: async () => {
        if (failing) failing = { ...failing, times: failing.times - 1 };
        write();
      },
    },
  };
  mkdirSync(folder.file('elsewhere'));
  mkdirSync(folder.file('trap'));
  writeFileSync(folder.file('elsewhere', 'secret.ndjson'), '{"tenant":"ours"}\n');
  symlinkSync(folder.file('elsewhere', 'secret.ndjson'), folder.file('trap', 'records.ndjson'));
  return {
    connector: folderSource(options),
    attempts: ATTEMPTS,
    give(of) {
      parts = of;
      write();
    },
    fail(fault, times) {
      if (fault === 'limited' || fault === 'stalls') return false;
      failing = { fault, times };
      write();
      return true;
    },
    counts: () => undefined,
    outside: folderSource({ ...options, from: folder.file('trap'), directory: folder.file('outside') }),
    dispose: () => folder[Symbol.dispose](),
  };
});

it('takes files by their names only, and what was taken stays', async () => {
  using folder = temporaryDirectory('skein-folder-');
  mkdirSync(folder.file('inbox'));
  for (const name of ['accounts.csv', 'accounts_2026.csv', 'accountants.csv', '.accounts.csv', 'accounts.csv.part'])
    writeFileSync(folder.file('inbox', name), `id\n${name}\n`);
  const connector = folderSource({ name: 'accounts', format: 'csv', from: folder.file('inbox'), directory: folder.file('sources') });
  expect((await connector.bring()).files).toEqual(['accounts.csv', 'accounts_2026.csv']);
  rmSync(folder.file('inbox', 'accounts.csv'));
  expect((await connector.bring()).files).toEqual([]);
  expect(readdirSync(folder.file('sources'))).toEqual(['accounts.csv', 'accounts_2026.csv']);
});
