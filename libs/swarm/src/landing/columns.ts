import path from 'node:path';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { sniffDialect, type Fingerprint } from '../delimited.ts';
import { BLANK_LINE, copyPlain } from '../plain-text.ts';
import { checkRejects, MAX_LINE, reading, takeRejects, type Landed } from './landed.ts';

/** Delimited text: every column as VARCHAR under its own name, and `_row`, the record number with the header as 1. */
export async function landColumns(session: EngineSession, from: string, file: string, stage: string, target: string, print: Fingerprint): Promise<Landed> {
  const dialect = await sniffDialect(from, file, print.utf8);
  const named = dialect.columns.map((name, index) => ({ name, stored: name === '' ? `_empty_${index}` : name }));
  const columns = named.map(({ stored }) => `${ident(stored)}: 'VARCHAR'`).join(', ');
  const kept = named.filter(({ name }) => name !== '').map(({ name }) => name);
  if (kept.some((name) => ['_row', '__n', '__k', '__blank'].includes(name.toLowerCase()))) {
    throw new SkeinError('SKEIN_SOURCE_COLUMNS', `${file}:1: a column may not be named _row, __n, __k or __blank`, {
      hint: 'Rename the column in the file.',
      context: { file },
    });
  }
  const text = print.plain ? from : path.join(stage, 'plain.txt');
  if (!print.plain) await copyPlain(from, text, dialect);
  const first = ident(named[0]?.stored ?? '');
  const read = `SELECT * FROM read_csv(${literal(text)}, columns = {${columns}}, delim = ${literal(dialect.delimiter)}, quote = '"', escape = '"',
    header = true, auto_detect = false, strict_mode = true, max_line_size = ${MAX_LINE}, new_line = '\\n',
    encoding = 'utf-8', store_rejects = true)`;
  const write = async (shift: readonly number[]) => {
    // Names that begin with __ keep clear of the file's own: in a lambda, DuckDB takes a column before the parameter.
    const position = shift.length === 0 ? '__n + 1' : `__n + 1 + len(list_filter(${JSON.stringify(shift)}, __k -> __k < __n))`;
    await reading(file, () =>
      session.run(`COPY (SELECT ${position} AS _row, * EXCLUDE (__n, __blank) FROM (SELECT row_number() OVER () AS __n, ${kept.map(ident).join(', ')}, ${first} = ${literal(BLANK_LINE)} AS __blank FROM (${read})) WHERE __blank IS DISTINCT FROM true)
        TO ${literal(target)} (FORMAT parquet, COMPRESSION snappy)`),
    );
    return takeRejects(session, file);
  };
  let rejects = await write([]);
  // Rejected records leave no row behind: count them in, so that `_row` stays the record number.
  if (rejects.length > 0) rejects = await write(rejects.map((reject, index) => reject.row - 2 - index));
  const [count] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${literal(target)})`);
  const rows = Number(count?.rows ?? 0n);
  checkRejects(file, rejects, rows);
  return { rows, columns: kept, rejects };
}
