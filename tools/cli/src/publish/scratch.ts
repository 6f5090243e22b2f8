import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PREFIX = 'skein-scratch-';

/** A private folder for one command, below the system's folder for temporary files. */
export interface Scratch {
  readonly directory: string;
  /** Aborted by Ctrl+C and SIGTERM; the folder goes and the process ends with the signal's code, when the work has not stopped by itself. */
  readonly signal: AbortSignal;
  remove(): Promise<void>;
}

/** Milliseconds that work has to stop after a signal. */
const PATIENCE_MS = 3_000;

/** Makes one, and removes those whose process was killed. */
export async function openScratch(): Promise<Scratch> {
  await sweep();
  const directory = await mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  const stop = new AbortController();
  const end = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) leave(signal);
    process.exitCode = codeOf(signal);
    stop.abort(new Error(`stopped by ${signal}`));
    setTimeout(() => leave(signal), PATIENCE_MS).unref();
  };
  const leave = (signal: NodeJS.Signals) => {
    process.exit(codeOf(signal));
  };
  // However the process ends, a broken pipe included, short of SIGKILL.
  const clear = () => rmSync(directory, { recursive: true, force: true });
  process.on('SIGINT', end).on('SIGTERM', end).on('exit', clear);
  return {
    directory,
    signal: stop.signal,
    async remove() {
      process.off('SIGINT', end).off('SIGTERM', end).off('exit', clear);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function codeOf(signal: NodeJS.Signals): number {
  return signal === 'SIGINT' ? 130 : 143;
}

async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    // Folders of other users stay: they cannot be removed, which is no fault of this command.
    if (pid > 0 && !isAlive(pid)) await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
