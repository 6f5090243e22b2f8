import { engineType, sameType, type Contract, type Property } from '@skein/contract';
import { formatPlace, SkeinError } from '@skein/kernel';
import { conflict } from './refusal.ts';

interface Member {
  readonly contract: Contract;
  readonly property: Property;
}

/** Columns of one join key agree, over the whole mesh, in exact type, pattern and length: otherwise joins lose rows in silence. */
export function checkJoinKeys(contracts: readonly Contract[]): void {
  const first = new Map<string, Member>();
  for (const contract of contracts) {
    for (const property of contract.properties) {
      if (property.joinKey === undefined) continue;
      const other = first.get(property.joinKey);
      if (!other) first.set(property.joinKey, { contract, property });
      else if (shape(other.property) !== shape(property)) {
        throw conflict(
          `join key ${property.joinKey}: ${label(other)} is ${shape(other.property)}, but ${label({ contract, property })} is ${shape(property)}`,
          other.property.place,
          property.place,
        );
      }
    }
  }
}

/** Declared references lead to a column that exists and has the same type. */
export function checkReferences(contracts: readonly Contract[], current: readonly Contract[]): void {
  const products = new Map(current.map((contract) => [contract.product, contract]));
  for (const contract of contracts) {
    for (const property of contract.properties) {
      for (const reference of property.references) {
        const target = products.get(reference.product);
        const from = label({ contract, property });
        if (!target) {
          throw new SkeinError(
            'SKEIN_CATALOG_CONFLICT',
            `${formatPlace(reference.place)}: ${from} refers to ${reference.product}.${reference.column}, but no contract defines ${reference.product}`,
            {
              place: reference.place,
              hint: 'Refer to a product of the mesh, or remove the reference.',
            },
          );
        }
        const column = target.properties.find((candidate) => candidate.name === reference.column);
        if (!column)
          throw conflict(`${from} refers to ${reference.product}.${reference.column}, which does not exist`, { file: target.file, line: 1 }, reference.place);
        if (!sameType(column.type, property.type)) {
          throw conflict(
            `${from} is ${engineType(property.type)}, but refers to ${reference.product}.${reference.column}, which is ${engineType(column.type)}`,
            column.place,
            reference.place,
          );
        }
      }
    }
  }
}

/**
 * What the pseudonyms of each column are keyed with: columns that are meant to join share a scope (their join key, or the column
 * that their references lead to); all others have one of their own.
 */
export function pseudonymScopes(contracts: readonly Contract[], current: readonly Contract[]): (contract: Contract) => Readonly<Record<string, string>> {
  const products = new Map(current.map((contract) => [contract.product, contract]));
  const scope = ({ contract, property }: Member, seen: ReadonlySet<Property>): string => {
    if (property.joinKey !== undefined) return `join:${property.joinKey}`;
    for (const reference of property.references) {
      const target = products.get(reference.product);
      const column = target?.properties.find((candidate) => candidate.name === reference.column);
      if (target && column && !seen.has(column)) return scope({ contract: target, property: column }, new Set([...seen, column]));
    }
    return `column:${contract.product}.${property.name}`;
  };
  const scopes = new Map(
    contracts.map((contract) => [
      contract,
      Object.fromEntries(contract.properties.map((property) => [property.name, scope({ contract, property }, new Set([property]))])),
    ]),
  );
  return (contract) => scopes.get(contract) ?? {};
}

function label({ contract, property }: Member): string {
  return `${contract.product}.${property.name}`;
}

function shape({ type, options }: Property): string {
  const rules = [
    options.pattern === undefined ? '' : ` with pattern ${options.pattern}`,
    options.minLength === undefined ? '' : `, minLength ${options.minLength}`,
    options.maxLength === undefined ? '' : `, maxLength ${options.maxLength}`,
  ];
  return `${engineType(type)}${rules.join('')}`;
}
