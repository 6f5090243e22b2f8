import type { ColumnType, Contract, Property } from '../contract.ts';
import type { Exported } from './exported.ts';

/** The row type of a contract as queries return it, and the record type as JSON brings it, in one module. */
export function exportTypescript(contract: Contract): Exported {
  const name = typeName(contract);
  const head = `// ${contract.product} ${contract.version}, sha256 ${contract.hash}\n\n`;
  return { text: `${head}${rowInterface(name, contract)}\n${recordInterface(`${name}Record`, contract)}`, notes: [] };
}

/** One record as JSON, before it is typed. What may be null may also be absent. */
function recordInterface(name: string, contract: Contract): string {
  const lines = contract.properties.map((property) => `  ${recordMember(property.name, property.type, property.required, property.options.validValues)};`);
  return `${comment([`One record of ${contract.product} as JSON, before it is typed.`], '')}export interface ${name} {\n${lines.join('\n')}\n}\n`;
}

function recordMember(name: string, type: ColumnType, required: boolean, codes?: readonly string[]): string {
  const value = type.kind === 'string' && codes && codes.length > 0 ? codes.map((code) => JSON.stringify(code)).join(' | ') : recordType(type);
  return required ? `${memberName(name)}: ${value}` : `${memberName(name)}?: ${value} | null`;
}

function recordType(type: ColumnType): string {
  switch (type.kind) {
    case 'int':
      return type.bits === 64 ? 'number | string' : 'number';
    case 'float':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'list':
      return `(${recordType(type.element)} | null)[]`;
    case 'map':
      return `{ [key: string]: ${recordType(type.value)} | null }`;
    case 'struct':
      return `{ ${type.fields.map((field) => recordMember(field.name, field.type, field.required)).join('; ')} }`;
    default:
      return 'string';
  }
}

/**
 * A TypeScript interface of a product's row as queries return it: exact, as `@skein/client` reads it from Arrow. JSON Schema has
 * no word for bigint, so these are not written by json-schema-to-typescript, which writes the record types beside them.
 */
export function rowInterface(name: string, contract: Contract): string {
  const lines = contract.properties.map(
    (property) => `${comment(documentation(property), '  ')}  ${memberName(property.name)}: ${valueType(property.type, property.required)};`,
  );
  return `${comment([`A row of ${contract.product}, as queries return it.`], '')}export interface ${name} {\n${lines.join('\n')}\n}\n`;
}

/** `sap.inventory_position` of major 1 is `SapInventoryPositionV1`. */
export function typeName(contract: Contract): string {
  const words = `${contract.domain}_${contract.name}`.split('_').filter((word) => word !== '');
  return `${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}V${majorOf(contract)}`;
}

/** The major version, which addresses a table of its own. */
export function majorOf(contract: Contract): number {
  return Number(contract.version.split('.')[0]);
}

/** A comment of TypeScript over several lines; nothing in it can end it. */
export function comment(lines: readonly string[], indent: string): string {
  const text = lines.map((line) => line.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' ').trim()).filter((line) => line !== '');
  if (text.length === 0) return '';
  if (text.length === 1) return `${indent}/** ${text[0]} */\n`;
  return `${indent}/**\n${text.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function documentation(property: Property): string[] {
  const marks = [
    property.keyPosition === undefined ? '' : `Part ${property.keyPosition} of the primary key.`,
    property.classification === 'public' ? '' : `Classification: ${property.classification}.`,
  ];
  return [property.description ?? '', ...marks];
}

function memberName(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : JSON.stringify(name);
}

function valueType(type: ColumnType, required: boolean): string {
  const exact = exactType(type);
  return required ? exact : `${exact} | null`;
}

function exactType(type: ColumnType): string {
  switch (type.kind) {
    case 'int':
      return type.bits === 64 ? 'bigint' : 'number';
    case 'float':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'binary':
      return 'Uint8Array';
    case 'string':
    case 'decimal':
    case 'date':
    case 'time':
    case 'timestamp':
      return 'string';
    case 'list':
      return `(${valueType(type.element, false)})[]`;
    case 'map':
      return `{ key: ${exactType(type.key)}; value: ${valueType(type.value, false)} }[]`;
    case 'struct':
      return `{ ${type.fields.map((field) => `${memberName(field.name)}: ${valueType(field.type, field.required)}`).join('; ')} }`;
  }
}
