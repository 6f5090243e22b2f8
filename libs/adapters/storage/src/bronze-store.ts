import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { canonicalJson, checkName, sha256, SkeinError } from '@skein/kernel';
import {
  storageError,
  type BronzeDraft,
  type BronzeFile,
  type BronzeLanding,
  type BronzePlan,
  type BronzeStage,
  type BronzeStore,
  type BronzeVersion,
} from '@skein/ports';
import { hashFile, isErrno, linkExclusive, makeDirectory, storeTime, syncAndHash, syncDirectory } from './durable-file.ts';
import { corrupt, inTable, type RecordedFile } from './sidecar.ts';
import { namesIn } from './table-place.ts';

export interface LocalBronzeStoreOptions {
  /** The folder of all bronze tables: `DIR/bronze`. */
  readonly root: string;
}

/** Leavings of a process that was killed: no version takes so long to write. Milliseconds. */
const ABANDONED_MS = 86_400_000;
const VERSION = /^([1-9]\d{0,14})\.json$/;

/**
 * Bronze on a local disk, at `root/<domain>/<table>`: `files/<uuid>/part-*.parquet`, and `versions/N.json`, which is the commit, made by link() after
 * all that it names is durable. A version never changes; a newer one names what it keeps of the older again.
 */
export function localBronzeStore(options: LocalBronzeStoreOptions): BronzeStore {
  return new LocalBronzeStore(options);
}

interface RecordedBronzeFile extends RecordedFile {
  readonly partition: BronzeFile['partition'];
  readonly landings: readonly number[];
  readonly rows: string;
}

interface Manifest {
  readonly format: 1;
  readonly version: number;
  readonly definition: string;
  readonly plan: BronzePlan;
  readonly landings: readonly BronzeLanding[];
  readonly files: readonly RecordedBronzeFile[];
}

class LocalBronzeStore implements BronzeStore {
  readonly #root: string;

  constructor({ root }: LocalBronzeStoreOptions) {
    this.#root = path.resolve(root);
  }

  async stage(domain: string, table: string): Promise<BronzeStage> {
    const place = this.#place(domain, table);
    const directory = path.join(place, 'staging', randomUUID());
    try {
      for (const folder of ['files', 'versions']) await makeDirectory(path.join(place, folder));
      await makeDirectory(directory);
    } catch (error) {
      throw storageError(error, `bronze of ${domain}.${table} could not be staged`);
    }
    return { domain, table, directory };
  }

  async commit(stage: BronzeStage, draft: BronzeDraft): Promise<BronzeVersion> {
    const { domain, table } = stage;
    const place = this.#checked(stage);
    const unit = path.join(place, 'files', path.basename(stage.directory));
    let linked = false;
    try {
      const before = await this.#replaced(place, draft);
      const recorded = new Map(before.map((file) => [inTable(place, file.path), file]));
      const kept = draft.kept.map((file) => {
        const known = recorded.get(file.path);
        if (known === undefined) throw new SkeinError('SKEIN_INTERNAL', `${file.path} is no file of version ${draft.expectedVersion}`);
        return known;
      });
      const added: RecordedBronzeFile[] = [];
      const folders = new Set([stage.directory]);
      for (const file of draft.added) {
        const relative = path.relative(stage.directory, file.path);
        if (relative === '' || relative.startsWith('..')) throw new SkeinError('SKEIN_INTERNAL', `${file.path} does not lie in its stage`);
        const { sha256: sum, bytes } = await syncAndHash(file.path);
        if (bytes !== file.bytes) throw new SkeinError('SKEIN_STORAGE_FAILED', `${file.path} has ${bytes} bytes, the writer reported ${file.bytes}`);
        for (let folder = path.dirname(file.path); folder !== stage.directory; folder = path.dirname(folder)) folders.add(folder);
        const { partition, landings, rows } = file;
        added.push({
          path: ['files', path.basename(unit), ...relative.split(path.sep)].join('/'),
          sha256: sum,
          bytes: String(bytes),
          partition,
          landings,
          rows: String(rows),
        });
      }
      for (const folder of folders) await syncDirectory(folder);
      await rename(stage.directory, unit);
      // Young again, so that no collector takes it for a leaving between here and the link.
      await storeTime(unit);
      for (const folder of [path.join(place, 'files'), place, path.dirname(place), this.#root]) await syncDirectory(folder);
      const { definition, plan, landings } = draft;
      const manifest: Manifest = { format: 1, version: draft.expectedVersion + 1, definition, plan, landings, files: [...kept, ...added] };
      const text = `${JSON.stringify({ sum: sha256(canonicalJson(manifest)), manifest }, undefined, 1)}\n`;
      const replaced = before.filter((file) => !kept.includes(file)).map((file) => inTable(place, file.path));
      await startGrace(place, [...replaced, path.join(place, 'versions', `${draft.expectedVersion}.json`)]);
      if ((await this.newest(domain, table)) === draft.expectedVersion)
        linked = await linkExclusive(path.join(place, 'versions', `${manifest.version}.json`), text, () => (linked = true));
      if (!linked) {
        throw new SkeinError(
          'SKEIN_STORAGE_CONTENDED',
          `bronze of ${domain}.${table} has a version after ${draft.expectedVersion}: another process was quicker`,
          {
            context: { domain, table },
          },
        );
      }
      return read(domain, table, place, manifest);
    } catch (error) {
      throw storageError(error, `bronze of ${domain}.${table} could not be written`);
    } finally {
      if (!linked) for (const folder of [stage.directory, unit]) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  async abandon(stage: BronzeStage): Promise<void> {
    this.#checked(stage);
    await rm(stage.directory, { recursive: true, force: true });
  }

  async current(domain: string, table: string): Promise<BronzeVersion | undefined> {
    const place = this.#place(domain, table);
    for (;;) {
      const version = await this.newest(domain, table);
      if (version === 0) return undefined;
      try {
        return read(domain, table, place, await this.#manifest(place, version));
      } catch (error) {
        // Collected because a newer one came between the listing and the reading.
        if ((await this.newest(domain, table)) !== version) continue;
        throw error;
      }
    }
  }

  async newest(domain: string, table: string): Promise<number> {
    const names = await namesIn(path.join(this.#place(domain, table), 'versions'));
    return names.reduce((most, name) => Math.max(most, Number(VERSION.exec(name)?.[1] ?? 0)), 0);
  }

  async damaged(version: BronzeVersion): Promise<readonly BronzeFile[]> {
    const place = this.#place(version.domain, version.table);
    const sums = new Map((await this.#manifest(place, version.version)).files.map((file) => [inTable(place, file.path), file.sha256]));
    const damaged: BronzeFile[] = [];
    for (const file of version.files) {
      const found = await hashFile(file.path).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
        throw error;
      });
      if (found?.sha256 !== sums.get(file.path)) damaged.push(file);
    }
    return damaged;
  }

  async collect(domain: string, table: string, { graceMs }: { readonly graceMs: number }): Promise<number> {
    if (!(graceMs >= 0)) throw new SkeinError('SKEIN_CONFIG_INVALID', `graceMs must be 0 or more, and is ${graceMs}`, { context: { graceMs } });
    const place = this.#place(domain, table);
    const current = await this.current(domain, table);
    if (current === undefined) return 0;
    const now = await storeTime(path.join(place, 'versions'));
    if (now === undefined) return 0;
    const live = new Set(current.files.map((file) => file.path));
    const old = async (entry: string, ageMs: number) => {
      const found = await stat(entry).catch(() => undefined);
      return found !== undefined && now - found.mtimeMs >= ageMs;
    };
    let gone = 0;
    for (const name of await namesIn(path.join(place, 'files'))) {
      const unit = path.join(place, 'files', name);
      // A unit that is moved into its place is young, however old the files in it are: its version may come any moment.
      if (!(await old(unit, graceMs))) continue;
      for (const file of await filesBelow(unit)) {
        if (live.has(file) || !(await old(file, graceMs))) continue;
        // A publisher that slept through the grace may have linked its version just now.
        if ((await this.newest(domain, table)) !== current.version) return gone;
        await rm(file, { force: true });
        gone += 1;
      }
      if ((await filesBelow(unit)).length === 0) await rm(unit, { recursive: true, force: true });
    }
    for (const [folder, age] of [
      ['versions', graceMs],
      ['staging', ABANDONED_MS],
    ] as const) {
      for (const name of await namesIn(path.join(place, folder))) {
        const entry = path.join(place, folder, name);
        if (entry !== path.join(place, 'versions', `${current.version}.json`) && (await old(entry, age))) await rm(entry, { recursive: true, force: true });
      }
    }
    return gone;
  }

  #place(domain: string, table: string): string {
    return path.join(this.#root, checkName('domain', domain), checkName('product', table));
  }

  #checked(stage: BronzeStage): string {
    const place = this.#place(stage.domain, stage.table);
    if (path.dirname(stage.directory) !== path.join(place, 'staging'))
      throw new SkeinError('SKEIN_INTERNAL', `${stage.directory} is no stage of ${stage.domain}`);
    return place;
  }

  /** Files of the version that a draft follows. One that cannot be read is replaced whole, and then there is nothing to keep. */
  async #replaced(place: string, { expectedVersion, kept }: BronzeDraft): Promise<readonly RecordedBronzeFile[]> {
    if (expectedVersion === 0) return [];
    try {
      return (await this.#manifest(place, expectedVersion)).files;
    } catch (error) {
      if (kept.length > 0) throw error;
      return [];
    }
  }

  async #manifest(place: string, version: number): Promise<Manifest> {
    const file = path.join(place, 'versions', `${version}.json`);
    try {
      const { sum, manifest } = JSON.parse(await readFile(file, 'utf8')) as { sum: string; manifest: Manifest };
      if (sha256(canonicalJson(manifest)) !== sum || manifest.version !== version) throw new Error('its checksum differs');
      return manifest;
    } catch (error) {
      throw corrupt(file, isErrno(error, 'ENOENT') ? 'it is missing' : error instanceof Error ? error.message : String(error), error);
    }
  }
}

function read(domain: string, table: string, place: string, manifest: Manifest): BronzeVersion {
  const { version, definition, plan, landings } = manifest;
  const files = manifest.files.map((file): BronzeFile => ({
    path: inTable(place, file.path),
    partition: file.partition,
    landings: file.landings,
    rows: BigInt(file.rows),
    bytes: BigInt(file.bytes),
  }));
  return { domain, table, version, definition, plan, landings, files, rows: files.reduce((sum, { rows }) => sum + rows, 0n) };
}

/** What a version no longer needs stays for the grace period, counted from now by the clock that stamps files. */
async function startGrace(place: string, files: readonly string[]): Promise<void> {
  const now = ((await storeTime(path.join(place, 'versions'))) ?? 0) / 1000;
  if (now > 0) for (const file of files) await utimes(file, now, now).catch(() => undefined);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
