import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '@skein/kernel';
import type { CollectReport } from '@skein/ports';
import { isErrno, storeTime } from './durable-file.ts';
import { filesOf, sidecarOf } from './snapshot-read.ts';
import { readNewest, VERSION_HINT, type TableVersion } from './table-file.ts';
import { metadataFile, metadataVersion, namesIn, type TablePlace } from './table-place.ts';

const TRASH = '.trash-';

/**
 * Deletes what no kept snapshot names and what has been untouched for the grace period: abandoned stagings, the leavings of crashes
 * and of lost races, and the files of expired snapshots. Expiry touches these, so for them the grace runs from the expiry,
 * and a query that began before it can end. The grace must be longer than any pause of a publisher and than any query.
 */
export async function collectTable(place: TablePlace, graceMs: number, clock: Clock): Promise<CollectReport> {
  const newest = await readNewest(place);
  const live = await liveFiles(place, newest);
  const now = (await storeTime(place.metadata)) ?? clock.now();
  const report = { deletedFiles: 0, deletedBytes: 0n, keptFiles: 0 };

  for (const name of await namesIn(place.data)) await collectUnit(place, path.join(place.data, name), live, now - graceMs, report);
  // oldest versions first: a publisher that sleeps on one of them then finds its base gone (see linkVersion)
  const names = (await namesIn(place.metadata)).sort((a, b) => (metadataVersion(a) ?? 0) - (metadataVersion(b) ?? 0));
  for (const name of names) {
    const file = path.join(place.metadata, name);
    const found = await statOf(file);
    if (found === undefined) continue;
    const version = metadataVersion(name);
    const needed = live.has(file) || name === VERSION_HINT || (version !== undefined && (newest === undefined || version >= newest.version));
    if (needed || found.mtimeMs > now - graceMs) report.keptFiles += 1;
    else await remove(file, found.size, report);
  }
  return report;
}

/** Every file of every kept snapshot. A snapshot that cannot be read stops the collection: what it names is not known. */
async function liveFiles(place: TablePlace, newest: TableVersion | undefined): Promise<Set<string>> {
  const live = new Set<string>();
  if (newest === undefined) return live;
  for (const entry of newest.metadata.snapshots) {
    const files = filesOf(place, entry, await sidecarOf(place, entry));
    for (const file of [...files.data, ...files.metadata]) live.add(file);
  }
  for (const entry of newest.metadata['metadata-log']) {
    const version = metadataVersion(path.posix.basename(entry['metadata-file']));
    if (version !== undefined) live.add(metadataFile(place, version));
  }
  live.add(newest.file);
  return live;
}

interface Running {
  deletedFiles: number;
  deletedBytes: bigint;
  keptFiles: number;
}

/** One entry of `data/`: the folder of a publication, or one that an earlier collector was about to delete. */
async function collectUnit(place: TablePlace, unit: string, live: ReadonlySet<string>, before: number, report: Running): Promise<void> {
  const { files, newest } = await survey(unit);
  const original = path.basename(unit).startsWith(TRASH) ? path.join(place.data, path.basename(unit).slice(TRASH.length)) : unit;
  const isLive = (files_: readonly Found[], set: ReadonlySet<string>): boolean =>
    files_.some((file) => set.has(path.join(original, path.relative(unit, file.path))));
  if (unit === original && (newest > before || isLive(files, live))) {
    report.keptFiles += files.length;
    return;
  }
  // Out of the way first, then a second look: a publisher that slept through the grace may have linked it just now.
  const trash = path.join(place.data, `${TRASH}${path.basename(original)}`);
  if (unit !== trash) {
    await rename(unit, trash).catch(ignoreMissing);
  }
  const moved = files.map((file) => path.join(original, path.relative(unit, file.path)));
  const again = await liveFiles(place, await readNewest(place));
  if (moved.some((file) => again.has(file))) {
    await rename(trash, original).catch(ignoreMissing);
    report.keptFiles += files.length;
    return;
  }
  for (const file of files) await remove(path.join(trash, path.relative(unit, file.path)), file.size, report);
  await rm(trash, { recursive: true, force: true });
}

interface Found {
  readonly path: string;
  readonly size: number;
}

async function survey(unit: string): Promise<{ files: Found[]; newest: number }> {
  const files: Found[] = [];
  let newest = 0;
  const own = await statOf(unit);
  if (own === undefined) return { files, newest };
  newest = own.mtimeMs;
  if (!own.isDirectory()) return { files: [{ path: unit, size: own.size }], newest };
  for (const entry of await readdir(unit, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const file = path.join(entry.parentPath, entry.name);
    const found = await statOf(file);
    if (found === undefined) continue;
    newest = Math.max(newest, found.mtimeMs);
    if (!found.isDirectory()) files.push({ path: file, size: found.size });
  }
  return { files, newest };
}

async function statOf(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Another collector works here too, and was quicker. */
function ignoreMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}

async function remove(file: string, size: number, report: Running): Promise<void> {
  try {
    await rm(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    // a folder that is none of ours
    if (isErrno(error, 'ERR_FS_EISDIR')) return;
    throw error;
  }
  report.deletedFiles += 1;
  report.deletedBytes += BigInt(size);
}
