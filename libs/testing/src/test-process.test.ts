import { expect, it } from 'vitest';
import { testProcess } from './test-process.ts';

const node = (script: string) => testProcess(process.execPath, ['-e', script]);
const STAYS = 'setInterval(() => {}, 1000);';

it('hears what a process says, and ends it', async () => {
  await using one = node(`process.on('SIGTERM', () => { console.error('told'); process.exit(5); }); console.log('at http://here'); ${STAYS}`);
  expect(await one.says(/at (http:\S+)/)).toBe('http://here');
  expect(await one.end()).toEqual({ code: 5, signal: null });
  expect(one.said()).toBe('at http://here\ntold\n');
});

it('does not miss an end that came before anybody waited, by itself or by a signal', async () => {
  const [left, killed] = [node(''), node(STAYS)];
  await left.ended;
  expect(await killed.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await left.end()).toEqual({ code: 0, signal: null });
  expect(await killed.end()).toEqual({ code: null, signal: 'SIGKILL' });
});

it('does not wait for what a process left behind, though it holds the pipes', async () => {
  const one = node(
    `const { pid } = require('child_process').spawn(process.execPath, ['-e', '${STAYS}'], { stdio: 'inherit' }); console.log('left ' + pid + ';'); ${STAYS}`,
  );
  const left = Number(await one.says(/left (\d+);/));
  expect(await one.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  process.kill(left, 'SIGKILL');
});

it('kills a process that does not go, and fails with what it said', async () => {
  const deaf = node(`process.on('SIGTERM', () => console.log('not yet')); console.log('up'); ${STAYS}`);
  await deaf.says(/up/);
  await expect(deaf.end('SIGTERM', 500)).rejects.toThrow(/did not end within 500 ms of SIGTERM; it said: up/);
  expect(await deaf.ended).toEqual({ code: null, signal: 'SIGKILL' });
});

it('fails at once, with what it said, where a process ends or cannot start before it says what is waited for', async () => {
  await expect(node(`console.error('no port'); process.exitCode = 3`).says(/ready/)).rejects.toThrow(/ended with 3 before it said .*: no port/s);
  await expect(testProcess('/nonexistent/program', []).says(/ready/)).rejects.toThrow(/ENOENT/);
  const silent = node(STAYS);
  await expect(silent.says(/ready/, 50)).rejects.toThrow(/did not say .* within 50 ms/);
  await silent.kill();
});
