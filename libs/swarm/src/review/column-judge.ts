import type { Contract, Property } from '@skein/contract';
import type { ColumnFacts } from '@skein/pattern';
import { recordValidator } from '@skein/verifier';

/**
 * What the contract alone says of a column whose values come as text: its rules for single records decide what it accepts. Undefined for a column that
 * the contract does not have, or whose values are no single ones.
 */
export function columnJudge(contract: Contract, column: string): ColumnFacts | undefined {
  const property = contract.properties.find(({ name }) => name === column);
  if (!property || ['struct', 'list', 'map'].includes(property.type.kind)) return undefined;
  const judge = recordValidator({ ...contract, properties: [property], quality: [] });
  return {
    property,
    accepts: (value) => judge({ [property.name]: value === null ? null : memberOf(value, property) }).every(({ severity }) => severity !== 'error'),
    accepted: [],
  };
}

/** Text as the member of a record that it stands for; what cannot be one stays text, which the contract then refuses. */
function memberOf(value: string, { type }: Property): unknown {
  if (type.kind === 'int') return /^-?(?:0|[1-9][0-9]{0,18})$/.test(value) ? BigInt(value) : value;
  if (type.kind === 'float') return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(value) ? Number(value) : value;
  if (type.kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return value;
}
