import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Review } from '@skein/ports';
import { temporaryDirectory } from '@skein/testing';
import { expect, it } from 'vitest';

// Promise: an escalation that is killed in any of its steps goes on where it was, asks once, and has one effect.

const CHILD = fileURLToPath(new URL('./reviews-killed-child.fixture.ts', import.meta.url));

async function child(directory: string, at = ''): Promise<{ readonly signal: string | null; readonly said: string }> {
  const one = spawn(process.execPath, ['--conditions=@skein/source', CHILD, directory, at], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  one.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [, signal] = (await once(one, 'close')) as [number | null, string | null];
  return { signal, said };
}

// The same escalation is killed again and again, each time one call further on: what was done before must not be done anew, nor be lost.
const UNTOLD = ['facts:before:1', 'facts:before:2', 'open:before:1', 'open:after:1'];
const TOLD = ['decide:after:1', 'publish:after:1', 'applied:after:1'];

it('an escalation that is killed in each of its steps asks once, and has one effect', async () => {
  using folder = temporaryDirectory('skein-escalation-killed-');
  const killed: string[] = [];
  for (const at of [...UNTOLD, ...TOLD]) {
    const { signal, said } = await child(folder.path, at);
    if (signal === 'SIGKILL') killed.push(at);
    else throw new Error(`it was not killed at ${at}: ${said.slice(0, 500)}`);
    const effects = existsSync(folder.file('board.txt')) ? readFileSync(folder.file('board.txt'), 'utf8').trim().split('\n') : [];
    expect(new Set(effects).size).toBeLessThanOrEqual(1);
    // Nothing is told before it is decided.
    if (killed.length <= UNTOLD.length) expect(effects).toEqual([]);
  }
  expect(killed).toHaveLength(7);
  const { said } = await child(folder.path);
  const reviews = JSON.parse(said) as Review[];
  expect(reviews).toMatchObject([{ status: 'approved', applied: true, decisions: [{ by: 'ann' }] }]);
  expect(reviews[0]?.decisions).toHaveLength(1);
  expect(new Set(readFileSync(folder.file('board.txt'), 'utf8').trim().split('\n')).size).toBe(1);
});
