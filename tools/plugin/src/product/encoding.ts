import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { SkeinError } from '@skein/kernel';

/** As much as a draft looks at. */
const LOOKED_AT = 64 << 20;

/**
 * Refuses delimited text of which some lines are UTF-8 and some are not: read either way, letters of the others come out wrong. Text that is wholly of
 * another encoding passes. Throws SKEIN_SOURCE_UNREADABLE with the first line of the rarer kind.
 */
export async function refuseMixedEncodings(file: string): Promise<void> {
  const found = { utf8: { lines: 0, first: 0 }, other: { lines: 0, first: 0 } };
  let line = 0;
  const look = (bytes: Buffer): void => {
    line++;
    if (!bytes.some((byte) => byte >= 0x80)) return;
    const kind = isUtf8(bytes) ? found.utf8 : found.other;
    if (kind.lines++ === 0) kind.first = line;
  };
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { end: LOOKED_AT - 1, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    // A mark of UTF-16 at the beginning: its bytes are no letters.
    if (line === 0 && rest.length === 0 && chunk.length > 1 && [0xfeff, 0xfffe].includes(chunk.readUInt16BE(0))) return;
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(10, from); end >= 0; end = bytes.indexOf(10, from)) {
      look(bytes.subarray(from, end));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    // No line of text is so long; what it is instead is said by who reads it.
    if (rest.length > 1 << 22) return;
  }
  look(rest);
  const { utf8, other } = found;
  if (utf8.lines === 0 || other.lines === 0) return;
  const rarer = other.lines <= utf8.lines ? other : utf8;
  throw new SkeinError(
    'SKEIN_SOURCE_UNREADABLE',
    `${file} mixes encodings: ${utf8.lines} of its lines are UTF-8, ${other.lines} are not; line ${rarer.first} is the first that differs`,
    { place: { file, line: rarer.first }, hint: 'Have it exported in one encoding, UTF-8 at best: the letters of the others would come out wrong.' },
  );
}
