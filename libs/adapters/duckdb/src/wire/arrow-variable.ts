import { ArrowColumn } from './arrow-column.ts';
import { UnsupportedValue } from './encoder.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { StringVector } from './string-vector.ts';
import { isValid, u32, u64, type VectorView } from './vector-view.ts';

/** Offsets of a variable-length layout: 32 bits, one more than there are rows. */
class Offsets {
  readonly #bytes = new GrowingBytes();
  #end = 0;
  /** Reserves room for `count` more; the returned function adds one length. */
  adder(count: number): (length: number) => void {
    const words = this.#room(count);
    return (length) => {
      this.#end += length;
      this.#check();
      words[this.#bytes.length >>> 2] = this.#end;
      this.#bytes.length += 4;
    };
  }

  /** Adds every `stride`th of `lengths`, from `from` on. Returns their sum. The loop of columns without NULLs. */
  addAll(lengths: Uint32Array, from: number, stride: number, count: number): number {
    const words = this.#room(count);
    const first = this.#bytes.length >>> 2;
    const before = this.#end;
    let end = before;
    for (let index = 0, at = from; index < count; index++, at += stride) {
      end += lengths[at] as number;
      words[first + index] = end;
    }
    this.#end = end;
    this.#check();
    this.#bytes.length += count * 4;
    return end - before;
  }

  #room(count: number): Int32Array {
    const memory = this.#bytes.reserve(count * 4 + 4);
    if (this.#bytes.length === 0) this.#bytes.length = memory.writeInt32LE(0, 0);
    return new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >>> 2);
  }

  #check(): void {
    if (this.#end > 0x7fff_ffff) throw new UnsupportedValue('one batch of a column passes 2 GB', 'Select shorter values.');
  }

  taken(): Uint8Array {
    if (this.#bytes.length === 0) this.#room(0);
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

export class Strings extends ArrowColumn {
  readonly #offsets = new Offsets();
  readonly #values = new GrowingBytes();
  protected appendValues(view: VectorView, start: number, count: number): void {
    const strings = new StringVector(view);
    let total = 0;
    if (view.validity === null) total = this.#offsets.addAll(u32(view), start * 4, 4, count);
    else {
      const add = this.#offsets.adder(count);
      for (let row = start; row < start + count; row++) {
        const length = isValid(view, row) ? strings.length(row) : 0;
        total += length;
        add(length);
      }
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
export class Texts extends ArrowColumn {
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
export class Lists extends ArrowColumn {
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
export class Parts extends ArrowColumn {
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
