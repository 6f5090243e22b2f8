import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connectorConformance } from '@skein/ports/conformance';
import { faultyFolder, temporaryDirectory } from '@skein/testing';
import { expect, it } from 'vitest';
import { folderSource, type FolderSourceOptions } from './folder-source.ts';
import { systemTiming } from './pace.ts';

const ATTEMPTS = 3;

for (const format of ['ndjson', 'csv'] as const) {
  connectorConformance(`of a folder, ${format}`, async () => {
    const folder = temporaryDirectory('skein-folder-');
    const { from, trap, give, fail, sleep } = faultyFolder(folder.path, 'records', format);
    const options: FolderSourceOptions = {
      name: 'records',
      format,
      from,
      directory: folder.file('sources'),
      tenant: { column: 'tenant', value: 'ours' },
      attempts: ATTEMPTS,
      timing: { ...systemTiming, sleep },
    };
    return {
      connector: folderSource(options),
      headers: format === 'csv' ? 1 : 0,
      attempts: ATTEMPTS,
      give,
      fail,
      counts: () => undefined,
      outside: folderSource({ ...options, from: trap, directory: folder.file('outside') }),
      dispose: () => folder[Symbol.dispose](),
    };
  });
}

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
