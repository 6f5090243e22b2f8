import type { ColumnType, Contract } from '../contract.ts';
import { avroNames } from './avro-name.ts';
import { classNotes, setNotes, type Exported } from './exported.ts';

/** A schema of Apache Avro 1.11 (https://avro.apache.org/docs/1.11.1/specification/). */
export type AvroSchema = string | readonly AvroSchema[] | { readonly [attribute: string]: unknown };

/**
 * The Avro record of a contract's rows: decimals as `decimal` over bytes, times and timestamps in microseconds (an instant is
 * `timestamp-micros`, a wall-clock time `local-timestamp-micros`), a map whose keys are no text as an array of entries, as
 * Iceberg writes it. What may be null is a union with null, which is its default.
 */
export function exportAvro(contract: Contract): Exported {
  const notes: string[] = [];
  const records = new Set<string>();
  const recordName = (path: string): string => {
    const [base = 'record'] = avroNames([path]);
    let name = base;
    for (let copy = 2; records.has(name); copy += 1) name = `${base}_${copy}`;
    records.add(name);
    return name;
  };

  const fieldsOf = (parts: readonly { name: string; type: ColumnType; required: boolean; doc?: string | undefined; uuid?: boolean }[], path: string) => {
    const names = avroNames(parts.map((part) => part.name));
    return parts.map((part, index) => {
      const type = part.uuid ? { type: 'string', logicalType: 'uuid' } : avroType(part.type, `${path}_${part.name}`);
      const name = names[index] ?? part.name;
      return {
        name,
        ...(name === part.name ? {} : { 'skein.name': part.name }),
        ...(part.doc === undefined ? {} : { doc: part.doc }),
        ...(part.required ? { type } : { type: ['null', type], default: null }),
      };
    });
  };
  const avroType = (type: ColumnType, path: string): AvroSchema => {
    switch (type.kind) {
      case 'string':
      case 'boolean':
        return type.kind;
      case 'int':
        return type.bits === 32 ? 'int' : 'long';
      case 'float':
        return type.bits === 32 ? 'float' : 'double';
      case 'decimal':
        return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
      case 'date':
        return { type: 'int', logicalType: 'date' };
      case 'time':
        return { type: 'long', logicalType: 'time-micros' };
      case 'timestamp':
        return { type: 'long', logicalType: type.zoned ? 'timestamp-micros' : 'local-timestamp-micros' };
      case 'binary':
        return 'bytes';
      case 'list':
        return { type: 'array', items: ['null', avroType(type.element, `${path}_element`)] };
      case 'map':
        if (type.key.kind === 'string') return { type: 'map', values: ['null', avroType(type.value, `${path}_value`)] };
        return { type: 'array', logicalType: 'map', items: { type: 'record', name: recordName(`${path}_entry`), fields: entry(type, path) } };
      case 'struct':
        return { type: 'record', name: recordName(path), fields: fieldsOf(type.fields, path) };
    }
  };
  const entry = (type: ColumnType & { kind: 'map' }, path: string) =>
    fieldsOf(
      [
        { name: 'key', type: type.key, required: true },
        { name: 'value', type: type.value, required: false },
      ],
      path,
    );

  const name = recordName(contract.name);
  const fields = fieldsOf(
    contract.properties.map((property) => ({
      name: property.name,
      type: property.type,
      required: property.required,
      doc: property.description,
      uuid: property.type.kind === 'string' && property.options.format === 'uuid',
    })),
    contract.name,
  );
  const ruled = contract.properties.filter(({ options, quality }) => quality.length > 0 || Object.keys(options).some((option) => option !== 'format'));
  if (ruled.length > 0) notes.push(`the rules of ${ruled.map((property) => property.name).join(', ')} stay with the contract`);
  notes.push(...setNotes(contract), ...classNotes(contract));
  const schema = { type: 'record', name, namespace: contract.domain, ...(contract.description === undefined ? {} : { doc: contract.description }), fields };
  return { text: `${JSON.stringify(schema, null, 2)}\n`, notes };
}
