import { stat } from 'node:fs/promises';
import path from 'node:path';
import { columnKeys, schemaById, type SnapshotEntry, type TableMetadata } from '@skein/iceberg';
import type { Snapshot } from '@skein/product';
import { isErrno } from './durable-file.ts';
import { corrupt, inTable, readSidecar, type Sidecar } from './sidecar.ts';
import { tableField } from './table-field.ts';
import type { TablePlace } from './table-place.ts';

/** Names in a snapshot's summary. */
export const SUMMARY = {
  contractHash: 'skein.contract-hash',
  contractVersion: 'skein.contract-version',
  verdictHash: 'skein.verdict-hash',
  inputHash: 'skein.input-hash',
  /** JSON: path of each data file, relative to the table → sha256. */
  files: 'skein.files',
  sidecar: 'skein.sidecar',
  sidecarSum: 'skein.sidecar-sha256',
  manifestListSum: 'skein.manifest-list-sha256',
  /** N of the `vN.metadata.json` that published the snapshot. */
  metadataVersion: 'skein.metadata-version',
} as const;

/** All files that a snapshot consists of, absolute: nothing here may be deleted while it is kept. */
export interface SnapshotFiles {
  readonly data: readonly string[];
  readonly metadata: readonly string[];
}

export async function sidecarOf(place: TablePlace, entry: SnapshotEntry): Promise<Sidecar> {
  const sidecar = await readSidecar(place.directory, entry.summary[SUMMARY.sidecar] ?? '', entry.summary[SUMMARY.sidecarSum] ?? '');
  if (sidecar.snapshotId !== String(entry['snapshot-id'])) throw corrupt(entry.summary[SUMMARY.sidecar] ?? '', `it belongs to snapshot ${sidecar.snapshotId}`);
  return sidecar;
}

/** The manifest list lies in the table's own metadata folder under the name that its Iceberg path ends with. */
export function manifestListFile(place: TablePlace, entry: SnapshotEntry): string {
  return path.join(place.metadata, path.posix.basename(entry['manifest-list']));
}

export function filesOf(place: TablePlace, entry: SnapshotEntry, sidecar: Sidecar): SnapshotFiles {
  return {
    data: sidecar.files.map((file) => inTable(place.directory, file.path)),
    metadata: [inTable(place.directory, sidecar.manifest.path), manifestListFile(place, entry), inTable(place.directory, entry.summary[SUMMARY.sidecar] ?? '')],
  };
}

/** A snapshot as the rest of Skein knows it, from the table metadata and its sidecar. */
export async function readSnapshot(place: TablePlace, metadata: TableMetadata, entry: SnapshotEntry): Promise<Snapshot> {
  const sidecar = await sidecarOf(place, entry);
  const keys = columnKeys(metadata);
  const parent = entry['parent-snapshot-id'];
  return {
    table: place.ref,
    product: `${place.ref.domain}.${place.ref.name}`,
    version: entry['sequence-number'],
    id: BigInt(entry['snapshot-id']),
    parent: parent === undefined ? undefined : BigInt(parent),
    committedAt: entry['timestamp-ms'],
    contractHash: sidecar.contractHash,
    contractVersion: sidecar.contractVersion,
    verdictHash: sidecar.verdictHash,
    inputHash: sidecar.inputHash,
    fields: schemaById(metadata, entry['schema-id']).fields.map((field) => tableField(field, keys)),
    files: sidecar.files.map((file) => ({
      path: inTable(place.directory, file.path),
      sha256: file.sha256,
      rows: BigInt(file.rows),
      bytes: BigInt(file.bytes),
    })),
    rows: sidecar.files.reduce((sum, file) => sum + BigInt(file.rows), 0n),
    lineage: sidecar.lineage,
    verdict: sidecar.verdict,
  };
}

/** The cheap part of verification, done whenever a snapshot is loaded to be read: every file is there and has its size. */
export async function checkSizes(snapshot: Snapshot): Promise<void> {
  await Promise.all(
    snapshot.files.map(async (file) => {
      const found = await stat(file.path).catch((error: unknown) => {
        throw isErrno(error, 'ENOENT', 'ENOTDIR') ? corrupt(file.path, 'it is missing', error) : error;
      });
      if (BigInt(found.size) !== file.bytes) throw corrupt(file.path, `it has ${found.size} bytes, recorded are ${file.bytes}`);
    }),
  );
}
