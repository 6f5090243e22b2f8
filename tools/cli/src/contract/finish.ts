import type { CommandContext, StricliProcess } from '@stricli/core';
import { formatError, SkeinError, type ErrorCode } from '@skein/kernel';

/** Exit codes of `skein contract`: nothing wrong; something was found; the command or its files were wrong. */
export const EXIT = { ok: 0, findings: 1, usage: 2 } as const;

/** Errors of the contract itself are findings; everything else says that the command could not do its work. */
const FINDINGS = new Set<ErrorCode>([
  'SKEIN_CONTRACT_SYNTAX',
  'SKEIN_CONTRACT_INVALID',
  'SKEIN_CONTRACT_LIMIT',
  'SKEIN_CONTRACT_UNSUPPORTED',
  'SKEIN_SCHEMA_INCOMPATIBLE',
  'SKEIN_CONTRACT_INCOMPATIBLE',
  'SKEIN_CONTRACT_CONFLICT',
]);

/** Runs a command and turns its answer, or its error, into an exit code; with `json` the error is a document too. */
export async function finish(context: CommandContext, json: boolean, work: () => Promise<number>): Promise<void> {
  // Stricli's context type leaves out the exit code, which its own process has, and which it keeps when it is set.
  const process = context.process as StricliProcess;
  try {
    process.exitCode = await work();
  } catch (error) {
    const known = error instanceof SkeinError;
    if (json && known) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = known && FINDINGS.has(error.code) ? EXIT.findings : EXIT.usage;
  }
}
