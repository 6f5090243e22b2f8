const SMALLEST = 1024;

/** Bytes that grow, and whose memory is used again from batch to batch. */
export class GrowingBytes {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST);
  length = 0;

  /** Makes room for `more` bytes behind the end, and returns the whole memory; the caller writes from `length` on. */
  reserve(more: number): Buffer {
    const needed = this.length + more;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}
