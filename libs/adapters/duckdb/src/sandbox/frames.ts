import type { Socket } from 'node:net';
import type { ResultFormat } from '@skein/ports';

/**
 * What parent and child say to each other over one socket: frames of `u32 length (LE) | u8 type | payload`.
 * Payloads are JSON, but for `data`, which is bytes of the result.
 */
export const FRAME = {
  ready: 1,
  reply: 2,
  columns: 3,
  data: 4,
  end: 5,
  failed: 6,
  parse: 16,
  print: 17,
  bind: 18,
  execute: 19,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

const HEADER = 5;

/** A bound value with its SQL type; integers and doubles travel as text, so that none is rounded. */
export type WireParameter =
  | readonly ['null']
  | readonly ['text', string]
  | readonly ['boolean', boolean]
  | readonly ['integer', number]
  | readonly ['bigint' | 'hugeint' | 'double', string];

export interface ExecuteCommand {
  readonly sql: string;
  readonly parameters: readonly WireParameter[];
  readonly format: ResultFormat;
  readonly maxRows: number;
}

export interface BindCommand {
  readonly views: readonly {
    readonly schema: string;
    readonly name: string;
    readonly sql: string;
    readonly files: readonly string[];
    readonly fields: readonly { readonly id: number; readonly name: string; readonly type: string }[];
  }[];
}

export interface ReadyNote {
  /** Whether the child could give up root. */
  readonly uid: number | undefined;
}

export interface EndNote {
  readonly rows: string;
  readonly truncated: boolean;
}

/** A failure inside the child. `text` may quote data: it goes to the audit only, never into a message. */
export interface FailureNote {
  readonly stage: 'parse' | 'print' | 'bind' | 'prepare' | 'run';
  readonly kind: 'engine' | 'refused' | 'parameters' | 'unsupported' | 'syntax';
  readonly text: string;
  /** For syntax errors: offset in the SQL text, in bytes. */
  readonly position?: number | undefined;
}

function header(type: FrameType, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER);
  bytes.writeUInt32LE(length, 0);
  bytes[4] = type;
  return bytes;
}

export function jsonFrame(type: FrameType, payload: unknown): Buffer {
  const text = JSON.stringify(payload);
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(HEADER + length);
  bytes.writeUInt32LE(length, 0);
  bytes[4] = type;
  bytes.write(text, HEADER, 'utf8');
  return bytes;
}

/** One `data` frame around pieces that are not copied. */
export function dataFrame(pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return length === 0 ? [] : [header(FRAME.data, length), ...pieces];
}

/** Writes pieces in one system call where possible; resolves when the kernel has taken them, so that their memory is free again. */
export function writeAll(socket: Socket, pieces: readonly Uint8Array[]): Promise<void> {
  if (pieces.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    socket.cork();
    pieces.forEach((piece, index) => {
      if (index < pieces.length - 1) socket.write(piece);
      else socket.write(piece, (error) => (error ? reject(error) : resolve()));
    });
    socket.uncork();
  });
}

/** Cuts a byte stream into frames. `data` payloads are handed on piece by piece, as they come; all others whole. */
export class FrameReader {
  readonly #onFrame: (type: number, payload: Buffer) => void;
  #pending: Buffer[] = [];
  #pendingLength = 0;
  /** Bytes of the current data frame still to come. */
  #streaming = 0;

  constructor(onFrame: (type: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#streaming > 0) {
        const piece = rest.subarray(0, this.#streaming);
        this.#streaming -= piece.length;
        rest = rest.subarray(piece.length);
        this.#onFrame(FRAME.data, piece);
        continue;
      }
      if (this.#pendingLength > 0) {
        this.#pending.push(rest);
        rest = Buffer.concat(this.#pending);
        this.#pending = [];
        this.#pendingLength = 0;
      }
      if (rest.length < HEADER) return this.#keep(rest);
      const length = rest.readUInt32LE(0);
      const type = rest[4] ?? 0;
      if (type === FRAME.data) {
        this.#streaming = length;
        rest = rest.subarray(HEADER);
        continue;
      }
      if (rest.length < HEADER + length) return this.#keep(rest);
      this.#onFrame(type, rest.subarray(HEADER, HEADER + length));
      rest = rest.subarray(HEADER + length);
    }
  }

  #keep(rest: Buffer): void {
    this.#pending.push(rest);
    this.#pendingLength += rest.length;
  }
}
