import bindings from '@duckdb/node-bindings';
import { isValid, u32, type VectorView } from './vector-view.ts';

/** Values up to this many bytes stand in the vector itself; longer ones behind a pointer (`duckdb.h`, duckdb_string_t). */
const INLINE = 12;
/**
 * Two values whose memory lies less than a page apart are fetched as one span: every byte between them is on a page that
 * one of them is on, so it can be read. One call per value costs 0.8 µs; values of a vector mostly lie side by side.
 */
const PAGE = 4096;

/** Up to so many bytes a loop is quicker than a call of `set`. */
const SHORT = 64;

interface Span {
  readonly start: number;
  end: number;
  bytes: Uint8Array | undefined;
}

/** Reads the values of a VARCHAR, BLOB, BIT, BIGNUM or GEOMETRY vector. */
export class StringVector {
  readonly #view: VectorView;
  /** Four words a value: length, prefix, pointer low, pointer high; or length and up to 12 bytes. */
  readonly #words: Uint32Array;
  #spans: Span[] | undefined;
  #last: Span | undefined;
  readonly #pointer = new BigUint64Array(1);

  constructor(view: VectorView) {
    this.#view = view;
    this.#words = u32(view);
  }

  length(row: number): number {
    return this.#words[row * 4] ?? 0;
  }

  /** Bytes of one value, in engine memory. */
  bytes(row: number): Uint8Array {
    const length = this.length(row);
    if (length <= INLINE) return this.#view.data.subarray(row * 16 + 4, row * 16 + 4 + length);
    const address = this.#address(row);
    const span = this.#spanOf(address);
    return this.#bytesOf(span).subarray(address - span.start, address - span.start + length);
  }

  text(row: number): string {
    const bytes = this.bytes(row);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  /** Copies the values of `count` rows from `start`, one after the other, to `target`; NULLs take no bytes. `target` has room. */
  copy(start: number, count: number, target: Uint8Array, offset: number): void {
    const { data, validity } = this.#view;
    const words = this.#words;
    let at = offset;
    // neighbours in memory that are also neighbours in the target go over in one copy
    let from = 0;
    let until = 0;
    const flush = (): void => {
      const length = until - from;
      if (length === 0) return;
      const span = this.#spanOf(from);
      const bytes = this.#bytesOf(span);
      const first = from - span.start;
      if (length <= SHORT) for (let byte = 0; byte < length; byte++) target[at + byte] = bytes[first + byte] ?? 0;
      else target.set(bytes.subarray(first, first + length), at);
      at += length;
      from = until = 0;
    };
    for (let row = start; row < start + count; row++) {
      if (validity !== null && !isValid(this.#view, row)) continue;
      const length = words[row * 4] ?? 0;
      if (length <= INLINE) {
        flush();
        for (let byte = row * 16 + 4, end = byte + length; byte < end; byte++) target[at++] = data[byte] ?? 0;
      } else {
        const address = this.#address(row);
        if (address !== until) {
          flush();
          from = address;
        }
        until = address + length;
      }
    }
    flush();
  }

  #address(row: number): number {
    // user-space addresses are below 2^48, so a double holds them exactly
    return (this.#words[row * 4 + 2] ?? 0) + (this.#words[row * 4 + 3] ?? 0) * 4_294_967_296;
  }

  #spanOf(address: number): Span {
    if (this.#last !== undefined && address >= this.#last.start && address < this.#last.end) return this.#last;
    const spans = (this.#spans ??= this.#findSpans());
    let low = 0;
    let high = spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((spans[middle]?.start ?? 0) <= address) low = middle;
      else high = middle - 1;
    }
    const span = spans[low];
    if (span === undefined || address < span.start || address >= span.end) throw new RangeError('a string lies outside of its spans');
    return (this.#last = span);
  }

  #findSpans(): Span[] {
    const runs: Span[] = [];
    let run: Span | undefined;
    for (let row = 0; row < this.#view.rows; row++) {
      const length = this.#words[row * 4] ?? 0;
      if (length <= INLINE || !isValid(this.#view, row)) continue;
      const address = this.#address(row);
      if (run !== undefined && address >= run.start && address - run.end < PAGE) run.end = Math.max(run.end, address + length);
      else runs.push((run = { start: address, end: address + length, bytes: undefined }));
    }
    runs.sort((a, b) => a.start - b.start);
    const spans: Span[] = [];
    for (const next of runs) {
      const last = spans.at(-1);
      if (last !== undefined && next.start - last.end < PAGE) last.end = Math.max(last.end, next.end);
      else spans.push(next);
    }
    return spans;
  }

  #bytesOf(span: Span): Uint8Array {
    if (span.bytes === undefined) {
      this.#pointer[0] = BigInt(span.start);
      span.bytes = bindings.get_data_from_pointer(this.#pointer.buffer, 0, span.end - span.start);
    }
    return span.bytes;
  }
}
