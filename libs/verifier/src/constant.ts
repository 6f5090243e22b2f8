import { literal } from '@skein/kernel';
import { engineType, type ColumnType } from '@skein/contract';

/**
 * Text as an SQL constant. Check statements hold the placeholders `{relation}` and `{ref:…}`; a brace within a constant is
 * spelled so that no value of a contract can be taken for one.
 */
export function textConstant(value: string): string {
  return value.includes('{')
    ? `(${value
        .split('{')
        .map((part) => literal(part))
        .join(' || chr(123) || ')})`
    : literal(value);
}

/** A value of a contract (exact text, see `TypeOptions`) as a constant of a column's type. */
export function constant(value: string, type: ColumnType): string {
  switch (type.kind) {
    case 'string':
      return textConstant(value);
    case 'boolean':
      return value === 'true' ? 'TRUE' : 'FALSE';
    case 'timestamp':
      return type.zoned ? `TIMESTAMPTZ ${literal(`${value}+00`)}` : `TIMESTAMP ${literal(value)}`;
    case 'date':
      return `DATE ${literal(value)}`;
    case 'time':
      return `TIME ${literal(value)}`;
    default:
      return `CAST(${literal(value)} AS ${engineType(type)})`;
  }
}

/**
 * A decimal text moved to a grid of `scale` digits after the point: the nearest grid value not below (`up`) or not above it.
 * `exact` says whether it lay on the grid.
 */
export function onGrid(value: string, scale: number, up: boolean): { value: string; exact: boolean } {
  const negative = value.startsWith('-');
  const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
  const exact = /^0*$/.test(fraction.slice(scale));
  let digits = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  if (!exact && up !== negative) digits += 1n;
  const text = digits.toString().padStart(scale + 1, '0');
  const shown = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
  return { value: negative && digits !== 0n ? `-${shown}` : shown, exact };
}

/** The largest magnitudes that a numeric column holds, as exact text. */
export function columnRange(type: ColumnType): readonly [string, string] | undefined {
  if (type.kind === 'int') return type.bits === 32 ? ['-2147483648', '2147483647'] : ['-9223372036854775808', '9223372036854775807'];
  if (type.kind !== 'decimal') return undefined;
  const most = onGrid(`${'9'.repeat(type.precision - type.scale) || '0'}.${'9'.repeat(type.scale)}`, type.scale, false).value;
  return [`-${most}`, most];
}
