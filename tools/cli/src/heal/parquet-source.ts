import { rename } from 'node:fs/promises';
import path from 'node:path';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { loadLines } from './load-lines.ts';
import type { CellEdit, HealSource, WrittenCell } from './source.ts';

/** A Parquet file: its columns as the engine prints them. A copy has the same columns, types and rows; untouched values are equal, the bytes of the file are not. */
export async function parquetSource(session: EngineSession, file: string, folder: string): Promise<HealSource> {
  const scan = `read_parquet(${literal(file)}, file_row_number = true, hive_partitioning = false)`;
  const described = await session.describe(`SELECT * EXCLUDE (file_row_number) FROM ${scan}`).catch((error: unknown) => {
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${path.basename(file)} cannot be read as Parquet`, {
      cause: error,
      hint: 'Write the file again, or name its format with --input.',
    });
  });
  const text = (name: string): string => `${ident(name)}::VARCHAR`;
  return {
    columns: described.map(({ name }) => name),
    malformed: 0,
    async load(engine, name, wanted) {
      const held = wanted.filter((column) => described.some((one) => one.name === column));
      await engine.run(
        `CREATE OR REPLACE TEMP TABLE ${ident(name)} AS SELECT file_row_number + 1 AS _row${held.map((column) => `, ${text(column)} AS ${ident(column)}`).join('')} FROM ${scan}`,
      );
      return held;
    },
    async write(to, edits) {
      const places: CellEdit[] = [];
      async function* rows(): AsyncGenerator<(string | null)[]> {
        for await (const edit of edits) {
          places.push(edit);
          yield [String(edit.row), edit.column, edit.raw === undefined ? edit.value : (JSON.parse(edit.raw) as string | null), edit.expected ?? null];
        }
      }
      await loadLines(session, '_edits', ['_col', '_to', '_expected'], rows(), path.join(folder, 'edits.ndjson'));
      const touched = new Set(places.map(({ column }) => column));
      const json = (name: string): string => `coalesce(to_json(${text(name)})::VARCHAR, 'null')`;
      const pivots = described.filter(({ name }) => touched.has(name));
      await session.run(
        `CREATE OR REPLACE TEMP TABLE _changes AS SELECT e._row, e._col, e._to, CASE e._col ${pivots.map(({ name }) => `WHEN ${literal(name)} THEN ${json(name)}`).join(' ')} WHEN NULL THEN NULL END AS _before,
           CASE e._col ${pivots.map(({ name, type }) => `WHEN ${literal(name)} THEN e._to IS NULL OR TRY_CAST(e._to AS ${type}) IS NOT NULL`).join(' ')} WHEN NULL THEN FALSE END AS _fits, e._expected
         FROM _edits e JOIN ${scan} t ON t.file_row_number + 1 = e._row`,
      );
      await session.run('DELETE FROM _changes WHERE NOT _fits OR (_expected IS NOT NULL AND _expected IS DISTINCT FROM _before)');
      const joins = pivots.map(
        ({ name }, index) =>
          `LEFT JOIN (SELECT _row, _to, TRUE AS _is FROM _changes WHERE _col = ${literal(name)}) e${index} ON e${index}._row = t.file_row_number + 1`,
      );
      const values = described.map(({ name, type }) => {
        const index = pivots.findIndex((one) => one.name === name);
        return index < 0 ? `t.${ident(name)}` : `CASE WHEN e${index}._is THEN CAST(e${index}._to AS ${type}) ELSE t.${ident(name)} END AS ${ident(name)}`;
      });
      await session.run(
        `COPY (SELECT ${values.join(', ')} FROM ${scan} t ${joins.join(' ')} ORDER BY t.file_row_number) TO ${literal(`${to}.part`)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      await rename(`${to}.part`, to);
      const written = await session.rows<{ row: bigint; column: string; before: string; after: string }>(
        `SELECT _row AS row, _col AS "column", _before AS before, coalesce(to_json(_to)::VARCHAR, 'null') AS after FROM _changes ORDER BY 1, 2`,
      );
      return written.map((one): WrittenCell => ({ ...one, row: Number(one.row) }));
    },
  };
}
