/**
 * What the engine says, without what it quotes: its messages repeat values of the data ("Could not convert string …"), which
 * may be personal. The first line, its class and its words are kept.
 */
export function engineReason(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return first
    .replaceAll(/'(?:[^']|'')*'/g, '…')
    .replaceAll(/(string|value) "(?:[^"]|"")*"/gi, '$1 …')
    .slice(0, 200);
}
