import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '@skein/testing';

// Promise: the output that the README shows is what the command prints on a fresh directory, to the letter.

const root = path.resolve(import.meta.dirname, '../..');

it('npm start prints what the README says', async () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const shown = /^```\n(Products\n[\s\S]*?)^```$/m.exec(readme)?.[1]?.trim();
  expect(shown?.split('\n').length).toBeGreaterThan(30);
  using folder = temporaryDirectory('skein-readme-');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join(root, 'platform/mesh/dist/main.js'), '--once', '--port', '0', '--data', folder.path],
    { cwd: root },
  );
  expect(stdout.trim()).toBe(shown);
});
