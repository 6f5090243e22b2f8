import { advise, quote } from './check-shape.ts';
import type { FunctionalDependency, Property } from './contract.ts';
import { customAt, itemsAt, offsetOf, type Reading } from './reading.ts';
import type { TreeMap } from './yaml-tree.ts';

const FORM = 'Write a list such as [{ determinant: [zip], dependent: [city, state] }].';

/**
 * The custom property `functionalDependencies` of a schema object: ODCS 3.2 has no word of its own for them. A dependency that
 * names a column that the contract does not have, a nested one, or one column on both of its sides, is a fault.
 */
export function readDependencies(object: TreeMap, properties: readonly Property[], reading: Reading): FunctionalDependency[] {
  const node = customAt(object, 'functionalDependencies');
  if (!node) return [];
  if (node.kind !== 'list') {
    reading.invalid('functionalDependencies', node.at, 'functionalDependencies is no list', FORM);
    return [];
  }
  return node.items.flatMap((item): FunctionalDependency[] => {
    if (item.kind !== 'map') {
      reading.invalid('functionalDependencies', item.at, 'a functional dependency is a map of determinant and dependent', FORM);
      return [];
    }
    for (const [key, { at }] of item.entries)
      if (key !== 'determinant' && key !== 'dependent')
        reading.invalid('functionalDependencies', at, `a functional dependency has no field ${quote(key)}`, advise(key, ['determinant', 'dependent']));
    const determinant = columns(item, 'determinant', properties, reading);
    const dependent = columns(item, 'dependent', properties, reading);
    const both = dependent.find((name) => determinant.includes(name));
    if (both !== undefined)
      reading.invalid('functionalDependencies', offsetOf(item, 'dependent'), `${quote(both)} cannot determine itself`, 'Name it on one side only.');
    return determinant.length > 0 && dependent.length > 0 && both === undefined ? [{ determinant, dependent, place: reading.place(item.at) }] : [];
  });
}

function columns(item: TreeMap, side: 'determinant' | 'dependent', properties: readonly Property[], reading: Reading): string[] {
  const items = itemsAt(item, side);
  if (items.length === 0) reading.invalid('functionalDependencies', offsetOf(item, side), `a functional dependency names no ${side} columns`, FORM);
  const named: string[] = [];
  for (const one of items) {
    const name = one.kind === 'scalar' ? one.text : '';
    const property = properties.find((candidate) => candidate.name === name);
    if (!property) {
      reading.invalid(
        'functionalDependencies',
        one.at,
        `there is no property ${quote(name)}`,
        advise(
          name,
          properties.map((candidate) => candidate.name),
        ),
      );
    } else if (['struct', 'list', 'map'].includes(property.type.kind)) {
      reading.unsupported('functionalDependencies', one.at, `${quote(name)} is nested, so it cannot be part of a dependency`, 'Name columns of single values.');
    } else if (named.includes(name)) {
      reading.invalid('functionalDependencies', one.at, `${quote(name)} stands twice`, 'Name each column once.');
    } else named.push(name);
  }
  return named;
}
