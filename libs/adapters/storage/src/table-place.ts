import { readdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { checkName, SkeinError } from '@skein/kernel';
import type { TableRef } from '@skein/product';
import { isErrno } from './durable-file.ts';

const METADATA_FILE = /^v([1-9]\d{0,14})\.metadata\.json$/;
const MAJOR_DIRECTORY = /^v(0|[1-9]\d{0,8})$/;

/** Where a table lies on the disk. All paths absolute. */
export interface TablePlace {
  readonly ref: TableRef;
  readonly directory: string;
  readonly data: string;
  readonly metadata: string;
}

/** `root/<domain>/<name>/v<major>`. Throws SKEIN_NAME_INVALID for anything that is not a plain name, so no path can lead elsewhere. */
export function tablePlace(root: string, ref: TableRef): TablePlace {
  checkName('domain', ref.domain);
  checkName('product', ref.name);
  if (!Number.isSafeInteger(ref.major) || ref.major < 0 || ref.major > 999_999_999) {
    throw new SkeinError('SKEIN_NAME_INVALID', `major version ${JSON.stringify(ref.major) ?? String(ref.major)} is not allowed`, {
      hint: 'Use the major version of the contract: a whole number.',
      context: { major: String(ref.major) },
    });
  }
  const directory = path.join(path.resolve(root), ref.domain, ref.name, `v${ref.major}`);
  return {
    ref: { domain: ref.domain, name: ref.name, major: ref.major },
    directory,
    data: path.join(directory, 'data'),
    metadata: path.join(directory, 'metadata'),
  };
}

export function metadataFile(place: TablePlace, version: number): string {
  return path.join(place.metadata, `v${version}.metadata.json`);
}

/** N of `vN.metadata.json`, undefined for other names. */
export function metadataVersion(file: string): number | undefined {
  const match = METADATA_FILE.exec(path.basename(file));
  return match ? Number(match[1]) : undefined;
}

/** Versions of the metadata that are on the disk, ascending; none for a table that does not exist. */
export async function metadataVersions(place: TablePlace): Promise<number[]> {
  const names = await namesIn(place.metadata);
  return names
    .map(metadataVersion)
    .filter((version) => version !== undefined)
    .sort((a, b) => a - b);
}

export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Every table with at least one committed version, sorted by name. */
export async function findTables(root: string): Promise<TableRef[]> {
  const tables: TableRef[] = [];
  for (const place of await findPlaces(root)) if ((await metadataVersions(place)).length > 0) tables.push(place.ref);
  return tables;
}

/** Every folder that could hold a table. Foreign files and folders in the data directory are passed over. */
export async function findPlaces(root: string): Promise<TablePlace[]> {
  const places: TablePlace[] = [];
  for (const domain of named('domain', await namesIn(root))) {
    for (const name of named('product', await namesIn(path.join(root, domain))))
      places.push(...placesOf(root, domain, name, await namesIn(path.join(root, domain, name))));
  }
  return places;
}

/** Like `findPlaces`, in one go. */
export function findPlacesSync(root: string): TablePlace[] {
  return named('domain', namesSync(root)).flatMap((domain) =>
    named('product', namesSync(path.join(root, domain))).flatMap((name) => placesOf(root, domain, name, namesSync(path.join(root, domain, name)))),
  );
}

function namesSync(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function placesOf(root: string, domain: string, name: string, entries: readonly string[]): TablePlace[] {
  const majors = entries.flatMap((entry) => MAJOR_DIRECTORY.exec(entry)?.[1] ?? []).map(Number);
  return majors.sort((a, b) => a - b).map((major) => tablePlace(root, { domain, name, major }));
}

function named(kind: 'domain' | 'product', names: readonly string[]): string[] {
  return names.filter((name) => isName(kind, name)).sort();
}

function isName(kind: 'domain' | 'product', name: string): boolean {
  try {
    checkName(kind, name);
    return true;
  } catch {
    return false;
  }
}

export async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
