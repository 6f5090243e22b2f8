import type { ExecutorContext } from '@nx/devkit';
import { runProgram, type Outcome } from './run-program.ts';

export interface CodegenOptions {
  /** Without one: the files that follow from all contracts together. */
  readonly domain?: string;
}

/** `nx codegen DOMAIN`: writes what follows from the domain's contracts. It runs from source, so nothing need be built. */
export async function codegenExecutor({ domain }: CodegenOptions, { root }: ExecutorContext): Promise<Outcome> {
  const args = domain === undefined ? [] : [domain];
  const { code } = await runProgram({ root, file: 'tools/plugin/src/executors/write-generated.ts', args, from: 'source' });
  return { success: code === 0 };
}
