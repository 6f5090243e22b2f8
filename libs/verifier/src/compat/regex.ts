import { ALL_CHARS, charComplement, charProperty, charUnion, CLASSES, type CharSet, type Dialect } from './char-set.ts';

/** A regular expression as a nondeterministic automaton. State 0 begins; `end` is reached when the pattern was found. */
export interface Nfa {
  readonly states: readonly NfaState[];
  readonly end: number;
}

export interface NfaState {
  /** Free moves; `start` and `end` only at that edge of the text. */
  readonly free: { readonly to: number; readonly only?: 'start' | 'end' }[];
  readonly on: { readonly chars: CharSet; readonly to: number }[];
}

export type Tree =
  | { readonly is: 'chars'; readonly chars: CharSet }
  | { readonly is: 'edge'; readonly edge: 'start' | 'end' }
  | { readonly is: 'seq' | 'alt'; readonly of: readonly Tree[] }
  | { readonly is: 'repeat'; readonly of: Tree; readonly low: number; readonly high: number };

const MAX_STATES = 4_000;
const MAX_LENGTH = 4_096;
const MAX_DEPTH = 64;
const EMPTY: Tree = { is: 'seq', of: [] };

class Unreadable extends Error {}

/**
 * Reads a pattern of ECMA-262, as JSON Schema uses it (found anywhere in the text, by code points). Undefined for what is no
 * regular language (lookaround, references back), or too large, or no pattern at all.
 */
export function readRegex(pattern: string, dialect: Dialect = 'ecma-262'): Nfa | undefined {
  return readRegexTree(pattern, dialect)?.nfa;
}

/** The pattern as a tree too, for those who write it again in another language. */
export function readRegexTree(pattern: string, dialect: Dialect): { readonly tree: Tree; readonly nfa: Nfa } | undefined {
  if (pattern.length > MAX_LENGTH) return undefined;
  try {
    const tree = new Reader(pattern, dialect).read();
    return { tree, nfa: build(tree) };
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Reader {
  readonly #points: readonly string[];
  readonly #classes: Readonly<Record<string, CharSet>>;
  #at = 0;

  constructor(pattern: string, dialect: Dialect) {
    this.#classes = CLASSES[dialect];
    this.#points = [...pattern];
  }

  read(): Tree {
    const tree = this.#alternatives(0);
    if (this.#at < this.#points.length) throw new Unreadable();
    return tree;
  }

  #peek(): string | undefined {
    return this.#points[this.#at];
  }

  #take(text: string): boolean {
    for (let index = 0; index < text.length; index++) if (this.#points[this.#at + index] !== text[index]) return false;
    this.#at += text.length;
    return true;
  }

  #alternatives(depth: number): Tree {
    if (depth > MAX_DEPTH) throw new Unreadable();
    const of = [this.#sequence(depth)];
    while (this.#take('|')) of.push(this.#sequence(depth));
    return of.length === 1 ? (of[0] as Tree) : { is: 'alt', of };
  }

  #sequence(depth: number): Tree {
    const of: Tree[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) of.push(this.#repeated(this.#single(depth)));
    return { is: 'seq', of };
  }

  #single(depth: number): Tree {
    if (this.#take('^')) return { is: 'edge', edge: 'start' };
    if (this.#take('$')) return { is: 'edge', edge: 'end' };
    if (this.#take('(')) {
      if (this.#take('?')) {
        if (!this.#take(':')) {
          // (?<name>…) is a group like any other; (?=, (?!, (?<=, (?<! and flags are not read.
          if (!this.#take('<')) throw new Unreadable();
          let name = '';
          while (this.#peek() !== undefined && this.#peek() !== '>') name += this.#points[this.#at++];
          if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) || !this.#take('>')) throw new Unreadable();
        }
      }
      const tree = this.#alternatives(depth + 1);
      if (!this.#take(')')) throw new Unreadable();
      return tree;
    }
    if (this.#take('.')) return { is: 'chars', chars: this.#classes['.'] as CharSet };
    if (this.#take('[')) return { is: 'chars', chars: this.#class() };
    if (this.#take('\\')) return this.#escapeOutside();
    const point = this.#points[this.#at++];
    if (point === undefined || '*+?{'.includes(point)) throw new Unreadable();
    return { is: 'chars', chars: single(point) };
  }

  #repeated(of: Tree): Tree {
    let [low, high] = [1, 1];
    if (this.#take('*')) [low, high] = [0, Infinity];
    else if (this.#take('+')) [low, high] = [1, Infinity];
    else if (this.#take('?')) [low, high] = [0, 1];
    else if (this.#peek() === '{') {
      const rest = this.#points.slice(this.#at, this.#at + 24).join('');
      const match = /^\{(\d{1,5})(,(\d{1,5})?)?\}/.exec(rest);
      if (!match) throw new Unreadable();
      this.#at += match[0].length;
      low = Number(match[1]);
      high = match[2] === undefined ? low : match[3] === undefined ? Infinity : Number(match[3]);
      if (low > high) throw new Unreadable();
    } else return of;
    // Whether a repetition is lazy changes what is captured, not what is matched.
    this.#take('?');
    if (this.#peek() !== undefined && '*+?{'.includes(this.#peek() as string)) throw new Unreadable();
    if (of.is === 'edge') return low === 0 ? EMPTY : of;
    return { is: 'repeat', of, low, high };
  }

  #escapeOutside(): Tree {
    const next = this.#peek();
    if (next === undefined || /[1-9bBkGAzZQ]/.test(next)) throw new Unreadable();
    return { is: 'chars', chars: this.#escape() };
  }

  /** After a backslash: a class, a code point, or the character itself. */
  #escape(): CharSet {
    const point = this.#points[this.#at++];
    if (point === undefined) throw new Unreadable();
    const lower = point.toLowerCase();
    if ('dws'.includes(lower)) {
      const set = this.#classes[lower] as CharSet;
      return lower === point ? set : charComplement(set);
    }
    if (lower === 'p') {
      if (!this.#take('{')) throw new Unreadable();
      let name = '';
      while (this.#peek() !== undefined && this.#peek() !== '}') name += this.#points[this.#at++];
      if (!this.#take('}')) throw new Unreadable();
      const set = charProperty(name);
      if (!set) throw new Unreadable();
      return point === 'p' ? set : charComplement(set);
    }
    const control = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 }[point];
    if (control !== undefined) {
      if (point === '0' && /[0-9]/.test(this.#peek() ?? '')) throw new Unreadable();
      return [[control, control]];
    }
    if (point === 'x') return this.#hex(2);
    if (point === 'u') {
      if (!this.#take('{')) return this.#hex(4);
      let digits = '';
      while (/[0-9A-Fa-f]/.test(this.#peek() ?? '') && digits.length < 8) digits += this.#points[this.#at++];
      const value = Number.parseInt(digits, 16);
      if (!this.#take('}') || !(value <= 0x10ffff)) throw new Unreadable();
      return [[value, value]];
    }
    if (point === 'c') {
      const letter = this.#points[this.#at++] ?? '';
      if (!/^[A-Za-z]$/.test(letter)) throw new Unreadable();
      const value = (letter.codePointAt(0) as number) % 32;
      return [[value, value]];
    }
    if (/[A-Za-z0-9]/.test(point)) throw new Unreadable();
    return single(point);
  }

  #hex(length: number): CharSet {
    const digits = this.#points.slice(this.#at, this.#at + length).join('');
    if (digits.length !== length || !/^[0-9A-Fa-f]+$/.test(digits)) throw new Unreadable();
    this.#at += length;
    const value = Number.parseInt(digits, 16);
    // Two escapes may make up one code point.
    if (value >= 0xd800 && value <= 0xdfff) throw new Unreadable();
    return [[value, value]];
  }

  #class(): CharSet {
    const denied = this.#take('^');
    const sets: CharSet[] = [];
    while (!this.#take(']')) {
      const from = this.#member();
      if (this.#peek() === '-' && this.#points[this.#at + 1] !== ']' && this.#points[this.#at + 1] !== undefined) {
        this.#at += 1;
        const to = this.#member();
        const [low, high] = [lone(from), lone(to)];
        if (low === undefined || high === undefined || low > high) throw new Unreadable();
        sets.push([[low, high]]);
      } else sets.push(from);
    }
    const set = charUnion(...sets);
    return denied ? charComplement(set) : set;
  }

  #member(): CharSet {
    if (this.#take('\\')) {
      if (this.#take('b')) return [[8, 8]];
      if (this.#peek() !== undefined && /[1-9BkGAzZQ]/.test(this.#peek() as string)) throw new Unreadable();
      return this.#escape();
    }
    // [[:alpha:]] means one thing to RE2 and another to ECMA-262.
    if (this.#peek() === '[' && this.#points[this.#at + 1] === ':') throw new Unreadable();
    const point = this.#points[this.#at++];
    if (point === undefined) throw new Unreadable();
    return single(point);
  }
}

function single(point: string): CharSet {
  const value = point.codePointAt(0) as number;
  return [[value, value]];
}

function lone(set: CharSet): number | undefined {
  const [first, ...more] = set;
  return first && more.length === 0 && first[0] === first[1] ? first[0] : undefined;
}

function build(tree: Tree): Nfa {
  const states: NfaState[] = [];
  const state = () => {
    if (states.length >= MAX_STATES) throw new Unreadable();
    states.push({ free: [], on: [] });
    return states.length - 1;
  };
  const at = (index: number) => states[index] as NfaState;
  const link = (part: Tree, from: number): number => {
    switch (part.is) {
      case 'chars': {
        const to = state();
        at(from).on.push({ chars: part.chars, to });
        return to;
      }
      case 'edge': {
        const to = state();
        at(from).free.push({ to, only: part.edge });
        return to;
      }
      case 'seq':
        return part.of.reduce((last, next) => link(next, last), from);
      case 'alt': {
        const to = state();
        for (const one of part.of) {
          const first = state();
          at(from).free.push({ to: first });
          at(link(one, first)).free.push({ to });
        }
        return to;
      }
      case 'repeat': {
        let last = from;
        for (let count = 0; count < part.low; count++) last = link(part.of, last);
        if (part.high === Infinity) {
          const loop = state();
          at(last).free.push({ to: loop });
          at(link(part.of, loop)).free.push({ to: loop });
          const to = state();
          at(loop).free.push({ to });
          return to;
        }
        const to = state();
        for (let count = part.low; count < part.high; count++) {
          at(last).free.push({ to });
          last = link(part.of, last);
        }
        at(last).free.push({ to });
        return to;
      }
    }
  };
  // Found anywhere: any text may stand before and after.
  const [begin, before] = [state(), state()];
  const pattern = state();
  at(begin).free.push({ to: before });
  at(before).on.push({ chars: ALL_CHARS, to: before });
  at(before).free.push({ to: pattern });
  const end = link(tree, pattern);
  at(end).on.push({ chars: ALL_CHARS, to: end });
  return { states, end };
}
