import bindings, { type Vector } from '@duckdb/node-bindings';
import type { ResultType } from './result-type.ts';

/**
 * The memory of one flat vector, as DuckDB holds it. It belongs to the engine: the chunk must stay referenced until the
 * last byte has been copied.
 */
export interface VectorView {
  readonly rows: number;
  readonly data: Uint8Array;
  /** Bit i set: row i is not NULL. Absent: none is. */
  readonly validity: Uint8Array | null;
  /** LIST, ARRAY: the elements; MAP: the entries (a struct of key and value); STRUCT: members; UNION: the tags, then the members. */
  readonly parts: readonly VectorView[];
}

const NOTHING = new Uint8Array(0);

export function vectorView(vector: Vector, type: ResultType, rows: number): VectorView {
  if (rows === 0) return emptyView(type);
  const data = type.width === 0 ? NOTHING : bindings.vector_get_data(vector, rows * type.width);
  // SQLNULL vectors are constant: all rows are NULL, whatever the mask says
  const validity = type.kind === 'NULL' ? new Uint8Array(Math.ceil(rows / 8)) : bindings.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
  return { rows, data, validity, parts: partViews(vector, type, rows) };
}

function partViews(vector: Vector, type: ResultType, rows: number): VectorView[] {
  switch (type.kind) {
    case 'LIST':
      return type.parts.map((part) => vectorView(bindings.list_vector_get_child(vector), part.type, bindings.list_vector_get_size(vector)));
    case 'MAP': {
      const entries = bindings.list_vector_get_child(vector);
      const count = bindings.list_vector_get_size(vector);
      const members = type.parts.map((part, index) => vectorView(bindings.struct_vector_get_child(entries, index), part.type, count));
      return [{ rows: count, data: NOTHING, validity: null, parts: members }];
    }
    case 'ARRAY':
      return type.parts.map((part) => vectorView(bindings.array_vector_get_child(vector), part.type, rows * type.size));
    case 'STRUCT':
      return type.parts.map((part, index) => vectorView(bindings.struct_vector_get_child(vector, index), part.type, rows));
    case 'UNION': {
      const tags = bindings.struct_vector_get_child(vector, 0);
      const view: VectorView = {
        rows,
        data: bindings.vector_get_data(tags, rows),
        validity: bindings.vector_get_validity(tags, Math.ceil(rows / 64) * 8),
        parts: [],
      };
      return [view, ...type.parts.map((part, index) => vectorView(bindings.struct_vector_get_child(vector, index + 1), part.type, rows))];
    }
    default:
      return [];
  }
}

function emptyView(type: ResultType): VectorView {
  const parts = type.parts.map((part) => emptyView(part.type));
  const empty: VectorView = { rows: 0, data: NOTHING, validity: null, parts: [] };
  return { ...empty, parts: type.kind === 'MAP' ? [{ ...empty, parts }] : type.kind === 'UNION' ? [empty, ...parts] : parts };
}

export function isValid(view: VectorView, row: number): boolean {
  return view.validity === null || ((view.validity[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

/** Views of engine memory as wider integers; vectors are allocated on 8-byte boundaries. */
export const u16 = (view: VectorView): Uint16Array => new Uint16Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 1);
export const i16 = (view: VectorView): Int16Array => new Int16Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 1);
export const i32 = (view: VectorView): Int32Array => new Int32Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 2);
export const u32 = (view: VectorView): Uint32Array => new Uint32Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 2);
export const i64 = (view: VectorView): BigInt64Array => new BigInt64Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 3);
export const u64 = (view: VectorView): BigUint64Array => new BigUint64Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 3);
export const f32 = (view: VectorView): Float32Array => new Float32Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 2);
export const f64 = (view: VectorView): Float64Array => new Float64Array(view.data.buffer, view.data.byteOffset, view.data.byteLength >>> 3);
