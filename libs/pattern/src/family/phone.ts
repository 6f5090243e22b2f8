import { concat, extract, matches, sub, text, type Text } from '../program/program.ts';
import { type Family, type Reading, reads } from './family.ts';

/** Calling code, trunk prefix and lengths of national numbers without it, by country (ITU-T E.164 and E.123; national numbering plans). */
const PLANS: Readonly<Record<string, readonly [code: string, trunk: string, shortest: number, longest: number]>> = {
  US: ['1', '1', 10, 10],
  CA: ['1', '1', 10, 10],
  DE: ['49', '0', 6, 11],
  AT: ['43', '0', 7, 13],
  CH: ['41', '0', 9, 9],
  FR: ['33', '0', 9, 9],
  GB: ['44', '0', 9, 10],
  IE: ['353', '0', 7, 9],
  NL: ['31', '0', 9, 9],
  BE: ['32', '0', 8, 9],
  LU: ['352', '', 6, 9],
  ES: ['34', '', 9, 9],
  PT: ['351', '', 9, 9],
  IT: ['39', '', 6, 11],
  DK: ['45', '', 8, 8],
  NO: ['47', '', 8, 8],
  SE: ['46', '0', 7, 9],
  FI: ['358', '0', 6, 10],
  PL: ['48', '', 9, 9],
  CZ: ['420', '', 9, 9],
  AU: ['61', '0', 9, 9],
  NZ: ['64', '0', 8, 9],
  JP: ['81', '0', 9, 10],
  KR: ['82', '0', 8, 10],
  CN: ['86', '0', 10, 11],
  IN: ['91', '0', 10, 10],
  BR: ['55', '0', 10, 11],
  MX: ['52', '', 10, 10],
  ZA: ['27', '0', 9, 9],
  TR: ['90', '0', 10, 10],
};

/** Marks that people put into phone numbers, and the optional trunk digit `(0)` of international ones. */
const MARKS = '^[+]?[-0-9 ()./]+$';

/** Phone numbers: E.164 where the column wants a `+`, else the bare national digits. A number without a country code belongs to the country that the source declares. */
export const phone: Family = (column) => {
  if (column.facts.property.type.kind !== 'string' || !column.values.some(({ text: value }) => /^[+(0-9][-0-9 ()./]{6,}$/.test(value))) return [];
  const wantsPlus =
    column.accepted.length > 0
      ? column.accepted.every((value) => /^\+[1-9][0-9]{6,14}$/.test(value))
      : column.facts.accepts('+4915123456789') || column.facts.accepts('+12053258100');
  const national = column.accepted.length >= 3 && column.accepted.every((value) => /^[0-9]{8,11}$/.test(value));
  const bare = sub(sub(column.text, '[(]0[)]'), '[^0-9]+');
  const readings: Reading[] = [];
  const add = (what: string, pattern: string, result: Text, digits: string): void => {
    readings.push({ category: 'phone', what, when: { op: 'all', of: [reads(column, pattern), matches(bare, digits)] }, result, tier: 0 });
  };
  if (wantsPlus) {
    add('international numbers without marks', '^(?:[+]|00)[-0-9 ()./]+$', concat(text('+'), sub(bare, '^00')), '^(?:00)?[1-9][0-9]{6,14}$');
    const plan = PLANS[column.facts.source?.country ?? ''];
    if (plan) {
      const [code, trunk, shortest, longest] = plan;
      const strict =
        code === '1'
          ? '^1?([2-9][0-9]{2}[2-9][0-9]{6})$'
          : trunk === ''
            ? `^([0-9]{${shortest},${longest}})$`
            : `^${trunk}([1-9][0-9]{${shortest - 1},${longest - 1}})$`;
      add(`national numbers with the code ${code}`, '^[-0-9 ()./]+$', concat(text(`+${code}`), extract(bare, strict)), strict);
    }
  } else if (national && column.accepted.every((value) => value.length === 10)) {
    // North American numbers: ten digits, and 1 as the country's code and trunk prefix.
    add('ten digits without marks', MARKS, extract(bare, '^1?([2-9][0-9]{9})$'), '^1?[2-9][0-9]{9}$');
  }
  return readings;
};
