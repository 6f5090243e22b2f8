import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';

/** The text as the house formats files of that name. */
export function formatted(root: string, name: string, text: string): string {
  const { status, stdout, stderr } = spawnSync(path.join(root, 'node_modules/.bin/oxfmt'), [`--stdin-filepath=${name}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new SkeinError('SKEIN_INTERNAL', `${name} could not be formatted: ${stderr}`);
  return stdout;
}
