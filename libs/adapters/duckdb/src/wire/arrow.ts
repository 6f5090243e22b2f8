import { Buffer as BufferTable } from 'apache-arrow/fb/buffer';
import { FieldNode } from 'apache-arrow/fb/field-node';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { Message } from 'apache-arrow/fb/message';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Builder, type Offset } from 'flatbuffers';
import type { ArrowColumn, BatchParts } from './arrow-column.ts';
import { arrowColumn } from './arrow-columns.ts';
import { writeSchema } from './arrow-schema.ts';
import type { ResultColumn, ResultEncoder } from './encoder.ts';

/** A batch is sent when it has so many rows, or so many bytes. */
const BATCH_ROWS = 65_536;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Buffers start on this boundary within a message's body, as the format recommends. */
const ALIGNMENT = 64;
const ZEROS = new Uint8Array(ALIGNMENT);
const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** An Arrow IPC stream (Arrow specification, "Serialization and Interprocess Communication"): schema, record batches, end mark. */
export function arrowEncoder(columns: readonly ResultColumn[]): ResultEncoder {
  // two sets of columns: one is being written to the pipe while the other fills
  const sets: readonly ArrowColumn[][] = [columns.map((column) => arrowColumn(column.type)), columns.map((column) => arrowColumn(column.type))];
  let active = 0;
  let rows = 0;
  let head: Uint8Array[] = schemaMessage(columns);
  const filling = (): ArrowColumn[] => sets[active] ?? [];
  const take = (): Uint8Array[] => {
    const pieces = rows === 0 ? head : [...head, ...batchMessage(filling(), rows)];
    head = [];
    if (rows > 0) {
      active = 1 - active;
      for (const column of filling()) column.reset();
      rows = 0;
    }
    return pieces;
  };
  return {
    add(views, count) {
      filling().forEach((column, index) => {
        const view = views[index];
        if (view !== undefined) column.append(view, 0, count);
      });
      rows += count;
    },
    get full() {
      return rows >= BATCH_ROWS || (rows > 0 && filling().reduce((sum, column) => sum + column.bytes(), 0) >= BATCH_BYTES);
    },
    take,
    finish: () => [...take(), END_OF_STREAM],
  };
}

function schemaMessage(columns: readonly ResultColumn[]): Uint8Array[] {
  const builder = new Builder(1024);
  return [message(builder, MessageHeader.Schema, writeSchema(builder, columns), 0)];
}

function batchMessage(columns: readonly ArrowColumn[], rows: number): Uint8Array[] {
  const parts: BatchParts = { nodes: [], buffers: [] };
  for (const column of columns) column.collect(parts);
  const body: Uint8Array[] = [];
  const places: { offset: number; length: number }[] = [];
  let offset = 0;
  for (const buffer of parts.buffers) {
    places.push({ offset, length: buffer.length });
    if (buffer.length === 0) continue;
    const padding = (ALIGNMENT - (buffer.length % ALIGNMENT)) % ALIGNMENT;
    body.push(buffer);
    if (padding > 0) body.push(ZEROS.subarray(0, padding));
    offset += buffer.length + padding;
  }
  const builder = new Builder(256 + places.length * 16 + parts.nodes.length * 16);
  RecordBatch.startNodesVector(builder, parts.nodes.length);
  for (const node of parts.nodes.toReversed()) FieldNode.createFieldNode(builder, BigInt(node.length), BigInt(node.nulls));
  const nodesAt = builder.endVector();
  RecordBatch.startBuffersVector(builder, places.length);
  for (const place of places.toReversed()) BufferTable.createBuffer(builder, BigInt(place.offset), BigInt(place.length));
  const buffersAt = builder.endVector();
  RecordBatch.startRecordBatch(builder);
  RecordBatch.addLength(builder, BigInt(rows));
  RecordBatch.addNodes(builder, nodesAt);
  RecordBatch.addBuffers(builder, buffersAt);
  return [message(builder, MessageHeader.RecordBatch, RecordBatch.endRecordBatch(builder), offset), ...body];
}

/** Continuation mark, length of the metadata, metadata padded so that the body starts on an 8-byte boundary. */
function message(builder: Builder, header: MessageHeader, headerAt: Offset, bodyLength: number): Uint8Array {
  Message.finishMessageBuffer(builder, Message.createMessage(builder, MetadataVersion.V5, header, headerAt, BigInt(bodyLength), 0));
  const metadata = builder.asUint8Array();
  const length = Math.ceil(metadata.length / 8) * 8;
  const framed = Buffer.alloc(8 + length);
  framed.writeUInt32LE(0xffff_ffff, 0);
  framed.writeUInt32LE(length, 4);
  framed.set(metadata, 8);
  return framed;
}
