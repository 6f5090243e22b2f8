import { createHash } from 'node:crypto';
import { SkeinError } from '@skein/kernel';
import avro from 'avsc';

/** 64-bit integers as bigint: avsc's own long type refuses what a JavaScript number cannot hold. */
const bigintLong = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

const longType = avro.Type.forSchema('long');
const headerType = avro.Type.forSchema({
  type: 'record',
  name: 'org.apache.avro.file.Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
  ],
});
const MAGIC = Buffer.from('Obj\u0001', 'latin1');

/** A record type with the exact JSON text of its schema, which keeps Iceberg's `field-id` attributes. */
export interface RecordType {
  readonly schema: string;
  readonly codec: avro.Type;
}

export function recordType(schema: object): RecordType {
  // a fresh registry each time: avsc notes the names it meets in it
  return { schema: JSON.stringify(schema), codec: avro.Type.forSchema(schema as never, { registry: { long: bigintLong }, wrapUnions: 'never' }) };
}

/**
 * An Avro object container file (Avro 1.12, "Object Container Files"), uncompressed, in one block. The header is written here and
 * not by avsc, which drops attributes that it does not know. The sync marker is taken from the content, so equal records give
 * equal bytes.
 */
export function writeContainer(type: RecordType, metadata: Readonly<Record<string, string>>, records: readonly unknown[]): Uint8Array {
  const body = Buffer.concat(records.map((record) => type.codec.toBuffer(record)));
  const meta = { 'avro.schema': type.schema, 'avro.codec': 'null', ...metadata };
  const sync = createHash('sha256').update(JSON.stringify(meta)).update(body).digest().subarray(0, 16);
  const header = headerType.toBuffer({ magic: MAGIC, meta: Object.fromEntries(Object.entries(meta).map(([key, text]) => [key, Buffer.from(text)])), sync });
  if (records.length === 0) return header;
  return Buffer.concat([header, longType.toBuffer(records.length), longType.toBuffer(body.length), body, sync]);
}

/** The records and metadata of an uncompressed container file written with exactly this type. Throws SKEIN_SNAPSHOT_CORRUPT. */
export function readContainer(type: RecordType, bytes: Uint8Array): { metadata: Record<string, string>; records: unknown[] } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = take(headerType, buffer, 0) as { value: { magic: Buffer; meta: Record<string, Buffer>; sync: Buffer }; offset: number };
    if (!header.value.magic.equals(MAGIC)) throw new Error('it does not begin as an Avro file');
    const metadata = Object.fromEntries(Object.entries(header.value.meta).map(([key, value]) => [key, value.toString('utf8')]));
    if (metadata['avro.codec'] !== 'null' || metadata['avro.schema'] !== type.schema) throw new Error('it has another schema or codec');
    const records: unknown[] = [];
    for (let at = header.offset; at < buffer.length;) {
      const count = take(longType, buffer, at) as { value: number; offset: number };
      const size = take(longType, buffer, count.offset) as { value: number; offset: number };
      const end = size.offset + size.value;
      if (count.value < 0 || size.value < 0 || end + 16 > buffer.length) throw new Error('a block is cut off');
      let offset = size.offset;
      for (let index = 0; index < count.value; index += 1) {
        const record = take(type.codec, buffer.subarray(0, end), offset);
        records.push(record.value);
        offset = record.offset;
      }
      if (offset !== end || !buffer.subarray(end, end + 16).equals(header.value.sync)) throw new Error('a block does not end where it should');
      at = end + 16;
    }
    return { metadata, records };
  } catch (error) {
    throw new SkeinError('SKEIN_SNAPSHOT_CORRUPT', `not a readable Avro file: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function take(type: avro.Type, buffer: Buffer, at: number): { value: unknown; offset: number } {
  const { value, offset } = type.decode(buffer, at);
  if (offset < 0) throw new Error('the bytes end too early');
  return { value, offset };
}
