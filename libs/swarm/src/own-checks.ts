import { engineType, type Contract } from '@skein/contract';
import { ident, SkeinError } from '@skein/kernel';
import type { Check } from '@skein/verifier';

/** Values that the step could not type: rows with any are refused, with the raw value. */
export const UNTYPED: Omit<Check, 'place' | 'tolerance'> = {
  id: '_invalid',
  rule: 'type',
  column: undefined,
  level: 'row',
  sql: 'len(_invalid) > 0',
  severity: 'error',
  dimension: 'conformity',
  comparison: undefined,
  reads: ['_invalid'],
};

/** Lines of the source that are no records. */
export const MALFORMED: Omit<Check, 'place' | 'tolerance'> = { ...UNTYPED, id: 'source.malformed', rule: 'malformed', sql: 'false', reads: [] };

/**
 * Where a step's type differs from the contract's, its values are cast when they are written: a row whose value that would
 * change (1.25 to 1.3, a moment to a day) is refused, because a rounded value is a wrong one.
 */
export function exactnessChecks(contract: Contract, described: readonly { name: string; type: string }[]): Check[] {
  return contract.properties.flatMap((property): Check[] => {
    const wanted = engineType(property.type);
    const given = described.find((column) => column.name === property.name)?.type;
    if (given === undefined || unquoted(given) === unquoted(wanted)) return [];
    if (given === 'VARCHAR') {
      throw new SkeinError('SKEIN_STEP_FAILED', `${contract.product}: the step selects ${property.name} as text, and the contract wants ${wanted}`, {
        hint: `Say in the step what the text means: TRY_CAST it, and list what cannot be cast in _invalid.`,
        place: property.place,
        context: { product: contract.product, column: property.name },
      });
    }
    const column = ident(property.name);
    const changed = `${column} IS NOT NULL AND TRY_CAST(TRY_CAST(${column} AS ${wanted}) AS ${given}) IS DISTINCT FROM ${column}`;
    return [
      {
        ...UNTYPED,
        id: `${property.name}.type`,
        column: property.name,
        sql: changed,
        reads: [property.name],
        tolerance: contract.tolerance,
        place: property.place,
      },
    ];
  });
}

/** The engine quotes the fields of a struct where it must, and a contract's type always: without quotes the two compare. */
function unquoted(type: string): string {
  return type.replaceAll('"', '');
}
