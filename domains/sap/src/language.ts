import { literal } from '@skein/kernel';

/** SPRAS (one character, table T002) to ISO 639-1. */
const LANGUAGES: Readonly<Record<string, string>> = {
  '0': 'SR',
  '1': 'ZH',
  '2': 'TH',
  '3': 'KO',
  '4': 'RO',
  '5': 'SL',
  '6': 'HR',
  '7': 'MS',
  '8': 'UK',
  '9': 'ET',
  A: 'AR',
  B: 'HE',
  C: 'CS',
  D: 'DE',
  E: 'EN',
  F: 'FR',
  G: 'EL',
  H: 'HU',
  I: 'IT',
  J: 'JA',
  K: 'DA',
  L: 'PL',
  M: 'ZF',
  N: 'NL',
  O: 'NO',
  P: 'PT',
  Q: 'SK',
  R: 'RU',
  S: 'ES',
  T: 'TR',
  U: 'FI',
  V: 'SV',
  W: 'BG',
  X: 'LT',
  Y: 'LV',
  Z: 'Z1',
  a: 'AF',
  b: 'IS',
  c: 'CA',
  d: 'SH',
  i: 'ID',
};

/** Two-letter language of an SAP language key of one or two characters; what is unknown stays as it is. */
export function isoLanguage(column: string): string {
  const cases = Object.entries(LANGUAGES).map(([key, iso]) => `WHEN ${literal(key)} THEN ${literal(iso)}`);
  return `CASE ${column} ${cases.join(' ')} ELSE upper(${column}) END`;
}

/** One text for each key: English where there is one, else the first language by name. */
export function preferredText(from: string, keys: readonly string[], text: string, language: string): string {
  return `SELECT ${keys.join(', ')}, arg_min(${text}, rank) AS description, arg_min(iso, rank) AS description_language, arg_min(_repairs, rank) AS repairs FROM (
    SELECT *, ${isoLanguage(language)} AS iso, CASE WHEN iso = 'EN' THEN '' ELSE iso END AS rank FROM ${from} WHERE ${text} IS NOT NULL) GROUP BY ${keys.join(', ')}`;
}
