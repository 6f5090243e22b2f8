import path from 'node:path';
import { canonicalJson, ident, literal, sha256, SkeinError } from '@skein/kernel';
import type { BronzeFile, BronzeLanding, BronzePlan, BronzeStage, BronzeStore, BronzeVersion, EngineSession } from '@skein/ports';
import { DEFAULT_LIMITS, planLayout, type BronzeTable, type ColumnProfile, type Domain, type Landing, type LayoutLimits } from '@skein/product';
import { bronzeSql, landingsOf } from './bronze.ts';

/** How a bronze table was laid out in a run. */
export interface BronzeReport {
  /** `<domain>.<table>` */
  readonly table: string;
  /** `view`: read from the landings each time; `unchanged`: the files that stand hold what counts; `written`: a new version. */
  readonly outcome: 'view' | 'unchanged' | 'written';
  readonly version: number | undefined;
  /** Bytes of the source files that count. */
  readonly landedBytes: number;
  readonly landings: number;
  /** Landings that were written in this run, and files of the version before that stayed as they were. */
  readonly written: number;
  readonly kept: number;
  readonly files: number;
  /** Files that compaction made of many, and of how many. */
  readonly compacted?: { readonly from: number; readonly to: number };
  readonly partitionBy: readonly string[];
  readonly reasons: readonly string[];
  readonly milliseconds: number;
}

/** The sequence of the landing that a row came from, in files only. */
export const LANDING = '_landing';
/** Rows of a landing that a plan is made from, and landings that are looked at. */
const SAMPLED_ROWS = 1_000;
const SAMPLED_LANDINGS = 256;
/** Engine types that Parquet does not give back as they were. */
const LOSSY = /HUGEINT|BIGNUM|INTERVAL|UNION|ENUM|VARIANT|\bBIT\b|\bTIME\b(?! ZONE)/;
const FORMAT = 1;

export interface LayerTask {
  readonly session: EngineSession;
  readonly store: BronzeStore;
  readonly limits: Partial<LayoutLimits>;
  readonly domain: Domain;
  readonly table: BronzeTable;
  readonly live: readonly Landing[];
}

/** The version that holds a bronze table's rows, and what was done; no version where the landings are read instead. */
export interface Layered {
  readonly version: BronzeVersion | undefined;
  readonly report: BronzeReport;
}

/**
 * Brings the files of a bronze table up to what is live: only landings that are new or came again are typed and written, and of a file that holds
 * rows of a landing that no longer counts, the others' are kept. Below the threshold there are no files, and the landings are read each time.
 */
export async function layBronze(task: LayerTask): Promise<Layered> {
  const started = performance.now();
  const { session, store, domain, table } = task;
  const landings = landingsOf(table, task.live);
  const landedBytes = landings.reduce((sum, landing) => sum + landing.bytes, 0);
  const report = (version: BronzeVersion | undefined, figures: Partial<BronzeReport>): Layered => ({
    version,
    report: {
      table: `${domain.name}.${table.name}`,
      outcome: 'view',
      version: version?.version,
      landedBytes,
      landings: landings.length,
      written: 0,
      kept: version?.files.length ?? 0,
      files: version?.files.length ?? 0,
      partitionBy: version?.plan.partitionBy ?? [],
      reasons: version?.plan.reasons ?? [],
      ...figures,
      milliseconds: performance.now() - started,
    },
  });
  const { partitionFrom } = { ...DEFAULT_LIMITS, ...task.limits };
  if (landedBytes < partitionFrom) return report(undefined, { reasons: [`read from its landings: ${landedBytes} bytes are below ${partitionFrom}`] });
  const sql = bronzeSql(domain, table, []);
  const lossy = (await session.describe(sql)).find(({ type }) => LOSSY.test(type));
  if (lossy) return report(undefined, { reasons: [`read from its landings: files do not keep ${lossy.name} ${lossy.type}`] });

  const definition = sha256(canonicalJson({ format: FORMAT, sql: table.sql, columns: table.columns ?? [], shape: sql }));
  const before = await standing(store, domain, table, definition);
  const wanted = new Set(landings.map(keyOf));
  const stale = new Set([
    ...before.landings.filter((landing) => !wanted.has(keyOf(landing))).map(({ sequence }) => sequence),
    ...before.damaged.flatMap((file) => file.landings),
  ]);
  const held = new Set(before.landings.filter(({ sequence }) => !stale.has(sequence)).map(keyOf));
  const missing = landings.filter((landing) => !held.has(keyOf(landing)));
  if (before.version && stale.size === 0 && missing.length === 0) return report(before.version, { outcome: 'unchanged' });

  const plan = await planBronze(task, landings, landedBytes, before.version?.plan);
  const stage = await store.stage(domain.name, table.name);
  try {
    const kept = before.files.filter((file) => !file.landings.some((sequence) => stale.has(sequence)));
    const added: BronzeFile[] = [];
    for (const landing of missing) added.push(...(await writeLanding(task, stage, landing, plan)));
    for (const file of before.files) {
      const rest = file.landings.filter((sequence) => !stale.has(sequence));
      if (rest.length > 0 && rest.length < file.landings.length) added.push(...(await rewriteFile(session, stage, [file], rest, plan.rowGroup)));
    }
    const version = await store.commit(stage, {
      expectedVersion: before.newest,
      definition,
      plan,
      landings: landings.map(({ sequence, file, sha256: sum }) => ({ sequence, file, sha256: sum })),
      kept,
      added,
    });
    return report(version, { outcome: 'written', written: missing.length, kept: kept.length, reasons: [...before.reasons, ...plan.reasons] });
  } catch (error) {
    await store.abandon(stage).catch(() => undefined);
    throw error;
  }
}

/** SELECT of the rows of a version; the engine opens only files whose statistics can match what a step asks for. */
export function bronzeScan(version: BronzeVersion): string {
  return `SELECT * EXCLUDE (${LANDING}) FROM ${filesSql(version.files)}`;
}

export function filesSql(files: readonly BronzeFile[]): string {
  return `read_parquet([${files.map((file) => literal(file.path)).join(', ')}], hive_partitioning = false)`;
}

interface Standing {
  readonly version: BronzeVersion | undefined;
  readonly newest: number;
  readonly landings: BronzeVersion['landings'];
  /** Files that are as they were written. */
  readonly files: readonly BronzeFile[];
  readonly damaged: readonly BronzeFile[];
  readonly reasons: readonly string[];
}

/** What of the newest version can be used. Bronze can be made again from the landings, so what is damaged is written anew, and the reasons say so. */
async function standing(store: BronzeStore, domain: Domain, table: BronzeTable, definition: string): Promise<Standing> {
  const none = { version: undefined, landings: [], files: [], damaged: [] };
  const newest = await store.newest(domain.name, table.name);
  try {
    const version = await store.current(domain.name, table.name);
    if (version === undefined) return { ...none, newest: 0, reasons: [] };
    if (version.definition !== definition)
      return { ...none, newest: version.version, reasons: [`written anew: version ${version.version} has another definition`] };
    const damaged = await store.damaged(version);
    return {
      version,
      newest: version.version,
      landings: version.landings,
      files: version.files.filter((file) => !damaged.includes(file)),
      damaged,
      reasons: damaged.map((file) => `written anew: ${path.basename(file.path)} was damaged`),
    };
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'SKEIN_SNAPSHOT_CORRUPT') throw error;
    return { ...none, newest, reasons: [`written anew: ${error.message}`] };
  }
}

async function writeLanding(task: LayerTask, stage: BronzeStage, landing: Landing, plan: BronzePlan): Promise<BronzeFile[]> {
  const { session, domain, table } = task;
  const parts = (table.partition ?? []).filter(({ name }) => plan.partitionBy.includes(name));
  const columns = [`${landing.sequence}::BIGINT AS ${LANDING}`, ...parts.map((part) => `${keyText(part.value)} AS ${ident(`_part_${part.name}`)}`)];
  const select = `SELECT bronze.*, ${columns.join(', ')} FROM (${bronzeSql(domain, table, [landing])}) AS bronze`;
  const unit = path.join(stage.directory, String(landing.sequence));
  if (parts.length === 0) return copyOne(session, select, `${unit}.parquet`, {}, [landing.sequence], plan.rowGroup);
  const by = parts.map((part) => ident(`_part_${part.name}`)).join(', ');
  const rows = await session.rows<{ filename: string; count: bigint; file_size_bytes: bigint; partition_keys: unknown }>(
    `COPY (${select}) TO ${literal(unit)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${plan.rowGroup}, PARTITION_BY (${by}), FILENAME_PATTERN 'part-{uuid}', RETURN_STATS true)`,
  );
  return rows.map((row) => {
    const keys = entriesOf(row.partition_keys);
    return {
      path: row.filename,
      partition: Object.fromEntries(parts.map(({ name }) => [name, keys.get(`_part_${name}`) ?? null])),
      landings: [landing.sequence],
      rows: BigInt(row.count),
      bytes: BigInt(row.file_size_bytes),
    };
  });
}

/** Writes rows of some files of one partition into one file, those of the landings given. */
export async function rewriteFile(
  session: EngineSession,
  stage: BronzeStage,
  files: readonly BronzeFile[],
  landings: readonly number[],
  rowGroup: number,
): Promise<BronzeFile[]> {
  const [first] = files;
  if (first === undefined) return [];
  const name = `rest-${sha256(files.map((file) => file.path).join('\n')).slice(0, 32)}.parquet`;
  const select = `SELECT * FROM ${filesSql(files)} WHERE ${LANDING} IN (${landings.join(', ')})`;
  return copyOne(session, select, path.join(stage.directory, name), first.partition, landings, rowGroup);
}

async function copyOne(
  session: EngineSession,
  select: string,
  target: string,
  partition: BronzeFile['partition'],
  landings: readonly number[],
  rowGroup: number,
): Promise<BronzeFile[]> {
  const rows = await session.rows<{ filename: string; count: bigint; file_size_bytes: bigint }>(
    `COPY (${select}) TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroup}, PRESERVE_ORDER true, RETURN_STATS true)`,
  );
  return rows.map((row) => ({ path: row.filename, partition, landings, rows: BigInt(row.count), bytes: BigInt(row.file_size_bytes) }));
}

/** A value as the name of a folder: what could be none, since rows are as received, goes together. */
function keyText(value: string): string {
  const text = `(${value})::VARCHAR`;
  return `CASE WHEN regexp_full_match(${text}, '[A-Za-z0-9._-]{1,64}') THEN ${text} WHEN (${value}) IS NOT NULL THEN '(other)' END`;
}

/** A plan stands while the bytes it was made for are about those that are there; a new one holds for what is written from then on. */
async function planBronze(task: LayerTask, landings: readonly Landing[], bytes: number, before: BronzePlan | undefined): Promise<BronzePlan> {
  if (before !== undefined && Math.abs(bytes - before.bytes) <= before.bytes / REPLANNED) return before;
  const rows = landings.reduce((sum, landing) => sum + landing.rows, 0);
  const delivered = (task.table.partition ?? []).map(({ name }) => name);
  const { partitionBy, rowGroup, reasons } = planLayout({ bytes, rows, columns: await profiles(task, landings), queries: [], delivered }, task.limits);
  return { bytes, partitionBy, rowGroup, reasons };
}

/** A plan is made anew when a quarter more or less is there. */
const REPLANNED = 4;

/** What a plan needs to know of the columns that may part the rows, from the first rows of the landings. */
async function profiles({ session, domain, table }: LayerTask, landings: readonly Landing[]): Promise<ColumnProfile[]> {
  const parts = table.partition ?? [];
  const step = Math.max(1, landings.length / SAMPLED_LANDINGS);
  const looked = Array.from({ length: Math.min(landings.length, SAMPLED_LANDINGS) }, (_, index) => landings[Math.floor(index * step)]).filter(
    (landing) => landing !== undefined,
  );
  const weights = parts.map(() => new Map<string, number>());
  for (const landing of looked) {
    const keys = parts.map((part, index) => `coalesce(${keyText(part.value)}, '') AS k${index}`);
    const rows = await session.rows<Record<string, string> & { n: bigint }>(
      `SELECT ${parts.map((_, index) => `k${index}, `).join('')}count(*) AS n FROM (SELECT ${keys.join(', ')} FROM (${bronzeSql(domain, table, [landing], SAMPLED_ROWS)})) GROUP BY ALL`,
    );
    const total = rows.reduce((sum, { n }) => sum + Number(n), 0);
    for (const row of rows) {
      for (const [index, weight] of weights.entries()) {
        const key = String(row[`k${index}`]);
        weight.set(key, (weight.get(key) ?? 0) + (Number(row.n) / total) * landing.rows);
      }
    }
  }
  return parts.map(({ name, temporal }, index) => {
    const weight = [...(weights[index]?.values() ?? [])];
    const rows = weight.reduce((sum, one) => sum + one, 0);
    // Values that hardly occur, such as dates that no calendar has, make small partitions, but not more of the others.
    const common = weight.filter((one) => one >= rows / weight.length / RARE).length;
    return { name, temporal, distinct: Math.round(common * (temporal ? step : 1)), skew: rows === 0 ? 0 : Math.max(...weight) / rows };
  });
}

/** A value that occurs so many times less than the average is rare. */
const RARE = 20;

function entriesOf(map: unknown): ReadonlyMap<string, string | null> {
  return new Map(
    Array.isArray(map) ? map.map(({ key, value }: { key: string; value: string | null }) => [key, value]) : Object.entries(map as Record<string, string>),
  );
}

function keyOf({ sequence, file, sha256: sum }: BronzeLanding): string {
  return `${sequence} ${sum} ${file}`;
}

/** Rows, and a sum over all that they hold, whatever their order. */
export async function fingerprintOf(session: EngineSession, files: readonly BronzeFile[]): Promise<{ rows: bigint; sum: bigint }> {
  const [found] = await session.rows<{ n: bigint; sum: bigint | null }>(`SELECT count(*) AS n, sum(hash(r)::HUGEINT) AS sum FROM ${filesSql(files)} AS r`);
  return { rows: found?.n ?? 0n, sum: found?.sum ?? 0n };
}
