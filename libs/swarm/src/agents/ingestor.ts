import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { EngineSession, LandingStore } from '@skein/ports';
import type { Domain, Landing, ProfileDrift, Source, SourceProfile } from '@skein/product';
import { fingerprint } from '../delimited.ts';
import { runJobs, type Job } from '../lanes.ts';
import { landColumns } from '../landing/columns.ts';
import { driftOf } from '../landing/drift.ts';
import { landJson } from '../landing/json.ts';
import { reading, type Landed } from '../landing/landed.ts';
import { profileLanded, profileRecords } from '../landing/profile.ts';
import { landTable } from '../landing/table.ts';
import { originsOf } from '../origins.ts';
import { rootOf } from '../review/personal-columns.ts';
import type { SourceReport, SwarmEvent } from '../report.ts';

export interface IngestTask {
  readonly domain: Domain;
  /** Opens a session: each lane has its own. */
  readonly open: () => Promise<EngineSession>;
  readonly landings: LandingStore;
  /** Files that are read at once. */
  readonly lanes: number;
  /** Folder to read, with all folders below it. */
  readonly from: string;
  /** Who brings the files; rows of the origin `demo` stop counting when another origin brings rows. */
  readonly origin: string;
  readonly onEvent: (event: SwarmEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * The ingestor: lands every file of a folder that a source of the domain reads, as received, as immutable Parquet, and profiles it on the way.
 * Files are read in lanes and arrive in the order of their names: a lane that is ahead waits with its file, and takes no other one.
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
  const turns = inTurn(wanted.length);
  const sessions: Promise<EngineSession>[] = [];
  const jobs = wanted.map((_, index): Job => ({ id: String(index), after: [], warm: [] }));
  try {
    await runJobs(jobs, options.lanes, async ({ id }, lane) => {
      const index = Number(id);
      const { file, source } = wanted[index] as { file: string; source: Source };
      const task: LandTask = { ...options, source, file, session: () => (sessions[lane] ??= options.open()), turn: () => turns.reached(index) };
      try {
        options.signal?.throwIfAborted();
        onEvent({ verb: 'landing', domain: domain.name, file, done: reports.length, of: wanted.length });
        const report = await landOne(task).catch((error: unknown) => refusal(task, error));
        await turns.reached(index);
        reports.push(report);
        onEvent({ verb: 'landed', domain: domain.name, source: report, done: reports.length, of: wanted.length });
        turns.ended(index);
      } catch (error) {
        turns.broken(error);
        throw error;
      }
    });
  } finally {
    // A lane whose files were all known opened none.
    for (const session of await Promise.allSettled(Object.values(sessions))) if (session.status === 'fulfilled') await session.value.close();
  }
  const read = new Set(wanted.map(({ file }) => file));
  return { sources: reports, ignored: files.filter((file) => !read.has(file)) };
}

/** What is the file's own fault costs that file alone; a full disk, or a run that is told to stop, ends the run. */
function refusal({ source, file }: LandTask, error: unknown): SourceReport {
  if (!(error instanceof SkeinError) || error.fault !== 'source') throw error;
  return { file, source: source.name, outcome: 'refused', rows: 0, malformed: 0, error };
}

/** Turns in the order of numbers: `reached` resolves once all before have ended, and rejects for all who wait once one broke. */
function inTurn(count: number): { reached(index: number): Promise<void>; ended(index: number): void; broken(error: unknown): void } {
  const gates = Array.from({ length: count + 1 }, () => Promise.withResolvers<void>());
  // Nobody may be waiting at a gate that breaks.
  for (const { promise } of gates) promise.catch(() => undefined);
  gates[0]?.resolve();
  return {
    reached: (index) => gates[index]?.promise ?? Promise.resolve(),
    ended: (index) => gates[index + 1]?.resolve(),
    broken: (error) => gates.forEach(({ reject }) => reject(error)),
  };
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

interface LandTask extends IngestTask {
  readonly source: Source;
  readonly file: string;
  /** Of the lane. */
  readonly session: () => Promise<EngineSession>;
  /** Resolves when every file before this one has landed, or was refused. */
  readonly turn: () => Promise<void>;
}

async function landOne(options: LandTask): Promise<SourceReport> {
  const { landings, domain, origin, source, file } = options;
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
    const { rows, columns, rejects, sample } = landed;
    const found = sample === undefined ? await profileLanded(session, target, source.shape, rows) : profileRecords(rows, sample);
    const profile = withoutClassified(found, domain, source);
    await options.turn();
    const draft = { source: source.name, table, file, origin, sha256: print.sha256, bytes: print.bytes, mtimeMs: before.mtimeMs, rows, columns, rejects };
    const landing = await landings.commit(stage, draft, target);
    return { ...report(landing, 'landed'), drift: await noteProfile(options, landing, profile) };
  } catch (error) {
    await landings.abandon(stage);
    throw error;
  }
  function report(landing: Landing, outcome: 'landed' | 'unchanged'): SourceReport {
    return { file, source: source.name, outcome, rows: landing.rows, malformed: landing.rejects.length };
  }
}

/** No extreme is kept of what goes into a column that its contract calls confidential or restricted. */
function withoutClassified(profile: SourceProfile, domain: Domain, source: Source): SourceProfile {
  const origins = originsOf(domain);
  const tables = domain.bronze.filter((table) => table.source === source.name);
  const isClassified = (name: string): boolean => {
    const root = source.shape === 'json' ? rootOf(name) : name;
    return tables.some((table) =>
      origins.of(table.name, root).some(({ classification }) => classification === 'confidential' || classification === 'restricted'),
    );
  };
  const columns = profile.columns.map((column) => {
    if (column.minimum === undefined || !isClassified(column.name)) return column;
    const { minimum: _, maximum: __, ...rest } = column;
    return rest;
  });
  return { ...profile, columns };
}

/** Keeps the profile beside the landing and tells how it differs from that of the file before: of the same table, or of the source where records have one table a day. */
async function noteProfile({ landings, domain, source, onEvent }: LandTask, landing: Landing, profile: SourceProfile): Promise<readonly ProfileDrift[]> {
  await landings.keepProfile(domain.name, landing, profile);
  const earlier = (await landings.list(domain.name)).filter(({ source: name, sequence }) => name === source.name && sequence < landing.sequence);
  const last = earlier.findLast(({ table }) => table === landing.table) ?? (source.shape === 'json' ? earlier.at(-1) : undefined);
  const before = last && (await landings.profileOf(domain.name, last));
  const drift = before === undefined ? [] : driftOf(before, profile);
  onEvent({ verb: 'profiled', domain: domain.name, file: landing.file, profile, drift });
  return drift;
}
