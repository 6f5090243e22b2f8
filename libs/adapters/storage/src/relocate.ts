import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { readManifest, readManifestList, withLocation, writeManifest, writeManifestList, type SnapshotEntry } from '@skein/iceberg';
import { sha256, SkeinError, systemClock, type Clock } from '@skein/kernel';
import { storageError } from '@skein/ports';
import type { TableRef } from '@skein/product';
import { syncDirectory, writeSynced } from './durable-file.ts';
import { corrupt, inTable, printSidecar, type Sidecar } from './sidecar.ts';
import { manifestListFile, sidecarOf, SUMMARY } from './snapshot-read.ts';
import { linkVersion, readNewest, writeVersionHint } from './table-file.ts';
import { findPlaces, type TablePlace } from './table-place.ts';

export interface RelocateOptions {
  /** The folder of all tables, where it lies now. */
  readonly root: string;
  /** What addresses of tables begin with, for other readers: an absolute path, or an address such as `https://data.example/tables`; default the folder itself. */
  readonly location?: string;
  readonly clock?: Clock;
}

export interface Relocated {
  readonly table: TableRef;
  readonly location: string;
  /** N of the metadata file that says so; the table's snapshots and their versions stay what they are. */
  readonly metadataVersion: number;
}

/**
 * Writes where the tables lie now into their metadata, as a new metadata version each. Iceberg's paths are absolute, so other readers need it
 * after the data directory has moved, or when they reach it under another address; Skein's own reading does not.
 * Tables that already say so are left alone and not reported.
 */
export async function relocateTables({ root, location, clock = systemClock }: RelocateOptions): Promise<Relocated[]> {
  const base = (location ?? `file://${path.resolve(root)}`).replace(/\/+$/, '');
  if (!base.startsWith('/') && !/^[a-z][a-z0-9+.-]*:\/\//.test(base)) {
    throw new SkeinError('SKEIN_USAGE', `${JSON.stringify(location)} is neither an absolute path nor an address`, {
      hint: 'Give a location such as /data/tables or https://data.example/tables.',
      context: { location },
    });
  }
  const moved: Relocated[] = [];
  for (const place of await findPlaces(root)) {
    const { domain, name, major } = place.ref;
    const done = await relocateTable(place, `${base}/${domain}/${name}/v${major}`, clock);
    if (done !== undefined) moved.push(done);
  }
  return moved;
}

async function relocateTable(place: TablePlace, location: string, clock: Clock): Promise<Relocated | undefined> {
  for (;;) {
    const base = await readNewest(place);
    if (base === undefined || base.metadata.location === location) return undefined;
    const written: string[] = [];
    let linked = false;
    try {
      const entries = new Map<number, SnapshotEntry>();
      for (const entry of base.metadata.snapshots) entries.set(entry['snapshot-id'], await rewrite(place, entry, location, written));
      await syncDirectory(place.metadata);
      const metadata = withLocation({ metadata: base.metadata, file: base.file }, clock.now(), location, (entry) => entries.get(entry['snapshot-id']) ?? entry);
      linked = await linkVersion(place, base, metadata, () => (linked = true));
    } catch (error) {
      throw storageError(error, `${place.directory} could not be relocated`);
    } finally {
      // lost to a publisher, or failed: what nobody names goes
      if (!linked) await Promise.all(written.map((file) => rm(file, { force: true })));
    }
    if (linked) {
      await writeVersionHint(place, base.version + 1);
      return { table: place.ref, location, metadataVersion: base.version + 1 };
    }
  }
}

/** A snapshot's manifest, manifest list and sidecar with the new location in every path. Data files are not touched. */
async function rewrite(place: TablePlace, entry: SnapshotEntry, location: string, written: string[]): Promise<SnapshotEntry> {
  const uuid = randomUUID();
  const write = async (relative: string, content: string | Uint8Array): Promise<void> => {
    const file = path.join(place.directory, relative);
    written.push(file);
    await writeSynced(file, content);
  };
  const sidecar = await sidecarOf(place, entry);
  const old = readManifest(await checked(inTable(place.directory, sidecar.manifest.path), sidecar.manifest.sha256));
  const [reference] = readManifestList(await checked(manifestListFile(place, entry), entry.summary[SUMMARY.manifestListSum] ?? '')).manifests;
  if (reference === undefined) throw corrupt(manifestListFile(place, entry), 'it names no manifest');

  const files = old.files.map((file, index) => ({ ...file, path: `${location}/${sidecar.files[index]?.path ?? ''}` }));
  const manifest = writeManifest({ schema: old.schema, snapshotId: reference.snapshotId, files });
  const manifestPath = `metadata/${uuid}-m0.avro`;
  const list = writeManifestList({
    snapshotId: reference.snapshotId,
    parentId: entry['parent-snapshot-id'] === undefined ? undefined : BigInt(entry['parent-snapshot-id']),
    sequenceNumber: reference.sequenceNumber,
    manifests: [{ ...reference, path: `${location}/${manifestPath}`, length: BigInt(manifest.length) }],
  });
  const listPath = `metadata/snap-${reference.snapshotId}-1-${uuid}.avro`;
  const sidecarText = printSidecar({
    ...sidecar,
    manifest: { path: manifestPath, sha256: sha256(manifest), bytes: String(manifest.length) },
  } satisfies Sidecar);
  const sidecarPath = `metadata/${uuid}.skein.json`;
  await write(manifestPath, manifest);
  await write(listPath, list);
  await write(sidecarPath, sidecarText);
  return {
    ...entry,
    'manifest-list': `${location}/${listPath}`,
    summary: { ...entry.summary, [SUMMARY.sidecar]: sidecarPath, [SUMMARY.sidecarSum]: sha256(sidecarText), [SUMMARY.manifestListSum]: sha256(list) },
  };
}

async function checked(file: string, sum: string): Promise<Uint8Array> {
  const content = await readFile(file);
  if (sha256(content) !== sum) throw corrupt(file, 'its checksum differs');
  return content;
}
