import type { ColumnType, Contract } from '../contract.ts';
import { engineType } from '../column-type.ts';
import { toJsonSchema, type JsonSchema } from '../json-schema.ts';
import { classNotes, setNotes, type Exported } from './exported.ts';

/**
 * The record schema of a contract (draft 2019-09). Closed for producers: what the contract does not name may not stand. Open for
 * consumers: columns of a later minor version may. Where JSON has no word for a type, `$comment` carries it as
 * `physicalType DECIMAL(18,6)`, so that an import finds the exact type again.
 */
export function exportJsonSchema(contract: Contract, { open = false }: { readonly open?: boolean } = {}): Exported {
  const schema = toJsonSchema(contract);
  const columns = schema['properties'] as Record<string, JsonSchema>;
  const typed = contract.properties.map((property): [string, JsonSchema] => [property.name, annotate(columns[property.name] as JsonSchema, property.type)]);
  const whole = { ...schema, properties: ownMembers(typed) };
  const unchecked = contract.properties.filter(
    ({ options }) => options.minimum ?? options.maximum ?? options.exclusiveMinimum ?? options.exclusiveMaximum ?? options.multipleOf,
  );
  return {
    text: `${JSON.stringify(open ? opened(whole) : whole, null, 2)}\n`,
    notes: [
      ...unchecked.map(({ name }) => `bounds and multiples of ${name} have no keyword that is exact for its form`),
      ...contract.properties.filter(({ options }) => options.uniqueItems).map(({ name }) => `that items of ${name} differ has no keyword that is safe`),
      ...setNotes(contract),
      ...classNotes(contract),
    ],
  };
}

function annotate(schema: JsonSchema, type: ColumnType): JsonSchema {
  switch (type.kind) {
    case 'struct': {
      const fields = schema['properties'] as Record<string, JsonSchema>;
      return { ...schema, properties: ownMembers(type.fields.map((field) => [field.name, annotate(fields[field.name] as JsonSchema, field.type)])) };
    }
    case 'list':
      return { ...schema, items: annotate(schema['items'] as JsonSchema, type.element) };
    case 'map':
      return {
        ...schema,
        propertyNames: annotate((schema['propertyNames'] as JsonSchema | undefined) ?? {}, type.key),
        additionalProperties: annotate(schema['additionalProperties'] as JsonSchema, type.value),
      };
    case 'string':
    case 'boolean':
      return schema;
    default:
      return { ...schema, $comment: `physicalType ${engineType(type)}` };
  }
}

function ownMembers(entries: readonly (readonly [string, JsonSchema])[]): Record<string, JsonSchema> {
  const made: Record<string, JsonSchema> = {};
  // A column may be named `__proto__`; assignment would lose it.
  for (const [name, value] of entries) Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  return made;
}

/** Without the closing of objects. Only schemas are walked, never a name that a column happens to have. */
function opened(schema: JsonSchema): JsonSchema {
  const { additionalProperties, ...rest } = schema;
  const made: Record<string, unknown> = { ...rest };
  if (typeof additionalProperties === 'object' && additionalProperties !== null) made['additionalProperties'] = opened(additionalProperties as JsonSchema);
  if (rest['properties'])
    made['properties'] = ownMembers(Object.entries(rest['properties'] as Record<string, JsonSchema>).map(([name, part]) => [name, opened(part)]));
  if (rest['items']) made['items'] = opened(rest['items'] as JsonSchema);
  return made;
}
