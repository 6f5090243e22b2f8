import { spawn } from 'node:child_process';

export interface CommandResult {
  /** The exit code; 1 when a signal ended the command or it could not be started. */
  readonly code: number;
  /** Standard output and standard error, as they came, without colours. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a command to its end. Never throws: what goes wrong is the answer. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: withoutColours(Buffer.concat(chunks).toString('utf8')) }));
  });
}

/** Output as it would read in a file. */
export function withoutColours(text: string): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what starts a colour
  return text.replaceAll(/\u001B\[[0-9;]*m/g, '');
}
