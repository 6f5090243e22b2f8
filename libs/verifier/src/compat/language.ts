import { charClasses, type CharSet } from './char-set.ts';
import { Undecided } from './node.ts';
import type { Nfa } from './regex.ts';

/** What texts are asked for: found by some patterns, not by others, none of a few words, of a length. */
export interface TextWish {
  readonly found: readonly Nfa[];
  readonly absent: readonly Nfa[];
  readonly words: readonly string[];
  readonly low: number;
  readonly high: number;
}

const MAX_STATES = 3_000;
const MAX_STEPS = 400_000;

/**
 * Up to `count` different texts, shortest first; fewer only when there are no more. Walks the product of the patterns'
 * automata. Throws Undecided where that is too large.
 */
export function texts(wish: TextWish, count: number): string[] {
  if (wish.low > wish.high || count <= 0) return [];
  if (wish.found.length === 0 && wish.absent.length === 0) return plainTexts(wish, count);
  const found: string[] = [];
  // A letter of the product stands for all that the patterns do not tell apart; a word that is denied parts its letters off.
  for (;;) {
    const machine = new Product([...wish.found, ...wish.absent], wish.found.length, [...wish.words, ...found]);
    const more = machine.words(wish.low, wish.high, count - found.length);
    found.push(...more);
    if (more.length === 0 || found.length >= count) return found;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Without patterns every text of a fitting length will do. */
function plainTexts({ words, low, high }: TextWish, count: number): string[] {
  if (low > 100_000) throw new Undecided('texts are too long to be written out');
  const taken = new Set(words);
  const found: string[] = [];
  const offer = (text: string) => {
    if (!taken.has(text)) found.push(text);
    taken.add(text);
  };
  if (low === 0) offer('');
  if (high === 0) return found.slice(0, count);
  // Letters count up like digits; a text of many letters has more of them than anyone asks for.
  for (let number = 0; found.length < count && number < taken.size + count + 1_200_000; number++) {
    let [rest, text] = [number, ''];
    do {
      const digit = rest % 26;
      text = (LETTERS[digit] as string) + text;
      rest = Math.floor(rest / 26) - 1;
    } while (rest >= 0);
    if ([...text].length > high) {
      // One letter is too few: other characters then.
      if (high > 1) throw new Undecided('too many texts are asked for');
      for (let point = 32; point <= 0x10ffff && found.length < count; point++) if (point < 0xd800 || point > 0xdfff) offer(String.fromCodePoint(point));
      break;
    }
    offer(text.padStart(low, 'a'));
  }
  return found.slice(0, count);
}

interface ProductState {
  readonly sets: readonly (readonly number[])[];
  readonly word: number;
  readonly start: boolean;
  readonly accepting: boolean;
  readonly next: (number | undefined)[];
}

/** A class of characters: one that stands for it, and for each automaton and state where it leads. */
interface Letter {
  readonly point: number;
  readonly moves: readonly (readonly (readonly number[])[])[];
}

interface WordNode {
  readonly next: Map<number, number>;
  ends: boolean;
}

class Product {
  readonly #parts: readonly Nfa[];
  readonly #positive: number;
  readonly #alphabet: readonly Letter[];
  readonly #trie: WordNode[] = [{ next: new Map(), ends: false }];
  readonly #states: ProductState[] = [];
  readonly #byKey = new Map<string, number>();
  #steps = 0;

  constructor(parts: readonly Nfa[], positive: number, words: readonly string[]) {
    this.#parts = parts;
    this.#positive = positive;
    const sets: CharSet[] = [];
    const indexOf = new Map<string, number>();
    const index = (set: CharSet) => {
      const key = JSON.stringify(set);
      const known = indexOf.get(key);
      if (known !== undefined) return known;
      indexOf.set(key, sets.push(set) - 1);
      return sets.length - 1;
    };
    const edges = parts.map((part) => part.states.map((state) => state.on.map((on) => ({ set: index(on.chars), to: on.to }))));
    for (const word of words) {
      let at = 0;
      for (const letter of word) {
        const point = letter.codePointAt(0) as number;
        index([[point, point]]);
        const node = this.#trie[at] as WordNode;
        let next = node.next.get(point);
        if (next === undefined) {
          next = this.#trie.push({ next: new Map(), ends: false }) - 1;
          node.next.set(point, next);
        }
        at = next;
      }
      (this.#trie[at] as WordNode).ends = true;
    }
    this.#alphabet = charClasses(sets).map(({ point, within }) => ({
      point,
      moves: edges.map((states) => states.map((state) => state.filter((edge) => within[edge.set]).map((edge) => edge.to))),
    }));
    this.#add(
      parts.map((part) => closure(part, [0], { start: true, end: false })),
      0,
      true,
    );
  }

  #add(sets: readonly (readonly number[])[], word: number, start: boolean): number {
    const key = `${start}|${word}|${sets.map((set) => set.join()).join('|')}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#states.length >= MAX_STATES) throw new Undecided('the patterns are too large to be compared');
    const accepting =
      !(word >= 0 && this.#trie[word]?.ends === true) &&
      this.#parts.every((part, at) => closure(part, sets[at] as readonly number[], { start, end: true }).includes(part.end) === at < this.#positive);
    this.#states.push({ sets, word, start, accepting, next: this.#alphabet.map(() => undefined) });
    this.#byKey.set(key, this.#states.length - 1);
    return this.#states.length - 1;
  }

  #move(from: number, letter: number): number {
    const state = this.#states[from] as ProductState;
    const known = state.next[letter];
    if (known !== undefined) return known;
    const { point, moves } = this.#alphabet[letter] as Letter;
    const sets = this.#parts.map((part, at) => {
      const targets = (state.sets[at] as readonly number[]).flatMap((inner) => moves[at]?.[inner] ?? []);
      if ((this.#steps += targets.length + 1) > MAX_STEPS) throw new Undecided('the patterns are too large to be compared');
      return closure(part, targets, { start: false, end: false });
    });
    const word = state.word < 0 ? -1 : (this.#trie[state.word]?.next.get(point) ?? -1);
    const to = this.#add(sets, word, false);
    state.next[letter] = to;
    return to;
  }

  /** States from which a text can still be completed; walks the whole product. */
  #live(): Set<number> {
    const before = new Map<number, number[]>();
    for (let from = 0; from < this.#states.length; from++) {
      for (let letter = 0; letter < this.#alphabet.length; letter++) {
        const to = this.#move(from, letter);
        const list = before.get(to);
        if (list) list.push(from);
        else before.set(to, [from]);
      }
    }
    const live = new Set<number>();
    const queue = this.#states.flatMap((state, at) => (state.accepting ? [at] : []));
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (live.has(at)) continue;
      live.add(at);
      queue.push(...(before.get(at) ?? []));
    }
    return live;
  }

  /** Some texts of the product, the shortest first: at most `count`, and at least one where there is any. */
  words(low: number, high: number, count: number): string[] {
    const live = this.#live();
    if (!live.has(0)) return [];
    const found: string[] = [];
    const keep = Math.min(count, 64);
    let layer = new Map<number, string[]>([[0, ['']]]);
    // A text that is longer by more than the number of states repeats one, and can be shortened.
    const beyond = low + this.#states.length;
    for (let length = 0; length <= high && length <= beyond && layer.size > 0; length++) {
      if (length >= low) {
        for (const [at, words] of layer) {
          if (!this.#states[at]?.accepting) continue;
          for (const word of words) {
            found.push(word);
            if (found.length >= count) return found;
          }
        }
      }
      const next = new Map<number, string[]>();
      for (const [at, words] of layer) {
        for (let letter = 0; letter < this.#alphabet.length; letter++) {
          const to = this.#move(at, letter);
          if (!live.has(to)) continue;
          if ((this.#steps += words.length) > MAX_STEPS) throw new Undecided('the patterns are too large to be compared');
          const text = String.fromCodePoint((this.#alphabet[letter] as Letter).point);
          const list = next.get(to) ?? [];
          for (const word of words) if (list.length < keep) list.push(word + text);
          next.set(to, list);
        }
      }
      layer = next;
    }
    return found;
  }
}

function closure(part: Nfa, from: readonly number[], edge: { readonly start: boolean; readonly end: boolean }): number[] {
  const seen = new Set(from);
  const queue = [...from];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { to, only } of part.states[at]?.free ?? []) {
      if ((only === 'start' && !edge.start) || (only === 'end' && !edge.end) || seen.has(to)) continue;
      seen.add(to);
      queue.push(to);
    }
  }
  return [...seen].sort((a, b) => a - b);
}

/** Whether a text is found by a pattern: in time linear in the text. */
export function finds(pattern: Nfa, text: string): boolean {
  let states = closure(pattern, [0], { start: true, end: false });
  let start = true;
  for (const letter of text) {
    const point = letter.codePointAt(0) as number;
    const next = new Set<number>();
    for (const at of states) {
      for (const { chars, to } of pattern.states[at]?.on ?? []) if (chars.some(([from, last]) => from <= point && point <= last)) next.add(to);
    }
    states = closure(pattern, [...next], { start: false, end: false });
    start = false;
  }
  return closure(pattern, states, { start, end: true }).includes(pattern.end);
}
