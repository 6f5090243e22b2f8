import { decimalOf, partIds, type IcebergType, type NestedField, type WantedField, type WantedType } from '@skein/iceberg';
import { canonicalJson, SkeinError } from '@skein/kernel';
import type { Field } from '@skein/product';

type ColumnType = Field['type'];

/** A column of a contract, or a field of a table, as Iceberg wants it. */
export function wantedField(column: {
  readonly propertyId: string;
  readonly name: string;
  readonly required: boolean;
  readonly type: ColumnType;
}): WantedField {
  return { key: column.propertyId, name: column.name, required: column.required, type: wantedType(column.type) };
}

function wantedType(type: ColumnType): WantedType {
  switch (type.kind) {
    case 'string':
    case 'boolean':
    case 'date':
    case 'time':
    case 'binary':
      return type.kind;
    case 'int':
      return type.bits === 32 ? 'int' : 'long';
    case 'float':
      return type.bits === 32 ? 'float' : 'double';
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'timestamp':
      return type.zoned ? 'timestamptz' : 'timestamp';
    case 'struct':
      return { type: 'struct', fields: type.fields.map((field) => ({ name: field.name, required: field.required, type: wantedType(field.type) })) };
    case 'list':
      return { type: 'list', element: wantedType(type.element) };
    case 'map':
      return { type: 'map', key: wantedType(type.key), value: wantedType(type.value) };
  }
}

/** A field of an Iceberg schema as the rest of Skein knows it. `keys` gives the property id of each field id. */
export function tableField(field: NestedField, keys: ReadonlyMap<number, string>): Field {
  const nested = partIds(field.type, (part) => {
    throw new SkeinError('SKEIN_CONTRACT_INVALID', `two parts of column ${field.name} are both called ${part}`, {
      hint: 'Rename one part; dots in names of parts make paths ambiguous.',
      context: { column: field.name, part },
    });
  });
  return { id: field.id, propertyId: keys.get(field.id) ?? field.name, name: field.name, type: columnType(field.type), required: field.required, nested };
}

function columnType(type: IcebergType): ColumnType {
  if (typeof type !== 'string') {
    if (type.type === 'struct')
      return { kind: 'struct', fields: type.fields.map((field) => ({ name: field.name, required: field.required, type: columnType(field.type) })) };
    if (type.type === 'list') return { kind: 'list', element: columnType(type.element) };
    return { kind: 'map', key: columnType(type.key), value: columnType(type.value) };
  }
  switch (type) {
    case 'string':
    case 'boolean':
    case 'date':
    case 'time':
    case 'binary':
      return { kind: type };
    case 'int':
    case 'long':
      return { kind: 'int', bits: type === 'int' ? 32 : 64 };
    case 'float':
    case 'double':
      return { kind: 'float', bits: type === 'float' ? 32 : 64 };
    case 'timestamp':
    case 'timestamptz':
      return { kind: 'timestamp', zoned: type === 'timestamptz' };
    default: {
      const shape = decimalOf(type);
      if (shape === undefined)
        throw new SkeinError('SKEIN_SNAPSHOT_CORRUPT', `the table metadata holds the type ${JSON.stringify(type)}, which Skein does not write`, {
          context: { type },
        });
      return { kind: 'decimal', ...shape };
    }
  }
}

/** True when data files written for `staged` can be published as `now`: same ids, names and types; nullability may have widened. */
export function sameColumns(staged: readonly Field[], now: readonly Field[]): boolean {
  const shape = (fields: readonly Field[]): string =>
    canonicalJson(fields.map(({ id, name, propertyId, type, nested }) => [id, name, propertyId, bare(type), nested]));
  return shape(staged) === shape(now);
}

function bare(type: ColumnType): unknown {
  if (type.kind === 'struct') return { ...type, fields: type.fields.map((field) => [field.name, bare(field.type)]) };
  if (type.kind === 'list') return { ...type, element: bare(type.element) };
  if (type.kind === 'map') return { ...type, key: bare(type.key), value: bare(type.value) };
  return type;
}
