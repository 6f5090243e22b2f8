import { run } from '@stricli/core';
import { buildApp } from './app.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in this process, with its own standard output, error and exit code. */
export async function runApp(...args: string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const process: { exitCode?: number; stdout: { write(text: string): void }; stderr: { write(text: string): void } } = {
    stdout: { write: (text) => void (written.stdout += text) },
    stderr: { write: (text) => void (written.stderr += text) },
  };
  await run(buildApp({ data: '.skein' }), args, { process: process as never });
  return { code: process.exitCode ?? 0, ...written };
}
