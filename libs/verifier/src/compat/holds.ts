import type { Dialect } from './char-set.ts';
import { compare, decimalOf, isWholeMultiple, type Decimal } from './decimal.ts';
import { canonicalValue, kindOf, memberOf } from './json-value.ts';
import { finds } from './language.ts';
import { Undecided, type Keys, type Node } from './node.ts';
import { readRegex, type Nfa } from './regex.ts';

const DEEPEST = 400;

/** Whether values keep rules: a small validator over nodes, which every witness is put to. */
export class Judge {
  readonly #patterns = new Map<string, Nfa | undefined>();
  readonly #dialect: Dialect;

  constructor(dialect: Dialect = 'ecma-262') {
    this.#dialect = dialect;
  }

  /** The automaton of a pattern; undefined where it has none. */
  pattern(text: string): Nfa | undefined {
    if (!this.#patterns.has(text)) this.#patterns.set(text, readRegex(text, this.#dialect));
    return this.#patterns.get(text);
  }

  /** Whether a pattern is found in a text. Throws Undecided for a pattern that has no automaton. */
  finds(pattern: string, text: string): boolean {
    const nfa = this.pattern(pattern);
    if (!nfa) throw new Undecided(`the pattern ${JSON.stringify(pattern)} cannot be compared`);
    return finds(nfa, text);
  }

  /** Whether a rule speaks of the member `name`. */
  covers(keys: Keys, name: string): boolean {
    if ('name' in keys) return keys.name === name;
    if ('pattern' in keys) return this.finds(keys.pattern, name);
    return !keys.others.names.includes(name) && !keys.others.patterns.some((pattern) => this.finds(pattern, name));
  }

  holds(node: Node, value: unknown, depth = 0): boolean {
    if (depth > DEEPEST) throw new Undecided('the schema refers to itself without end');
    const deeper = depth + 1;
    switch (node.is) {
      case 'true':
        return true;
      case 'false':
        return false;
      case 'and':
        return node.of.every((part) => this.holds(part, value, deeper));
      case 'or':
        return node.of.some((part) => this.holds(part, value, deeper));
      case 'one':
        return node.of.filter((part) => this.holds(part, value, deeper)).length === 1;
      case 'not':
        return !this.holds(node.of, value, deeper);
      case 'ref':
        return this.holds(node.target(), value, deeper);
      case 'kinds':
        return node.kinds.has(kindOf(value));
      case 'values':
        return node.values.has(canonicalValue(value));
      case 'opaque':
        if (node.kind !== undefined && node.kind !== kindOf(value)) return true;
        throw new Undecided(node.key);
      case 'bound': {
        const number = numberOf(value);
        if (!number) return true;
        const order = compare(number, node.value) * (node.side === 'low' ? 1 : -1);
        return node.exclusive ? order > 0 : order >= 0;
      }
      case 'multiple': {
        const number = numberOf(value);
        return !number || isWholeMultiple(number, node.step);
      }
      case 'size': {
        if (kindOf(value) !== node.kind) return true;
        const size = sizeOf(value);
        return node.side === 'low' ? size >= node.size : size <= node.size;
      }
      case 'pattern':
        return typeof value !== 'string' || this.finds(node.pattern, value);
      case 'items':
        return !Array.isArray(value) || value.every((item, at) => this.holds(node.prefix[at] ?? node.rest, item, deeper));
      case 'contains': {
        if (!Array.isArray(value)) return true;
        const count = value.filter((item) => this.holds(node.of, item, deeper)).length;
        return count >= node.low && count <= node.high;
      }
      case 'unique':
        return !Array.isArray(value) || new Set(value.map(canonicalValue)).size === value.length;
      case 'required':
        return kindOf(value) !== 'object' || Object.hasOwn(value as object, node.name);
      case 'names':
        return kindOf(value) !== 'object' || Object.keys(value as object).every((name) => this.holds(node.of, name, deeper));
      case 'member': {
        if (kindOf(value) !== 'object') return true;
        const { keys } = node;
        if ('name' in keys) return !Object.hasOwn(value as object, keys.name) || this.holds(node.of, memberOf(value as object, keys.name), deeper);
        return Object.keys(value as object).every((name) => !this.covers(keys, name) || this.holds(node.of, memberOf(value as object, name), deeper));
      }
    }
  }
}

function numberOf(value: unknown): Decimal | undefined {
  return decimalOf(value);
}

/** Characters (code points), items or members. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length;
  return Array.isArray(value) ? value.length : Object.keys(value as object).length;
}
