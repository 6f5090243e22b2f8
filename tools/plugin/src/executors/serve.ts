import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ExecutorContext } from '@nx/devkit';
import { complain, runProgram, type Outcome } from './run-program.ts';

export interface ServeOptions {
  /** Words that go to the program as they stand. */
  readonly __unparsed__?: readonly string[];
}

/** `nx serve DOMAIN -- …`: the program of a domain, or of the platform, as it was built. Ends as the program ends. */
export async function serveExecutor({ __unparsed__: args = [] }: ServeOptions, context: ExecutorContext): Promise<Outcome> {
  const { root, projectName = '', projectsConfigurations } = context;
  const file = `${projectsConfigurations.projects[projectName]?.root ?? ''}/dist/main.js`;
  if (!existsSync(path.join(root, file)))
    return complain(`${projectName} has nothing to run: there is no ${file}`, `Build it: npx nx build ${projectName}. What runs has a src/main.ts.`);
  const { code } = await runProgram({ root, file, args, from: 'build' });
  return { success: code === 0 };
}
