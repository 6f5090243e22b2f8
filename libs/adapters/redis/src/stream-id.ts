/** The id before every other. */
export const FIRST = '0-0';

/** Whether one id of a stream comes after another. Ids are two counters, `<milliseconds>-<number>`; they order nothing but the entries of one stream. */
export function isAfter(one: string, other: string): boolean {
  const [a, b] = parts(one);
  const [c, d] = parts(other);
  return a > c || (a === c && b > d);
}

function parts(id: string): readonly [bigint, bigint] {
  const match = /^(\d{1,20})-(\d{1,20})$/.exec(id);
  return match ? [BigInt(match[1] as string), BigInt(match[2] as string)] : [-1n, -1n];
}
