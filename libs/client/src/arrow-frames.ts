const CONTINUATION = 0xff_ff_ff_ff;
/** Metadata of one message beyond this is no schema or batch of ours, but noise read as a length. */
const LONGEST_METADATA = 64 * 1024 * 1024;

/**
 * Follows the frames of an Arrow IPC stream as its bytes pass, so as to know whether it ended where it says it ends. A stream
 * that merely stops after a whole batch looks complete to every Arrow reader; only the end-of-stream marker tells the
 * difference, and its eight bytes may also occur inside data, so the frames have to be counted.
 *
 * Format: Apache Arrow, "IPC streaming format": 0xFFFFFFFF, int32 length of metadata, metadata (a flatbuffer Message, whose
 * field 3 is bodyLength), body; and 0xFFFFFFFF 0x00000000 at the end.
 */
export class ArrowFrames {
  /** Bytes of prefix or metadata gathered so far. */
  #held = new Uint8Array(0);
  #skip = 0n;
  #metadata: number | undefined;
  #ended = false;
  #broken: string | undefined;

  /** True when the end marker was the last thing that came. */
  get complete(): boolean {
    return this.#ended && this.#broken === undefined;
  }

  /** What is wrong with the stream so far, in words, when it ends here. */
  get fault(): string | undefined {
    return this.#broken ?? (this.#ended ? undefined : 'it ended without its end marker');
  }

  push(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0 && this.#broken === undefined) {
      if (this.#ended) this.#broken = 'bytes follow its end marker';
      else if (this.#skip > 0n) {
        const step = this.#skip < BigInt(rest.length) ? Number(this.#skip) : rest.length;
        this.#skip -= BigInt(step);
        rest = rest.subarray(step);
      } else rest = this.#gather(rest);
    }
  }

  #gather(chunk: Uint8Array): Uint8Array {
    const wanted = this.#metadata ?? 8;
    const take = Math.min(wanted - this.#held.length, chunk.length);
    const joined = new Uint8Array(this.#held.length + take);
    joined.set(this.#held);
    joined.set(chunk.subarray(0, take), this.#held.length);
    this.#held = joined;
    if (joined.length === wanted) {
      this.#held = new Uint8Array(0);
      if (this.#metadata === undefined) this.#prefix(new DataView(joined.buffer));
      else {
        this.#metadata = undefined;
        this.#skip = bodyLength(joined) ?? this.#break('a message has no readable length');
      }
    }
    return chunk.subarray(take);
  }

  #prefix(view: DataView): void {
    const length = view.getInt32(4, true);
    if (view.getUint32(0, true) !== CONTINUATION) this.#break('a message does not begin where it should');
    else if (length === 0) this.#ended = true;
    else if (length < 0 || length > LONGEST_METADATA) this.#break('a message has an impossible length');
    else this.#metadata = length;
  }

  #break(reason: string): bigint {
    this.#broken = reason;
    return 0n;
  }
}

/** Field 3 (bodyLength, int64, default 0) of the root table of a flatbuffer. */
function bodyLength(message: Uint8Array): bigint | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  try {
    const table = view.getUint32(0, true);
    const vtable = table - view.getInt32(table, true);
    const slot = 4 + 2 * 3;
    const offset = view.getUint16(vtable, true) > slot ? view.getUint16(vtable + slot, true) : 0;
    const length = offset === 0 ? 0n : view.getBigInt64(table + offset, true);
    return length < 0n ? undefined : length;
  } catch {
    return undefined;
  }
}
