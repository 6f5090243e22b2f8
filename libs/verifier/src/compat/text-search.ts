import type { Judge } from './holds.ts';
import { texts, type TextWish } from './language.ts';
import { Undecided, type Node } from './node.ts';
import type { Nfa } from './regex.ts';

/**
 * Up to `count` different texts that keep the rules of `kept` and break each of `broken`: lengths, patterns, lists of values.
 * Fewer only when there are no more. Throws Undecided where a pattern cannot be compared.
 */
export function findTexts(kept: readonly Node[], broken: readonly Node[], judge: Judge, count: number): string[] {
  let [low, high] = [0, Infinity];
  const [found, absent, unread]: [Nfa[], Nfa[], string[]] = [[], [], []];
  const words: string[] = [];
  for (const [nodes, keep] of [
    [kept, true],
    [broken, false],
  ] as const) {
    for (const node of nodes) {
      if (node.is === 'size') {
        if ((node.side === 'low') === keep) low = Math.max(low, keep ? node.size : node.size + 1);
        else high = Math.min(high, keep ? node.size : node.size - 1);
      } else if (node.is === 'pattern') {
        const nfa = judge.pattern(node.pattern);
        if (nfa) (keep ? found : absent).push(nfa);
        else unread.push(node.pattern);
      } else if (node.is === 'values') for (const value of node.values.values()) if (typeof value === 'string') words.push(value);
    }
  }
  const wish: TextWish = { found, absent, words, low, high };
  if (unread.length === 0) return texts(wish, count);
  // What the other rules rule out is out, whatever the unread pattern means.
  if (texts(wish, 1).length === 0) return [];
  throw new Undecided(`the pattern ${JSON.stringify(unread[0])} cannot be compared`);
}
