import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { BronzeTable, Domain, Landing, Source } from '@skein/product';
import { isBlank } from './scan.ts';

/** Rows of the demo count only until somebody brings real ones. */
export const DEMO_ORIGIN = 'demo';

/** The landings that count: per table what its source says is live, and no demo rows beside real ones. Oldest first. */
export function liveLandings(domain: Domain, landings: readonly Landing[]): Landing[] {
  const real = landings.filter((landing) => landing.origin !== DEMO_ORIGIN);
  const counted = real.length > 0 ? real : landings;
  return domain.sources
    .flatMap((source) => {
      const own = counted.filter((landing) => landing.source === source.name).sort((a, b) => a.sequence - b.sequence);
      return source.live ? source.live(own) : newestOfEachFile(own);
    })
    .sort((a, b) => a.sequence - b.sequence);
}

/** A file that was exported again replaces what it held before. */
export function newestOfEachFile(landings: readonly Landing[]): Landing[] {
  const newest = new Map<string, Landing>();
  for (const landing of landings) newest.set(JSON.stringify([landing.origin, landing.file]), landing);
  return [...newest.values()];
}

/** The landings that a bronze table unites. */
export function landingsOf(table: BronzeTable, live: readonly Landing[]): Landing[] {
  return live.filter((landing) => landing.source === table.source && (table.tables?.(landing.table) ?? true));
}

/**
 * Defines a bronze table: typed rows over its landings. A view when one step reads it; materialised when several do, so
 * that the rows are typed once.
 */
export async function defineBronze(session: EngineSession, domain: Domain, table: BronzeTable, live: readonly Landing[], readers: number): Promise<void> {
  const kind = readers > 1 ? 'TEMP TABLE' : 'TEMP VIEW';
  await session.run(`CREATE OR REPLACE ${kind} ${ident(table.name)} AS ${bronzeSql(domain, table, landingsOf(table, live))}`);
}

/** SELECT of the typed rows of some landings of a bronze table; `most` bounds the rows that are taken of the landings. */
export function bronzeSql(domain: Domain, table: BronzeTable, landings: readonly Landing[], most?: number): string {
  const source = domain.sources.find(({ name }) => name === table.source);
  const landing =
    source?.shape === 'json' ? jsonLanding(landings) : source?.shape === 'table' ? tableLanding(table, source, landings) : columnsLanding(table, landings);
  return `WITH landing AS (${most === undefined ? landing : `SELECT * FROM (${landing}) LIMIT ${most}`}) SELECT * FROM (${table.sql})`;
}

/** `_file`, `_row`, `_sequence`, `raw`: position in the landed file is position in the source file. */
function jsonLanding(landings: readonly Landing[]): string {
  if (landings.length === 0) return `SELECT NULL::VARCHAR AS _file, NULL::BIGINT AS _row, NULL::BIGINT AS _sequence, NULL::VARCHAR AS raw WHERE false`;
  const paths = landings.map((landing) => literal(landing.path)).join(', ');
  return `SELECT * FROM (SELECT (${list(landings, (landing) => literal(landing.file))})[file_index::INTEGER + 1] AS _file, file_row_number + 1 AS _row,
      (${list(landings, (landing) => String(landing.sequence))})[file_index::INTEGER + 1]::BIGINT AS _sequence, ${recordOf(landings)} AS raw
    FROM read_parquet([${paths}], file_row_number = true)) WHERE NOT ${isBlank('raw')}`;
}

/** More broken lines than this are found by their text again, instead of by their numbers. */
const LISTED_REJECTS = 1000;

/**
 * Lines that are no records were reported when they landed. They become NULL, and not just filtered out: the engine may try a
 * later expression over `raw` before a filter.
 */
function recordOf(landings: readonly Landing[]): string {
  const broken = landings.map((landing, index) => ({ index, rows: landing.rejects.map((reject) => reject.row - 1) })).filter(({ rows }) => rows.length > 0);
  if (broken.length === 0) return 'raw';
  if (broken.reduce((sum, { rows }) => sum + rows.length, 0) > LISTED_REJECTS) return `CASE WHEN try(json_type(raw)) = 'OBJECT' THEN raw END`;
  return `CASE WHEN ${broken.map(({ index, rows }) => `(file_index = ${index} AND file_row_number IN (${rows.join(', ')}))`).join(' OR ')} THEN NULL ELSE raw END`;
}

/** The columns that the bronze table names, matched without regard to case; what a file lacks is NULL. */
function columnsLanding(table: BronzeTable, landings: readonly Landing[]): string {
  const wanted = table.columns ?? [];
  const select = landings.map((landing) => {
    const has = new Map((landing.columns ?? []).map((name) => [name.toLowerCase(), name]));
    const lacking = (table.requiredColumns ?? []).filter((name) => !has.has(name.toLowerCase()));
    if (lacking.length > 0) throw missingColumns(landing, lacking);
    const columns = wanted.map((name) => {
      const stored = has.get(name.toLowerCase());
      return `${stored === undefined ? 'NULL::VARCHAR' : ident(stored)} AS ${ident(name)}`;
    });
    return `SELECT ${[`${literal(landing.file)} AS _file`, '_row::BIGINT AS _row', `${landing.sequence}::BIGINT AS _sequence`, ...columns].join(', ')} FROM read_parquet(${literal(landing.path)})`;
  });
  if (select.length > 0) return select.join(' UNION ALL ');
  const none = wanted.map((name) => `NULL::VARCHAR AS ${ident(name)}`);
  return `SELECT ${['NULL::VARCHAR AS _file', 'NULL::BIGINT AS _row', 'NULL::BIGINT AS _sequence', ...none].join(', ')} WHERE false`;
}

/**
 * `_file`, `_row`, `_sequence` and the columns in their own types. Files are read as one list, however many there are; the types of those that the
 * source declares were checked when they landed.
 */
function tableLanding(table: BronzeTable, source: Source, landings: readonly Landing[]): string {
  const tables = Object.entries(source.columnTypes ?? {}).filter(([name]) => table.tables?.(name) ?? true);
  const declared = Object.fromEntries(tables.flatMap(([, types]) => Object.entries(types)));
  const wanted = table.columns ?? Object.keys(declared);
  const stored = new Map(landings.flatMap((landing) => landing.columns ?? []).map((name) => [name.toLowerCase(), name]));
  const columns = wanted.map((name) => {
    const has = stored.get(name.toLowerCase());
    return has === undefined ? `NULL::${declared[name] ?? 'VARCHAR'} AS ${ident(name)}` : `${ident(has)} AS ${ident(name)}`;
  });
  if (landings.length === 0)
    return `SELECT ${['NULL::VARCHAR AS _file', 'NULL::BIGINT AS _row', 'NULL::BIGINT AS _sequence', ...columns].join(', ')} WHERE false`;
  return `SELECT (${list(landings, (landing) => literal(landing.file))})[file_index::INTEGER + 1] AS _file, _row,
      (${list(landings, (landing) => String(landing.sequence))})[file_index::INTEGER + 1]::BIGINT AS _sequence${columns.map((column) => `, ${column}`).join('')}
    FROM read_parquet([${landings.map((landing) => literal(landing.path)).join(', ')}], union_by_name = true)`;
}

function missingColumns(landing: Landing, lacking: readonly string[]): SkeinError {
  return new SkeinError('SKEIN_SOURCE_COLUMNS', `${landing.file}:1: the file lacks ${lacking.join(', ')}; it has ${(landing.columns ?? []).join(', ')}`, {
    place: { file: landing.file, line: 1 },
    context: { file: landing.file, lacking },
  });
}

/** A landing that lacks columns is refused by itself, so that the others go on. */
export function refuseLacking(domain: Domain, live: readonly Landing[]): { good: Landing[]; refused: { landing: Landing; error: SkeinError }[] } {
  const refused: { landing: Landing; error: SkeinError }[] = [];
  const good = live.filter((landing) => {
    for (const table of domain.bronze) {
      if (landingsOf(table, [landing]).length === 0 || !landing.columns) continue;
      const has = new Set(landing.columns.map((name) => name.toLowerCase()));
      const lacking = (table.requiredColumns ?? []).filter((name) => !has.has(name.toLowerCase()));
      if (lacking.length === 0) continue;
      refused.push({ landing, error: missingColumns(landing, lacking) });
      return false;
    }
    return true;
  });
  return { good, refused };
}

function list<T>(items: readonly T[], each: (item: T) => string): string {
  return `[${items.map(each).join(', ')}]`;
}
