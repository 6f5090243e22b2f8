import { lower, type Text } from '../program/program.ts';
import type { Family } from './family.ts';

/** Words for yes and no: English, German, French, Spanish, Portuguese, Italian, Dutch, Nordic, Polish, Czech, Russian, Turkish, Japanese, Chinese (CLDR `posix` yesstr and nostr, and common flags). */
const YES =
  'true t yes y 1 1.0 on ok x checked enabled active wahr ja j richtig vrai v oui o sí si s verdadero sim verdadeiro vero waar sand sant tak prawda ano да д истина evet はい 是 ✓ ✔'.split(
    ' ',
  );
const NO =
  'false f no n 0 0.0 off unchecked disabled inactive falsch nein faux non falso não nao onwaar nee nej usann falskt nie fałsz ne нет н ложь hayır いいえ 否 ✗ ✘'.split(
    ' ',
  );

const TRUTH = new Map([...YES.map((word) => [word, true] as const), ...NO.map((word) => [word, false] as const)]);

/** Booleans in words, for boolean columns and for code lists with exactly one word for each (`Y`, `N`). */
export const boolean: Family = (column) => {
  const { property } = column.facts;
  const { codes } = column;
  const [yes, no] =
    property.type.kind === 'boolean'
      ? [['true'], ['false']]
      : [codes?.filter((code) => TRUTH.get(code.toLowerCase()) === true), codes?.filter((code) => TRUTH.get(code.toLowerCase()) === false)];
  if (yes?.length !== 1 || no?.length !== 1 || yes[0] === undefined || no[0] === undefined) return [];
  const [right, wrong] = [yes[0], no[0]];
  const seen = new Set(column.values.map(({ text }) => text.toLowerCase()).filter((word) => TRUTH.has(word)));
  if (seen.size === 0) return [];
  const words = [...new Set([...seen, ...['true', 't', 'yes', 'y', '1', 'false', 'f', 'no', 'n', '0']])];
  const table = words.map((word) => [word, TRUTH.get(word) === true ? right : wrong] as const);
  const of: Text = lower(column.text);
  return [{ category: 'boolean', what: 'words for true and false', when: { op: 'in', of, values: words }, result: { op: 'lookup', of, table }, tier: 0 }];
};
