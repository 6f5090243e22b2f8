import { copyBits, countZeros, fillOnes, setBit } from './bitmap.ts';
import { GrowingBytes } from './growing-bytes.ts';
import type { VectorView } from './vector-view.ts';

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
