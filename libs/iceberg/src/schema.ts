/** Types and schemas of the Iceberg table spec, version 2, in the spec's own JSON form (appendix C, "Schemas"). */

export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'string'
  | 'binary'
  | `decimal(${number}, ${number})`;

export interface StructType {
  readonly type: 'struct';
  readonly fields: readonly NestedField[];
}

export interface ListType {
  readonly type: 'list';
  readonly 'element-id': number;
  readonly element: IcebergType;
  readonly 'element-required': boolean;
}

export interface MapType {
  readonly type: 'map';
  readonly 'key-id': number;
  readonly key: IcebergType;
  readonly 'value-id': number;
  readonly value: IcebergType;
  readonly 'value-required': boolean;
}

export type IcebergType = PrimitiveType | StructType | ListType | MapType;

export interface NestedField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
}

export interface Schema extends StructType {
  readonly 'schema-id': number;
}

/** A type before its parts have field ids. */
export type WantedType =
  | PrimitiveType
  | { readonly type: 'struct'; readonly fields: readonly { readonly name: string; readonly required: boolean; readonly type: WantedType }[] }
  | { readonly type: 'list'; readonly element: WantedType }
  | { readonly type: 'map'; readonly key: WantedType; readonly value: WantedType };

/** A column before it has a field id. `key` is its identity, which survives renames. */
export interface WantedField {
  readonly key: string;
  readonly name: string;
  readonly required: boolean;
  readonly type: WantedType;
}

/** Precision and scale of a decimal type, undefined for others. */
export function decimalOf(type: IcebergType | WantedType): { precision: number; scale: number } | undefined {
  const match = typeof type === 'string' ? /^decimal\((\d+), ?(\d+)\)$/.exec(type) : null;
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined;
}

/** A type as people write it: `list<struct<price: double>>`. */
export function describeType(type: IcebergType | WantedType): string {
  if (typeof type === 'string') return type;
  if (type.type === 'struct') return `struct<${type.fields.map((field) => `${field.name}: ${describeType(field.type)}`).join(', ')}>`;
  if (type.type === 'list') return `list<${describeType(type.element)}>`;
  return `map<${describeType(type.key)}, ${describeType(type.value)}>`;
}

/**
 * Field ids of the parts of a nested type by path: `element`, `element.price`, `key`, `value`, `city`.
 * A dot inside a name can make two parts share a path; `onClash` is called then.
 */
export function partIds(type: IcebergType, onClash: (path: string) => never): Record<string, number> {
  const ids = new Map<string, number>();
  const visit = (part: IcebergType, path: string): void => {
    for (const { name, id, type: inner } of partsOf(part)) {
      const innerPath = path === '' ? name : `${path}.${name}`;
      if (ids.has(innerPath)) onClash(innerPath);
      ids.set(innerPath, id);
      visit(inner, innerPath);
    }
  };
  visit(type, '');
  return Object.fromEntries(ids);
}

/** The direct parts of a nested type, with the names that Parquet and name mappings give them; none for a primitive. */
export function partsOf(type: IcebergType): { name: string; id: number; type: IcebergType }[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields.map(({ name, id, type: inner }) => ({ name, id, type: inner }));
  if (type.type === 'list') return [{ name: 'element', id: type['element-id'], type: type.element }];
  return [
    { name: 'key', id: type['key-id'], type: type.key },
    { name: 'value', id: type['value-id'], type: type.value },
  ];
}

export interface NameMapping {
  readonly 'field-id': number;
  readonly names: readonly string[];
  readonly fields?: readonly NameMapping[];
}

/** The `schema.name-mapping.default` of a schema (spec, "Column Projection"): for readers of files that lost their field ids. */
export function nameMapping(fields: readonly { readonly id: number; readonly name: string; readonly type: IcebergType }[]): NameMapping[] {
  return fields.map((field) => {
    const parts = partsOf(field.type);
    return { 'field-id': field.id, names: [field.name], ...(parts.length > 0 ? { fields: nameMapping(parts) } : {}) };
  });
}
