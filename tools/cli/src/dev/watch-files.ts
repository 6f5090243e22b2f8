import { watch, type FSWatcher } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A folder that is watched, and which of its files count. */
export interface Watched {
  readonly folder: string;
  readonly counts: (file: string) => boolean;
}

/** Milliseconds between looks where the system tells of no change, as on some network disks. */
const LOOK_MS = 1_000;
/** Milliseconds in which an editor that writes a file in parts has written all of it. */
const SETTLE_MS = 15;

type Stamps = ReadonlyMap<string, string>;

/** Calls back with the files that came, went or changed. The system's notices only say when to look; what a file is told by is its stamp. Returns how to stop. */
export async function watchFiles(folders: readonly Watched[], onChange: (files: readonly string[]) => void): Promise<() => void> {
  let known = await stamps(folders);
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const look = (): void => {
    if (looking !== undefined) {
      again = true;
      return;
    }
    looking = (async () => {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const now = await stamps(folders);
      const changed = [...new Set([...known.keys(), ...now.keys()])].filter((file) => known.get(file) !== now.get(file));
      known = now;
      if (changed.length > 0 && !stopped) onChange(changed.sort());
    })().finally(() => {
      looking = undefined;
      if (again && !stopped) {
        again = false;
        look();
      }
    });
  };
  const watchers = folders.flatMap(({ folder }): FSWatcher[] => {
    try {
      return [watch(folder, { recursive: true }, look).on('error', () => undefined)];
    } catch {
      return [];
    }
  });
  const timer = setInterval(look, LOOK_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
    for (const watcher of watchers) watcher.close();
  };
}

async function stamps(folders: readonly Watched[]): Promise<Stamps> {
  const found = new Map<string, string>();
  for (const { folder, counts } of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    await Promise.all(
      entries.map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name);
        if (!counts(file)) return;
        const stamp = await stat(file, { bigint: true }).catch(() => undefined);
        if (stamp?.isFile()) found.set(file, `${stamp.ino} ${stamp.size} ${stamp.mtimeNs}`);
      }),
    );
  }
  return found;
}
