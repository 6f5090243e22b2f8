import { findArray } from './array-search.ts';
import type { Judge } from './holds.ts';
import { kindOf, type Kind } from './json-value.ts';
import { no, Undecided, yes, type Literal, type Node, type Nodes } from './node.ts';
import { findNumber } from './number-search.ts';
import { findObject } from './object-search.ts';
import { NONE, some, unknown, type Outcome } from './outcome.ts';
import { findTexts } from './text-search.ts';

/** Rules that a value must keep (`id * 2`) or break (`id * 2 + 1`), all at once. */
export type Goal = readonly Literal[];

/** Alternatives of which one must hold: each a list of literals. */
type Split = readonly (readonly Literal[])[];

const DEEPEST = 60;

/**
 * Searches a value that meets a goal, and proves that there is none where there is none: a tableau over the rules, for one
 * kind of value at a time, with one solver for each kind at the leaves.
 *
 * Recursive schemas: a goal that is met again within itself is taken as unmeetable there. A value is finite, and the smallest
 * one that meets the goal has no part that meets it. What was concluded from that is not remembered beyond it.
 */
export class Search {
  readonly nodes: Nodes;
  readonly judge: Judge;
  #steps: number;
  #depth = 0;
  /** The outermost open goal that a conclusion was drawn from, as its depth. */
  #drawnFrom = Infinity;
  readonly #open = new Map<string, number>();
  readonly #known = new Map<string, Outcome>();

  constructor(nodes: Nodes, judge: Judge, steps: number) {
    this.nodes = nodes;
    this.judge = judge;
    this.#steps = steps;
  }

  /** Allows more steps for the next question. */
  grant(steps: number): void {
    this.#steps = steps;
    this.#drawnFrom = Infinity;
  }

  /** Counts one step of work. Throws Undecided when none is left. */
  step(cost = 1): void {
    this.#steps -= cost;
    if (this.#steps < 0) throw new Undecided('the comparison takes too many steps');
  }

  /** A value that meets the goal. */
  find(goal: Goal): Outcome {
    const literals = [...new Set(goal)].sort((a, b) => a - b);
    for (let at = 1; at < literals.length; at++) {
      const [a, b] = [literals[at - 1] as number, literals[at] as number];
      if (a === b - 1 && a % 2 === 0) return NONE;
    }
    const key = literals.join();
    const known = this.#known.get(key);
    if (known) return known;
    const open = this.#open.get(key);
    if (open !== undefined) {
      this.#drawnFrom = Math.min(this.#drawnFrom, open);
      return NONE;
    }
    if (this.#depth >= DEEPEST) return unknown('the schemas nest too deeply');
    this.step();
    const before = this.#drawnFrom;
    this.#drawnFrom = Infinity;
    this.#open.set(key, this.#depth);
    this.#depth += 1;
    let outcome: Outcome = NONE;
    let closed = false;
    try {
      for (const kind of ORDER) {
        const found = this.#findKind(kind, literals);
        if (found.is === 'some') {
          outcome = found;
          break;
        }
        if (found.is === 'unknown') outcome = found;
      }
      closed = this.#drawnFrom >= this.#depth - 1;
    } finally {
      this.#depth -= 1;
      this.#open.delete(key);
      this.#drawnFrom = Math.min(before, closed ? Infinity : this.#drawnFrom);
    }
    if (outcome.is !== 'none' || closed) this.#known.set(key, outcome);
    return outcome;
  }

  /** Up to `count` different values that meet the goal; `complete` when there are no more. */
  findMany(goal: Goal, count: number): { values: unknown[]; complete: boolean } {
    const values: unknown[] = [];
    const literals = [...goal];
    while (values.length < count) {
      const found = this.find(literals);
      if (found.is !== 'some') return { values, complete: found.is === 'none' };
      values.push(found.value);
      literals.push(no(this.nodes.values([found.value])));
    }
    return { values, complete: false };
  }

  #findKind(kind: Kind, goal: Goal): Outcome {
    try {
      return this.#expand(kind, goal, new Set(), []);
    } catch (error) {
      if (error instanceof Undecided && this.#steps >= 0) return unknown(error.message);
      throw error;
    }
  }

  /** Whether a literal is decided by the kind alone. */
  #glance(literal: Literal, kind: Kind): boolean | undefined {
    const node = this.nodes.node(literal);
    const positive = literal % 2 === 0;
    if (node.is === 'true' || node.is === 'false') return (node.is === 'true') === positive;
    if (node.is === 'kinds') return node.kinds.has(kind) === positive;
    if (node.is === 'values') return [...node.values.values()].some((value) => kindOf(value) === kind) ? undefined : !positive;
    const own = kindOfRule(node);
    return own !== undefined && own !== kind ? positive : undefined;
  }

  #expand(kind: Kind, added: readonly Literal[], before: ReadonlySet<Literal>, waiting: readonly Split[]): Outcome {
    const seen = new Set(before);
    const queue = [...added];
    let splits = [...waiting];
    for (;;) {
      for (let literal = queue.pop(); literal !== undefined; literal = queue.pop()) {
        if (seen.has(literal)) continue;
        if (seen.has(literal ^ 1)) return NONE;
        const glance = this.#glance(literal, kind);
        if (glance === true) continue;
        if (glance === false) return NONE;
        this.step();
        seen.add(literal);
        const node = this.nodes.node(literal);
        const positive = literal % 2 === 0;
        switch (node.is) {
          case 'not':
            queue.push(positive ? no(node.of) : yes(node.of));
            break;
          case 'ref':
            queue.push(positive ? yes(node.target()) : no(node.target()));
            break;
          case 'and':
            if (positive) queue.push(...node.of.map(yes));
            else splits.push(node.of.map((part) => [no(part)]));
            break;
          case 'or':
            if (positive) splits.push(node.of.map((part) => [yes(part)]));
            else queue.push(...node.of.map(no));
            break;
          case 'one':
            this.step(node.of.length);
            splits.push(positive ? exactlyOne(node.of) : noneOrTwo(node.of));
            break;
          case 'values':
            if (!positive && (kind === 'array' || kind === 'object')) {
              const composed = [...node.values.values()].filter((value) => kindOf(value) === kind);
              queue.push(...composed.map((value) => no(this.nodes.shapeOf(value))));
            }
            break;
          default:
            break;
        }
      }
      // Alternatives that are already ruled out go; a split with one alternative left is none.
      const open: Split[] = [];
      for (const split of splits) {
        this.step();
        let done = false;
        const left: (readonly Literal[])[] = [];
        for (const alternative of split) {
          const rest: Literal[] = [];
          let out = false;
          for (const literal of alternative) {
            const glance = seen.has(literal) ? true : seen.has(literal ^ 1) ? false : this.#glance(literal, kind);
            if (glance === false) out = true;
            else if (glance === undefined) rest.push(literal);
          }
          if (out) continue;
          if (rest.length === 0) done = true;
          left.push(rest);
        }
        if (done) continue;
        const [first] = left;
        if (!first) return NONE;
        if (left.length === 1) queue.push(...first);
        else open.push(left);
      }
      splits = open;
      if (queue.length === 0) break;
    }
    const listed = [...seen].find((literal) => literal % 2 === 0 && this.nodes.node(literal).is === 'values');
    if (listed !== undefined) return this.#fromList(kind, listed, seen, splits);

    // What the rules without alternatives rule out is out; and what they let through may do as it is.
    const loose = this.#leaf(kind, seen);
    if (loose.is === 'none' || splits.length === 0) return loose;
    if (loose.is === 'some' && this.#meets(loose.value, seen, splits)) return loose;
    return this.#split(kind, seen, splits);
  }

  #split(kind: Kind, seen: ReadonlySet<Literal>, splits: readonly Split[]): Outcome {
    const viable: Split[] = [];
    for (const split of splits) {
      if (splits.length === 1) {
        viable.push(split);
        break;
      }
      // Each alternative is tried alone: where the others play no part, one look is enough.
      const left = split.filter((alternative) => this.#expand(kind, alternative, seen, []).is !== 'none');
      const [first] = left;
      if (!first) return NONE;
      viable.push(left);
    }
    viable.sort((a, b) => a.length - b.length);
    const [split, ...others] = viable;
    let result: Outcome = NONE;
    for (const alternative of split ?? []) {
      const found = this.#expand(kind, alternative, seen, others);
      if (found.is === 'some') return found;
      if (found.is === 'unknown') result = found;
    }
    return result;
  }

  #meets(value: unknown, seen: ReadonlySet<Literal>, splits: readonly Split[]): boolean {
    try {
      const holds = (literal: Literal) => this.judge.holds(this.nodes.node(literal), value) === (literal % 2 === 0);
      return [...seen].every(holds) && splits.every((split) => split.some((alternative) => alternative.every(holds)));
    } catch (error) {
      if (error instanceof Undecided) return false;
      throw error;
    }
  }

  /** Where a rule lists the values, they are tried one by one. */
  #fromList(kind: Kind, listed: Literal, seen: ReadonlySet<Literal>, splits: readonly Split[]): Outcome {
    const node = this.nodes.node(listed);
    if (node.is !== 'values') return NONE;
    let result: Outcome = NONE;
    for (const value of node.values.values()) {
      if (kindOf(value) !== kind) continue;
      this.step(seen.size);
      try {
        const holds = (literal: Literal) => this.judge.holds(this.nodes.node(literal), value) === (literal % 2 === 0);
        if ([...seen].every(holds) && splits.every((split) => split.some((alternative) => alternative.every(holds)))) return some(value);
      } catch (error) {
        if (!(error instanceof Undecided)) throw error;
        result = unknown(error.message);
      }
    }
    return result;
  }

  /** Solves the rules about one kind of value, without alternatives. */
  #leaf(kind: Kind, seen: ReadonlySet<Literal>): Outcome {
    const [kept, broken]: [Node[], Node[]] = [[], []];
    let doubt: string | undefined;
    for (const literal of seen) {
      const node = this.nodes.node(literal);
      if (node.is === 'opaque') doubt = node.key;
      else if (kindOfRule(node) === kind || node.is === 'values') (literal % 2 === 0 ? kept : broken).push(node);
    }
    const found = this.#leafOf(kind, kept, broken);
    return found.is === 'some' && doubt !== undefined ? unknown(doubt) : found;
  }

  #leafOf(kind: Kind, kept: readonly Node[], broken: readonly Node[]): Outcome {
    this.step(1 + kept.length + broken.length);
    switch (kind) {
      case 'null':
      case 'boolean': {
        const left = (kind === 'null' ? [null] : [true, false]).filter(
          (value) => kept.every((node) => this.judge.holds(node, value)) && !broken.some((node) => this.judge.holds(node, value)),
        );
        return left.length > 0 ? some(left[0]) : NONE;
      }
      case 'number':
        return findNumber(kept, broken);
      case 'string': {
        const [text] = findTexts(kept, broken, this.judge, 1);
        return text === undefined ? NONE : some(text);
      }
      case 'array':
        return findArray(this, kept, broken);
      case 'object':
        return findObject(this, kept, broken);
    }
  }
}

/** Simple kinds first: a witness should be short. */
const ORDER: readonly Kind[] = ['number', 'string', 'boolean', 'null', 'array', 'object'];

export function kindOfRule(node: Node): Kind | undefined {
  switch (node.is) {
    case 'bound':
    case 'multiple':
      return 'number';
    case 'size':
      return node.kind;
    case 'pattern':
      return 'string';
    case 'items':
    case 'contains':
    case 'unique':
      return 'array';
    case 'required':
    case 'names':
    case 'member':
      return 'object';
    case 'opaque':
      return node.kind;
    default:
      return undefined;
  }
}

function exactlyOne(of: readonly Node[]): Split {
  return of.map((chosen, at) => [yes(chosen), ...of.filter((_, other) => other !== at).map(no)]);
}

function noneOrTwo(of: readonly Node[]): Split {
  const pairs = of.flatMap((first, at) => of.slice(at + 1).map((second) => [yes(first), yes(second)]));
  return [of.map(no), ...pairs];
}
