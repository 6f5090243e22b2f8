import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PAGE_BYTES = 4096;
/** A directory is looked at every so many looks. */
const DIRECTORY_EVERY = 8;

/** Resident memory of a process in bytes; undefined where the platform does not tell (`/proc` is Linux's) or it has ended. */
export function residentBytes(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return undefined;
  }
}

/** What the files of a directory take, without its subdirectories; 0 when it is gone. */
export function directoryBytes(directory: string): number {
  let bytes = 0;
  try {
    for (const name of readdirSync(directory)) bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    // removed meanwhile
  }
  return bytes;
}

export interface Watched {
  readonly rssBytes: number;
  readonly directory: string;
  readonly directoryBytes: number;
  readonly passed: (what: 'memory' | 'disk') => void;
}

/**
 * Looks at the resident memory of the watched processes every `everyMs`, while there are any, and now and then at what they
 * spill: DuckDB's own limits on both are soft (a limit of 64 MB on temporary files let 257 MB pass).
 */
export class RssWatch {
  readonly #everyMs: number;
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(pid: number, watched: Watched): void {
    this.#watched.set(pid, watched);
    this.#timer ??= setInterval(() => this.#look(), this.#everyMs);
    this.#timer.unref();
  }

  remove(pid: number): void {
    this.#watched.delete(pid);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#looks++;
    for (const [pid, watched] of this.#watched) {
      if ((residentBytes(pid) ?? 0) > watched.rssBytes) watched.passed('memory');
      else if (this.#looks % DIRECTORY_EVERY === 0 && directoryBytes(watched.directory) > watched.directoryBytes) watched.passed('disk');
    }
  }
}
