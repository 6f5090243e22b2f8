/** What a provider said about a range of blocks that was too much for it. */
export interface RangeHint {
  /** Blocks that it takes at most, when it said so. */
  readonly span: bigint | undefined;
}

/** Messages by which providers refuse a range, its logs or its bytes. Collected from their documentation and issue trackers. */
const TOO_MUCH = [
  /more than [\d,]+ (?:results|logs)/i,
  /(?:block )?range (?:is |was )?(?:too (?:large|wide|big|many)|exceed|limit)/i,
  /(?:exceed\w*|maximum|max|limited to|up to|allowed).{0,60}\b(?:block )?range/i,
  /too many blocks/i,
  /(?:response|result|payload|body|log response).{0,20}(?:size|is).{0,20}(?:exceed|too (?:big|large))/i,
  /exceed\w* (?:max|maximum|the|its).{0,20}(?:results|logs|response|size|blocks)/i,
  /query (?:timeout|timed out|exceed)/i,
  /(?:is|are) limited to.{0,20}(?:blocks|range)/i,
  /too large, max/i,
];

const SUGGESTED = /(?:range|retry with)[^[\d]{0,40}\[?\s*(0x[0-9a-f]+|\d+)\s*(?:,|-|to)\s*(0x[0-9a-f]+|\d+)\s*\]?/i;
const LIMIT =
  /(?:max(?:imum)?(?: is)?(?: set to)?|limited to(?: a)?|up to(?: a)?|limit of|exceeds? (?:the )?(?:maximum |max )?(?:block )?range(?: of| limit)?:?)\D{0,20}?([\d,]+)\s*(k?)\b/i;

/** Reads the hint from an error message; undefined when the message is about something else. */
export function rangeHint(message: string, from: bigint, to: bigint): RangeHint | undefined {
  if (!TOO_MUCH.some((pattern) => pattern.test(message))) return undefined;
  const suggested = SUGGESTED.exec(message);
  if (suggested) {
    const [first, last] = [BigInt(suggested[1] ?? 0), BigInt(suggested[2] ?? 0)];
    // A suggestion is of use when it begins where we asked and is shorter.
    if (first === from && last >= first && last < to) return { span: last - first + 1n };
  }
  // "10,000 results" is a limit of logs, not of blocks.
  const limit = /\b(?:results|logs|bytes|MB)\b/i.test(message) ? null : LIMIT.exec(message);
  const span = limit ? BigInt((limit[1] ?? '').replaceAll(',', '')) * (limit[2]?.toLowerCase() === 'k' ? 1_000n : 1n) : 0n;
  return { span: span > 0n && span < to - from + 1n ? span : undefined };
}
