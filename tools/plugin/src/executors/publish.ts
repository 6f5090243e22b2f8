import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { complain, runProgram, SKEIN, type Outcome } from './run-program.ts';

export interface PublishOptions {
  readonly domain: string;
  /** Words that go to `skein publish` as they stand. */
  readonly __unparsed__?: readonly string[];
}

/** `nx publish DOMAIN -- --from FOLDER --yes`: what `skein publish DOMAIN` does with those words, once it is built. */
export async function publishExecutor({ domain, __unparsed__: args = [] }: PublishOptions, { root }: ExecutorContext): Promise<Outcome> {
  if (!existsSync(path.join(root, SKEIN.build))) return complain(`the skein command is not built: there is no ${SKEIN.build}`, 'Build it: npx nx build cli.');
  const { code } = await runProgram({ root, file: SKEIN.build, args: ['publish', domain, ...args], from: 'build' });
  return { success: code === 0 };
}
