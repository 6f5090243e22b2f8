import { extract, matches, type Text } from '../program/program.ts';
import { type Family, type Reading, reads } from './family.ts';

/** Scales of ratings whose hundredth parts are exact. */
const SCALES = ['4', '5', '10', '20', '100'];
const NUMERIC = new Set(['int', 'float', 'decimal']);

/** Ratings with their scale, such as `4.5/5`: the number before it, the share, or the percentage. All must have one scale. */
export const rating: Family = (column) => {
  if (!NUMERIC.has(column.facts.property.type.kind)) return [];
  const scales = new Set(column.values.flatMap(({ text: value }) => FORM.exec(value)?.[1] ?? []));
  const [scale] = scales;
  if (scale === undefined || scales.size > 1 || !SCALES.includes(scale)) return [];
  const pattern = `^([0-9]{1,3}(?:[.][0-9]{1,3})?) ?${BETWEEN} ?${scale}(?:[.]0)?(?: [Ss]tars?)?$`;
  const number = extract(column.text, pattern);
  const share: Text = { op: 'affine', of: number, times: String(1 / Number(scale)), plus: '0', scale: 6 };
  const reading = (what: string, result: Text): Reading => ({
    category: 'rating',
    what: `${what} on the scale to ${scale}`,
    // No rating is beyond its scale.
    when: { op: 'all', of: [reads(column, pattern), matches(share, '^(?:0(?:[.][0-9]+)?|1)$')] },
    result,
    tier: 0,
  });
  return [
    reading('the number', number),
    reading('the share', share),
    ...(scale === '100' ? [] : [reading('the percentage', { op: 'affine', of: number, times: String(100 / Number(scale)), plus: '0', scale: 6 })]),
  ];
};
const BETWEEN = '(?:/|out of|von|sur)';
const FORM = new RegExp(`^[0-9.]+ ?${BETWEEN} ?([0-9]+)(?:[.]0)?(?: [Ss]tars?)?$`, 'u');
