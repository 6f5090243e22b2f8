import { ROUNDING, type Diversity } from './ask.ts';

/** Whether the counts of sensitive values in one class are as diverse as asked. */
export function isDiverse(counts: Int32Array, size: number, asked: Diversity): boolean {
  if (asked.kind === 'distinct') {
    let distinct = 0;
    for (const count of counts) if (count > 0) distinct += 1;
    return distinct >= asked.l;
  }
  if (asked.kind === 'entropy') {
    let entropy = 0;
    for (const count of counts) if (count > 0) entropy -= (count / size) * Math.log(count / size);
    return entropy >= Math.log(asked.l) - ROUNDING;
  }
  const falling = Array.from(counts)
    .filter((count) => count > 0)
    .sort((a, b) => b - a);
  let tail = 0;
  for (let at = asked.l - 1; at < falling.length; at += 1) tail += falling[at] as number;
  return (falling[0] ?? 0) < asked.c * tail;
}
