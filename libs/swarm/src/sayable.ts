import type { Property } from '@skein/contract';

const OPEN = new Set(['public', 'internal']);

/** A reason as it may leave the product's own data: reasons quote values, and those of a classified column stand in its feedback dataset alone. */
export function sayable({ classification }: Property, why: string): string {
  return OPEN.has(classification) ? why : 'the reason stands in the feedback dataset alone, for the column is classified';
}
