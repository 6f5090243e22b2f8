import { SkeinError } from '@skein/kernel';
import type { FailureNote } from './frames.ts';

/**
 * What the consumer is told. The engine's text may quote rows that a policy hides ("Could not convert string 'secret' …"),
 * so messages are made of its class and of names that the consumer wrote or may see. The text itself is the error's
 * `cause`, which is never printed or serialised with a SkeinError: it is for the audit.
 */
export function queryError(note: FailureNote, sql: string): SkeinError {
  const cause = new Error(note.text);
  switch (note.kind) {
    case 'refused':
      return new SkeinError('SKEIN_QUERY_REFUSED', 'only one SELECT statement may be asked', { cause });
    case 'parameters':
      return new SkeinError('SKEIN_QUERY_PARAMS', note.text, { cause });
    case 'unsupported':
      return new SkeinError(note.stage === 'prepare' ? 'SKEIN_QUERY_INVALID' : 'SKEIN_QUERY_FAILED', note.text, { cause });
    case 'syntax':
      return syntaxError(note, sql, cause);
    case 'engine':
      return engineTextError(note, cause);
  }
}

/** The parser holds no data: its text can quote nothing but the SQL itself. */
function syntaxError(note: FailureNote, sql: string, cause: Error): SkeinError {
  const message = (note.text.split('\n')[0] ?? '').slice(0, 300);
  if (note.position === undefined) return new SkeinError('SKEIN_QUERY_SYNTAX', message, { cause });
  const before = Buffer.from(sql, 'utf8').subarray(0, note.position).toString('utf8');
  const lines = before.split('\n');
  const [line, column] = [lines.length, [...(lines.at(-1) ?? '')].length + 1];
  const text = sql.split('\n')[line - 1] ?? '';
  const frame = text.length > 200 ? undefined : `${text}\n${' '.repeat(column - 1)}^`;
  return new SkeinError('SKEIN_QUERY_SYNTAX', `${message} (line ${line}, column ${column})`, {
    context: { position: note.position, line, column },
    ...(frame === undefined ? {} : { frame }),
    cause,
  });
}

function engineTextError(note: FailureNote, cause: Error): SkeinError {
  const text = note.text;
  const engineClass = /^(?:Error: )?([A-Za-z][A-Za-z -]*?) Error:/.exec(text)?.[1] ?? '';
  if (engineClass === 'Out of Memory' || /max_temp_directory_size|Out of Memory|failed to allocate|bad allocation|bad_alloc/i.test(text)) {
    return new SkeinError('SKEIN_QUERY_MEMORY', 'the query needs more memory than a query may have', { cause });
  }
  if (/multiple statements at once/.test(text)) return new SkeinError('SKEIN_QUERY_REFUSED', 'only one SELECT statement may be asked', { cause });
  if (engineClass === 'Parser') return new SkeinError('SKEIN_QUERY_SYNTAX', 'the SQL could not be parsed', { cause });
  if (engineClass === 'Binder' || engineClass === 'Catalog') return binderError(text, cause);
  if (/parameter/i.test(text) && (engineClass === 'Invalid Input' || engineClass === 'Invalid')) {
    return new SkeinError('SKEIN_QUERY_PARAMS', 'the bound values do not fit the parameters of the SQL', { cause });
  }
  if (engineClass === 'Conversion')
    return new SkeinError('SKEIN_QUERY_FAILED', 'a value could not be converted to the type asked for', { context: { class: 'conversion' }, cause });
  if (engineClass === 'Out of Range')
    return new SkeinError('SKEIN_QUERY_FAILED', 'a number passed the range of its type', { context: { class: 'range' }, cause });
  if (engineClass === 'Permission') return new SkeinError('SKEIN_QUERY_REFUSED', 'the SQL reaches for something outside of the granted products', { cause });
  if (engineClass === 'Not implemented') return new SkeinError('SKEIN_QUERY_INVALID', 'the engine does not implement what the SQL asks for', { cause });
  return new SkeinError('SKEIN_QUERY_FAILED', 'the query failed while it ran', {
    context: engineClass === '' ? {} : { class: engineClass.toLowerCase() },
    cause,
  });
}

function binderError(text: string, cause: Error): SkeinError {
  const column =
    /Referenced column "([^"\n]{1,128})" (?:not found|was not found)/.exec(text)?.[1] ??
    /(?:does not have a column named|column named) "([^"\n]{1,128})"/.exec(text)?.[1];
  if (column !== undefined) {
    const listed = /Candidate bindings: ([^\n]*)/.exec(text)?.[1] ?? '';
    const candidates = [...listed.matchAll(/"([^"\n]{1,128})"/g)].map((match) => match[1] ?? '').slice(0, 5);
    return new SkeinError(
      'SKEIN_QUERY_UNKNOWN_COLUMN',
      `column ${JSON.stringify(column)} is not known here${candidates.length > 0 ? `; perhaps ${candidates.map((name) => JSON.stringify(name)).join(', ')}` : ''}`,
      {
        context: { column, candidates },
        cause,
      },
    );
  }
  const table = /Referenced table "([^"\n]{1,128})" not found/.exec(text)?.[1];
  if (table !== undefined)
    return new SkeinError('SKEIN_QUERY_UNKNOWN_COLUMN', `table or alias ${JSON.stringify(table)} is not known here`, { context: { table }, cause });
  const ambiguous = /Ambiguous reference to column name "([^"\n]{1,128})"/.exec(text)?.[1];
  if (ambiguous !== undefined)
    return new SkeinError('SKEIN_QUERY_INVALID', `column ${JSON.stringify(ambiguous)} stands in more than one table: write table.column`, {
      context: { column: ambiguous },
      cause,
    });
  const grouped = /column "?([^"\n]{1,128}?)"? must appear in the GROUP BY clause/i.exec(text)?.[1];
  if (grouped !== undefined)
    return new SkeinError('SKEIN_QUERY_INVALID', `column ${JSON.stringify(grouped)} is neither grouped by nor aggregated`, {
      context: { column: grouped },
      cause,
    });
  const call = /No function matches the given name and argument types '([A-Za-z_0-9]{1,64}\([A-Za-z0-9_(), "[\]]{0,200}\))'/.exec(text)?.[1];
  if (call !== undefined) return new SkeinError('SKEIN_QUERY_INVALID', `no function fits ${call}`, { context: { call }, cause });
  const name = /(?:Scalar Function|Aggregate Function|Table Function|Function) with name "?([A-Za-z_0-9]{1,64})"? does not exist/i.exec(text)?.[1];
  if (name !== undefined) return new SkeinError('SKEIN_QUERY_INVALID', `function ${name} does not exist`, { context: { function: name }, cause });
  return new SkeinError('SKEIN_QUERY_INVALID', 'the SQL does not make sense to the engine: a type, a function or a grouping is wrong', { cause });
}
