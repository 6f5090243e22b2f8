import { hasChar, type CharSet } from './compat/char-set.ts';
import { readRegexTree, type Nfa, type Tree } from './compat/regex.ts';

const ASCII = 128;
/** Of a state and a character to the place of its next state in the table. */
const ROW = 7;
/** States that one pattern may come to; more, and the texts go to the general engine. */
const MOST_STATES = 1_000;
const UNKNOWN = -1;
/** Of the first two states, nothing that follows can make the pattern found, or prevent it. */
const FOUND = 1;

/** Whether a text holds the pattern; undefined where another engine must say. */
export type QuickTest = (text: string) => boolean | undefined;

/**
 * A fast test, linear in the length of the text: the platform's own expression where it cannot backtrack (see `isDeterministic`),
 * else an automaton built as texts need its states (Thompson 1968), one table look-up a character, for ASCII texts. Undefined for patterns outside the
 * plain regular language (flags, word borders, Unicode properties).
 */
export function quickTest(pattern: string): QuickTest | undefined {
  // A class that begins with ] and properties of Unicode mean other things to the reader than to RE2, or cost too much to learn.
  if (/\[\^?\]|\\[pP]/.test(pattern)) return undefined;
  const read = readRegexTree(pattern, 're2');
  if (read === undefined) return undefined;
  if (!isDeterministic(read)) return new Automaton(read.nfa).test;
  const native = new RegExp(written(read.tree), 'u');
  return (text) => native.test(text);
}

/**
 * Whether a backtracking engine reads each character at most once or twice: the pattern begins at the start of the text, and at no
 * place do two ways go on with one character, nor two ways lead to one place.
 */
function isDeterministic({ nfa: { states }, tree }: { nfa: Nfa; tree: Tree }): boolean {
  const first = tree.is === 'seq' ? tree.of[0] : tree;
  if (first?.is !== 'edge' || first.edge !== 'start') return false;
  // The states in front of the pattern read what may stand before it: an anchored pattern never leaves by them.
  const begin = states[1]?.free[0]?.to ?? 0;
  return states.every((_, index) => index < begin || oneWay(states, index));
}

function oneWay(states: Nfa['states'], from: number): boolean {
  const seen = new Set([from]);
  const open = [from];
  const taken: CharSet[] = [];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const { to } of states[state]?.free ?? []) {
      if (seen.has(to)) return false;
      seen.add(to);
      open.push(to);
    }
    for (const { chars, to } of states[state]?.on ?? []) if (to !== state) taken.push(chars);
  }
  const ranges = taken.flat().sort((a, b) => a[0] - b[0]);
  return ranges.every((range, index) => range[0] > (ranges[index - 1]?.[1] ?? -1));
}

/** The tree in ECMA-262, every class spelled out, so that it means there what it means here. */
function written(tree: Tree): string {
  switch (tree.is) {
    case 'chars':
      return `[${tree.chars.map(([from, to]) => `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`).join('')}]`;
    case 'edge':
      return tree.edge === 'start' ? '^' : '$';
    case 'seq':
      return tree.of.map(written).join('');
    case 'alt':
      return `(?:${tree.of.map(written).join('|')})`;
    case 'repeat':
      return `(?:${written(tree.of)}){${tree.low},${tree.high === Infinity ? '' : tree.high}}`;
  }
}

class Automaton {
  readonly #nfa: Nfa;
  readonly #hopeful: ReadonlySet<number>;
  readonly #ids = new Map<string, number>();
  readonly #sets: number[][] = [];
  /** Next state by state and character. */
  #next = new Int16Array(0);
  /** By state: 1 when the pattern is found if the text ends here. */
  #ends = new Uint8Array(MOST_STATES);
  readonly #start: number;

  constructor(nfa: Nfa) {
    this.#nfa = nfa;
    this.#hopeful = hopeful(nfa);
    this.#state([]);
    this.#state([nfa.end]);
    this.#start = this.#state(this.#closed([0], 'start'));
  }

  readonly test = (text: string): boolean | undefined => {
    let next = this.#next;
    let state = this.#start;
    for (let at = 0; at < text.length && state > FOUND; at++) {
      const code = text.charCodeAt(at);
      if (code >= ASCII) return undefined;
      let to = next[(state << ROW) | code] as number;
      if (to === UNKNOWN) {
        to = this.#move(state, code);
        if (to === UNKNOWN) return undefined;
        next = this.#next;
        next[(state << ROW) | code] = to;
      }
      state = to;
    }
    return this.#ends[state] === 1;
  };

  #move(from: number, code: number): number {
    const reached: number[] = [];
    for (const state of this.#sets[from] as number[]) for (const { chars, to } of this.#nfa.states[state]?.on ?? []) if (hasChar(chars, code)) reached.push(to);
    return this.#state(this.#closed(reached, undefined));
  }

  /** All states that free moves reach; moves bound to the end of the text are followed by `#state` alone. */
  #closed(from: readonly number[], edge: 'start' | 'end' | undefined): number[] {
    const seen = new Set(from);
    const open = [...seen];
    for (let state = open.pop(); state !== undefined; state = open.pop())
      for (const { to, only } of this.#nfa.states[state]?.free ?? []) {
        if ((only !== undefined && only !== edge) || seen.has(to)) continue;
        seen.add(to);
        open.push(to);
      }
    return [...seen].sort((a, b) => a - b);
  }

  #state(reached: readonly number[]): number {
    const { end } = this.#nfa;
    const set = reached.includes(end) ? [end] : reached.filter((state) => this.#hopeful.has(state));
    const key = set.join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    if (id >= MOST_STATES) return UNKNOWN;
    this.#ids.set(key, id);
    this.#sets.push(set);
    if (id << ROW >= this.#next.length) {
      const wider = new Int16Array(Math.max(8 << ROW, this.#next.length * 2)).fill(UNKNOWN);
      wider.set(this.#next);
      this.#next = wider;
    }
    this.#ends[id] = this.#closed(set, 'end').includes(end) ? 1 : 0;
    return id;
  }
}

/** States from which the end can be reached once the start of the text is behind. */
function hopeful({ states, end }: Nfa): ReadonlySet<number> {
  const before = states.map((): number[] => []);
  states.forEach(({ free, on }, from) => {
    for (const { to, only } of free) if (only !== 'start') before[to]?.push(from);
    for (const { to } of on) before[to]?.push(from);
  });
  const seen = new Set([end]);
  const open = [end];
  for (let state = open.pop(); state !== undefined; state = open.pop())
    for (const from of before[state] ?? []) {
      if (seen.has(from)) continue;
      seen.add(from);
      open.push(from);
    }
  return seen;
}
