/** Precedence of versions (semver 2.0.0, section 11); what follows `+` does not count. */
export function bySemver(a: string, b: string): number {
  const [one, other] = [parts(a), parts(b)];
  for (let at = 0; at < 3; at += 1) {
    const apart = Number(one.numbers[at] ?? 0) - Number(other.numbers[at] ?? 0);
    if (apart !== 0) return apart;
  }
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length;
  for (let at = 0; at < Math.max(one.pre.length, other.pre.length); at += 1) {
    const apart = byIdentifier(one.pre[at], other.pre[at]);
    if (apart !== 0) return apart;
  }
  return 0;
}

function parts(version: string): { numbers: string[]; pre: string[] } {
  const [plain = ''] = version.split('+');
  const dash = plain.indexOf('-');
  return { numbers: (dash < 0 ? plain : plain.slice(0, dash)).split('.'), pre: dash < 0 ? [] : plain.slice(dash + 1).split('.') };
}

/** Fewer identifiers come first; numbers before words. */
function byIdentifier(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const [one, other] = [a, b].map((text) => (/^\d+$/.test(text) ? BigInt(text) : undefined));
  if (one !== undefined && other !== undefined) return one < other ? -1 : one > other ? 1 : 0;
  if (one !== undefined || other !== undefined) return one !== undefined ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
