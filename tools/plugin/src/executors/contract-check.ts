import type { ExecutorContext } from '@nx/devkit';
import { runProgram, SKEIN, type Outcome } from './run-program.ts';

export interface ContractCheckOptions {
  readonly domain: string;
  /** One JSON document instead of text. */
  readonly json?: boolean;
}

/**
 * `nx contract-check DOMAIN`: the contracts of a domain read and can be judged; what was released stands, and may be followed by what is
 * written now; what they refer to is there; and no recorded query breaks that nobody agreed to break. Every part is run, so that one
 * fault does not hide another.
 */
export async function contractCheckExecutor({ domain, json = false }: ContractCheckOptions, { root }: ExecutorContext): Promise<Outcome> {
  const folder = `contracts/${domain}`;
  const flags = json ? ['--json'] : [];
  const parts: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
    lint: [SKEIN.source, 'contract', 'lint', folder, ...flags],
    released: [SKEIN.source, 'contract', 'release', folder, '--check', ...flags],
    neighbours: ['tools/plugin/src/executors/check-neighbours.ts', domain, ...flags],
  };
  const answers: Record<string, unknown> = {};
  let success = true;
  for (const [name, [file, ...args]] of Object.entries(parts)) {
    const { code, stdout } = await runProgram({ root, file, args, from: 'source' }, json);
    success &&= code === 0;
    if (json) answers[name] = stdout.trim() === '' ? { passed: code === 0 } : JSON.parse(stdout);
  }
  if (json) process.stdout.write(`${JSON.stringify({ passed: success, domain, ...answers }, null, 2)}\n`);
  return { success };
}
