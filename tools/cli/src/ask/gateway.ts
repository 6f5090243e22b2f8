import path from 'node:path';
import type { CommandContext, StricliProcess } from '@stricli/core';
import { formatError, SkeinError } from '@skein/kernel';
import { GatewayContracts, readToken } from '../diff/gateway-contracts.ts';

/** Who asks which gateway. */
export interface AskFlags {
  readonly at: string;
  readonly tokenFile?: string;
  readonly as?: string;
  readonly data: string;
  readonly json: boolean;
}

/** A gateway with the token that the flags name: a file's, or one for a role, signed by the development key of the data directory. */
export async function gatewayOf(flags: AskFlags): Promise<{ readonly gateway: GatewayContracts; readonly token: string | undefined }> {
  if (flags.tokenFile !== undefined && flags.as !== undefined)
    throw new SkeinError('SKEIN_USAGE', '--token-file and --as name two principals', { hint: 'Give one of them.' });
  const token = flags.tokenFile === undefined ? await developmentToken(flags) : await readToken(flags.tokenFile);
  return { gateway: new GatewayContracts(flags.at, token), token };
}

async function developmentToken({ as = 'analyst', data }: AskFlags): Promise<string> {
  const { issueDevToken } = await import('@skein/gateway/dev-keys');
  return await issueDevToken({ dir: path.resolve(data, 'keys'), as, purposes: ['analytics'], expiresIn: 600 });
}

/** Runs a command that asks: what it throws is told, and exits with 1 where the gateway said no, with 2 where it could not be asked. */
export async function asking(context: CommandContext, flags: AskFlags, work: () => Promise<string | undefined>): Promise<void> {
  // Stricli's context type leaves out the exit code, which its own process has, and which it keeps when it is set.
  const process = context.process as StricliProcess;
  try {
    const text = await work();
    if (text !== undefined) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    process.exitCode = 0;
  } catch (error) {
    const known = error instanceof SkeinError;
    if (flags.json && known) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = known && !['SKEIN_USAGE', 'SKEIN_CLIENT_UNREACHABLE', 'SKEIN_CLIENT_ANSWER'].includes(error.code) ? 1 : 2;
  }
}
