import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openScratch } from './scratch.ts';

const NODE = path.resolve(import.meta.dirname, '../../../../node_modules/.bin/node');

it('is private, goes with its command, and removes what a killed one left', async () => {
  const left = path.join(tmpdir(), 'skein-scratch-999999999-test');
  const held = path.join(tmpdir(), `skein-scratch-${process.pid}-test`);
  mkdirSync(path.join(left, 'tables'), { recursive: true });
  mkdirSync(held);
  const scratch = await openScratch();
  expect(existsSync(left)).toBe(false);
  expect(existsSync(held)).toBe(true);
  expect(statSync(scratch.directory).mode & 0o777).toBe(0o700);
  await scratch.remove();
  expect(existsSync(scratch.directory)).toBe(false);
  rmSync(held, { recursive: true });
});

it.each([
  ['SIGINT', 'await new Promise(() => setInterval(() => undefined, 1000))', 130],
  ['SIGTERM', 'await new Promise(() => setInterval(() => undefined, 1000))', 143],
  [undefined, "throw new Error('broken')", 1],
] as const)('goes after %s, though the work does not stop', async (signal, work, wanted) => {
  const script = `
    const { openScratch } = await import(${JSON.stringify(new URL('./scratch.ts', import.meta.url).href)});
    const { directory } = await openScratch();
    process.stdout.write(directory);
    ${work};`;
  const child = spawn(NODE, ['--conditions=@skein/source', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  if (signal) {
    child.kill(signal);
    child.kill(signal);
  }
  const [code] = await ended;
  expect(code).toBe(wanted);
  expect(existsSync(said.toString())).toBe(false);
});
