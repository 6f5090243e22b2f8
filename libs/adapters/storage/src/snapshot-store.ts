import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { planColumns, withoutSnapshots, type SnapshotEntry } from '@skein/iceberg';
import { SkeinError, type Clock } from '@skein/kernel';
import { storageError, type AsOf, type CollectReport, type SnapshotDraft, type SnapshotStore, type Staging, type WantedColumn } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';
import { collectTable } from './collect.ts';
import { hashFile, isErrno, makeDirectory, storeTime } from './durable-file.ts';
import { Publication } from './publication.ts';
import { corrupt, inTable } from './sidecar.ts';
import { checkSizes, filesOf, manifestListFile, readSnapshot, sidecarOf, SUMMARY } from './snapshot-read.ts';
import { linkVersion, readNewest, writeVersionHint, type TableVersion } from './table-file.ts';
import { tableField, wantedField } from './table-field.ts';
import { exists, findTables, metadataFile, metadataVersion, metadataVersions, tablePlace, type TablePlace } from './table-place.ts';
import { TableWatch } from './watch.ts';

export interface LocalSnapshotStoreOptions {
  /** The folder of all tables. */
  readonly root: string;
  readonly clock: Clock;
  /** Gives snapshot ids: positive, below 2^53, never the same twice; default 52 random bits. */
  readonly idSource?: () => bigint;
}

/** Races lost in a row before a publisher gives up with SKEIN_STORAGE_CONTENDED. */
const ATTEMPTS = 1_000;
/** Snapshots kept in memory per table; they never change. */
const REMEMBERED = 64;

/** Iceberg v2 tables on a local disk, at `root/<domain>/<name>/v<major>/{data,metadata}`, with no catalog server. */
export function localSnapshotStore(options: LocalSnapshotStoreOptions): SnapshotStore {
  return new LocalSnapshotStore(options);
}

/** What this process knows of a table; right as long as `stamp` is that of the newest metadata file. */
interface Known {
  readonly version: number;
  readonly file: string;
  readonly stamp: string;
  readonly snapshot: Snapshot;
}

class LocalSnapshotStore implements SnapshotStore {
  private readonly root: string;
  private readonly clock: Clock;
  private readonly nextId: () => bigint;
  private readonly known = new Map<string, Known>();
  private readonly snapshots = new Map<string, Map<string, Promise<Snapshot>>>();
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly watches = new Set<TableWatch>();

  constructor({ root, clock, idSource = randomId }: LocalSnapshotStoreOptions) {
    this.root = path.resolve(root);
    this.clock = clock;
    this.nextId = idSource;
  }

  async begin(table: TableRef, columns: readonly WantedColumn[]): Promise<Staging> {
    const place = tablePlace(this.root, table);
    const newest = await readNewest(place);
    const planned = planColumns(newest?.metadata, columns.map(wantedField));
    const keys = new Map(Object.entries(planned.ids).map(([key, id]) => [id, key]));
    const fields = planned.fields.map((field) => tableField(field, keys));
    const directory = path.join(place.data, randomUUID());
    try {
      await makeDirectory(place.data);
      await makeDirectory(place.metadata);
      await mkdir(directory);
    } catch (error) {
      throw storageError(error, `staging of ${named(table)} could not be made`);
    }
    return { table: place.ref, directory, fields };
  }

  async commit(staging: Staging, draft: SnapshotDraft): Promise<Snapshot> {
    const place = tablePlace(this.root, staging.table);
    if (path.dirname(staging.directory) !== place.data) throw new SkeinError('SKEIN_INTERNAL', `${staging.directory} is no staging of ${named(staging.table)}`);
    return this.inTurn(place, async () => {
      const { table, entry } = await this.publish(place, staging, draft);
      await writeVersionHint(place, table.version);
      for (const watch of this.watches) watch.noticed(place);
      return this.snapshot(place, table, entry);
    });
  }

  private async publish(place: TablePlace, staging: Staging, draft: SnapshotDraft): Promise<{ table: TableVersion; entry: SnapshotEntry }> {
    let base = await readNewest(place);
    const publication = new Publication(place, staging, draft, { id: this.freshId(base), clock: this.clock });
    try {
      await publication.prepare(base);
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        checkExpected(staging.table, draft, base);
        const published = await publication.link(base, attempt);
        if (published !== undefined) return published;
        await sleep(backoff(attempt));
        base = await readNewest(place);
      }
      throw new SkeinError('SKEIN_STORAGE_CONTENDED', `${named(staging.table)}: ${ATTEMPTS} publishers were quicker, one after the other`, {
        context: { table: staging.table },
      });
    } catch (error) {
      const failure = storageError(error, `${named(staging.table)} could not be published`);
      await publication.clear(failure.code === 'SKEIN_STORAGE_FULL');
      throw failure;
    }
  }

  async abandon(staging: Staging): Promise<void> {
    const place = tablePlace(this.root, staging.table);
    if (path.dirname(staging.directory) !== place.data) throw new SkeinError('SKEIN_INTERNAL', `${staging.directory} is no staging of ${named(staging.table)}`);
    // a staging that was committed is data now, whatever its owner believes
    const unit = JSON.stringify(`data/${path.basename(staging.directory)}/`).slice(0, -1);
    const newest = await readNewest(place);
    if (newest?.metadata.snapshots.some((entry) => entry.summary[SUMMARY.files]?.includes(unit))) return;
    await rm(staging.directory, { recursive: true, force: true });
  }

  async current(table: TableRef): Promise<Snapshot | undefined> {
    const place = tablePlace(this.root, table);
    const known = this.known.get(place.directory);
    if (known !== undefined && (await this.isNewest(place, known))) return known.snapshot;
    this.known.delete(place.directory);
    const newest = await readNewest(place);
    if (newest === undefined) return undefined;
    const stamp = await stampOf(newest.file);
    const snapshot = await this.snapshot(place, newest, currentEntry(newest));
    await checkSizes(snapshot);
    if (stamp !== undefined) this.known.set(place.directory, { version: newest.version, file: newest.file, stamp, snapshot });
    return snapshot;
  }

  async asOf(table: TableRef, when: AsOf): Promise<Snapshot> {
    const place = tablePlace(this.root, table);
    const newest = await readNewest(place);
    const entries = newest?.metadata.snapshots ?? [];
    const entry = entries.findLast((candidate) =>
      'version' in when
        ? candidate['sequence-number'] === when.version
        : 'snapshotId' in when
          ? BigInt(candidate['snapshot-id']) === when.snapshotId
          : candidate['timestamp-ms'] <= when.time,
    );
    if (newest === undefined || entry === undefined) {
      const wanted =
        'version' in when ? `version ${when.version}` : 'snapshotId' in when ? `snapshot ${when.snapshotId}` : `snapshot as of ${timeText(when.time)}`;
      const kept =
        entries.length === 0 ? 'nothing was published yet' : `kept are versions ${entries[0]?.['sequence-number']} to ${entries.at(-1)?.['sequence-number']}`;
      throw new SkeinError('SKEIN_SNAPSHOT_NOT_FOUND', `${named(table)} has no ${wanted}: ${kept}`, { context: { table } });
    }
    const snapshot = await this.snapshot(place, newest, entry);
    await checkSizes(snapshot);
    return snapshot;
  }

  async history(table: TableRef): Promise<Snapshot[]> {
    const place = tablePlace(this.root, table);
    const newest = await readNewest(place);
    if (newest === undefined) return [];
    return Promise.all(newest.metadata.snapshots.map((entry) => this.snapshot(place, newest, entry)));
  }

  tables(): Promise<TableRef[]> {
    return findTables(this.root);
  }

  async verify(snapshot: Snapshot): Promise<void> {
    const place = tablePlace(this.root, snapshot.table);
    const check = async (file: string, sum: string | undefined): Promise<void> => {
      const found = await hashFile(file).catch((error: unknown) => {
        throw isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR') ? corrupt(file, 'it is missing', error) : error;
      });
      if (found.sha256 !== sum) throw corrupt(file, `its sha256 is ${found.sha256}, recorded is ${sum}`);
    };
    for (const file of snapshot.files) await check(file.path, file.sha256);
    const entry = (await readNewest(place))?.metadata.snapshots.find((candidate) => BigInt(candidate['snapshot-id']) === snapshot.id);
    // expired while somebody still held it: its data files are all there is to check
    if (entry === undefined) return;
    const sidecar = await sidecarOf(place, entry);
    await check(inTable(place.directory, sidecar.manifest.path), sidecar.manifest.sha256);
    await check(manifestListFile(place, entry), entry.summary[SUMMARY.manifestListSum]);
  }

  async expire(table: TableRef, { keep }: { readonly keep: number }): Promise<number> {
    if (!Number.isSafeInteger(keep) || keep < 1)
      throw new SkeinError('SKEIN_CONFIG_INVALID', `keep must be a whole number of versions, at least 1, and is ${keep}`, { context: { keep } });
    const place = tablePlace(this.root, table);
    return this.inTurn(place, async () => {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const base = await readNewest(place);
        const dropped = base?.metadata.snapshots.slice(0, -keep) ?? [];
        if (base === undefined || dropped.length === 0) return 0;
        await this.touch(place, dropped);
        const gone = new Set(dropped.map((entry) => entry['snapshot-id']));
        const oldest = Number(base.metadata.snapshots[dropped.length]?.summary[SUMMARY.metadataVersion] ?? 0);
        const metadata = withoutSnapshots(
          { metadata: base.metadata, file: `${base.metadata.location}/metadata/${path.basename(base.file)}` },
          this.clock.now(),
          (entry) => !gone.has(entry['snapshot-id']),
          (file) => (metadataVersion(path.posix.basename(file)) ?? 0) >= oldest,
        );
        try {
          if (await linkVersion(place, base, metadata, () => undefined)) {
            await writeVersionHint(place, base.version + 1);
            return dropped.length;
          }
        } catch (error) {
          throw storageError(error, `${named(table)} could not be expired`);
        }
        await sleep(backoff(attempt));
      }
      throw new SkeinError('SKEIN_STORAGE_CONTENDED', `${named(table)} could not be expired: publishers were quicker`, { context: { table } });
    });
  }

  async collect(table: TableRef, { graceMs }: { readonly graceMs: number }): Promise<CollectReport> {
    if (!(graceMs >= 0)) throw new SkeinError('SKEIN_CONFIG_INVALID', `graceMs must be 0 or more, and is ${graceMs}`, { context: { graceMs } });
    return collectTable(tablePlace(this.root, table), graceMs, this.clock);
  }

  watch(onChange: (table: TableRef) => void): () => void {
    const watch = new TableWatch(this.root, onChange);
    this.watches.add(watch);
    return () => {
      watch.stop();
      this.watches.delete(watch);
    };
  }

  /** Whether no version has come since: two stats. Version 1 is looked up by listing, since a collected table begins later. */
  private async isNewest(place: TablePlace, known: Known): Promise<boolean> {
    if ((await stampOf(known.file)) !== known.stamp) return false;
    if (known.version === 1) return (await metadataVersions(place)).at(-1) === 1;
    return !(await exists(metadataFile(place, known.version + 1)));
  }

  private snapshot(place: TablePlace, table: TableVersion, entry: SnapshotEntry): Promise<Snapshot> {
    let remembered = this.snapshots.get(place.directory);
    if (remembered === undefined) this.snapshots.set(place.directory, (remembered = new Map<string, Promise<Snapshot>>()));
    const key = `${table.metadata['table-uuid']} ${entry['snapshot-id']} ${entry.summary[SUMMARY.sidecarSum]}`;
    let snapshot = remembered.get(key);
    if (snapshot === undefined) {
      snapshot = readSnapshot(place, table.metadata, entry);
      remembered.set(key, snapshot);
      snapshot.catch(() => remembered.delete(key));
      for (const old of remembered.keys()) {
        if (remembered.size <= REMEMBERED) break;
        remembered.delete(old);
      }
    }
    return snapshot;
  }

  /** Starts the grace of what is about to be expired. By the clock that stamps files, like all ages. */
  private async touch(place: TablePlace, entries: readonly SnapshotEntry[]): Promise<void> {
    const now = ((await storeTime(place.metadata)) ?? this.clock.now()) / 1000;
    for (const entry of entries) {
      const files = filesOf(place, entry, await sidecarOf(place, entry));
      const published = metadataFile(place, Number(entry.summary[SUMMARY.metadataVersion]));
      const paths = [...files.data.map((file) => path.dirname(file)), ...files.metadata, published];
      for (const file of new Set(paths)) await utimes(file, now, now).catch(() => undefined);
    }
  }

  private freshId(base: TableVersion | undefined): bigint {
    const taken = new Set(base?.metadata.snapshots.map((entry) => entry['snapshot-id']));
    for (;;) {
      const id = this.nextId();
      if (id <= 0n || id >= 1n << 53n) throw new SkeinError('SKEIN_INTERNAL', `the source of snapshot ids gave ${id}`);
      if (!taken.has(Number(id))) return id;
    }
  }

  /** Publishers of one process take turns at a table, so that they only race those of others. */
  private async inTurn<Result>(place: TablePlace, work: () => Promise<Result>): Promise<Result> {
    const before = this.turns.get(place.directory) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    this.turns.set(place.directory, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(place.directory) === turn) this.turns.delete(place.directory);
    }
  }
}

function currentEntry(table: TableVersion): SnapshotEntry {
  const entry = table.metadata.snapshots.find((candidate) => candidate['snapshot-id'] === table.metadata['current-snapshot-id']);
  if (entry === undefined) throw corrupt(table.file, 'its current snapshot is missing');
  return entry;
}

/** Identity of a file's content as far as a stat can tell. */
async function stampOf(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file, { bigint: true });
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** A draft made from an older version must not replace a newer one. Checked anew after each lost race. */
function checkExpected(table: TableRef, { expectedVersion }: SnapshotDraft, base: TableVersion | undefined): void {
  const newest = base === undefined ? 0 : (currentEntry(base)?.['sequence-number'] ?? 0);
  if (expectedVersion === undefined || newest === expectedVersion) return;
  throw new SkeinError('SKEIN_STORAGE_CONTENDED', `${named(table)} is at version ${newest}, and this publication was made for version ${expectedVersion}`, {
    hint: 'Run again: the newer version is taken into account.',
    context: { table, newest, expectedVersion },
  });
}

/** Milliseconds to wait after a lost race, so that publishers fall out of step. */
function backoff(attempt: number): number {
  return Math.random() * Math.min(attempt * 2, 40);
}

function named(table: TableRef): string {
  return `${table.domain}.${table.name} (v${table.major})`;
}

function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

function randomId(): bigint {
  return (randomBytes(8).readBigUInt64LE() & ((1n << 52n) - 1n)) + 1n;
}
