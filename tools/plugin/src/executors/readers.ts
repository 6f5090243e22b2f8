import type { ExecutorContext } from '@nx/devkit';
import { runProgram, type Outcome } from './run-program.ts';

export interface ReadersOptions {
  readonly domain: string;
  /** Product of the domain, by its name; without one, each of them. */
  readonly product?: string;
  /** Where tables and recorded queries lie. */
  readonly data: string;
  readonly json: boolean;
}

/** `nx readers DOMAIN`: which products, and which consumers, a change of its contracts touches, and by what that is known. */
export async function readersExecutor({ domain, product, data, json }: ReadersOptions, { root }: ExecutorContext): Promise<Outcome> {
  const args = [domain, '--data', data, ...(product === undefined ? [] : ['--product', product]), ...(json ? ['--json'] : [])];
  const { code } = await runProgram({ root, file: 'tools/plugin/src/executors/list-readers.ts', args, from: 'source' });
  return { success: code === 0 };
}
