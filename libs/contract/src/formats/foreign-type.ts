import { parsePhysicalType, PhysicalTypeError } from '../column-type.ts';
import type { ColumnType, StructField } from '../contract.ts';
import type { DraftOptions } from './draft.ts';

/** A type of another system, as near as a contract can say it. */
export interface ForeignType {
  readonly type: ColumnType;
  readonly options?: DraftOptions;
  readonly codes?: readonly string[];
  readonly notes: readonly string[];
}

/** Types that a script defines itself, by lower-case name. */
export type NamedTypes = ReadonlyMap<string, (depth: number) => ForeignType>;

const MAX_DEPTH = 32;

/** Types without a counterpart: the nearest one that loses nothing, or text. */
const NEAREST: Readonly<Record<string, readonly [type: ColumnType, note?: string]>> = {
  HUGEINT: [{ kind: 'decimal', precision: 38, scale: 0 }, 'HUGEINT holds 39 digits, DECIMAL(38,0) 38'],
  INT128: [{ kind: 'decimal', precision: 38, scale: 0 }, 'INT128 holds 39 digits, DECIMAL(38,0) 38'],
  UHUGEINT: [{ kind: 'decimal', precision: 38, scale: 0 }, 'UHUGEINT holds 39 digits, DECIMAL(38,0) 38'],
  SERIAL: [{ kind: 'int', bits: 32 }, 'that the database numbers the rows (SERIAL) is not part of a contract'],
  SMALLSERIAL: [{ kind: 'int', bits: 32 }, 'that the database numbers the rows (SMALLSERIAL) is not part of a contract'],
  BIGSERIAL: [{ kind: 'int', bits: 64 }, 'that the database numbers the rows (BIGSERIAL) is not part of a contract'],
  TIMESTAMP_S: [{ kind: 'timestamp', zoned: false }],
  TIMESTAMP_MS: [{ kind: 'timestamp', zoned: false }],
  TIMESTAMP_US: [{ kind: 'timestamp', zoned: false }],
  TIMESTAMP_NS: [{ kind: 'timestamp', zoned: false }, 'nanoseconds are cut to microseconds'],
  TIMESTAMP_NTZ: [{ kind: 'timestamp', zoned: false }],
  TIMESTAMP_LTZ: [{ kind: 'timestamp', zoned: true }],
  TIMESTAMP_TZ: [{ kind: 'timestamp', zoned: true }],
  DATETIME2: [{ kind: 'timestamp', zoned: false }],
  DATETIMEOFFSET: [{ kind: 'timestamp', zoned: true }],
  MONEY: [{ kind: 'decimal', precision: 19, scale: 4 }, 'MONEY carries no currency: add a column for it'],
  SMALLMONEY: [{ kind: 'decimal', precision: 10, scale: 4 }, 'SMALLMONEY carries no currency: add a column for it'],
  SMALLDATETIME: [{ kind: 'timestamp', zoned: false }],
  ROWVERSION: [{ kind: 'binary' }, 'that the database counts the changes of a row (ROWVERSION) is not part of a contract'],
  XML: [{ kind: 'string' }, 'XML has no fixed shape: it is kept as text'],
  YEAR: [{ kind: 'int', bits: 32 }],
  SET: [{ kind: 'string' }, 'a set is kept as text, its members joined by commas'],
  TINYBLOB: [{ kind: 'binary' }],
  MEDIUMBLOB: [{ kind: 'binary' }],
  LONGBLOB: [{ kind: 'binary' }],
  BYTEINT: [{ kind: 'int', bits: 32 }],
  MEDIUMINT: [{ kind: 'int', bits: 32 }],
  UINT8: [{ kind: 'int', bits: 32 }],
  UINT16: [{ kind: 'int', bits: 32 }],
  UINT32: [{ kind: 'int', bits: 64 }],
  UINT64: [{ kind: 'decimal', precision: 20, scale: 0 }],
  BIGNUMERIC: [{ kind: 'decimal', precision: 38, scale: 18 }, 'BIGNUMERIC holds more digits than DECIMAL(38,18)'],
  NTEXT: [{ kind: 'string' }],
  CITEXT: [{ kind: 'string' }, 'that case does not count (CITEXT) is not part of a contract'],
  NAME: [{ kind: 'string' }],
  CLOB: [{ kind: 'string' }],
  MEDIUMTEXT: [{ kind: 'string' }],
  LONGTEXT: [{ kind: 'string' }],
  TINYTEXT: [{ kind: 'string' }],
  VARCHAR2: [{ kind: 'string' }],
  BIT: [{ kind: 'string' }, 'a bit string is kept as text'],
  IMAGE: [{ kind: 'binary' }],
  JSON: [{ kind: 'string' }, 'JSON has no fixed shape: it is kept as text'],
  JSONB: [{ kind: 'string' }, 'JSON has no fixed shape: it is kept as text'],
  VARIANT: [{ kind: 'string' }, 'VARIANT has no fixed shape: it is kept as text'],
  INTERVAL: [{ kind: 'string' }, 'an interval has no type in a contract: it is kept as text'],
  'TIME WITH TIME ZONE': [{ kind: 'string' }, 'a time of day with a zone has no type in a contract: it is kept as text'],
  TIMETZ: [{ kind: 'string' }, 'a time of day with a zone has no type in a contract: it is kept as text'],
};

/** The largest number of an unsigned integer, as MySQL has them; one of 64 bits is a decimal here. */
const UNSIGNED: Readonly<Record<string, readonly [type: ColumnType, maximum: string]>> = {
  TINYINT: [{ kind: 'int', bits: 32 }, '255'],
  SMALLINT: [{ kind: 'int', bits: 32 }, '65535'],
  MEDIUMINT: [{ kind: 'int', bits: 32 }, '16777215'],
  INT: [{ kind: 'int', bits: 64 }, '4294967295'],
  INTEGER: [{ kind: 'int', bits: 64 }, '4294967295'],
  BIGINT: [{ kind: 'decimal', precision: 20, scale: 0 }, '18446744073709551615'],
};
/** Types after which MySQL says how wide a number is shown, which is none of its bounds. */
const SHOWN_WIDE = /^(?:TINYINT|SMALLINT|MEDIUMINT|INT|INTEGER|BIGINT|YEAR|FLOAT|DOUBLE|DOUBLE PRECISION|REAL)$/;

const LENGTHS = new Set(['VARCHAR2', 'NVARCHAR2', 'NCHAR', 'STRING', 'TEXT']);

/**
 * Reads a type as DuckDB, PostgreSQL, Spark, BigQuery or Snowflake spell it. Never throws for a type that it does not know: it
 * is kept as text, and a note says so.
 */
export function foreignType(written: string, named: NamedTypes = new Map(), depth = 0): ForeignType {
  const tokens = tokenize(written);
  const notes: string[] = [];
  let at = 0;
  const peek = () => tokens[at];
  const take = (token: string): boolean => peek()?.toUpperCase() === token && ++at > 0;

  const parse = (level: number): Omit<ForeignType, 'notes'> => {
    if (level > MAX_DEPTH) throw new TooDeep();
    let read = base(level);
    while (take('[')) {
      if (/^\d+$/.test(peek() ?? '')) {
        notes.push(`that the list has exactly ${peek()} elements is not carried`);
        at += 1;
      }
      take(']');
      level += 1;
      if (level > MAX_DEPTH) throw new TooDeep();
      read = { type: { kind: 'list', element: plain(read) } };
    }
    if (take('ARRAY')) read = { type: { kind: 'list', element: plain(read) } };
    return read;
  };
  const plain = (read: Omit<ForeignType, 'notes'>): ColumnType => {
    if (read.options || read.codes) notes.push('lengths, bounds and codes of nested values are not carried');
    return read.type;
  };
  const closing = (): string | undefined => (take('(') ? ')' : take('<') ? '>' : undefined);

  const base = (level: number): Omit<ForeignType, 'notes'> => {
    const word = peek() ?? '';
    at += 1;
    const upper = word.toUpperCase();
    const own = named.get(bare(word).toLowerCase());
    if (own) {
      const found = own(level + 1);
      notes.push(...found.notes);
      return { type: found.type, ...(found.options ? { options: found.options } : {}), ...(found.codes ? { codes: found.codes } : {}) };
    }
    if (upper === 'STRUCT' || upper === 'ROW' || upper === 'RECORD' || upper === 'OBJECT') {
      const end = closing();
      if (end === undefined) return text(`${word} without fields has no fixed shape: it is kept as text`);
      const fields: StructField[] = [];
      do {
        if (peek() === end) break;
        const name = bare(peek() ?? '');
        at += 1;
        take(':');
        const type = plain(parse(level + 1));
        const required = take('NOT') && take('NULL');
        if (fields.some((field) => field.name.toLowerCase() === name.toLowerCase())) notes.push(`the field ${name} stands twice: one was dropped`);
        else fields.push({ name, type, required });
      } while (take(','));
      take(end);
      return fields.length === 0 ? text(`${word} without fields has no fixed shape: it is kept as text`) : { type: { kind: 'struct', fields } };
    }
    if (upper === 'MAP') {
      const end = closing();
      if (end === undefined) return text('MAP without types has no fixed shape: it is kept as text');
      const key = plain(parse(level + 1));
      take(',');
      const value = plain(parse(level + 1));
      take(end);
      return { type: { kind: 'map', key, value } };
    }
    if (upper === 'ARRAY' || upper === 'LIST') {
      const end = closing();
      if (end === undefined) return text(`${word} without a type has no fixed shape: it is kept as text`);
      const element = plain(parse(level + 1));
      take(end);
      return { type: { kind: 'list', element } };
    }
    if (upper === 'ENUM') {
      const codes: string[] = [];
      if (take('(')) while (peek() !== undefined && !take(')')) if (!take(',')) codes.push(unquote(tokens[at++] ?? ''));
      return { type: { kind: 'string' }, ...(codes.length > 0 ? { codes: [...new Set(codes)] } : {}) };
    }
    return leaf(word);
  };

  const leaf = (first: string): Omit<ForeignType, 'notes'> => {
    const words = [first];
    const numbers: string[] = [];
    const scale = () => {
      if (!take('(')) return;
      while (peek() !== undefined && !take(')')) if (!take(',')) numbers.push(tokens[at++] ?? '');
    };
    scale();
    // How MySQL stores a text, which is not what it holds.
    if (peek()?.toUpperCase() === 'CHARACTER' && tokens[at + 1]?.toUpperCase() === 'SET') at += 3;
    while (/^(?:varying|precision|with|without|local|time|zone|unsigned|character|large|object)$/i.test(peek() ?? '') && words.length < 6)
      words.push(tokens[at++] ?? '');
    if (numbers.length === 0) scale();
    const spelled = bare(words.join(' ')).toUpperCase();
    const unsigned = spelled.endsWith(' UNSIGNED');
    const base = unsigned ? spelled.slice(0, -' UNSIGNED'.length) : spelled;
    const name = base === 'UNIQUEIDENTIFIER' ? 'UUID' : base;
    take('ZEROFILL');
    const whole = unsigned ? UNSIGNED[name] : undefined;
    if (whole) return { type: whole[0], options: { minimum: '0', maximum: whole[1] } };
    const temporal = /^(?:TIME|TIMESTAMP|DATETIME|DATETIME2)/.test(name);
    const list =
      temporal || numbers.length === 0 || SHOWN_WIDE.test(name) || /^max$/i.test(numbers[0] ?? '')
        ? ''
        : `(${numbers.filter((one) => /^\d+$/.test(one)).join(',')})`;
    if (temporal && numbers[0] !== undefined && numbers[0] !== '6') notes.push(`that ${name} has ${numbers[0]} digits of a second is not carried`);
    const physical = `${name}${list}`;
    try {
      const { type, maxLength, bounds, format } = parsePhysicalType(physical);
      const options: DraftOptions = {
        ...(maxLength === undefined ? {} : { maxLength }),
        ...(bounds ? { minimum: bounds[0], maximum: bounds[1] } : unsigned ? { minimum: '0' } : {}),
        ...(format === undefined ? {} : { format }),
      };
      return Object.keys(options).length > 0 ? { type, options } : { type };
    } catch (error) {
      if (!(error instanceof PhysicalTypeError)) throw error;
    }
    if (/^(?:NUMERIC|DECIMAL|NUMBER|DEC)$/.test(name)) {
      notes.push(`${physical} does not say which digits it holds: DECIMAL(38,9) is a guess`);
      return { type: { kind: 'decimal', precision: 38, scale: 9 } };
    }
    const near = NEAREST[name];
    if (near) {
      if (near[1] !== undefined) notes.push(near[1]);
      return { type: near[0] };
    }
    if (LENGTHS.has(name) && /^\d{1,9}$/.test(numbers[0] ?? '') && Number(numbers[0]) > 0)
      return { type: { kind: 'string' }, options: { maxLength: Number(numbers[0]) } };
    return text(`the type ${JSON.stringify(written.slice(0, 100))} is not known: it is kept as text`);
  };
  const text = (note: string): Omit<ForeignType, 'notes'> => {
    notes.push(note);
    return { type: { kind: 'string' } };
  };

  try {
    const read = parse(depth);
    if (at < tokens.length)
      notes.push(`of the type ${JSON.stringify(written.slice(0, 100))}, ${JSON.stringify(tokens.slice(at).join(' ').slice(0, 60))} is not carried`);
    return { ...read, notes: [...new Set(notes)] };
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return { type: { kind: 'string' }, notes: [`the type nests deeper than ${MAX_DEPTH} levels: it is kept as text`] };
  }
}

class TooDeep extends Error {}

function tokenize(written: string): string[] {
  return written.slice(0, 16_384).match(/"(?:[^"]|"")*"|`[^`]*`|'(?:[^']|'')*'|[\p{L}_][\p{L}\p{N}_.$]*|\d+|[()[\]<>,:]|\S/gu) ?? [];
}

/** A name without its quotes. */
export function bare(word: string): string {
  if (word.startsWith('"')) return word.slice(1, -1).replaceAll('""', '"');
  return word.startsWith('`') ? word.slice(1, -1) : word;
}

function unquote(token: string): string {
  return token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") : token;
}
