import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { EngineSession, LandingStore } from '@skein/ports';
import type { Domain, Landing, Source } from '@skein/product';
import { fingerprint } from '../delimited.ts';
import { landColumns } from '../landing/columns.ts';
import { landJson } from '../landing/json.ts';
import { reading, type Landed } from '../landing/landed.ts';
import { landTable } from '../landing/table.ts';
import type { SourceReport, SwarmEvent } from '../report.ts';

export interface IngestTask {
  readonly domain: Domain;
  readonly session: () => Promise<EngineSession>;
  readonly landings: LandingStore;
  /** Folder to read, with all folders below it. */
  readonly from: string;
  /** Who brings the files; rows of the origin `demo` stop counting when another origin brings rows. */
  readonly origin: string;
  readonly onEvent: (event: SwarmEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * The ingestor: lands every file of a folder that a source of the domain reads, as received, as immutable Parquet.
 * Files already landed with the same bytes are left alone; a file that cannot be read is refused and the others go on.
 * Throws SKEIN_SOURCE_NOT_FOUND or SKEIN_SOURCE_EMPTY when there is nothing to do.
 */
export async function ingest(options: IngestTask): Promise<{ sources: SourceReport[]; ignored: string[] }> {
  const { domain, from, onEvent } = options;
  const files = await filesBelow(from);
  const wanted = files
    .map((file) => ({ file, source: domain.sources.find((source) => source.tableOf(file) !== undefined) }))
    .filter((entry): entry is { file: string; source: Source } => entry.source !== undefined);
  if (wanted.length === 0) {
    throw new SkeinError('SKEIN_SOURCE_EMPTY', `${from} holds ${files.length} files, none of which ${domain.name} reads`, {
      hint: `Put files of these kinds there: ${domain.sources.map((source) => source.describes).join('; ')}.`,
      context: { from, domain: domain.name, files: files.slice(0, 20) },
    });
  }
  const reports: SourceReport[] = [];
  for (const [done, { file, source }] of wanted.entries()) {
    options.signal?.throwIfAborted();
    onEvent({ verb: 'landing', domain: domain.name, file, done, of: wanted.length });
    const report = await landOne(options, source, file).catch((error: unknown): SourceReport => {
      if (!(error instanceof SkeinError) || error.fault !== 'source') throw error;
      return { file, source: source.name, outcome: 'refused', rows: 0, malformed: 0, error };
    });
    reports.push(report);
    onEvent({ verb: 'landed', domain: domain.name, source: report, done: done + 1, of: wanted.length });
  }
  const read = new Set(wanted.map(({ file }) => file));
  return { sources: reports, ignored: files.filter((file) => !read.has(file)) };
}

async function filesBelow(from: string): Promise<string[]> {
  const info = await stat(from).catch(() => undefined);
  if (!info?.isDirectory()) throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `${from} is not a folder`, { context: { from } });
  const entries = await reading(from, () => readdir(from, { recursive: true, withFileTypes: true }));
  return (
    entries
      // A link counts as the file that it leads to; one that leads to a folder, or nowhere, is refused by name where it is wanted.
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
      .map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .sort()
  );
}

async function landOne(options: IngestTask, source: Source, file: string): Promise<SourceReport> {
  const { landings, domain, origin } = options;
  const table = source.tableOf(file) ?? source.name;
  const from = path.join(options.from, file);
  const before = await reading(file, () => stat(from));
  if (!before.isFile()) throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} leads to no file`, { context: { file } });
  const state = { source: source.name, origin, file, size: before.size, mtimeMs: before.mtimeMs };
  const known = await landings.findUnchanged(domain.name, state);
  if (known) return report(known, 'unchanged');
  if (before.size === 0) throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is empty (0 bytes)`, { context: { file } });
  const newest = (await landings.list(domain.name)).findLast((landing) => landing.origin === origin && landing.file === file && landing.source === source.name);
  // Records need nothing of the hash to be landed: a file that never came before is hashed meanwhile.
  const early = newest !== undefined || source.shape === 'columns' ? await reading(file, () => fingerprint(from)) : undefined;
  if (newest && newest.sha256 === early?.sha256) {
    await landings.noteUnchanged(domain.name, state, newest);
    return report(newest, 'unchanged');
  }
  const session = await options.session();
  const land = (directory: string, target: string): Promise<Landed> => {
    if (source.shape === 'table') return landTable(session, from, file, table, source, target);
    return source.shape === 'columns' && early ? landColumns(session, from, file, directory, target, early) : landJson(session, from, file, target);
  };
  const stage = await landings.stage(domain.name);
  try {
    const target = path.join(stage.directory, 'landing.parquet');
    const [hashed, written] = await Promise.allSettled([early ?? reading(file, () => fingerprint(from)), land(stage.directory, target)]);
    if (hashed.status === 'rejected') throw hashed.reason;
    if (written.status === 'rejected') throw written.reason;
    const [print, landed] = [hashed.value, written.value];
    const after = await stat(from);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} changed while it was read`, { hint: 'Run again when the file is complete.', context: { file } });
    }
    const landing = await landings.commit(
      stage,
      { source: source.name, table, file, origin, sha256: print.sha256, bytes: print.bytes, mtimeMs: before.mtimeMs, ...landed },
      target,
    );
    return report(landing, 'landed');
  } catch (error) {
    await landings.abandon(stage);
    throw error;
  }
  function report(landing: Landing, outcome: 'landed' | 'unchanged'): SourceReport {
    return { file, source: source.name, outcome, rows: landing.rows, malformed: landing.rejects.length };
  }
}
