import { spawn } from 'node:child_process';
import path from 'node:path';

/** What an executor answers Nx. */
export interface Outcome {
  readonly success: boolean;
}

/** How a program of the house is started: from its TypeScript source, or as it was built. */
export interface Program {
  readonly root: string;
  /** Relative to the root. */
  readonly file: string;
  readonly args: readonly string[];
  readonly from: 'source' | 'build';
}

export interface Ended {
  /** As a shell would give it. */
  readonly code: number;
  readonly stdout: string;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a program to its end under the Node that runs Nx. What it prints is passed on as it comes, by this process: what a child
 * writes past it, Nx would neither show nor keep.
 *
 * @param quiet keeps standard output back, for whoever reads it.
 */
export function runProgram({ root, file, args, from }: Program, quiet = false): Promise<Ended> {
  const conditions = from === 'source' ? ['--conditions=@skein/source'] : [];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...conditions, path.join(root, file), ...args], { cwd: root, stdio: ['inherit', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => (quiet ? chunks.push(chunk) : process.stdout.write(chunk)));
    child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    const pass = SIGNALS.map((signal) => [signal, () => child.kill(signal)] as const);
    for (const [signal, act] of pass) process.on(signal, act);
    child.on('error', reject);
    child.on('close', (code) => {
      for (const [signal, act] of pass) process.off(signal, act);
      resolve({ code: code ?? 1, stdout: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

/** The `skein` command, in both forms. */
export const SKEIN = { source: 'tools/cli/src/main.ts', build: 'tools/cli/dist/main.js' } as const;

/** What went wrong, as the errors of the house are shown. Executors import nothing that must be built first, its kernel neither. */
export function complain(message: string, fix: string): Outcome {
  process.stderr.write(`${message}\n  fix: ${fix}\n  code: SKEIN_USAGE\n`);
  return { success: false };
}
