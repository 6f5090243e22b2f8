import { readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { parseTableMetadata, type TableMetadata } from '@skein/iceberg';
import { sha256 } from '@skein/kernel';
import { isErrno, linkExclusive, writeHint } from './durable-file.ts';
import { corrupt } from './sidecar.ts';
import { exists, metadataFile, metadataVersions, type TablePlace } from './table-place.ts';

export const VERSION_HINT = 'version-hint.text';
const CHECKSUM = 'skein.checksum';
const ZEROS = '0'.repeat(64);

/** One version of a table's metadata, as read. */
export interface TableVersion {
  readonly version: number;
  readonly file: string;
  readonly metadata: TableMetadata;
}

/** The text of a metadata file. It bears the sha256 of itself (with zeros in the place of the sum), so that a changed byte is seen. */
export function printMetadata(metadata: TableMetadata): string {
  const text = `${JSON.stringify({ ...metadata, properties: { ...metadata.properties, [CHECKSUM]: ZEROS } })}\n`;
  return text.replace(`"${CHECKSUM}":"${ZEROS}"`, `"${CHECKSUM}":"${sha256(text)}"`);
}

/** Reads version N. Throws SKEIN_SNAPSHOT_CORRUPT when it is damaged; undefined when it does not exist. */
export async function readVersion(place: TablePlace, version: number): Promise<TableVersion | undefined> {
  const file = metadataFile(place, version);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  const metadata = parseTableMetadata(text, file);
  const sum = metadata.properties[CHECKSUM];
  // an unescaped quote ends a JSON text, so this pattern stands nowhere but at the property itself
  const parts = text.split(`"${CHECKSUM}":"${sum}"`);
  if (parts.length !== 2 || sha256(parts.join(`"${CHECKSUM}":"${ZEROS}"`)) !== sum) throw corrupt(file, 'it is not what was written: its checksum differs');
  return { version, file, metadata };
}

/** The newest version; undefined when the table does not exist. The hint file is not asked: it may be old, or wrong. */
export async function readNewest(place: TablePlace): Promise<TableVersion | undefined> {
  for (;;) {
    const newest = (await metadataVersions(place)).at(-1);
    if (newest === undefined) return undefined;
    const read = await readVersion(place, newest);
    // gone between listing and reading: superseded and collected
    if (read !== undefined) return read;
  }
}

/**
 * Commits `metadata` as the version after `base`. False when another publisher was first, and nothing is left behind then.
 *
 * A publisher that slept while others published and collected could link a low number that is free again; no reader would ever see
 * it. So a link counts only when its base is still there, or, for version 1, when no other version is.
 */
export async function linkVersion(place: TablePlace, base: TableVersion | undefined, metadata: TableMetadata, onLinked: () => void): Promise<boolean> {
  const version = (base?.version ?? 0) + 1;
  const file = metadataFile(place, version);
  // cheaper to lose now than after an fsync
  if (await exists(file)) return false;
  if (!(await linkExclusive(file, printMetadata(metadata), onLinked))) return false;
  if (base === undefined ? await isFirst(place, metadata) : await exists(base.file)) return true;
  await unlink(file);
  return false;
}

/**
 * Leaves the number of the newest version for readers that cannot list a folder. Whoever writes it last looks again after
 * writing, so that it ends up right when publishers overtake each other. Never throws: it is only a hint.
 */
export async function writeVersionHint(place: TablePlace, version: number): Promise<void> {
  for (let newest = version; ;) {
    await writeHint(path.join(place.metadata, VERSION_HINT), String(newest));
    const now = (await metadataVersions(place).catch(() => [])).at(-1) ?? newest;
    if (now <= newest) return;
    newest = now;
  }
}

async function isFirst(place: TablePlace, metadata: TableMetadata): Promise<boolean> {
  const later = (await metadataVersions(place)).filter((version) => version > 1);
  if (later.length === 0) return true;
  const second = await readVersion(place, 2);
  return (
    second !== undefined &&
    second.metadata['metadata-log'].some((entry) => path.basename(entry['metadata-file']) === 'v1.metadata.json') &&
    second.metadata['table-uuid'] === metadata['table-uuid']
  );
}
