import { engineType, type ColumnType } from '@skein/contract';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { FileShape } from '@skein/ports';
import type { ColumnStats, DataFile, Field } from '@skein/product';

/** SELECT of the columns that fields name, cast to their types, so that a file always has the types its fields promise; ordered as the shape says. */
export function fieldsOf(query: string, fields: readonly Field[], { sortBy = [] }: FileShape): string {
  const columns = fields.map((field) => `CAST(${ident(field.name)} AS ${engineType(field.type)}) AS ${ident(field.name)}`);
  // The position makes the order whole: equal rows would else change places from run to run.
  const ordered = sortBy.length === 0 ? `(${query}\n)` : `(SELECT *, row_number() OVER () AS _position_of_row FROM (${query}\n))`;
  const order = sortBy.length === 0 ? '' : ` ORDER BY ${[...sortBy.map(ident), '_position_of_row'].join(', ')}`;
  return `SELECT ${columns.join(', ')} FROM ${ordered}${order}`;
}

/**
 * COPY of typed rows into one Parquet file with field ids (Iceberg table spec, "Parquet": every column and nested part carries the
 * id of its field; DuckDB option FIELD_IDS). One file, because DuckDB keeps the order of rows only then: with FILE_SIZE_BYTES it refuses PRESERVE_ORDER.
 */
export function copyStatement(select: string, file: string, fields: readonly Field[], { rowGroup }: FileShape): string {
  const ids = fields.map((field) => `${ident(field.name)}: ${fieldIds(field, field.type, '', field.id)}`);
  const group = rowGroup === undefined ? '' : `, ROW_GROUP_SIZE ${rowGroup}`;
  return `COPY (${select}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd${group}, FIELD_IDS {${ids.join(', ')}}, RETURN_STATS true, PRESERVE_ORDER true)`;
}

function fieldIds(field: Field, type: ColumnType, path: string, id: number): string {
  const parts: readonly (readonly [string, ColumnType])[] =
    type.kind === 'struct'
      ? type.fields.map((part) => [part.name, part.type] as const)
      : type.kind === 'list'
        ? [['element', type.element]]
        : type.kind === 'map'
          ? [
              ['key', type.key],
              ['value', type.value],
            ]
          : [];
  if (parts.length === 0) return String(id);
  const nested = parts.map(([name, partType]) => {
    const partPath = path === '' ? name : `${path}.${name}`;
    const partId = field.nested[partPath];
    if (partId === undefined)
      throw new SkeinError('SKEIN_INTERNAL', `field ${field.name} has no id for its part ${partPath}`, { context: { field: field.name, part: partPath } });
    return `${ident(name)}: ${fieldIds(field, partType, partPath, partId)}`;
  });
  return `{__duckdb_field_id: ${id}, ${nested.join(', ')}}`;
}

/** A row of what COPY … RETURN_STATS gives, in its own column order: filename, count, bytes, footer bytes, statistics, partition. */
export interface CopiedFile {
  readonly filename: string;
  readonly count: bigint;
  readonly bytes: bigint;
  readonly statistics: readonly { readonly path: string; readonly figures: Readonly<Record<string, string>> }[];
}

/**
 * Statistics by top-level column; those of nested leaves stand beside under their dotted path (`items.element.price`),
 * unless a column has that very name.
 */
export function dataFile(file: CopiedFile): DataFile {
  const parsed = file.statistics.map(({ path, figures }) => ({ parts: splitPath(path), stats: columnStats(figures) }));
  const stats = new Map<string, ColumnStats>();
  for (const { parts, stats: column } of parsed) if (parts.length === 1) stats.set(parts[0] ?? '', column);
  for (const { parts, stats: column } of parsed) if (parts.length > 1 && !stats.has(parts.join('.'))) stats.set(parts.join('.'), column);
  return { path: file.filename, rows: file.count, bytes: file.bytes, stats: Object.fromEntries(stats) };
}

function columnStats(figures: Readonly<Record<string, string>>): ColumnStats {
  return {
    nulls: BigInt(figures['null_count'] ?? '0'),
    values: BigInt(figures['num_values'] ?? '0'),
    bytes: BigInt(figures['column_size_bytes'] ?? '0'),
    // with a NaN among the values, minimum and maximum bound nothing
    min: figures['has_nan'] === 'true' ? undefined : figures['min'],
    max: figures['has_nan'] === 'true' ? undefined : figures['max'],
  };
}

/** `"a"."b""c"` → a, b"c */
function splitPath(path: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"/g)].map((match) => (match[1] ?? '').replaceAll('""', '"'));
}
