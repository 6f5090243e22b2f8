import { fileURLToPath } from 'node:url';
import { runCheck } from './check.ts';
import { houseSteps } from './steps.ts';
import { runTests } from './tests.ts';

/**
 * `npm test`: the whole check. With names, only those steps: `npm test -- lint floors`; `tests` names the tests, and
 * `peers` the tests against other implementations, which need what the machine may lack.
 */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const env = { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' };
const strict = process.env['CI'] !== undefined && process.env['CI'] !== '' && process.env['CI'] !== 'false';

const steps = houseSteps(root, env);
const known = [...steps.map((step) => step.name), 'tests', 'peers'];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  const wanted = (name: string): boolean => asked.length === 0 || asked.includes(name);
  const peers = asked.includes('peers');
  const passed = await runCheck({
    steps: steps.filter((step) => wanted(step.name)),
    tests: wanted('tests') || peers ? () => runTests({ root, strict, ...(peers ? { include: ['{libs,e2e}/**/src/**/*.peer.test.ts'] } : {}) }) : undefined,
    print: (line) => console.log(line),
    elapsed: () => performance.now(),
  });
  process.exitCode = passed ? 0 : 1;
}
