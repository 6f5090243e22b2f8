import { ident, literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { BytesOut } from './bytes-out.ts';

/** Fills a table of text from rows, the first value of each being its number. By way of JSON: every text survives it. */
export async function loadLines(
  session: EngineSession,
  name: string,
  columns: readonly string[],
  rows: AsyncIterable<readonly (string | null)[]>,
  file: string,
): Promise<void> {
  const out = new BytesOut(file);
  try {
    for await (const row of rows)
      await out.write(
        Buffer.from(
          `{${row
            .map((value, index) => (value === null ? '' : `"c${index}":${JSON.stringify(value)},`))
            .join('')
            .replace(/,$/, '')}}\n`,
        ),
      );
    await out.finish();
  } catch (error) {
    await out.abandon();
    throw error;
  }
  const types = ["c0: 'BIGINT'", ...columns.map((_, index) => `c${index + 1}: 'VARCHAR'`)].join(', ');
  const named = ['c0 AS _row', ...columns.map((column, index) => `c${index + 1} AS ${ident(column)}`)].join(', ');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${ident(name)} AS SELECT ${named} FROM read_json(${literal(file)}, format = 'newline_delimited', columns = {${types}}, maximum_object_size = 67108864)`,
  );
}
