import { rm } from 'node:fs/promises';
import { ident } from '@skein/kernel';
import type { EngineSession, FileShape, Staging } from '@skein/ports';
import { DEFAULT_LIMITS, LEAST_GROUP, planLayout, type ColumnProfile, type Layout, type LayoutLimits, type QueryProfile, type Snapshot } from '@skein/product';
import { count } from './tally.ts';

/** How a snapshot's files are laid out, as its sidecar and its report tell. */
export interface SnapshotLayout {
  readonly files: number;
  /** Rows of a row group. */
  readonly rowGroup: number;
  readonly sortBy: readonly string[];
  /** Why, one sentence for each decision. */
  readonly reasons: readonly string[];
}

export interface SnapshotToLayOut {
  readonly session: EngineSession;
  /** SELECT of its rows. */
  readonly query: string;
  readonly staging: Staging;
  readonly previous: Snapshot | undefined;
  readonly queries: readonly QueryProfile[];
  readonly limits: Partial<LayoutLimits>;
}

/**
 * Plans the files of a snapshot that is about to be written. Snapshots that stand stay as they are. A table has no folders for its partitions: columns that
 * part the rows lead their order, and the statistics of files and row groups then rule out what a folder would.
 */
export async function planSnapshot(task: SnapshotToLayOut): Promise<SnapshotLayout> {
  const limits = { ...DEFAULT_LIMITS, ...task.limits };
  const rows = Number(await count(task.session, `(${task.query}\n)`));
  const bytes = await estimatedBytes(task, rows);
  const layout: Layout = planLayout({ bytes, rows, columns: await profiles(task, rows), queries: task.queries }, limits);
  return {
    // A file is never less than a row group.
    files: Math.max(1, Math.min(Math.ceil(bytes / limits.fileBytes), Math.floor(rows / layout.rowGroup))),
    rowGroup: layout.rowGroup,
    sortBy: [...layout.partitionBy, ...layout.sortBy],
    reasons: layout.reasons,
  };
}

export function shapeOf({ files, rowGroup, sortBy }: SnapshotLayout): FileShape {
  return { files, rowGroup, sortBy };
}

/** Bytes as Parquet: rows as wide as in the version before, else as wide as the first ones, which are written to be weighed. */
async function estimatedBytes({ session, query, staging, previous }: SnapshotToLayOut, rows: number): Promise<number> {
  if (previous !== undefined && previous.rows > 0n) {
    const bytes = previous.files.reduce((sum, file) => sum + file.bytes, 0n);
    return Math.round((Number(bytes) / Number(previous.rows)) * rows);
  }
  if (rows <= LEAST_GROUP) return 0;
  const weighed = await session.writeParquet(`SELECT * FROM (${query}\n) LIMIT ${LEAST_GROUP}`, staging.directory, staging.fields);
  for (const file of weighed) await rm(file.path);
  return Math.round((weighed.reduce((sum, file) => sum + Number(file.bytes), 0) / LEAST_GROUP) * rows);
}

/** Figures of the columns that queries filter by; of the others, a plan needs none. */
async function profiles({ session, query, staging, queries }: SnapshotToLayOut, rows: number): Promise<ColumnProfile[]> {
  const asked = new Set(queries.flatMap(({ filters }) => filters));
  const profiles: ColumnProfile[] = [];
  for (const { name, type } of staging.fields) {
    if (!asked.has(name) || rows === 0) continue;
    const [found] = await session.rows<{ distinct: bigint; most: bigint }>(
      `SELECT count(*) AS "distinct", max(n) AS most FROM (SELECT count(*) AS n FROM (${query}\n) GROUP BY ${ident(name)})`,
    );
    const temporal = type.kind === 'date' || type.kind === 'timestamp';
    profiles.push({ name, distinct: Number(found?.distinct ?? 0n), skew: Number(found?.most ?? 0n) / rows, temporal });
  }
  return profiles;
}
