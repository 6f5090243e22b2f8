import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from './check.ts';
import { runCommand } from './run-command.ts';
import { countedResult, type Step } from './steps.ts';
import type { Tally } from './tests.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const step = (name: string, passed: boolean, count = 1, details = ''): Step => ({
  name,
  run: () => Promise.resolve({ passed, looked: { count, of: 'things' }, details }),
});
const tally =
  (parts: Partial<Tally>): (() => Promise<Tally>) =>
  () =>
    Promise.resolve({ passed: 0, failed: 0, skipped: 0, files: 1, notes: [], ...parts });

async function check(steps: readonly Step[], tests?: () => Promise<Tally>): Promise<{ passed: boolean; lines: string[] }> {
  const lines: string[] = [];
  const passed = await runCheck({ steps, tests, print: (line) => lines.push(line), elapsed: () => 0 });
  return { passed, lines };
}

describe('the check', () => {
  it('counts steps as tests, and ends with the line of totals', async () => {
    const { passed, lines } = await check([step('types', true, 24), step('lint', true)], tally({ passed: 40 }));
    expect(passed).toBe(true);
    expect(lines[0]).toMatch(/^✓ types +0\.0 s {2}24 things$/);
    expect(lines.at(-1)).toBe('42 passed, 0 failed');
  });

  it('names skipped tests only when there are some', async () => {
    expect((await check([], tally({ passed: 1, skipped: 2 }))).lines.at(-1)).toBe('2 skipped, 1 passed, 0 failed');
  });

  it('stops at no failure, shows what each found, and fails', async () => {
    const { passed, lines } = await check(
      [step('types', false, 3, 'a.ts(1,1): wrong'), step('lint', true)],
      tally({ passed: 5, failed: 1, notes: ['b.test.ts: hook'] }),
    );
    expect(passed).toBe(false);
    expect(lines).toContain('    a.ts(1,1): wrong');
    expect(lines).toContain('    b.test.ts: hook');
    expect(lines.at(-1)).toBe('6 passed, 2 failed');
  });

  it('fails on a step that throws, on tests that cannot start, and when no test ran', async () => {
    const throwing: Step = { name: 'lint', run: () => Promise.reject(new Error('no such tool')) };
    expect((await check([throwing], tally({ passed: 1 }))).lines.at(-1)).toBe('1 passed, 1 failed');
    expect((await check([], () => Promise.reject(new Error('no configuration')))).lines.at(-1)).toBe('0 passed, 1 failed');
    const none = await check([step('lint', true)], tally({ files: 0 }));
    expect(none).toMatchObject({ passed: false });
    expect(none.lines.at(-1)).toBe('1 passed, 1 failed');
    expect((await check([])).passed).toBe(false);
  });

  it('fails a tool that passes having looked at nothing, or does not say at what', () => {
    const counter = /on (\d+) files?/;
    expect(countedResult({ code: 0, output: 'Finished on 12 files' }, counter, 'files').passed).toBe(true);
    expect(countedResult({ code: 0, output: 'Finished on 0 files' }, counter, 'files').passed).toBe(false);
    expect(countedResult({ code: 0, output: 'fine' }, counter, 'files').passed).toBe(false);
    expect(countedResult({ code: 1, output: 'Finished on 12 files' }, counter, 'files').passed).toBe(false);
  });
});

describe('the tests, run by the real runner', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'skein-check-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'vitest.config.ts'), "export default { test: { include: ['*.test.ts'], exclude: ['node_modules/**'] } };\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function run(files: Readonly<Record<string, string>>, strict = false): Promise<Tally> {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `import { describe, expect, it, beforeAll } from 'vitest';\n${text}\n`);
    const script = `import { runTests } from ${JSON.stringify(join(root, 'tools/checks/src/tests.ts'))};
      const tally = await runTests({ root: ${JSON.stringify(folder)}, strict: ${strict} });
      console.log('\\nTALLY ' + JSON.stringify(tally));`;
    const { output } = await runCommand(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, env: process.env });
    const line = output.split('\n').find((one) => one.startsWith('TALLY '));
    if (line === undefined) throw new Error(output);
    return JSON.parse(line.slice('TALLY '.length)) as Tally;
  }

  it('are counted one by one', async () => {
    const files = {
      'a.test.ts': "it('one', () => expect(1).toBe(1)); describe('deep', () => { it('two', () => expect(2).toBe(2)); });",
      'b.test.ts': "it('three', () => expect(3).toBe(4)); it.skip('four', () => {});",
    };
    expect(await run(files)).toMatchObject({ passed: 2, failed: 1, skipped: 1, files: 2 });
  });

  it('count as failed: a file that does not load, a failed hook, an unhandled error, a file without tests', async () => {
    const tally = await run({
      'load.test.ts': "import './absent.ts'; it('never', () => {});",
      'hook.test.ts': "describe('s', () => { beforeAll(() => { throw new Error('no service'); }); it('one', () => {}); });",
      'stray.test.ts':
        "it('stray', async () => { void Promise.reject(new Error('nobody listens')); await new Promise((r) => setTimeout(r, 20)); expect(1).toBe(1); });",
      'empty.test.ts': '',
    });
    expect(tally).toMatchObject({ passed: 1, failed: 4, files: 4 });
    expect(tally.notes.join('\n')).toMatch(/unhandled: nobody listens/);
    expect(tally.notes.join('\n')).toMatch(/hook\.test\.ts: no service/);
  });

  it('fail in CI when skipped, unless they say that they need ../shared/data', async () => {
    const files = {
      'a.test.ts':
        "it.skip('needs a broker', () => {}); it.skip('reads ../shared/data/sap', () => {}); it('noted', (c) => c.skip('../shared/data is absent')); it('other', (c) => c.skip('no docker')); it('x', () => expect(1).toBe(1));",
    };
    expect(await run(files, false)).toMatchObject({ passed: 1, failed: 0, skipped: 4 });
    const strict = await run(files, true);
    expect(strict).toMatchObject({ passed: 1, failed: 2, skipped: 2 });
    expect(strict.notes).toEqual(['a.test.ts: skipped in CI: needs a broker', 'a.test.ts: skipped in CI: other']);
  });

  it('are named when they passed at the second try only', async () => {
    const twice = `let runs = 0; it('late', { retry: 1 }, () => expect(++runs).toBe(2)); it('never', { retry: 1 }, () => expect(1).toBe(2));`;
    const tally = await run({ 'a.test.ts': twice });
    expect(tally).toMatchObject({ passed: 1, failed: 1 });
    expect(tally.notes).toEqual(['a.test.ts: failed once, then passed: late']);
  });

  it('are none in an empty folder, which the check calls a failure', async () => {
    expect(await run({})).toMatchObject({ passed: 0, failed: 0, files: 0 });
  });
});
