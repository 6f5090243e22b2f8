import { matches, type Text, VALUE } from '../program/program.ts';
import type { Family, Reading } from './family.ts';

/**
 * Mojibake: UTF-8 bytes that were read as Windows-1252 or Latin-1, once or twice. A text whose characters above ASCII, turned back into
 * bytes, are valid UTF-8 throughout is hardly ever meant as it stands (the heuristic of ftfy, Speer 2019): Unicode's chapter 3.9,
 * table 3-7, leaves few such sequences that are words.
 */
export const encoding: Family = (column) => {
  const signs = /[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]/;
  if (!column.values.some(({ raw }) => signs.test(raw))) return [];
  const once: Text = { op: 'demojibake', of: VALUE };
  const twice: Text = { op: 'demojibake', of: once };
  const when = matches(VALUE, '[\u00c2-\u00f4][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]');
  const readings: Reading[] = [
    { category: 'encoding', what: 'UTF-8 that was read as Windows-1252', when, result: { op: 'first', of: [twice, once] }, tier: 0, certain: true },
  ];
  return readings;
};
