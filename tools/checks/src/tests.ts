import { startVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node';

/** Tests, counted the strict way. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly files: number;
  /** One line for each failure that the reporter does not show as a failed test, and for each test that passed at the second try. */
  readonly notes: readonly string[];
}

export interface TestRun {
  readonly root: string;
  /** Which files, as globs; default those of vitest.config.ts. */
  readonly include?: readonly string[];
  /** In CI a test may not be skipped, unless it says that it needs `../shared/data`. */
  readonly strict: boolean;
}

/** Runs the tests by Vitest, which reports as it goes. */
export async function runTests({ root, include, strict }: TestRun): Promise<Tally> {
  const vitest = await startVitest([], {
    root,
    run: true,
    watch: false,
    passWithNoTests: true,
    ...(include ? { include: [...include], exclude: ['**/node_modules/**', '**/dist/**'] } : {}),
  });
  return tally(vitest, strict);
}

function tally(vitest: Vitest, strict: boolean): Tally {
  const modules = vitest.state.getTestModules();
  const unhandled = vitest.state.getUnhandledErrors().map((error) => `unhandled: ${messageOf(error)}`);
  return modules.map((module) => tallyModule(module, strict)).reduce(add, { ...NONE, failed: unhandled.length, notes: unhandled, files: 0 });
}

/**
 * A file that failed to load, and a suite whose hooks failed, count as failures of their own: their tests are reported as
 * skipped, or not at all. A test that never came to an end has failed.
 */
export function tallyModule(module: TestModule, strict: boolean): Tally {
  let { passed, failed, skipped } = NONE;
  const notes: string[] = [];
  const broken = [module, ...module.children.allSuites()].filter((one) => one.errors().length > 0);
  for (const one of broken) notes.push(`${module.relativeModuleId}: ${one.errors()[0]?.message ?? 'failed'}`);
  failed += broken.length;
  let tests = 0;
  for (const test of module.children.allTests()) {
    tests++;
    const { state } = test.result();
    if (test.diagnostic()?.flaky === true) notes.push(`${module.relativeModuleId}: failed once, then passed: ${test.fullName}`);
    if (state === 'passed') passed++;
    else if (state === 'skipped' && !(strict && isForbiddenSkip(test))) skipped++;
    else {
      failed++;
      if (state !== 'failed') notes.push(`${module.relativeModuleId}: ${state === 'skipped' ? 'skipped in CI' : 'did not end'}: ${test.fullName}`);
    }
  }
  if (tests === 0 && broken.length === 0) {
    failed++;
    notes.push(`${module.relativeModuleId}: holds no test`);
  }
  return { passed, failed, skipped, files: 1, notes };
}

/** Errors cross from the worker as plain objects, some without a prototype. */
function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  return 'message' in error && typeof error.message === 'string' ? error.message : JSON.stringify(error);
}

const NONE: Tally = { passed: 0, failed: 0, skipped: 0, files: 0, notes: [] };
const SHARED_DATA = 'shared/data';

function isForbiddenSkip(test: TestCase): boolean {
  const result = test.result();
  const note = result.state === 'skipped' ? (result.note ?? '') : '';
  return !`${test.fullName} ${note}`.includes(SHARED_DATA);
}

function add(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    files: one.files + other.files,
    notes: [...one.notes, ...other.notes],
  };
}
