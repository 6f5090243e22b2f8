import type { ColumnType, Contract } from '../contract.ts';

/** A type as Iceberg names it, before its parts have field ids. */
export type IcebergColumnType =
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
  | `decimal(${number}, ${number})`
  | { readonly type: 'struct'; readonly fields: readonly { readonly name: string; readonly required: boolean; readonly type: IcebergColumnType }[] }
  | { readonly type: 'list'; readonly element: IcebergColumnType }
  | { readonly type: 'map'; readonly key: IcebergColumnType; readonly value: IcebergColumnType };

/** The columns that a contract wants of its Iceberg table. `key` is the stable id of the property: field ids follow it, not the name. */
export function icebergColumns(
  contract: Contract,
): { readonly key: string; readonly name: string; readonly required: boolean; readonly type: IcebergColumnType }[] {
  return contract.properties.map(({ id, name, required, type }) => ({ key: id, name, required, type: icebergType(type) }));
}

function icebergType(type: ColumnType): IcebergColumnType {
  switch (type.kind) {
    case 'int':
      return type.bits === 32 ? 'int' : 'long';
    case 'float':
      return type.bits === 32 ? 'float' : 'double';
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'timestamp':
      return type.zoned ? 'timestamptz' : 'timestamp';
    case 'struct':
      return { type: 'struct', fields: type.fields.map((field) => ({ name: field.name, required: field.required, type: icebergType(field.type) })) };
    case 'list':
      return { type: 'list', element: icebergType(type.element) };
    case 'map':
      return { type: 'map', key: icebergType(type.key), value: icebergType(type.value) };
    default:
      return type.kind;
  }
}
