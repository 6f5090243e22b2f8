import { SkeinError } from '@skein/kernel';

/** A word, sign or constant of an SQL script. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'sign';
  /** As written. */
  readonly text: string;
  /** Of a word its upper case, of a quoted name or a constant its content. */
  readonly value: string;
  readonly at: number;
}

const MOST_BYTES = 1024 * 1024;
const PATTERN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<dollar>\$(?<tag>[A-Za-z_]*)\$[\s\S]*?\$\k<tag>\$)|(?<text>[eE]?'(?:[^'\\]|''|\\[\s\S])*')|(?<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[A-Za-z_][^\]\n]*\])|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<number>\d[\d.]*)|(?<sign>[\s\S])/uy;

/** Words and signs without white space and comments. Iterative and linear; throws SKEIN_CONTRACT_LIMIT beyond 1 MB. */
export function sqlTokens(sql: string, file: string): SqlToken[] {
  if (Buffer.byteLength(sql) > MOST_BYTES)
    throw new SkeinError('SKEIN_CONTRACT_LIMIT', `the script has more than ${MOST_BYTES} bytes`, {
      place: { file, line: 1, column: 1 },
      hint: 'Import the CREATE TABLE of one table.',
    });
  const tokens: SqlToken[] = [];
  PATTERN.lastIndex = 0;
  for (let match = PATTERN.exec(sql); match; match = PATTERN.exec(sql)) {
    const { space, dollar, text, quoted, word, number } = match.groups ?? {};
    const [whole] = match;
    const at = match.index;
    if (space !== undefined) continue;
    if (dollar !== undefined) tokens.push({ kind: 'text', text: whole, value: whole.replace(/^\$\w*\$|\$\w*\$$/g, ''), at });
    else if (text !== undefined) tokens.push({ kind: 'text', text: whole, value: constant(whole), at });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: whole, value: whole.slice(1, -1).replaceAll('""', '"'), at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: whole, value: whole.toUpperCase(), at });
    else tokens.push({ kind: number === undefined ? 'sign' : 'number', text: whole, value: whole, at });
  }
  return tokens;
}

function constant(written: string): string {
  if (!/^e/i.test(written)) return written.slice(1, -1).replaceAll("''", "'");
  return written
    .slice(2, -1)
    .replaceAll(/''|\\(.)/gs, (whole, escaped?: string) =>
      escaped === undefined ? "'" : ({ n: '\n', t: '\t', r: '\r' }[escaped] ?? (escaped === '' ? whole : escaped)),
    );
}
