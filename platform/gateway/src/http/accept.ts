import { SkeinError } from '@skein/kernel';
import type { ResultFormat } from '@skein/ports';

/** Media types of results, the preferred one first: it answers when the client does not care. */
export const MEDIA_TYPES: readonly (readonly [type: string, format: ResultFormat])[] = [
  ['application/json', 'json'],
  ['application/vnd.apache.arrow.stream', 'arrow'],
  ['application/x-ndjson', 'ndjson'],
  ['text/csv', 'csv'],
];

export function mediaType(format: ResultFormat): string {
  const [type] = MEDIA_TYPES.find(([, one]) => one === format) as readonly [string, ResultFormat];
  return format === 'csv' ? `${type}; charset=utf-8; header=present` : type;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** `Accept` as ranges with their weights (RFC 9110, section 12.5.1); parameters other than q are passed over. */
function ranges(accept: string): Range[] {
  return accept.split(',', 64).map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    return { type, quality: weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0 };
  });
}

/** The weight of a type: that of the most specific range which covers it. */
export function acceptWeight(accept: string, type: string): number {
  const given = ranges(accept);
  for (const range of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const found = given.find((one) => one.type === range);
    if (found) return found.quality;
  }
  return 0;
}

/** The format of the answer; JSON when nothing is asked for. Throws SKEIN_REQUEST_ACCEPT. */
export function chooseFormat(accept: string | undefined): ResultFormat {
  if (accept === undefined || accept.trim() === '' || accept === '*/*') return 'json';
  let best: ResultFormat | undefined;
  let weight = 0;
  for (const [type, format] of MEDIA_TYPES) {
    const own = acceptWeight(accept, type);
    if (own > weight) [best, weight] = [format, own];
  }
  if (best === undefined) throw new SkeinError('SKEIN_REQUEST_ACCEPT', `nothing of ${JSON.stringify(accept.slice(0, 200))} can be produced`);
  return best;
}
