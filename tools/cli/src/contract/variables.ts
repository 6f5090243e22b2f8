import { SkeinError } from '@skein/kernel';
import type { Variables } from '@skein/contract';

/** `--var NAME=value`, as often as wanted. What a contract is made of stands on the command line, never in the environment. */
export function variablesOf(given: readonly string[] = []): Variables {
  const variables: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const one of given) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(one) ?? [];
    if (name === undefined || value === undefined)
      throw new SkeinError('SKEIN_USAGE', `--var ${JSON.stringify(one)} is no variable`, { hint: 'Write --var NAME=value.' });
    variables[name] = value;
  }
  return variables;
}
