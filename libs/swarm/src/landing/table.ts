import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { Source } from '@skein/product';
import { formOf } from './json.ts';
import { reading, type Landed } from './landed.ts';

/** Columns that a landing adds, or that the engine gives every Parquet file. */
const RESERVED = ['_row', 'file_row_number', 'file_index', 'filename'];

/**
 * A Parquet file with its columns and types as they are, and `_row`, the row number from 1. The file is read whole: one that is damaged anywhere is
 * refused. Columns that the source declares must be there in the declared type: a source that changes a type is refused, never cast.
 */
export async function landTable(session: EngineSession, from: string, file: string, table: string, source: Source, target: string): Promise<Landed> {
  if ((await formOf(from, file)) !== 'parquet') {
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} is not a Parquet file (it does not begin with PAR1)`, { context: { file } });
  }
  const read = `read_parquet(${literal(from)}, hive_partitioning = false)`;
  const columns = await reading(file, () => session.describe(`SELECT * FROM ${read}`));
  checkColumns(file, columns, source.columnTypes?.[table] ?? {});
  await reading(file, () =>
    session.run(`COPY (SELECT (file_row_number + 1)::BIGINT AS _row, ${columns.map(({ name }) => ident(name)).join(', ')}
      FROM read_parquet(${literal(from)}, hive_partitioning = false, file_row_number = true)) TO ${literal(target)} (FORMAT parquet, COMPRESSION snappy)`),
  );
  const [count] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${literal(target)})`);
  return { rows: Number(count?.rows ?? 0n), columns: columns.map(({ name }) => name), rejects: [] };
}

function checkColumns(file: string, columns: readonly { name: string; type: string }[], declared: Readonly<Record<string, string>>): void {
  const refuse = (message: string, hint: string, context: object): never => {
    throw new SkeinError('SKEIN_SOURCE_COLUMNS', `${file}: ${message}`, { hint, context: { file, ...context } });
  };
  const reserved = columns.find(({ name }) => RESERVED.includes(name.toLowerCase()));
  if (reserved) refuse(`a column may not be named ${reserved.name}`, 'Rename the column in the file.', { column: reserved.name });
  const types = new Map(columns.map(({ name, type }) => [name.toLowerCase(), type]));
  const wanted = Object.entries(declared);
  const lacking = wanted.filter(([name]) => !types.has(name.toLowerCase())).map(([name]) => name);
  if (lacking.length > 0) refuse(`the file lacks ${lacking.join(', ')}`, 'Export the file with these columns.', { lacking });
  for (const [name, type] of wanted) {
    const found = types.get(name.toLowerCase());
    if (found !== type) refuse(`${name} is ${found}, not ${type}`, `Export the column as ${type}.`, { column: name, found, declared: type });
  }
}
