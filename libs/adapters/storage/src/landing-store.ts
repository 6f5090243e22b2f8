import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { canonicalJson, checkName, sha256, SkeinError, systemClock, type Clock } from '@skein/kernel';
import { storageError, type LandingDraft, type LandingStage, type LandingStore, type SourceFileState } from '@skein/ports';
import type { Landing, SourceProfile } from '@skein/product';
import { hashFile, isErrno, linkExclusive, makeDirectory, storeTime, syncAndHash, syncDirectory, writeHint } from './durable-file.ts';
import { corrupt } from './sidecar.ts';
import { exists, namesIn } from './table-place.ts';

export interface LocalLandingStoreOptions {
  /** The folder of all landings: `DIR/landing`. */
  readonly root: string;
  /** Dates notes on unchanged files; orders nothing. Default: the system's. */
  readonly clock?: Clock;
}

/** A file that changed so shortly before it was looked at may change again without its time showing it. Milliseconds. */
const RACY_MS = 2_000;
const ATTEMPTS = 10_000;
/** Leavings of crashed ingestors are removed when they are older: longer than any file takes to land. Milliseconds. */
const ABANDONED_MS = 86_400_000;

/**
 * Landings on a local disk. `<domain>/files/<uuid>.parquet` holds the rows; `<domain>/records/<sequence>.json` is the commit, made by link() so that
 * sequences are contiguous whoever writes; `<domain>/profiles/<sequence>.json` and `<domain>/unchanged.json` are caches that may be lost.
 */
export function localLandingStore(options: LocalLandingStoreOptions): LandingStore {
  return new LocalLandingStore(options);
}

/** A landing as recorded: the path relative to the domain's folder, so that the data directory can be moved. */
interface LandingRecord extends Omit<Landing, 'path' | 'columns'> {
  readonly columns: readonly string[] | null;
  readonly parquet: { readonly path: string; readonly sha256: string };
}

interface Known {
  readonly landing: Landing;
  readonly parquetSum: string;
}

interface Unchanged {
  readonly sequence: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** When this was noted. */
  readonly notedAt: number;
}

class LocalLandingStore implements LandingStore {
  private readonly root: string;
  private readonly clock: Clock;
  /** Records never change, so what was read once stays right; only later ones are looked for. */
  private readonly known = new Map<string, Known[]>();
  private readonly swept = new Set<string>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor({ root, clock = systemClock }: LocalLandingStoreOptions) {
    this.root = path.resolve(root);
    this.clock = clock;
  }

  async list(domain: string): Promise<Landing[]> {
    return (await this.load(domain)).map(({ landing }) => landing);
  }

  async stage(domain: string): Promise<LandingStage> {
    const directory = path.join(this.place(domain), 'staging', randomUUID());
    try {
      await makeDirectory(path.join(this.place(domain), 'files'));
      await makeDirectory(path.join(this.place(domain), 'records'));
      await this.sweep(domain);
      await mkdir(directory, { recursive: true });
    } catch (error) {
      throw storageError(error, `a file of ${domain} could not be staged`);
    }
    return { domain, directory };
  }

  async commit(stage: LandingStage, draft: LandingDraft, parquetPath: string): Promise<Landing> {
    const place = this.place(stage.domain);
    this.checkStage(stage, place);
    if (path.dirname(parquetPath) !== stage.directory) throw new SkeinError('SKEIN_INTERNAL', `${parquetPath} does not lie in its stage ${stage.directory}`);
    const landing = await this.inTurn(stage.domain, async () => {
      const file = path.join(place, 'files', `${path.basename(stage.directory)}.parquet`);
      let recorded = false;
      try {
        let listed = await this.load(stage.domain);
        let landed = this.sameAsNewest(listed, draft);
        if (landed !== undefined) return landed;
        const { sha256: sum } = await syncAndHash(parquetPath);
        await rename(parquetPath, file);
        for (const folder of [path.join(place, 'files'), place, this.root]) await syncDirectory(folder);
        for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
          // the number to take and the content to compare with come from one listing, or two could land the same
          const sequence = listed.length + 1;
          const won = await linkExclusive(this.recordFile(stage.domain, sequence), printRecord(draft, sequence, file, sum), () => (recorded = true));
          listed = await this.load(stage.domain);
          landed = won ? listed[sequence - 1]?.landing : this.sameAsNewest(listed, draft);
          if (landed !== undefined) return landed;
        }
        throw new SkeinError('SKEIN_STORAGE_CONTENDED', `${draft.file}: ${ATTEMPTS} others were quicker, one after the other`);
      } catch (error) {
        throw storageError(error, `${draft.file} could not be landed in ${stage.domain}`);
      } finally {
        if (!recorded) await rm(file, { force: true }).catch(() => undefined);
        await rm(stage.directory, { recursive: true, force: true }).catch(() => undefined);
      }
    });
    if (draft.mtimeMs !== undefined) await this.noteUnchanged(stage.domain, { ...draft, size: draft.bytes, mtimeMs: draft.mtimeMs }, landing);
    return landing;
  }

  async abandon(stage: LandingStage): Promise<void> {
    this.checkStage(stage, this.place(stage.domain));
    await rm(stage.directory, { recursive: true, force: true });
  }

  async findUnchanged(domain: string, state: SourceFileState): Promise<Landing | undefined> {
    const note = (await this.notes(domain))[noteKey(state)];
    if (note === undefined || note.size !== state.size || note.mtimeMs !== state.mtimeMs || state.mtimeMs > note.notedAt - RACY_MS) return undefined;
    const newest = (await this.list(domain)).findLast(
      (landing) => landing.source === state.source && landing.origin === state.origin && landing.file === state.file,
    );
    return newest !== undefined && newest.sequence === note.sequence && newest.bytes === state.size ? newest : undefined;
  }

  async noteUnchanged(domain: string, state: SourceFileState, landing: Landing): Promise<void> {
    const note: Unchanged = { sequence: landing.sequence, size: state.size, mtimeMs: state.mtimeMs, notedAt: this.clock.now() };
    await this.inTurn(domain, async () => {
      const notes = Object.entries(await this.notes(domain)).filter(([key]) => key !== noteKey(state));
      await writeHint(this.notesFile(domain), JSON.stringify(Object.fromEntries([...notes, [noteKey(state), note]])));
    });
  }

  async keepProfile(domain: string, landing: Landing, profile: SourceProfile): Promise<void> {
    try {
      await makeDirectory(path.dirname(this.profileFile(domain, landing)));
      await writeHint(this.profileFile(domain, landing), `${JSON.stringify({ sha256: landing.sha256, profile })}\n`);
    } catch (error) {
      throw storageError(error, `the profile of ${landing.file} could not be kept`);
    }
  }

  async profileOf(domain: string, landing: Landing): Promise<SourceProfile | undefined> {
    const text = await readFile(this.profileFile(domain, landing), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const kept = JSON.parse(text) as { readonly sha256: string; readonly profile: SourceProfile };
      return kept.sha256 === landing.sha256 ? kept.profile : undefined;
    } catch {
      return undefined;
    }
  }

  async verify(domain: string, landing: Landing): Promise<void> {
    const known = (await this.load(domain))[landing.sequence - 1];
    if (known === undefined || known.landing.path !== landing.path)
      throw new SkeinError('SKEIN_SNAPSHOT_NOT_FOUND', `${domain} has no landing ${landing.sequence} of ${landing.file}`, {
        context: { domain, sequence: landing.sequence },
      });
    const found = await hashFile(landing.path).catch((error: unknown) => {
      throw isErrno(error, 'ENOENT', 'ENOTDIR') ? corrupt(landing.path, 'it is missing', error) : error;
    });
    if (found.sha256 !== known.parquetSum) throw corrupt(landing.path, `its sha256 is ${found.sha256}, recorded is ${known.parquetSum}`);
  }

  private place(domain: string): string {
    return path.join(this.root, checkName('domain', domain));
  }

  private recordFile(domain: string, sequence: number): string {
    return path.join(this.place(domain), 'records', `${sequence}.json`);
  }

  private profileFile(domain: string, { sequence }: Landing): string {
    return path.join(this.place(domain), 'profiles', `${sequence}.json`);
  }

  private notesFile(domain: string): string {
    return path.join(this.place(domain), 'unchanged.json');
  }

  private checkStage(stage: LandingStage, place: string): void {
    if (path.dirname(stage.directory) !== path.join(place, 'staging'))
      throw new SkeinError('SKEIN_INTERNAL', `${stage.directory} is no stage of ${stage.domain}`);
  }

  private async load(domain: string): Promise<readonly Known[]> {
    const place = this.place(domain);
    let known = this.known.get(domain);
    // a folder that was emptied or exchanged under us begins anew
    if (known !== undefined && known.length > 0 && !(await exists(this.recordFile(domain, known.length)))) known = undefined;
    known ??= [];
    this.known.set(domain, known);
    for (;;) {
      const sequence = known.length + 1;
      const file = this.recordFile(domain, sequence);
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw error;
      });
      // another call may have gone ahead meanwhile
      if (known.length >= sequence) continue;
      if (text === undefined) {
        if (known.length === 0 && (await namesIn(path.join(place, 'records'))).some((name) => /^\d+\.json$/.test(name)) && !(await exists(file)))
          throw corrupt(file, 'the first landing is missing while later ones stand');
        return known.slice();
      }
      known.push(parseRecord(text, file, place, sequence));
    }
  }

  /** Once in the life of a store: removes stages and files that no record names, when they are a day old. */
  private async sweep(domain: string): Promise<void> {
    if (this.swept.has(domain)) return;
    this.swept.add(domain);
    const place = this.place(domain);
    const now = await storeTime(path.join(place, 'records'));
    if (now === undefined) return;
    const named = new Set((await this.load(domain)).map(({ landing }) => landing.path));
    for (const folder of ['staging', 'files', 'records'].map((name) => path.join(place, name))) {
      for (const name of await namesIn(folder)) {
        const entry = path.join(folder, name);
        if (named.has(entry) || (path.basename(folder) === 'records' && !name.startsWith('.tmp-'))) continue;
        const found = await stat(entry).catch(() => undefined);
        if (found !== undefined && found.mtimeMs < now - ABANDONED_MS) await rm(entry, { recursive: true, force: true });
      }
    }
  }

  private sameAsNewest(known: readonly Known[], draft: LandingDraft): Landing | undefined {
    const newest = known.findLast(
      ({ landing }) => landing.source === draft.source && landing.table === draft.table && landing.origin === draft.origin && landing.file === draft.file,
    )?.landing;
    return newest?.sha256 === draft.sha256 ? newest : undefined;
  }

  private async notes(domain: string): Promise<Record<string, Unchanged>> {
    const text = await readFile(this.notesFile(domain), 'utf8').catch(() => '{}');
    try {
      const parsed: unknown = JSON.parse(text);
      return parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, Unchanged>) : {};
    } catch {
      // a cache cut off by a crash: everything is hashed again
      return {};
    }
  }

  private async inTurn<Result>(domain: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.turns.get(domain) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.turns.set(domain, turn);
    return turn;
  }
}

function noteKey(state: SourceFileState): string {
  return JSON.stringify([state.source, state.origin, state.file]);
}

function printRecord(draft: LandingDraft, sequence: number, parquet: string, parquetSum: string): string {
  const record: LandingRecord = {
    sequence,
    source: draft.source,
    table: draft.table,
    file: draft.file,
    origin: draft.origin,
    sha256: draft.sha256,
    bytes: draft.bytes,
    rows: draft.rows,
    columns: draft.columns ?? null,
    rejects: draft.rejects,
    parquet: { path: `files/${path.basename(parquet)}`, sha256: parquetSum },
  };
  return `${JSON.stringify({ sum: sha256(canonicalJson(record)), record })}\n`;
}

function parseRecord(text: string, file: string, place: string, sequence: number): Known {
  let parsed: { sum: string; record: LandingRecord };
  try {
    parsed = JSON.parse(text) as typeof parsed;
    if (sha256(canonicalJson(parsed.record)) !== parsed.sum || parsed.record.sequence !== sequence) throw new Error('its checksum differs');
  } catch (error) {
    throw corrupt(file, error instanceof Error ? error.message : String(error), error);
  }
  const { parquet, columns, ...landing } = parsed.record;
  return {
    landing: { ...landing, columns: columns ?? undefined, path: path.join(place, 'files', path.posix.basename(parquet.path)) },
    parquetSum: parquet.sha256,
  };
}
