import type { ResultType } from './result-type.ts';
import type { VectorView } from './vector-view.ts';

export interface ResultColumn {
  /** Unique within the result. */
  readonly name: string;
  readonly type: ResultType;
}

/** Turns chunks of vectors into the bytes of one wire format. Bytes are complete after `finish`. */
export interface ResultEncoder {
  /** Takes the first `rows` rows of one chunk; copies what it needs before it returns. */
  add(columns: readonly VectorView[], rows: number): void;
  /** Whether enough has gathered that `take` is due. */
  readonly full: boolean;
  /**
   * Bytes gathered so far. The encoder may use their memory again after the *next* `take`, so the writes of one take must
   * have ended before the encoder is fed after the next one.
   */
  take(): Uint8Array[];
  /** The last bytes. */
  finish(outcome: { readonly rows: bigint; readonly truncated: boolean }): Uint8Array[];
}

/** A value that the wire format cannot carry exactly. */
export class UnsupportedValue extends Error {
  readonly advice: string;
  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/** Column names made unique, as JSON objects and most Arrow readers need: `a, a` → `a, a_1`. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 1; seen.has(unique) || (unique !== name && taken.has(unique)); count++) unique = `${name}_${count}`;
    seen.add(unique);
    return unique;
  });
}
