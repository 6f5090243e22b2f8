/** Exact arithmetic on the decimal text that contracts hold. */

function scaled(value: string): { digits: bigint; scale: number } {
  const [whole = '0', fraction = ''] = value.split('.');
  return { digits: BigInt(`${whole}${fraction}`), scale: fraction.length };
}

/** Negative, zero or positive, as `a` is below, equal to or above `b`; both are plain decimal text such as `-12.50`. */
export function compareDecimal(a: string, b: string): number {
  const left = scaled(a);
  const right = scaled(b);
  const scale = Math.max(left.scale, right.scale);
  const difference = left.digits * 10n ** BigInt(scale - left.scale) - right.digits * 10n ** BigInt(scale - right.scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Whether `value` is a whole multiple of `step`, which is not zero. */
export function isMultiple(value: string, step: string): boolean {
  const left = scaled(value);
  const right = scaled(step);
  const scale = Math.max(left.scale, right.scale);
  return (left.digits * 10n ** BigInt(scale - left.scale)) % (right.digits * 10n ** BigInt(scale - right.scale)) === 0n;
}
