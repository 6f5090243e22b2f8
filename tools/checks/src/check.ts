import type { Step } from './steps.ts';
import type { Tally } from './tests.ts';

export interface Check {
  readonly steps: readonly Step[];
  /** Absent when the tests were not asked for. */
  readonly tests: (() => Promise<Tally>) | undefined;
  readonly print: (line: string) => void;
  /** Milliseconds from any start, for the time that a step took. */
  readonly elapsed: () => number;
}

/**
 * Runs every step and then the tests, and stops at no failure: one run shows all that is wrong. A step counts as a test.
 * The last line is `N passed, N failed`, with `N skipped, ` before it when some were.
 * @returns whether all passed and something ran.
 */
export async function runCheck({ steps, tests, print, elapsed }: Check): Promise<boolean> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const line = (good: boolean, name: string, looked: string, start: number): void =>
    print(`${good ? '✓' : '✗'} ${name.padEnd(10)} ${`${((elapsed() - start) / 1000).toFixed(1)} s`.padStart(7)}  ${looked}`);

  for (const step of steps) {
    const start = elapsed();
    const { passed: good, looked, details } = await step.run().catch((error: unknown) => broken(error));
    line(good, step.name, `${looked.count} ${looked.of}`, start);
    if (!good) print(indented(details.trim() === '' ? 'looked at nothing' : details));
    if (good) passed++;
    else failed++;
  }
  if (tests) {
    const start = elapsed();
    const tally = await tests().catch((error: unknown) => ({ passed: 0, failed: 1, skipped: 0, files: 0, notes: [message(error)] }));
    const nothing = tally.passed + tally.failed === 0;
    if (nothing) failed++;
    passed += tally.passed;
    failed += tally.failed;
    skipped += tally.skipped;
    const total = tally.passed + tally.failed + tally.skipped;
    line(tally.failed === 0 && !nothing, 'tests', `${total} tests in ${tally.files} files`, start);
    for (const note of nothing ? ['no test ran'] : tally.notes) print(indented(note));
  }
  print(`${skipped > 0 ? `${skipped} skipped, ` : ''}${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

function broken(error: unknown): { passed: boolean; looked: { count: number; of: string }; details: string } {
  return { passed: false, looked: { count: 0, of: 'things' }, details: message(error) };
}

function message(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
