import { ident } from '@skein/kernel';
import type { ColumnType } from '@skein/contract';

/** DuckDB's name of a contract type. */
export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case 'string':
      return 'VARCHAR';
    case 'boolean':
      return 'BOOLEAN';
    case 'int':
      return type.bits === 32 ? 'INTEGER' : 'BIGINT';
    case 'float':
      return type.bits === 32 ? 'FLOAT' : 'DOUBLE';
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'date':
      return 'DATE';
    case 'time':
      return 'TIME';
    case 'timestamp':
      return type.zoned ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP';
    case 'binary':
      return 'BLOB';
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${ident(field.name)} ${sqlType(field.type)}`).join(', ')})`;
    case 'list':
      return `${sqlType(type.element)}[]`;
    case 'map':
      return `MAP(${sqlType(type.key)}, ${sqlType(type.value)})`;
  }
}
