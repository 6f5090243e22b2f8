/** Decimal text in units of 10^-scale; what lies between two is moved towards zero. */
export function wholeUnits(text: string, scale: number): bigint {
  const [whole = '0', places = ''] = text.replace('-', '').split('.');
  const units = BigInt(`${whole}${places.slice(0, scale).padEnd(scale, '0')}`);
  return text.startsWith('-') ? -units : units;
}

/** Such units as decimal text, with all their places. */
export function inUnits(value: bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
