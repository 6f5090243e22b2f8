import { copyBits, countZeros, fillOnes, setBit } from './bitmap.ts';
import { UnsupportedValue } from './encoder.ts';
import { GrowingBytes } from './growing-bytes.ts';
import type { ResultType } from './result-type.ts';
import { int128, intervalOverflows, scalarText } from './scalar.ts';
import { StringVector } from './string-vector.ts';
import { i16, i32, i64, isValid, u64, type VectorView } from './vector-view.ts';

/** What a record batch says of one column and hands over for it, in the pre-order that the format asks for. */
export interface BatchParts {
  readonly nodes: { readonly length: number; readonly nulls: number }[];
  readonly buffers: Uint8Array[];
}

const NONE = new Uint8Array(0);

/** Gathers rows of one column in Arrow's columnar layout (Arrow specification, "Columnar Format"). */
export abstract class ArrowColumn {
  length = 0;
  #nulls = 0;
  readonly #validity = new GrowingBytes();

  append(view: VectorView, start: number, count: number): void {
    this.#appendValidity(view, start, count);
    this.appendValues(view, start, count);
    this.length += count;
  }

  protected abstract appendValues(view: VectorView, start: number, count: number): void;
  protected abstract valueBuffers(): Uint8Array[];
  protected children(): readonly ArrowColumn[] {
    return [];
  }
  protected abstract resetValues(): void;
  protected abstract valueBytes(): number;

  collect(parts: BatchParts): void {
    parts.nodes.push({ length: this.length, nulls: this.#nulls });
    parts.buffers.push(this.#nulls === 0 ? NONE : this.#validity.taken(), ...this.valueBuffers());
    for (const child of this.children()) child.collect(parts);
  }

  bytes(): number {
    return this.#validity.length + this.valueBytes() + this.children().reduce((sum, child) => sum + child.bytes(), 0);
  }

  reset(): void {
    this.length = 0;
    this.#nulls = 0;
    this.#validity.length = 0;
    this.resetValues();
    for (const child of this.children()) child.reset();
  }

  /** The mask is kept only once a NULL has come: Arrow takes an absent one as "no NULLs". */
  #appendValidity(view: VectorView, start: number, count: number): void {
    const nulls = view.validity === null ? 0 : countZeros(view.validity, start, count);
    if (nulls === 0 && this.#nulls === 0) return;
    const bytes = Math.ceil((this.length + count) / 8);
    const mask = this.#validity.reserve(bytes - this.#validity.length);
    if (this.#nulls === 0) fillOnes(mask, 0, this.length);
    if (view.validity === null || nulls === 0) fillOnes(mask, this.length, count);
    else copyBits(view.validity, start, mask, this.length, count);
    this.#validity.length = bytes;
    // bits behind the end are zero, so that equal batches have equal bytes
    for (let bit = this.length + count; bit < bytes * 8; bit++) setBit(mask, bit, false);
    this.#nulls += nulls;
  }
}

/** Values whose bytes are the same in DuckDB and Arrow. */
class SameBytes extends ArrowColumn {
  readonly #values = new GrowingBytes();
  readonly #width: number;
  constructor(width: number) {
    super();
    this.#width = width;
  }
  protected appendValues(view: VectorView, start: number, count: number): void {
    this.#values.append(view.data.subarray(start * this.#width, (start + count) * this.#width));
  }
  protected valueBuffers(): Uint8Array[] {
    return [this.#values.taken()];
  }
  protected resetValues(): void {
    this.#values.length = 0;
  }
  protected valueBytes(): number {
    return this.#values.length;
  }
}

/** Values of a fixed width that must be rewritten one by one. NULLs are written as zeros. */
class Rewritten extends ArrowColumn {
  readonly #values = new GrowingBytes();
  readonly #width: number;
  readonly #rewrite: (view: VectorView) => (row: number, target: DataView, offset: number) => void;
  constructor(width: number, rewrite: (view: VectorView) => (row: number, target: DataView, offset: number) => void) {
    super();
    this.#width = width;
    this.#rewrite = rewrite;
  }
  protected appendValues(view: VectorView, start: number, count: number): void {
    const memory = this.#values.reserve(count * this.#width);
    const target = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    const write = this.#rewrite(view);
    for (let row = start, at = this.#values.length; row < start + count; row++, at += this.#width) {
      if (isValid(view, row)) write(row, target, at);
      else memory.fill(0, at, at + this.#width);
    }
    this.#values.length += count * this.#width;
  }
  protected valueBuffers(): Uint8Array[] {
    return [this.#values.taken()];
  }
  protected resetValues(): void {
    this.#values.length = 0;
  }
  protected valueBytes(): number {
    return this.#values.length;
  }
}

/** One byte a value in DuckDB, one bit in Arrow. */
class Bits extends ArrowColumn {
  readonly #values = new GrowingBytes();
  protected appendValues(view: VectorView, start: number, count: number): void {
    const bytes = Math.ceil((this.length + count) / 8);
    const memory = this.#values.reserve(bytes - this.#values.length);
    memory.fill(0, this.#values.length, bytes);
    for (let row = 0; row < count; row++) if (view.data[start + row] !== 0) setBit(memory, this.length + row, isValid(view, start + row));
    this.#values.length = bytes;
  }
  protected valueBuffers(): Uint8Array[] {
    return [this.#values.taken()];
  }
  protected resetValues(): void {
    this.#values.length = 0;
  }
  protected valueBytes(): number {
    return this.#values.length;
  }
}

/** Offsets of a variable-length layout: 32 bits, one more than there are rows. */
class Offsets {
  readonly #bytes = new GrowingBytes();
  #end = 0;
  /** Reserves room for `count` more; the returned function adds one length. */
  adder(count: number): (length: number) => void {
    const memory = this.#bytes.reserve(count * 4 + 4);
    if (this.#bytes.length === 0) this.#bytes.length = memory.writeInt32LE(0, 0);
    const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >>> 2);
    return (length) => {
      this.#end += length;
      if (this.#end > 0x7fff_ffff) throw new UnsupportedValue('one batch of a column passes 2 GB', 'Select shorter values.');
      words[this.#bytes.length >>> 2] = this.#end;
      this.#bytes.length += 4;
    };
  }
  taken(): Uint8Array {
    if (this.#bytes.length === 0) this.adder(0);
    return this.#bytes.taken();
  }
  reset(): void {
    this.#bytes.length = 0;
    this.#end = 0;
  }
  get bytes(): number {
    return this.#bytes.length;
  }
}

class Strings extends ArrowColumn {
  readonly #offsets = new Offsets();
  readonly #values = new GrowingBytes();
  protected appendValues(view: VectorView, start: number, count: number): void {
    const strings = new StringVector(view);
    const add = this.#offsets.adder(count);
    let total = 0;
    for (let row = start; row < start + count; row++) {
      const length = isValid(view, row) ? strings.length(row) : 0;
      total += length;
      add(length);
    }
    strings.copy(start, count, this.#values.reserve(total), this.#values.length);
    this.#values.length += total;
  }
  protected valueBuffers(): Uint8Array[] {
    return [this.#offsets.taken(), this.#values.taken()];
  }
  protected resetValues(): void {
    this.#offsets.reset();
    this.#values.length = 0;
  }
  protected valueBytes(): number {
    return this.#offsets.bytes + this.#values.length;
  }
}

/** Values that Arrow has no type for, as text. */
class Texts extends ArrowColumn {
  readonly #offsets = new Offsets();
  readonly #values = new GrowingBytes();
  readonly #text: (view: VectorView) => (row: number) => string;
  constructor(text: (view: VectorView) => (row: number) => string) {
    super();
    this.#text = text;
  }
  protected appendValues(view: VectorView, start: number, count: number): void {
    const add = this.#offsets.adder(count);
    const text = this.#text(view);
    for (let row = start; row < start + count; row++) {
      if (!isValid(view, row)) {
        add(0);
        continue;
      }
      const value = text(row);
      const memory = this.#values.reserve(value.length * 3);
      const written = memory.write(value, this.#values.length, 'utf8');
      this.#values.length += written;
      add(written);
    }
  }
  protected valueBuffers(): Uint8Array[] {
    return [this.#offsets.taken(), this.#values.taken()];
  }
  protected resetValues(): void {
    this.#offsets.reset();
    this.#values.length = 0;
  }
  protected valueBytes(): number {
    return this.#offsets.bytes + this.#values.length;
  }
}

/** LIST and MAP: offset and length into the child vector, which may have gaps and any order. */
class Lists extends ArrowColumn {
  readonly #offsets = new Offsets();
  readonly #items: ArrowColumn;
  constructor(items: ArrowColumn) {
    super();
    this.#items = items;
  }
  protected appendValues(view: VectorView, start: number, count: number): void {
    const child = view.parts[0];
    const entries = u64(view);
    const add = this.#offsets.adder(count);
    let from = 0;
    let until = 0;
    for (let row = start; row < start + count; row++) {
      const length = isValid(view, row) ? Number(entries[row * 2 + 1]) : 0;
      add(length);
      if (length === 0 || child === undefined) continue;
      const offset = Number(entries[row * 2]);
      if (offset !== until) {
        if (until > from) this.#items.append(child, from, until - from);
        from = offset;
      }
      until = offset + length;
    }
    if (until > from && child !== undefined) this.#items.append(child, from, until - from);
  }
  protected override children(): readonly ArrowColumn[] {
    return [this.#items];
  }
  protected valueBuffers(): Uint8Array[] {
    return [this.#offsets.taken()];
  }
  protected resetValues(): void {
    this.#offsets.reset();
  }
  protected valueBytes(): number {
    return this.#offsets.bytes;
  }
}

/** STRUCT, the entries of a MAP, ARRAY (whose child has `size` values a row) and UNION (its members; the tag is the one that is set). */
class Parts extends ArrowColumn {
  readonly #members: readonly ArrowColumn[];
  readonly #size: number;
  readonly #first: number;
  constructor(members: readonly ArrowColumn[], size = 1, first = 0) {
    super();
    this.#members = members;
    this.#size = size;
    this.#first = first;
  }
  protected appendValues(view: VectorView, start: number, count: number): void {
    this.#members.forEach((member, index) => {
      const part = view.parts[index + this.#first];
      if (part !== undefined) member.append(part, start * this.#size, count * this.#size);
    });
  }
  protected override children(): readonly ArrowColumn[] {
    return this.#members;
  }
  protected valueBuffers(): Uint8Array[] {
    return [];
  }
  protected resetValues(): void {}
  protected valueBytes(): number {
    return 0;
  }
}

/** Arrow's Null layout has no buffers at all. */
class Nulls extends ArrowColumn {
  override append(_view: VectorView, _start: number, count: number): void {
    this.length += count;
  }
  override collect(parts: BatchParts): void {
    parts.nodes.push({ length: this.length, nulls: this.length });
  }
  protected appendValues(): void {}
  protected valueBuffers(): Uint8Array[] {
    return [];
  }
  protected resetValues(): void {}
  protected valueBytes(): number {
    return 0;
  }
}

const DECIMAL38 = 10n ** 38n;

export function arrowColumn(type: ResultType): ArrowColumn {
  switch (type.kind) {
    case 'BOOLEAN':
      return new Bits();
    case 'DECIMAL':
      return type.width === 16 ? new SameBytes(16) : new Rewritten(16, (view) => widened(view, type.width));
    case 'HUGEINT':
      return new Rewritten(16, (view) => {
        const words = u64(view);
        return (row, target, offset) => {
          const value = int128(words, row);
          if (value >= DECIMAL38 || value <= -DECIMAL38) throw new UnsupportedValue('a HUGEINT has 39 digits, and Arrow decimals hold 38', 'Cast the column to VARCHAR.');
          target.setBigUint64(offset, words[row * 2] ?? 0n, true);
          target.setBigUint64(offset + 8, words[row * 2 + 1] ?? 0n, true);
        };
      });
    case 'INTERVAL':
      return new Rewritten(16, (view) => {
        const [words, micros] = [i32(view), i64(view)];
        return (row, target, offset) => {
          const value = micros[row * 2 + 1] ?? 0n;
          if (intervalOverflows(value)) throw new UnsupportedValue('an INTERVAL passes 292 years of nanoseconds', 'Cast the column to VARCHAR.');
          target.setInt32(offset, words[row * 4] ?? 0, true);
          target.setInt32(offset + 4, words[row * 4 + 1] ?? 0, true);
          target.setBigInt64(offset + 8, value * 1000n, true);
        };
      });
    case 'UUID':
    case 'UHUGEINT':
    case 'ENUM':
    case 'BIT':
    case 'BIGNUM':
    case 'TIME WITH TIME ZONE':
      return new Texts((view) => scalarText(type, view));
    case 'VARCHAR':
    case 'BLOB':
    case 'GEOMETRY':
      return new Strings();
    case 'LIST':
      return new Lists(part(type, 0));
    case 'MAP':
      return new Lists(new Parts([part(type, 0), part(type, 1)]));
    case 'ARRAY':
      return new Parts([part(type, 0)], type.size);
    case 'STRUCT':
      return new Parts(type.parts.map((member) => arrowColumn(member.type)));
    case 'UNION':
      return new Parts(type.parts.map((member) => arrowColumn(member.type)), 1, 1);
    case 'NULL':
      return new Nulls();
    default:
      return new SameBytes(type.width);
  }
}

function part(type: ResultType, index: number): ArrowColumn {
  const found = type.parts[index];
  if (found === undefined) throw new RangeError(`type ${type.text} has no part ${index}`);
  return arrowColumn(found.type);
}

/** DECIMALs of up to 18 digits, sign-extended to 128 bits. */
function widened(view: VectorView, width: number): (row: number, target: DataView, offset: number) => void {
  if (width === 8) {
    const values = i64(view);
    return (row, target, offset) => {
      const value = values[row] ?? 0n;
      target.setBigInt64(offset, value, true);
      target.setBigInt64(offset + 8, value < 0n ? -1n : 0n, true);
    };
  }
  const values = width === 2 ? i16(view) : i32(view);
  return (row, target, offset) => {
    const value = values[row] ?? 0;
    const sign = value < 0 ? -1 : 0;
    target.setInt32(offset, value, true);
    target.setInt32(offset + 4, sign, true);
    target.setInt32(offset + 8, sign, true);
    target.setInt32(offset + 12, sign, true);
  };
}
