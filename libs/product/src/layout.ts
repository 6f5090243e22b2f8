/** What is known of one column of the rows that are to be laid out. */
export interface ColumnProfile {
  readonly name: string;
  /** Distinct values, exact or estimated. */
  readonly distinct: number;
  /** Share of the rows that hold the commonest value, 0 to 1. */
  readonly skew: number;
  /** Whether the values are days, or moments that days can be made of. */
  readonly temporal: boolean;
}

/** Which columns a recent query filtered by, and how often it was asked. */
export interface QueryProfile {
  readonly filters: readonly string[];
  readonly count: number;
}

export interface LayoutStats {
  /** Bytes as Parquet; 0 where the rows are so few that nobody weighed them. */
  readonly bytes: number;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  readonly queries: readonly QueryProfile[];
  /** Columns by which the source delivers, such as the day and the stream of an export; those come first. */
  readonly delivered?: readonly string[];
}

export interface LayoutLimits {
  /** From so many bytes on, rows are partitioned; default 10 GB. */
  readonly partitionFrom: number;
  /** Size that files should have; default 256 MB. */
  readonly fileBytes: number;
  /** Bytes of a row group, uncompressed; default 64 MB. */
  readonly groupBytes: number;
  /** Partitions at most; default 4,096. */
  readonly mostPartitions: number;
}

/** How a snapshot is laid out in files. Equal statistics give an equal layout. */
export interface Layout {
  /** Columns whose values part the rows into folders, in order; a temporal one by day. */
  readonly partitionBy: readonly string[];
  /** Files that each partition is written in. */
  readonly shards: number;
  readonly fileBytes: number;
  /** Rows of a row group, in whole vectors of the engine. */
  readonly rowGroup: number;
  /** Columns that rows of a file are ordered by; none keeps the order of arrival. */
  readonly sortBy: readonly string[];
  /** Why, one sentence for each decision. */
  readonly reasons: readonly string[];
}

export const DEFAULT_LIMITS: LayoutLimits = { partitionFrom: 10 * 2 ** 30, fileBytes: 256 * 2 ** 20, groupBytes: 64 * 2 ** 20, mostPartitions: 4_096 };

/** Rows of one vector of DuckDB: a row group is a whole number of them. */
const VECTOR = 2_048;
/** Rows of the smallest row group: up to so many, nothing need be known of rows to lay them out. */
export const LEAST_GROUP = 10 * VECTOR;
const MOST_GROUP = 60 * VECTOR;
/** A partition that holds more than this share of the rows is no partition. */
const MOST_SKEW = 0.5;
/** A column is worth an order when at least this share of the queries filters by it. */
const LEAST_ASKED = 0.1;
const MOST_SORTED = 3;

/**
 * Plans how rows are laid out, from figures alone: partition keys, number and size of files, row groups, and order. Pure. Partitions follow the way the
 * source delivers, then what queries filter by, as long as each partition fills a file; few distinct values go before many in the order, because
 * the statistics of row groups then rule out most.
 */
export function planLayout(stats: LayoutStats, limits: Partial<LayoutLimits> = {}): Layout {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const reasons: string[] = [];
  const asked = shareOfQueries(stats);
  const partitionBy = partitionsOf(stats, bounds, asked, reasons);
  const columns = new Map(stats.columns.map((column) => [column.name, column]));
  const partitions = partitionBy.reduce((product, name) => product * Math.max(1, columns.get(name)?.distinct ?? 1), 1);
  const shards = Math.max(1, Math.ceil(stats.bytes / partitions / bounds.fileBytes));
  if (shards > 1)
    reasons.push(`${shards} files for each ${partitionBy.length > 0 ? 'partition' : 'snapshot'}, so that none is above ${sizeText(bounds.fileBytes)}`);
  return {
    partitionBy,
    shards,
    fileBytes: bounds.fileBytes,
    rowGroup: rowGroupOf(stats, bounds, reasons),
    sortBy: sortOf(stats, partitionBy, asked, reasons),
    reasons,
  };
}

function shareOfQueries({ queries }: LayoutStats): ReadonlyMap<string, number> {
  const total = queries.reduce((sum, { count }) => sum + count, 0);
  const shares = new Map<string, number>();
  for (const { filters, count } of queries) for (const name of new Set(filters)) shares.set(name, (shares.get(name) ?? 0) + count / total);
  return shares;
}

function partitionsOf(stats: LayoutStats, limits: LayoutLimits, asked: ReadonlyMap<string, number>, reasons: string[]): string[] {
  if (stats.bytes < limits.partitionFrom) {
    const size = stats.bytes === 0 && stats.rows > 0 ? 'so few rows are' : `${sizeText(stats.bytes)} is`;
    reasons.push(`no partitions: ${size} below ${sizeText(limits.partitionFrom)}`);
    return [];
  }
  const delivered = (stats.delivered ?? []).flatMap((name) => stats.columns.find((column) => column.name === name) ?? []);
  const wanted = stats.columns
    .filter((column) => !delivered.includes(column) && (asked.get(column.name) ?? 0) >= LEAST_ASKED)
    .sort(
      (a, b) =>
        Number(b.temporal) - Number(a.temporal) || (asked.get(b.name) ?? 0) - (asked.get(a.name) ?? 0) || a.distinct - b.distinct || (a.name < b.name ? -1 : 1),
    );
  const chosen: string[] = [];
  let partitions = 1;
  for (const column of [...delivered, ...wanted]) {
    const why = delivered.includes(column) ? 'the source delivers by it' : `${percent(asked.get(column.name) ?? 0)} of the queries filter by it`;
    const after = partitions * column.distinct;
    const refusal = refusalOf(column, after, stats, limits);
    if (refusal !== undefined) {
      reasons.push(`not parted by ${column.name}, though ${why}: ${refusal}`);
      continue;
    }
    reasons.push(`parted by ${column.name}: ${why}, ${after} partitions`);
    chosen.push(column.name);
    partitions = after;
  }
  if (chosen.length === 0) reasons.push('no partitions: no column parts the rows well');
  return chosen;
}

function refusalOf({ distinct, skew }: ColumnProfile, partitions: number, { bytes }: LayoutStats, limits: LayoutLimits): string | undefined {
  if (distinct < 2) return 'it has one value';
  if (skew > MOST_SKEW) return `one value holds ${percent(skew)} of the rows`;
  if (partitions > limits.mostPartitions) return `that makes ${partitions} partitions`;
  // An eighth of a file: a partition that is smaller costs a reader more to open than to read.
  return bytes / partitions < Math.min(limits.fileBytes, limits.partitionFrom) / 8 ? `partitions of ${sizeText(bytes / partitions)} are too small` : undefined;
}

function rowGroupOf({ bytes, rows }: LayoutStats, limits: LayoutLimits, reasons: string[]): number {
  if (rows === 0) return LEAST_GROUP;
  if (rows <= LEAST_GROUP) {
    reasons.push(`one row group holds all ${rows} rows`);
    return LEAST_GROUP;
  }
  const wanted = Math.floor(limits.groupBytes / Math.max(1, bytes / rows) / VECTOR) * VECTOR;
  const rowGroup = Math.min(MOST_GROUP, Math.max(LEAST_GROUP, wanted));
  reasons.push(`row groups of ${rowGroup} rows: a row takes ${Math.max(1, Math.round(bytes / rows))} bytes`);
  return rowGroup;
}

function sortOf(stats: LayoutStats, partitionBy: readonly string[], asked: ReadonlyMap<string, number>, reasons: string[]): string[] {
  const sorted = stats.columns
    .filter(({ name, distinct }) => distinct > 1 && !partitionBy.includes(name) && (asked.get(name) ?? 0) >= LEAST_ASKED)
    .sort((a, b) => (asked.get(b.name) ?? 0) - (asked.get(a.name) ?? 0) || a.distinct - b.distinct || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_SORTED)
    .sort((a, b) => a.distinct - b.distinct || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  for (const name of sorted) reasons.push(`ordered by ${name}: ${percent(asked.get(name) ?? 0)} of the queries filter by it`);
  if (sorted.length === 0) reasons.push('in order of arrival: no query asks for another');
  return sorted;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
