import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandContext, StricliProcess } from '@stricli/core';
import { formatError, SkeinError } from '@skein/kernel';
import { domainNames } from '../completion/names.ts';
import { printable } from '../output/place-text.ts';
import { openScratch } from '../publish/scratch.ts';
import { DevScreen } from './screen.ts';
import { TypeCheck } from './type-check.ts';
import { watchFiles, type Watched } from './watch-files.ts';
import { Workers } from './workers.ts';

export interface DevFlags {
  readonly from: string;
  readonly data: string;
  readonly types: boolean;
  readonly json: boolean;
}

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** `skein dev DOMAIN`: shows what the contracts say of the domain after every edit, until Ctrl+C. */
export async function dev(this: CommandContext, flags: DevFlags, domain: string): Promise<void> {
  const own = this.process as StricliProcess;
  try {
    await develop({ ...flags, domain, root: ROOT }, own.stdout);
    own.exitCode = 0;
  } catch (error) {
    own.stderr.write(`${formatError(error)}\n`);
    own.exitCode = 2;
  }
}

/** Works on the domain of the workspace `root` until a signal ends it; then its processes and its scratch folder are gone. */
export async function develop(
  { domain, root, from, data, types, json }: DevFlags & { domain: string; root: string },
  out: { write(text: string): void },
): Promise<void> {
  const task = { domain, root, from: await folderOf(from), data: path.resolve(data) };
  const source = path.join(root, 'domains', domain, 'src');
  if (!/^[a-z][a-z0-9_]*$/.test(domain) || !existsSync(path.join(source, 'index.ts')))
    throw new SkeinError('SKEIN_DOMAIN_UNKNOWN', `there is no domain ${JSON.stringify(domain)} below domains/`, {
      hint: `Use one of ${domainNames('').join(', ')}.`,
    });
  const scratch = await openScratch();
  const workers = new Workers({ ...task, scratch: scratch.directory });
  const compiler = new TypeCheck(root, domain);
  const screen = new DevScreen(domain, out, json);
  const named = (file: string) => printable(path.relative(root, file).startsWith('..') ? path.basename(file) : path.relative(root, file));
  const judge = async (files: readonly string[], noticed: number): Promise<void> => {
    screen.begin(files.map(named));
    const answer = await workers.run((told) => {
      if (told.kind === 'sampled') screen.sampled(told.sample, performance.now() - noticed);
      else screen.made(told.product, performance.now() - noticed);
    });
    if (answer === undefined) return;
    screen.show(answer, performance.now() - noticed);
    const faults = types ? await compiler.check() : undefined;
    if (faults !== undefined) screen.types(faults);
  };
  const watched: readonly Watched[] = [
    { folder: source, counts: (file) => file.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(file) },
    { folder: path.join(root, 'contracts', domain), counts: (file) => path.basename(file) === 'contract.odcs.yaml' },
    { folder: task.from, counts: () => true },
  ];
  const stop = await watchFiles(watched, (files) => void judge(files, performance.now()).catch((error: unknown) => screen.broken(error)));
  try {
    screen.start(from);
    await judge([], performance.now());
    await workers.warm();
    screen.ready();
    await new Promise<void>((resolve) => {
      if (scratch.signal.aborted) resolve();
      scratch.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    stop();
    compiler.close();
    await workers.close();
    await scratch.remove();
  }
}

async function folderOf(from: string): Promise<string> {
  const folder = path.resolve(from);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no folder ${folder}`, { hint: 'Give --from the folder that holds the source files.' });
  return folder;
}
