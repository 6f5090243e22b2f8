import type { ColumnType, StructField } from './contract.ts';

/** What a physical type says: the exact type, and the bounds that a wider column must enforce by checks. */
export interface PhysicalType {
  readonly type: ColumnType;
  /** `VARCHAR(18)` and `CHAR(18)`: engines differ in whether they enforce it, so a check does. */
  readonly maxLength?: number;
  /** Inclusive bounds of integers narrower than their column, such as TINYINT. */
  readonly bounds?: readonly [minimum: string, maximum: string];
  readonly format?: string;
}

/** Why a physical type could not be read; the message is for the contract's author. */
export class PhysicalTypeError extends Error {}

const integer = (bits: 32 | 64, low?: bigint, high?: bigint): PhysicalType => ({
  type: { kind: 'int', bits },
  ...(low === undefined || high === undefined ? {} : { bounds: [low.toString(), high.toString()] as const }),
});

/** Ranges of the integer formats of ODCS (Rust spelling) and of the SQL types that name them. */
export const INTEGER_FORMATS: Readonly<Record<string, PhysicalType>> = {
  i8: integer(32, -128n, 127n),
  i16: integer(32, -32768n, 32767n),
  i32: integer(32),
  i64: integer(64),
  u8: integer(32, 0n, 255n),
  u16: integer(32, 0n, 65535n),
  u32: integer(64, 0n, 4294967295n),
  u64: { type: { kind: 'decimal', precision: 20, scale: 0 }, bounds: ['0', '18446744073709551615'] },
};

const format = (name: string): PhysicalType => INTEGER_FORMATS[name] as PhysicalType;
const plain = (type: ColumnType): PhysicalType => ({ type });
const text = plain({ kind: 'string' });
const naive = plain({ kind: 'timestamp', zoned: false });
const zoned = plain({ kind: 'timestamp', zoned: true });
const binary = plain({ kind: 'binary' });

/** Inclusive range of a format that its own column type does not bound by itself. */
export function formatRange(format: string): readonly [string, string] | undefined {
  if (format === 'i32') return ['-2147483648', '2147483647'];
  if (format === 'i64') return ['-9223372036854775808', '9223372036854775807'];
  return INTEGER_FORMATS[format]?.bounds;
}

/** Names without parameters, upper case, as DuckDB, PostgreSQL and ANSI SQL spell them. */
const NAMES: ReadonlyMap<string, PhysicalType> = new Map(
  Object.entries({
    VARCHAR: text,
    TEXT: text,
    STRING: text,
    CHAR: text,
    BPCHAR: text,
    CHARACTER: text,
    NVARCHAR: text,
    'CHARACTER VARYING': text,
    UUID: { type: { kind: 'string' }, format: 'uuid' },
    BOOLEAN: plain({ kind: 'boolean' }),
    BOOL: plain({ kind: 'boolean' }),
    LOGICAL: plain({ kind: 'boolean' }),
    TINYINT: format('i8'),
    INT1: format('i8'),
    SMALLINT: format('i16'),
    INT2: format('i16'),
    INTEGER: format('i32'),
    INT: format('i32'),
    INT4: format('i32'),
    BIGINT: format('i64'),
    INT8: format('i64'),
    LONG: format('i64'),
    INT64: format('i64'),
    UTINYINT: format('u8'),
    USMALLINT: format('u16'),
    UINTEGER: format('u32'),
    UBIGINT: format('u64'),
    REAL: plain({ kind: 'float', bits: 32 }),
    FLOAT: plain({ kind: 'float', bits: 32 }),
    FLOAT4: plain({ kind: 'float', bits: 32 }),
    DOUBLE: plain({ kind: 'float', bits: 64 }),
    'DOUBLE PRECISION': plain({ kind: 'float', bits: 64 }),
    FLOAT8: plain({ kind: 'float', bits: 64 }),
    FLOAT64: plain({ kind: 'float', bits: 64 }),
    DATE: plain({ kind: 'date' }),
    TIME: plain({ kind: 'time' }),
    'TIME WITHOUT TIME ZONE': plain({ kind: 'time' }),
    TIMESTAMP: naive,
    DATETIME: naive,
    'TIMESTAMP WITHOUT TIME ZONE': naive,
    TIMESTAMPTZ: zoned,
    'TIMESTAMP WITH TIME ZONE': zoned,
    BLOB: binary,
    BYTEA: binary,
    BINARY: binary,
    VARBINARY: binary,
    BYTES: binary,
  }),
);

const LENGTHS = new Set(['VARCHAR', 'CHAR', 'BPCHAR', 'CHARACTER', 'NVARCHAR', 'CHARACTER VARYING']);
const DECIMALS = new Set(['DECIMAL', 'NUMERIC', 'NUMBER', 'DEC']);
const MAX_NESTING = 32;

/**
 * Reads a physical type in SQL spelling: `BIGINT`, `DECIMAL(13,3)`, `VARCHAR(18)`, `TIMESTAMP WITH TIME ZONE`,
 * `STRUCT(a BIGINT, b VARCHAR[])`, `MAP(VARCHAR, VARCHAR)`, `X[]`. Throws PhysicalTypeError.
 */
export function parsePhysicalType(written: string): PhysicalType {
  const tokens = tokenize(written);
  let at = 0;
  const peek = () => tokens[at];
  const take = (token: string): boolean => peek() === token && ++at > 0;
  const expect = (token: string): void => {
    if (!take(token))
      throw new PhysicalTypeError(`${JSON.stringify(token)} is missing ${peek() === undefined ? 'at its end' : `before ${JSON.stringify(peek())}`}`);
  };

  const parse = (depth: number): PhysicalType => {
    if (depth > MAX_NESTING) throw new PhysicalTypeError(`it nests deeper than ${MAX_NESTING} levels`);
    let type = parseBase(depth);
    for (let lists = depth + 1; take('['); lists++) {
      expect(']');
      if (lists > MAX_NESTING) throw new PhysicalTypeError(`it nests deeper than ${MAX_NESTING} levels`);
      type = plain({ kind: 'list', element: type.type });
    }
    return type;
  };
  const inner = (depth: number): ColumnType => {
    const { type, ...rest } = parse(depth);
    if (Object.keys(rest).length > 0) throw new PhysicalTypeError('a length or a narrow type cannot be judged inside another type');
    return type;
  };
  const parseBase = (depth: number): PhysicalType => {
    const word = peek();
    if (word === undefined || !/^[A-Za-z"]/.test(word))
      throw new PhysicalTypeError(word === undefined ? 'a type is missing at its end' : `${JSON.stringify(word)} is not a type`);
    at += 1;
    let name = word.toUpperCase();
    if ((name === 'STRUCT' || name === 'ROW') && take('(')) {
      const fields: StructField[] = [];
      do {
        const field = peek();
        if (field === undefined || !/^["A-Za-z_]/.test(field)) throw new PhysicalTypeError('a field name is missing');
        at += 1;
        const fieldName = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
        if (fields.some((other) => other.name.toLowerCase() === fieldName.toLowerCase())) throw new PhysicalTypeError(`the field ${fieldName} stands twice`);
        fields.push({ name: fieldName, type: inner(depth + 1), required: false });
      } while (take(','));
      expect(')');
      return plain({ kind: 'struct', fields });
    }
    if (name === 'MAP' && take('(')) {
      const key = inner(depth + 1);
      expect(',');
      const value = inner(depth + 1);
      expect(')');
      return plain({ kind: 'map', key, value });
    }
    // Names of several words: as many as make a known name.
    for (let words = 4; words > 1; words--) {
      const long = tokens
        .slice(at - 1, at - 1 + words)
        .join(' ')
        .toUpperCase();
      if (NAMES.has(long)) {
        name = long;
        at += words - 1;
        break;
      }
    }
    const numbers: number[] = [];
    if ((LENGTHS.has(name) || DECIMALS.has(name) || name === 'FLOAT' || name === 'TIMESTAMP') && take('(')) {
      do {
        const digits = peek() ?? '';
        if (!/^[0-9]{1,9}$/.test(digits)) throw new PhysicalTypeError(`${JSON.stringify(digits)} is not a length or precision`);
        numbers.push(Number(digits));
        at += 1;
      } while (take(','));
      expect(')');
    }
    if (DECIMALS.has(name)) return decimal(name, numbers);
    const known = NAMES.get(name);
    if (!known) throw new PhysicalTypeError(unsupported(name));
    if (numbers.length > 1) throw new PhysicalTypeError(`${name} takes one number`);
    const [size] = numbers;
    if (size === undefined) return known;
    if (name === 'FLOAT') return plain({ kind: 'float', bits: size > 24 ? 64 : 32 });
    if (name === 'TIMESTAMP') {
      if (size !== 6) throw new PhysicalTypeError('timestamps have microseconds: 6 digits');
      return known;
    }
    if (size === 0) throw new PhysicalTypeError('a length of 0 holds nothing');
    return { ...known, maxLength: size };
  };

  const result = parse(0);
  if (at < tokens.length) throw new PhysicalTypeError(`${JSON.stringify(tokens.slice(at).join(' '))} is left over`);
  return result;
}

function decimal(name: string, [precision, scale = 0, ...rest]: number[]): PhysicalType {
  if (precision === undefined) throw new PhysicalTypeError(`${name} alone means another width in every engine; write ${name}(precision, scale)`);
  if (rest.length > 0 || precision < 1 || precision > 38 || scale > precision)
    throw new PhysicalTypeError(`${name} takes a precision of 1 to 38 and a scale up to it`);
  return plain({ kind: 'decimal', precision, scale });
}

function unsupported(name: string): string {
  if (/^U?HUGEINT$|^INT128$/.test(name)) return `${name} has no exact Iceberg type; DECIMAL(38,0) holds 38 digits`;
  if (/^TIMESTAMP_(S|MS|NS)$/.test(name)) return `${name} is not portable; TIMESTAMP has microseconds`;
  if (name === 'SERIAL' || name === 'BIGSERIAL') return `${name} is a default, not a type; write INTEGER or BIGINT`;
  if (name === 'JSON') return 'JSON has no fixed shape to judge; write VARCHAR, or a STRUCT';
  return `${name} is not a known type`;
}

function tokenize(written: string): string[] {
  if (written.length > 16_384) throw new PhysicalTypeError('it is longer than 16,384 characters');
  const tokens: string[] = [];
  const pattern = /\s*("(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[()[\],])/y;
  const trimmed = written.trimEnd();
  while (pattern.lastIndex < trimmed.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(trimmed);
    if (!match?.[1]) throw new PhysicalTypeError(`${JSON.stringify(trimmed.slice(from, from + 20).trim())} cannot be read`);
    tokens.push(match[1]);
  }
  return tokens;
}

/** The type as DuckDB spells it. */
export function engineType(type: ColumnType): string {
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
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'date':
      return 'DATE';
    case 'time':
      return 'TIME';
    case 'timestamp':
      return type.zoned ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP';
    case 'binary':
      return 'BLOB';
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${engineType(field.type)}`).join(', ')})`;
    case 'list':
      return `${engineType(type.element)}[]`;
    case 'map':
      return `MAP(${engineType(type.key)}, ${engineType(type.value)})`;
  }
}

/** Equal in everything but whether nested fields must be present. */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  return engineType(a) === engineType(b);
}
