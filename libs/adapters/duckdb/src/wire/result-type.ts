import bindings, { type LogicalType } from '@duckdb/node-bindings';

/** DuckDB's type ids (`duckdb.h`, enum DUCKDB_TYPE) that a result can have, with the width in bytes of one value in a vector. */
const KINDS = {
  1: ['BOOLEAN', 1],
  2: ['TINYINT', 1],
  3: ['SMALLINT', 2],
  4: ['INTEGER', 4],
  5: ['BIGINT', 8],
  6: ['UTINYINT', 1],
  7: ['USMALLINT', 2],
  8: ['UINTEGER', 4],
  9: ['UBIGINT', 8],
  10: ['FLOAT', 4],
  11: ['DOUBLE', 8],
  12: ['TIMESTAMP', 8],
  13: ['DATE', 4],
  14: ['TIME', 8],
  15: ['INTERVAL', 16],
  16: ['HUGEINT', 16],
  17: ['VARCHAR', 16],
  18: ['BLOB', 16],
  19: ['DECIMAL', 0],
  20: ['TIMESTAMP_S', 8],
  21: ['TIMESTAMP_MS', 8],
  22: ['TIMESTAMP_NS', 8],
  23: ['ENUM', 0],
  24: ['LIST', 16],
  25: ['STRUCT', 0],
  26: ['MAP', 16],
  27: ['UUID', 16],
  28: ['UNION', 0],
  29: ['BIT', 16],
  30: ['TIME WITH TIME ZONE', 8],
  31: ['TIMESTAMP WITH TIME ZONE', 8],
  32: ['UHUGEINT', 16],
  33: ['ARRAY', 0],
  35: ['BIGNUM', 16],
  36: ['NULL', 0],
  39: ['TIME_NS', 8],
  40: ['GEOMETRY', 16],
} as const satisfies Record<number, readonly [string, number]>;

export type ResultKind = (typeof KINDS)[keyof typeof KINDS][0];

/** The type of a result column, read once from the engine. */
export interface ResultType {
  readonly kind: ResultKind;
  /** As SQL writes it. */
  readonly text: string;
  /** Bytes of one value in a vector; 0 where the values lie in child vectors only. */
  readonly width: number;
  /** Of DECIMAL. */
  readonly precision: number;
  readonly scale: number;
  /** Of ENUM, by index. */
  readonly labels: readonly string[];
  /** Of ARRAY. */
  readonly size: number;
  /** LIST and ARRAY: one; MAP: key and value; STRUCT and UNION: their members. */
  readonly parts: readonly { readonly name: string; readonly type: ResultType }[];
}

/** Thrown for a type that no wire format of ours can carry. */
export class UnsupportedType extends Error {
  readonly type: string;
  constructor(type: string) {
    super(`a result column of type ${type} cannot be sent`);
    this.type = type;
  }
}

const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/i.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

export function resultType(type: LogicalType): ResultType {
  const id: number = bindings.get_type_id(type);
  const known = (KINDS as Record<number, readonly [ResultKind, number] | undefined>)[id];
  if (known === undefined) throw new UnsupportedType(id === 41 ? 'VARIANT' : `number ${id}`);
  const [kind, width] = known;
  const base = { kind, width, text: bindings.logical_type_get_alias(type) ?? kind, precision: 0, scale: 0, labels: [], size: 0, parts: [] };
  const members = (count: number, name: (index: number) => string, member: (index: number) => LogicalType): { name: string; type: ResultType }[] =>
    Array.from({ length: count }, (_, index) => ({ name: name(index), type: resultType(member(index)) }));
  const written = (parts: readonly { name: string; type: ResultType }[]): string => parts.map((part) => `${quoted(part.name)} ${part.type.text}`).join(', ');
  switch (kind) {
    case 'DECIMAL': {
      const [precision, scale] = [bindings.decimal_width(type), bindings.decimal_scale(type)];
      return { ...base, precision, scale, width: precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16, text: `DECIMAL(${precision},${scale})` };
    }
    case 'ENUM': {
      const labels = Array.from({ length: bindings.enum_dictionary_size(type) }, (_, index) => bindings.enum_dictionary_value(type, index));
      return { ...base, labels, width: labels.length <= 0xff ? 1 : labels.length <= 0xffff ? 2 : 4, text: 'ENUM' };
    }
    case 'LIST': {
      const element = resultType(bindings.list_type_child_type(type));
      return { ...base, parts: [{ name: 'item', type: element }], text: `${element.text}[]` };
    }
    case 'ARRAY': {
      const element = resultType(bindings.array_type_child_type(type));
      const size = bindings.array_type_array_size(type);
      return { ...base, size, parts: [{ name: 'item', type: element }], text: `${element.text}[${size}]` };
    }
    case 'MAP': {
      const key = resultType(bindings.map_type_key_type(type));
      const value = resultType(bindings.map_type_value_type(type));
      return {
        ...base,
        parts: [
          { name: 'key', type: key },
          { name: 'value', type: value },
        ],
        text: `MAP(${key.text}, ${value.text})`,
      };
    }
    case 'STRUCT': {
      // Fields of a row value such as (1, 2) have no names, and would fall onto each other in JSON; PostgreSQL calls them f1, f2 …
      const name = (index: number): string => bindings.struct_type_child_name(type, index) || `f${index + 1}`;
      const parts = members(bindings.struct_type_child_count(type), name, (index) => bindings.struct_type_child_type(type, index));
      return { ...base, parts, text: `STRUCT(${written(parts)})` };
    }
    case 'UNION': {
      const parts = members(
        bindings.union_type_member_count(type),
        (index) => bindings.union_type_member_name(type, index),
        (index) => bindings.union_type_member_type(type, index),
      );
      return { ...base, parts, text: `UNION(${written(parts)})` };
    }
    default:
      return base;
  }
}
