import { watch as watchFiles, type FSWatcher } from 'node:fs';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { TableRef } from '@skein/product';
import { findPlaces, findPlacesSync, metadataVersion, metadataVersions, type TablePlace } from './table-place.ts';

/** Milliseconds between looks where the operating system tells nothing: the longest that a change stays unseen. */
const POLL_MS = 500;

/**
 * Tells of tables whose newest version has risen since the watch began. The system's notices make it quick; a slow look at every table
 * finds what they miss (new tables, network disks, too many watches). Never keeps a process alive.
 */
export class TableWatch {
  private readonly root: string;
  private readonly onChange: (table: TableRef) => void;
  private readonly seen = new Map<string, number>();
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | undefined;
  private stopped = false;

  constructor(root: string, onChange: (table: TableRef) => void) {
    this.root = root;
    this.onChange = onChange;
    // synchronously, or a version committed right after the watch began would count as old
    for (const place of findPlacesSync(root)) {
      this.seen.set(place.directory, newestSync(place));
      this.follow(place);
    }
    this.timer = setInterval(() => this.look(), POLL_MS);
    this.timer.unref();
  }

  /** A hint that this very process has committed. */
  noticed(place: TablePlace): void {
    void this.check(place).catch(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private look(): void {
    this.looking ??= (async () => {
      for (const place of await findPlaces(this.root)) {
        if (this.stopped) return;
        this.follow(place);
        await this.check(place);
      }
    })()
      // a look that fails (a folder renamed meanwhile) is made again in a moment
      .catch(() => undefined)
      .finally(() => (this.looking = undefined));
  }

  private async check(place: TablePlace): Promise<void> {
    const newest = (await metadataVersions(place)).at(-1) ?? 0;
    if (this.stopped || newest <= (this.seen.get(place.directory) ?? 0)) return;
    this.seen.set(place.directory, newest);
    this.onChange(place.ref);
  }

  private follow(place: TablePlace): void {
    if (this.watchers.has(place.directory)) return;
    try {
      const watcher = watchFiles(place.metadata, { persistent: false }, (_event, name) => {
        if (name === null || metadataVersion(name) !== undefined) this.noticed(place);
      });
      watcher.on('error', () => {
        watcher.close();
        this.watchers.delete(place.directory);
      });
      this.watchers.set(place.directory, watcher);
    } catch {
      // not there yet, or no watch to be had: the slow look serves
    }
  }
}

function newestSync(place: TablePlace): number {
  try {
    return Math.max(0, ...readdirSync(place.metadata).map((name) => metadataVersion(path.basename(name)) ?? 0));
  } catch {
    return 0;
  }
}
