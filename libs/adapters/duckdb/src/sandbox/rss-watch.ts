import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;

/** Resident memory of a process in bytes; undefined where the platform does not tell (`/proc` is Linux's) or it has ended. */
export function residentBytes(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return undefined;
  }
}

/** Looks at the resident memory of the watched processes every `everyMs`, while there are any. */
export class RssWatch {
  readonly #everyMs: number;
  readonly #watched = new Map<number, { readonly limit: number; readonly passed: () => void }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(pid: number, limitBytes: number, passed: () => void): void {
    this.#watched.set(pid, { limit: limitBytes, passed });
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
    for (const [pid, { limit, passed }] of this.#watched) if ((residentBytes(pid) ?? 0) > limit) passed();
  }
}
