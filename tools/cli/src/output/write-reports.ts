import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { Subject } from './report.ts';

/** Where a command's report goes besides the terminal; `-` is standard output. */
export interface ReportFlags {
  readonly json: boolean;
  readonly junit?: string;
  readonly sarif?: string;
}

export interface Output {
  readonly stdout: { write(text: string): void };
  readonly cwd: string;
}

/** Writes the reports that were asked for. Answers whether standard output was taken, so that nothing for people is printed on it. */
export async function writeReports(
  command: string,
  flags: ReportFlags,
  subjects: readonly Subject[],
  json: () => unknown,
  { stdout, cwd }: Output,
): Promise<boolean> {
  const taken = [flags.json ? '--json' : '', flags.junit === '-' ? '--junit -' : '', flags.sarif === '-' ? '--sarif -' : ''].filter((name) => name !== '');
  if (taken.length > 1) throw new SkeinError('SKEIN_USAGE', `${taken.join(' and ')} both want standard output`, { hint: 'Give one of them a file.' });
  const put = async (target: string, text: string) => {
    if (target === '-') stdout.write(text);
    else await writeOut(path.resolve(cwd, target), text);
  };
  if (flags.json) stdout.write(`${JSON.stringify(json(), (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`);
  if (flags.junit !== undefined) await put(flags.junit, (await import('./junit.ts')).junitXml(command, subjects, cwd));
  if (flags.sarif !== undefined) await put(flags.sarif, (await import('./sarif.ts')).sarif(command, subjects, cwd));
  return taken.length > 0;
}

export async function writeOut(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new SkeinError('SKEIN_USAGE', `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Give a path in a folder that exists and is writable.',
      cause,
    });
  }
}
