import { literal } from '@skein/kernel';
import { engineType } from '@skein/contract';
import type { Snapshot } from '@skein/product';

/** SELECT over the files of a snapshot, columns found by field id, so that a renamed column is read under its present name. */
export function snapshotScan(snapshot: Snapshot): string {
  const files = snapshot.files.map((file) => literal(file.path)).join(', ');
  const columns = snapshot.fields.map((field) => `${field.id}: {name: ${literal(field.name)}, type: ${literal(engineType(field.type))}, default_value: NULL}`);
  return `SELECT * FROM read_parquet([${files}], schema = MAP {${columns.join(', ')}})`;
}

/** TRUE for a line of NDJSON that holds nothing, and for one that was taken out (NULL). */
export function isBlank(raw: string): string {
  return `CASE WHEN starts_with(${raw}, '{') THEN false ELSE coalesce(trim(${raw}, E' \\t\\r') = '', true) END`;
}
