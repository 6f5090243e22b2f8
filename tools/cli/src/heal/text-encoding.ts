import { createReadStream } from 'node:fs';

/** How a text file's bytes are read: UTF-8 where all of it is, else Windows-1252. */
export interface TextEncoding {
  readonly name: 'utf-8' | 'windows-1252';
  decode(bytes: Buffer): string;
  /** Undefined where the encoding has no bytes for the text. */
  encode(text: string): Buffer | undefined;
}

export async function encodingOf(file: string): Promise<TextEncoding> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) decoder.decode(chunk, { stream: true });
    decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return windows1252();
  }
  return { name: 'utf-8', decode: (bytes) => bytes.toString('utf8'), encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined) };
}

function windows1252(): TextEncoding {
  const decoder = new TextDecoder('windows-1252');
  const bytes = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) bytes.set(decoder.decode(Uint8Array.of(byte)), byte);
  return {
    name: 'windows-1252',
    decode: (text) => decoder.decode(text),
    encode(text) {
      const found = [...text].map((sign) => bytes.get(sign));
      return found.includes(undefined) ? undefined : Buffer.from(found as number[]);
    },
  };
}
