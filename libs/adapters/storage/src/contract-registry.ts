import { readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CompatibilityMode } from '@skein/contract';
import { sha256, SkeinError } from '@skein/kernel';
import { storageError, type ContractDraft, type ContractRegistry, type RegisteredVersion } from '@skein/ports';
import type { TableRef } from '@skein/product';
import { isErrno, linkExclusive, makeDirectory, storeTime, syncDirectory } from './durable-file.ts';
import { namesIn, tablePlace } from './table-place.ts';

export interface LocalContractRegistryOptions {
  /** The folder of all contracts: `DIR/registry`. */
  readonly root: string;
}

const RECORD = /^(\d{4}|[1-9]\d{4,8})\.json$/;
const MAJOR = /^v(0|[1-9]\d{0,8})$/;
/** Leavings of processes that were killed are removed when they are older. Milliseconds. */
const ABANDONED_MS = 86_400_000;

/**
 * The registry on a local disk: `<domain>/<name>/v<major>/NNNN.json`, one file for each version. The file is the commit: it is
 * made by link(), so that of two publishers one is first, and whoever sees the name sees the whole version. Nothing is ever
 * rewritten or removed.
 */
export function localContractRegistry({ root }: LocalContractRegistryOptions): ContractRegistry {
  return new LocalContractRegistry(path.resolve(root));
}

/** A version as written. `sum` is the sha256 of all members before it, so that a changed byte is seen. */
interface VersionRecord {
  readonly format: 1;
  readonly product: string;
  readonly sequence: number;
  readonly version: string;
  readonly hash: string;
  readonly status: string;
  readonly mode: CompatibilityMode;
  readonly publishedAt: number;
  readonly publishedBy: string;
  readonly text: string;
  readonly sum?: string;
}

class LocalContractRegistry implements ContractRegistry {
  private readonly root: string;
  /** Versions never change, so what was read once stays right; only later ones are looked for. */
  private readonly known = new Map<string, RegisteredVersion[]>();
  private readonly swept = new Set<string>();

  constructor(root: string) {
    this.root = root;
  }

  async majors(domain: string, name: string): Promise<number[]> {
    const product = path.dirname(tablePlace(this.root, { domain, name, major: 0 }).directory);
    const majors: number[] = [];
    for (const folder of await namesIn(product)) {
      const major = MAJOR.exec(folder)?.[1];
      if (major !== undefined && (await namesIn(path.join(product, folder))).some((file) => RECORD.test(file))) majors.push(Number(major));
    }
    return majors.sort((a, b) => a - b);
  }

  async versions(line: TableRef): Promise<readonly RegisteredVersion[]> {
    const { directory, ref } = tablePlace(this.root, line);
    const known = this.known.get(directory) ?? [];
    const read = [...known];
    if (read.length === 0) await checkContiguous(directory);
    for (;;) {
      const record = await readRecord(directory, ref, read.length + 1);
      if (!record) break;
      read.push(registered(ref, record));
    }
    // another call may have read on meanwhile
    if (read.length > (this.known.get(directory)?.length ?? 0)) this.known.set(directory, read);
    return [...read];
  }

  async text({ line, sequence }: RegisteredVersion): Promise<string> {
    const { directory, ref } = tablePlace(this.root, line);
    const record = await readRecord(directory, ref, sequence);
    if (!record) throw corrupt(recordFile(directory, sequence), 'it is missing');
    return record.text;
  }

  async append(line: TableRef, draft: ContractDraft, after: number): Promise<RegisteredVersion> {
    const { directory, ref } = tablePlace(this.root, line);
    const newest = (await this.versions(ref)).at(-1);
    if ((newest?.sequence ?? 0) !== after) throw conflict(ref, newest);
    const { version, hash, status, mode, publishedAt, publishedBy, text } = draft;
    const product = `${ref.domain}.${ref.name}`;
    const record: VersionRecord = { format: 1, product, sequence: after + 1, version, hash, status, mode, publishedAt, publishedBy, text };
    try {
      await makeDirectory(directory);
      await this.sweep(directory);
      // the first version makes the way to it durable too, whoever created it
      if (after === 0) for (let level = 0, folder = directory; level < 4; level += 1, folder = path.dirname(folder)) await syncDirectory(folder);
      if (await linkExclusive(recordFile(directory, after + 1), printRecord(record))) return registered(ref, record);
    } catch (error) {
      throw storageError(error, `version ${version} of ${product} could not be registered`);
    }
    throw conflict(ref, (await this.versions(ref)).at(-1));
  }

  private async sweep(directory: string): Promise<void> {
    if (this.swept.has(directory)) return;
    this.swept.add(directory);
    const now = await storeTime(directory);
    if (now === undefined) return;
    for (const name of await namesIn(directory)) {
      if (!name.startsWith('.tmp-')) continue;
      const file = path.join(directory, name);
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: now }));
      if (now - mtimeMs > ABANDONED_MS) await rm(file, { force: true });
    }
  }
}

function recordFile(directory: string, sequence: number): string {
  return path.join(directory, `${String(sequence).padStart(4, '0')}.json`);
}

function printRecord(record: VersionRecord): string {
  return `${JSON.stringify({ ...record, sum: sha256(JSON.stringify(record)) })}\n`;
}

/** Undefined when there is none of that number. */
async function readRecord(directory: string, line: TableRef, sequence: number): Promise<VersionRecord | undefined> {
  const file = recordFile(directory, sequence);
  let written: string;
  try {
    written = await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw storageError(error, `${file} could not be read`);
  }
  const record = parse(written, file);
  const { sum, ...content } = record;
  if (sum !== sha256(JSON.stringify(content))) throw corrupt(file, 'it is not what was written: its checksum differs');
  if (
    record.format !== 1 ||
    record.sequence !== sequence ||
    record.product !== `${line.domain}.${line.name}` ||
    Number.parseInt(record.version, 10) !== line.major
  )
    throw corrupt(file, `it is version ${record.version} of ${record.product}, number ${record.sequence}`);
  return record;
}

function parse(written: string, file: string): VersionRecord {
  try {
    return JSON.parse(written) as VersionRecord;
  } catch (error) {
    throw corrupt(file, 'it is no JSON', error);
  }
}

/** A number that is missing would be given again, and a version that was live be forgotten. */
async function checkContiguous(directory: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    throw storageError(error, `${directory} could not be read`);
  }
  const numbers = names
    .flatMap((name) => RECORD.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const gap = numbers.findIndex((number, index) => number !== index + 1);
  if (gap >= 0) throw corrupt(recordFile(directory, gap + 1), 'it is missing');
}

function registered(line: TableRef, { version, hash, status, mode, publishedAt, publishedBy, sequence }: VersionRecord): RegisteredVersion {
  return Object.freeze({ line, sequence, version, hash, status, mode, publishedAt, publishedBy });
}

function conflict({ domain, name, major }: TableRef, newest: RegisteredVersion | undefined): SkeinError {
  const product = `${domain}.${name}`;
  if (!newest) return new SkeinError('SKEIN_CONTRACT_CONFLICT', `${product} has no version ${major} yet`, { context: { product } });
  const { version, hash, publishedBy } = newest;
  return new SkeinError('SKEIN_CONTRACT_CONFLICT', `the newest version of ${product} is ${version} now, by ${publishedBy}`, {
    context: { product, version, hash },
  });
}

function corrupt(file: string, reason: string, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_REGISTRY_CORRUPT', `${file}: ${reason}`, { cause, context: { file } });
}
