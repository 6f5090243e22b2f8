import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256, SkeinError } from '@skein/kernel';
import type { Snapshot } from '@skein/product';
import { isErrno } from './durable-file.ts';

/** A file as a sidecar names it: relative to the table's folder, so that the folder can be moved. */
export interface RecordedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: string;
}

/**
 * `metadata/<uuid>.skein.json`: what Iceberg has no place for. Its own sha256 stands in the snapshot's summary, so that all it says is
 * as safe as the table metadata.
 */
export interface Sidecar {
  readonly format: 1;
  readonly snapshotId: string;
  readonly contractHash: string;
  readonly contractVersion: string;
  readonly verdictHash: string;
  readonly inputHash: string;
  readonly files: readonly (RecordedFile & { readonly rows: string })[];
  readonly manifest: RecordedFile;
  readonly lineage: Snapshot['lineage'];
  readonly verdict: unknown;
}

export function printSidecar(sidecar: Sidecar): string {
  return `${JSON.stringify(sidecar, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 1)}\n`;
}

/** Reads a sidecar and checks it against the sum in the summary. Throws SKEIN_SNAPSHOT_CORRUPT with the file. */
export async function readSidecar(tableDirectory: string, relative: string, sum: string): Promise<Sidecar> {
  const file = inTable(tableDirectory, relative);
  const content = await readFile(file).catch((error: unknown) => {
    throw isErrno(error, 'ENOENT', 'EISDIR', 'ENOTDIR') ? corrupt(file, 'it is missing', error) : error;
  });
  if (sha256(content) !== sum) throw corrupt(file, `its sha256 is ${sha256(content)}, recorded is ${sum}`);
  return JSON.parse(content.toString('utf8')) as Sidecar;
}

/** The absolute place of a recorded file. A recorded path that leads out of the table is corruption. */
export function inTable(tableDirectory: string, relative: string): string {
  const absolute = path.join(tableDirectory, relative);
  if (path.isAbsolute(relative) || relative.includes('\0') || !absolute.startsWith(tableDirectory + path.sep))
    throw corrupt(relative, 'it leads out of its table');
  return absolute;
}

export function corrupt(file: string, reason: string, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_SNAPSHOT_CORRUPT', `${file}: ${reason}`, { cause, context: { file } });
}
