/** Sets `count` bits of `target` from `at` to ones. */
export function fillOnes(target: Uint8Array, at: number, count: number): void {
  let bit = at;
  const end = at + count;
  while (bit < end && (bit & 7) !== 0) setBit(target, bit++, true);
  const whole = (end - bit) >>> 3;
  target.fill(0xff, bit >>> 3, (bit >>> 3) + whole);
  bit += whole * 8;
  while (bit < end) setBit(target, bit++, true);
}

/** Copies `count` bits (least significant first, as in DuckDB's masks and in Arrow) from bit `from` of `source` to bit `at` of `target`. */
export function copyBits(source: Uint8Array, from: number, target: Uint8Array, at: number, count: number): void {
  let read = from;
  let write = at;
  const end = at + count;
  while (write < end && (write & 7) !== 0) setBit(target, write++, bitAt(source, read++));
  const whole = (end - write) >>> 3;
  const shift = read & 7;
  const first = read >>> 3;
  if (shift === 0) target.set(source.subarray(first, first + whole), write >>> 3);
  else
    for (let byte = 0; byte < whole; byte++)
      target[(write >>> 3) + byte] = ((source[first + byte] ?? 0) >>> shift) | ((source[first + byte + 1] ?? 0) << (8 - shift));
  read += whole * 8;
  write += whole * 8;
  while (write < end) setBit(target, write++, bitAt(source, read++));
}

/** How many of `count` bits from `from` are zero. */
export function countZeros(source: Uint8Array, from: number, count: number): number {
  let zeros = 0;
  let bit = from;
  const end = from + count;
  while (bit < end) {
    if ((bit & 7) === 0 && end - bit >= 8) {
      const byte = source[bit >>> 3] ?? 0;
      if (byte !== 0xff) for (let mask = 1; mask < 256; mask <<= 1) if ((byte & mask) === 0) zeros++;
      bit += 8;
    } else if (!bitAt(source, bit++)) zeros++;
  }
  return zeros;
}

export function bitAt(source: Uint8Array, bit: number): boolean {
  return ((source[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

export function setBit(target: Uint8Array, bit: number, value: boolean): void {
  const byte = bit >>> 3;
  const mask = 1 << (bit & 7);
  target[byte] = value ? (target[byte] ?? 0) | mask : (target[byte] ?? 0) & ~mask;
}
