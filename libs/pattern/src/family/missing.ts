import { lower } from '../program/program.ts';
import type { Family, Reading } from './family.ts';

/**
 * How exports write a missing value: words of statistics packages, spreadsheets, databases and forms (pandas' `na_values`, R, SAS, Excel's
 * error values, SAP's initial dates), in lower case.
 */
const TOKENS = [
  ...['', '-', '--', '---', '–', '—', '.', '..', '...', '?', '??', '???', '*', '/', '_', '()', '[]', '{}', '""', "''", '\\n', '\\\\n', '∅', '#'],
  ...[
    'n/a',
    'na',
    'n.a.',
    'n.a',
    'n/a.',
    'n / a',
    '#n/a',
    '#na',
    '#n/a n/a',
    '<na>',
    'nan',
    '-nan',
    '1.#qnan',
    '-1.#ind',
    '#null!',
    '#value!',
    '#ref!',
    '#div/0!',
    '#name?',
    '#num!',
  ],
  ...['null', '(null)', '<null>', '[null]', 'nil', 'none', '(none)', '<none>', 'undefined', 'void', 'empty', '(empty)', 'blank', '(blank)', '(leer)', '(vide)'],
  ...[
    'missing',
    'unknown',
    'unkn',
    'unk',
    'unspecified',
    'not available',
    'not applicable',
    'not specified',
    'not provided',
    'not known',
    'no data',
    'no value',
    'tbd',
    'tba',
    'tbc',
  ],
  ...[
    'k.a.',
    'k. a.',
    'keine angabe',
    'unbekannt',
    'fehlt',
    'inconnu',
    'non renseigné',
    'n.r.',
    'n.c.',
    's/d',
    's.d.',
    'desconocido',
    'sin datos',
    'desconhecido',
    'sconosciuto',
    'n.d.',
    'nd',
  ],
  ...['onbekend', 'brak', 'b.d.', 'нет', 'н/д', '不明', '無', '无', 'なし'],
];
/** Dates that stand for none: SAP's initial and MySQL's zero dates, and Excel's day zero. */
const NO_DATES = ['00000000', '0000-00-00', '0000-00-00 00:00:00', '00.00.0000', '00/00/0000', '00-00-0000', '1900-01-00', '0/0/0000', '0', '000000'];

const NOTHING: ReadonlySet<string> = new Set(TOKENS);

/** Whether a text is a word for a missing value. */
export function isNothing(text: string): boolean {
  return NOTHING.has(text.trim().toLowerCase());
}

/** Tokens of a missing value become missing, where the contract allows that and does not accept the token itself. */
export const missing: Family = (column) => {
  if (!column.facts.accepts(null)) return [];
  const kind = column.facts.property.type.kind;
  const tokens = new Set(kind === 'date' || kind === 'timestamp' ? [...TOKENS, ...NO_DATES] : TOKENS);
  // A token that the column itself uses as a value, such as the state `NE` or the answer `none`, is no token there.
  const used = [...column.accepted, ...(column.codes ?? [])];
  for (const value of used) tokens.delete(value.toLowerCase());
  const seen = [...new Set(column.values.map(({ text }) => text.toLowerCase()).filter((value) => tokens.has(value)))];
  const likeCodes = new Set(used.map(letters).filter((value) => value !== ''));
  const reading = (listed: readonly string[], tier: 0 | 1): Reading => ({
    category: 'missing',
    what: `a token of a missing value (${listed
      .slice(0, 5)
      .map((token) => JSON.stringify(token))
      .join(', ')})`,
    when: { op: 'in', of: lower(column.text), values: listed },
    result: { op: 'clear' },
    tier,
  });
  const [alike, clear] = [seen.filter((token) => likeCodes.has(letters(token))), seen.filter((token) => !likeCodes.has(letters(token)))];
  const readings: Reading[] = alike.length === 0 ? [] : [reading(alike, 1)];
  // The whole list would cost every row; the seen ones and the commonest travel.
  const common = COMMON.filter((token) => tokens.has(token) && !likeCodes.has(letters(token)));
  if (clear.length > 0) readings.push(reading([...new Set([...clear, ...common])], 0));
  return readings;
};

const COMMON = ['', '-', 'n/a', 'na', 'null', 'none', 'nan', '?', 'unknown', '#n/a'];

/** Without marks a token may be a code: `n/a` in a list that has `NA` is in doubt. */
function letters(value: string): string {
  return value.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
