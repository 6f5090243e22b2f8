import { Document } from 'yaml';
import { engineType } from '../column-type.ts';
import { primaryKey, type Contract, type Property } from '../contract.ts';
import type { Exported } from './exported.ts';

/**
 * Properties of a dbt model (https://docs.getdbt.com/reference/model-properties), its contract enforced: types, constraints, and
 * dbt's own four tests where they say the same. Types are spelled as DuckDB does.
 */
export function exportDbt(contract: Contract): Exported {
  const key = primaryKey(contract);
  const model = {
    name: contract.name,
    ...given('description', contract.description),
    config: {
      contract: { enforced: true },
      meta: { contract: contract.id, version: contract.version, product: contract.product, ...given('owner', contract.owner) },
    },
    ...(key.length > 1 ? { constraints: [{ type: 'primary_key', columns: key.map((property) => property.name) }] } : {}),
    columns: contract.properties.map((property) => column(property, key.length === 1)),
  };
  const unsaid = contract.properties.flatMap(({ name, options, quality }) => [
    ...Object.keys(options)
      .filter((option) => option !== 'validValues' && option !== 'maxLength')
      .map((option) => `${option} of ${name} has no test in dbt itself`),
    ...quality.map((rule) => `the rule ${rule.id} of ${name} stays with the contract`),
  ]);
  const notes = [...unsaid, ...contract.quality.map((rule) => `the rule ${rule.id} stays with the contract`)];
  const document = new Document({ version: 2, models: [model] });
  if (notes.length > 0) document.commentBefore = notes.map((note) => ` ${note.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')}`).join('\n');
  return { text: document.toString({ lineWidth: 0 }), notes };
}

function column(property: Property, singleKey: boolean): object {
  const { name, type, options, required, unique, keyPosition, references, classification } = property;
  const constraints = [
    ...(required ? [{ type: 'not_null' }] : []),
    ...(keyPosition !== undefined && singleKey ? [{ type: 'primary_key' }] : []),
    ...(unique ? [{ type: 'unique' }] : []),
  ];
  const tests = [
    ...(required ? ['not_null'] : []),
    ...(unique || (keyPosition !== undefined && singleKey) ? ['unique'] : []),
    ...(options.validValues ? [{ accepted_values: { arguments: { values: options.validValues, ...(type.kind === 'string' ? {} : { quote: false }) } } }] : []),
    ...references.map((reference) => ({ relationships: { arguments: { to: `ref('${reference.product.split('.')[1] ?? ''}')`, field: reference.column } } })),
  ];
  return {
    name,
    data_type: type.kind === 'string' && options.maxLength !== undefined ? `VARCHAR(${options.maxLength})` : engineType(type),
    ...given('description', property.description),
    ...(constraints.length > 0 ? { constraints } : {}),
    ...(tests.length > 0 ? { data_tests: tests } : {}),
    config: { meta: { classification } },
  };
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
