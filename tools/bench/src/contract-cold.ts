import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SkeinError } from '@skein/kernel';
import type { BenchResult, Progress } from './bench.ts';

const MAIN = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const CONTRACT = fileURLToPath(new URL('../../../contracts/ga4/events/v1/contract.odcs.yaml', import.meta.url));
const ROUNDS = 21;

/**
 * Milliseconds from the start of the process of `skein contract lint FILE` to its end: the median of starts in turns with a bare
 * start of Node. The first start, which fills Node's cache of compiled code, is not counted.
 */
export async function contractCold(progress: Progress = () => undefined, rounds: number = ROUNDS): Promise<BenchResult> {
  const lint = () => runOnce([MAIN, 'contract', 'lint', CONTRACT, '--json'], '"passed": true');
  const bare = () => runOnce(['-e', '0'], '');
  progress('first start');
  const first = await lint();
  const linted: number[] = [];
  const started: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    progress(`start ${round + 1} of ${rounds}`);
    linted.push(await lint());
    started.push(await bare());
  }
  const [figure, floor] = [median(linted), median(started)];
  return { figure, floor, ratio: figure / floor, unit: 'ms', first, worst: Math.max(...linted), best: Math.min(...linted), rounds };
}

async function runOnce(args: readonly string[], expected: string): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  const took = performance.now() - from;
  // A command that failed, or that looked at nothing, was quick for the wrong reason.
  if (code !== 0 || !output.includes(expected))
    throw new SkeinError('SKEIN_INTERNAL', `the command ended with code ${code} and said ${JSON.stringify(output.slice(0, 200))}`);
  return took;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
