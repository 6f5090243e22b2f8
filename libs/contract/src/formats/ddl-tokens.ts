import { SkeinError } from '@skein/kernel';

/** A word, sign or constant of an SQL script. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'sign';
  /** As written. */
  readonly text: string;
  /** Of a word its upper case, of a quoted name or a constant its content. */
  readonly value: string;
  readonly at: number;
  /** 1 where a bracket opens, -1 where one closes, else 0. An angle is one after the word of a nested type; elsewhere it compares. */
  readonly nests: number;
}

const MOST_BYTES = 1024 * 1024;
const PATTERN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<dollar>\$(?<tag>[A-Za-z_]*)\$[\s\S]*?\$\k<tag>\$)|(?<text>[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[A-Za-z_][^\]\n]*\])|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<number>\d[\d.]*)|(?<sign>[\s\S])/uy;
/** Who quotes names with backticks, as MySQL, BigQuery and Spark do, escapes quotes in a text with a backslash too. */
const ESCAPING = /^[ \t]*`|\bTABLE\s{1,20}(?:IF\s{1,20}NOT\s{1,20}EXISTS\s{1,20})?`/im;
const ESCAPED = new RegExp(PATTERN.source.replace("'(?:[^']|'')*'", String.raw`'(?:[^'\\]|''|\\[\s\S])*'`), PATTERN.flags);

/** Words and signs without white space and comments. Iterative and linear; throws SKEIN_CONTRACT_LIMIT beyond 1 MB, and calls `unclosed` where a quote or comment is. */
export function sqlTokens(sql: string, file: string, unclosed: (at: number) => never): SqlToken[] {
  if (Buffer.byteLength(sql) > MOST_BYTES)
    throw new SkeinError('SKEIN_CONTRACT_LIMIT', `the script has more than ${MOST_BYTES} bytes`, {
      place: { file, line: 1, column: 1 },
      hint: 'Import the CREATE TABLE of one table.',
    });
  const tokens: SqlToken[] = [];
  const open: string[] = [];
  const push = (kind: SqlToken['kind'], text: string, value: string, at: number) => {
    tokens.push({ kind, text, value, at, nests: kind === 'sign' ? nesting(value, tokens.at(-1), open) : 0 });
  };
  const escapes = ESCAPING.test(sql);
  const pattern = escapes ? ESCAPED : PATTERN;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(sql); match; match = pattern.exec(sql)) {
    const { space, dollar, text, quoted, word, number } = match.groups ?? {};
    const [whole] = match;
    const at = match.index;
    if (space !== undefined) continue;
    if (dollar !== undefined) push('text', whole, whole.replace(/^\$\w*\$|\$\w*\$$/g, ''), at);
    else if (text !== undefined) push('text', whole, constant(escapes && whole.startsWith("'") ? `e${whole}` : whole), at);
    else if (quoted !== undefined) push('quoted', whole, whole.slice(1, -1).replaceAll('""', '"'), at);
    // SQL Server ends a batch with a line of its own, and statements with nothing.
    else if (word !== undefined && open.length === 0 && isBatchEnd(sql, whole, at)) push('sign', ';', ';', at);
    else if (word !== undefined) push('word', whole, whole.toUpperCase(), at);
    else {
      // What opens here is never closed; to look for its end again at the next sign would take for ever.
      if (/['"`]/.test(whole) || sql.startsWith('/*', at) || (whole === '$' && /^\$[A-Za-z_]*\$/.test(sql.slice(at, at + 80)))) unclosed(at);
      push(number === undefined ? 'sign' : 'number', whole, whole, at);
    }
  }
  return tokens;
}

function isBatchEnd(sql: string, word: string, at: number): boolean {
  return word.toUpperCase() === 'GO' && /(?:^|\n)[ \t]*$/.test(sql.slice(Math.max(0, at - 80), at)) && /^[ \t]*(?:\r?\n|$)/.test(sql.slice(at + 2, at + 82));
}

function nesting(sign: string, before: SqlToken | undefined, open: string[]): number {
  if (sign === ';') open.length = 0;
  const opens = sign === '(' || sign === '[' || (sign === '<' && before?.kind === 'word' && /^(?:ARRAY|MAP|STRUCT|LIST|ROW|RECORD)$/.test(before.value));
  if (opens) return open.push(sign) && 1;
  const closed = sign === ')' ? '(' : sign === ']' ? '[' : sign === '>' ? '<' : undefined;
  if (closed === undefined || open.at(-1) !== closed) return 0;
  open.pop();
  return -1;
}

function constant(written: string): string {
  if (!/^e/i.test(written)) return written.slice(1, -1).replaceAll("''", "'");
  return written
    .slice(2, -1)
    .replaceAll(/''|\\(.)/gs, (whole, escaped?: string) =>
      escaped === undefined ? "'" : ({ n: '\n', t: '\t', r: '\r' }[escaped] ?? (escaped === '' ? whole : escaped)),
    );
}
