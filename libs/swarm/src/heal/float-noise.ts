import type { Property } from '@skein/contract';

/**
 * Digits that binary floating point left behind: at least 15 significant ones that end in a run of six or more zeros or nines before the last
 * few, as in `0.052000000000000005`. Programs that print doubles in full write them (IEEE 754 doubles carry 15 to 17 decimal digits).
 */
const NOISE = '^-?[0-9]{1,12}\\.[0-9]{0,11}(?:0{6,}|9{6,})[0-9]{1,3}$';

/** The number without noise, in a decimal column; any other text as it is. */
export function withoutNoise(value: string | null, { type }: Property): string | null {
  if (value === null || type.kind !== 'decimal' || value.length < 16 || !new RegExp(NOISE).test(value)) return value;
  return Number(value)
    .toFixed(12)
    .replace(/\.?0+$/, '');
}

/** The same in SQL. */
export function withoutNoiseSql(value: string, { type }: Property): string {
  if (type.kind !== 'decimal') return value;
  const rounded = `regexp_replace(CAST(CAST(${value} AS DECIMAL(38,12)) AS VARCHAR), '\\.?0+$', '')`;
  return `CASE WHEN length(${value}) >= 16 AND regexp_matches(${value}, '${NOISE}') THEN ${rounded} ELSE ${value} END`;
}
