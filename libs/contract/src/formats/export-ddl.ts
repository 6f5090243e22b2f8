import { ident, literal } from '@skein/kernel';
import { primaryKey, type ColumnType, type Contract, type Property } from '../contract.ts';
import { engineType } from '../column-type.ts';
import { classNotes, type Exported } from './exported.ts';

/** A table for DuckDB: exact types, NOT NULL, key, uniqueness, comments. Rules stay with the contract. */
export function exportDuckdbDdl(contract: Contract): Exported {
  const column = (property: Property) =>
    property.type.kind === 'string' && property.options.maxLength !== undefined ? `VARCHAR(${property.options.maxLength})` : engineType(property.type);
  return tableDdl(contract, [], column, notesOf(contract));
}

/** Bytes that an identifier of PostgreSQL may have; what is longer is cut without a word. */
const POSTGRES_NAME = 63;

/**
 * A table for PostgreSQL with the types it has for them: nested values become composite types, maps arrays of (key, value), and
 * a list of lists an array of a composite with one field, since PostgreSQL's own nested arrays must be rectangular.
 */
export function exportPostgresDdl(contract: Contract): Exported {
  const types: string[] = [];
  const names = new Set<string>();
  const notes = notesOf(contract);
  const composite = (path: string, fields: readonly { readonly name: string; readonly type: ColumnType }[]): string => {
    const parts = fields.map((field) => `${ident(field.name)} ${postgresType(field.type, `${path}_${field.name}`)}`);
    let name = fitting(path);
    for (let copy = 2; names.has(name); copy += 1) name = fitting(path, `_${copy}`);
    names.add(name);
    types.push(`CREATE TYPE ${ident(name)} AS (${parts.join(', ')});`);
    return ident(name);
  };
  const postgresType = (type: ColumnType, path: string): string => {
    switch (type.kind) {
      case 'string':
        return 'TEXT';
      case 'boolean':
        return 'BOOLEAN';
      case 'int':
        return type.bits === 32 ? 'INTEGER' : 'BIGINT';
      case 'float':
        return type.bits === 32 ? 'REAL' : 'DOUBLE PRECISION';
      case 'decimal':
        return `NUMERIC(${type.precision},${type.scale})`;
      case 'date':
        return 'DATE';
      case 'time':
        return 'TIME(6)';
      case 'timestamp':
        return type.zoned ? 'TIMESTAMP(6) WITH TIME ZONE' : 'TIMESTAMP(6)';
      case 'binary':
        return 'BYTEA';
      case 'struct':
        for (const field of type.fields) if (field.required) notes.push(`that ${path}.${field.name} is required cannot be said of a part of a composite type`);
        return composite(path, type.fields);
      case 'list':
        return type.element.kind === 'list'
          ? `${composite(`${path}_element`, [{ name: 'element', type: type.element }])}[]`
          : `${postgresType(type.element, `${path}_element`)}[]`;
      case 'map':
        return `${composite(`${path}_entry`, [
          { name: 'key', type: type.key },
          { name: 'value', type: type.value },
        ])}[]`;
    }
  };
  for (const name of [contract.name, ...contract.properties.map((property) => property.name)])
    if (Buffer.byteLength(name) > POSTGRES_NAME) notes.push(`the name ${name} has more than ${POSTGRES_NAME} bytes, and PostgreSQL cuts it`);
  const column = (property: Property) =>
    property.type.kind === 'string' && property.options.maxLength !== undefined && property.options.maxLength <= 10_485_760
      ? `VARCHAR(${property.options.maxLength})`
      : postgresType(property.type, `${contract.name}_${property.name}`);
  return tableDdl(contract, types, column, notes);
}

function fitting(name: string, suffix = ''): string {
  let cut = name;
  while (Buffer.byteLength(cut + suffix) > POSTGRES_NAME) cut = cut.slice(0, -1);
  return cut.toWellFormed() + suffix;
}

function tableDdl(contract: Contract, types: string[], typeOf: (property: Property) => string, notes: readonly string[]): Exported {
  const table = ident(contract.name);
  const columns = contract.properties.map(
    (property) => `  ${ident(property.name)} ${typeOf(property)}${property.required ? ' NOT NULL' : ''}${property.unique ? ' UNIQUE' : ''}`,
  );
  const key = primaryKey(contract).map((property) => ident(property.name));
  const lines = [...columns, ...(key.length > 0 ? [`  PRIMARY KEY (${key.join(', ')})`] : [])];
  const comments = [
    ...(contract.description === undefined ? [] : [`COMMENT ON TABLE ${table} IS ${text(contract.description)};`]),
    ...contract.properties.flatMap((property) =>
      property.description === undefined ? [] : [`COMMENT ON COLUMN ${table}.${ident(property.name)} IS ${text(property.description)};`],
    ),
  ];
  const head = [`${contract.product} ${contract.version}`, ...notes].map((line) => `-- ${line.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')}`);
  return { text: `${[...head, ...types, `CREATE TABLE ${table} (`, lines.join(',\n'), ');', ...comments].join('\n')}\n`, notes };
}

/** A NUL in a description cannot stand in SQL. */
function text(value: string): string {
  return literal(value.replaceAll('\0', '\u2400'));
}

function notesOf(contract: Contract): string[] {
  const ruled = contract.properties.filter(
    ({ options, quality, references }) => quality.length > 0 || references.length > 0 || Object.keys(options).some((name) => name !== 'maxLength'),
  );
  return [
    ...ruled.map(({ name }) => `the rules of ${name} stay with the contract`),
    ...(contract.quality.length > 0 ? ['the quality rules of the table stay with the contract'] : []),
    ...classNotes(contract),
  ];
}
