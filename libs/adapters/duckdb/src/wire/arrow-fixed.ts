import { ArrowColumn, type BatchParts } from './arrow-column.ts';
import { setBit } from './bitmap.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { isValid, type VectorView } from './vector-view.ts';

/** Values whose bytes are the same in DuckDB and Arrow. */
export class SameBytes extends ArrowColumn {
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
export class Rewritten extends ArrowColumn {
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
export class Bits extends ArrowColumn {
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

/** Arrow's Null layout has no buffers at all. */
export class Nulls extends ArrowColumn {
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
