import { boolean } from './boolean.ts';
import { code } from './code.ts';
import { date } from './date.ts';
import { duration } from './duration.ts';
import { encoding } from './encoding.ts';
import type { Family } from './family.ts';
import { json } from './json.ts';
import { embedded, key, mask } from './key.ts';
import { missing } from './missing.ts';
import { number } from './number.ts';
import { phone } from './phone.ts';
import { place } from './place.ts';
import { rating } from './rating.ts';
import { space } from './space.ts';
import { time } from './time.ts';

/** The typed library, by name. Their order changes nothing but the order among equals. */
export const LIBRARY: Readonly<Record<string, Family>> = {
  missing,
  encoding,
  space,
  boolean,
  number,
  date,
  time,
  duration,
  rating,
  key,
  mask,
  embedded,
  json,
  phone,
  place,
  code,
};

/** The family that a category of solutions comes from; undefined for what no family found, such as a person's decision. */
export function familyOf(category: string): string | undefined {
  if (category === 'unit') return 'number';
  if (category === 'space-case') return 'space';
  return Object.hasOwn(LIBRARY, category) ? category : undefined;
}
