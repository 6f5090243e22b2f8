import type { Decimal } from './decimal.ts';
import { decimalText } from './decimal.ts';
import { canonicalValue, kindOf, KINDS, type Kind } from './json-value.ts';

/** Which members of an object a rule speaks of: one name, the names that a pattern finds, or all others. */
export type Keys =
  | { readonly name: string }
  | { readonly pattern: string }
  | { readonly others: { readonly names: readonly string[]; readonly patterns: readonly string[] } };

/**
 * A schema after its keywords have been resolved to what they say. Rules about one kind of value (`bound`, `member`, …) hold for
 * every value of another kind, as in JSON Schema. Equal nodes are one object, whichever schema they come from.
 */
export type Node = { readonly id: number } & NodeForm;

export type NodeForm =
  | { readonly is: 'true' | 'false' }
  | { readonly is: 'and' | 'or' | 'one'; readonly of: readonly Node[] }
  | { readonly is: 'not'; readonly of: Node }
  | { readonly is: 'ref'; readonly key: string; readonly target: () => Node }
  | { readonly is: 'kinds'; readonly kinds: ReadonlySet<Kind> }
  | { readonly is: 'values'; readonly values: ReadonlyMap<string, unknown> }
  | { readonly is: 'bound'; readonly side: 'low' | 'high'; readonly value: Decimal; readonly exclusive: boolean }
  | { readonly is: 'multiple'; readonly step: Decimal }
  | { readonly is: 'size'; readonly kind: 'string' | 'array' | 'object'; readonly side: 'low' | 'high'; readonly size: number }
  | { readonly is: 'pattern'; readonly pattern: string }
  | { readonly is: 'items'; readonly prefix: readonly Node[]; readonly rest: Node }
  | { readonly is: 'contains'; readonly of: Node; readonly low: number; readonly high: number }
  | { readonly is: 'unique' }
  | { readonly is: 'required'; readonly name: string }
  | { readonly is: 'names'; readonly of: Node }
  | { readonly is: 'member'; readonly keys: Keys; readonly of: Node }
  /** What cannot be looked into: only equal ones can be compared. */
  | { readonly is: 'opaque'; readonly key: string; readonly kind: Kind | undefined };

/** A node or its contrary: `id * 2`, plus one where it is denied. */
export type Literal = number;

/** Raised where a schema cannot be decided about; the verdict is then "not proven". */
export class Undecided extends Error {}

const MAX_NODES = 60_000;

/** Makes nodes, each only once, and simplifies what is simple. */
export class Nodes {
  readonly #byKey = new Map<string, Node>();
  readonly #all: Node[] = [];
  readonly true: Node;
  readonly false: Node;

  constructor() {
    this.true = this.#make('true', { is: 'true' });
    this.false = this.#make('false', { is: 'false' });
  }

  #make(key: string, form: NodeForm): Node {
    const known = this.#byKey.get(key);
    if (known) return known;
    if (this.#all.length >= MAX_NODES) throw new Undecided(`the schemas have more than ${MAX_NODES} rules`);
    const node = { id: this.#all.length, ...form } as Node;
    this.#byKey.set(key, node);
    this.#all.push(node);
    return node;
  }

  node(literal: Literal): Node {
    const node = this.#all[literal >> 1];
    if (!node) throw new Undecided('a rule is not known');
    return node;
  }

  and(of: readonly Node[]): Node {
    const parts = [...new Set(of.flatMap((node) => (node.is === 'and' ? node.of : [node])))].filter((node) => node !== this.true);
    if (parts.includes(this.false)) return this.false;
    const [first] = parts;
    if (parts.length < 2) return first ?? this.true;
    return this.#make(`and ${ids(parts)}`, { is: 'and', of: sorted(parts) });
  }

  or(of: readonly Node[]): Node {
    const parts = [...new Set(of.flatMap((node) => (node.is === 'or' ? node.of : [node])))].filter((node) => node !== this.false);
    if (parts.includes(this.true)) return this.true;
    const [first] = parts;
    if (parts.length < 2) return first ?? this.false;
    return this.#make(`or ${ids(parts)}`, { is: 'or', of: sorted(parts) });
  }

  /** Exactly one: an alternative that stands twice can never be the one. */
  one(of: readonly Node[]): Node {
    const parts = of.filter((node) => node !== this.false);
    const [first] = parts;
    if (parts.length < 2) return first ?? this.false;
    return this.#make(`one ${ids(parts)}`, { is: 'one', of: sorted(parts) });
  }

  not(of: Node): Node {
    if (of === this.true) return this.false;
    if (of === this.false) return this.true;
    if (of.is === 'not') return of.of;
    return this.#make(`not ${of.id}`, { is: 'not', of });
  }

  ref(key: string, target: () => Node): Node {
    return this.#make(`ref ${key}`, { is: 'ref', key, target });
  }

  kinds(kinds: Iterable<Kind>): Node {
    const set = new Set(kinds);
    if (set.size === 0) return this.false;
    if (set.size === KINDS.length) return this.true;
    return this.#make(`kinds ${KINDS.filter((kind) => set.has(kind)).join()}`, { is: 'kinds', kinds: set });
  }

  /** One of the values: the small ones by themselves, lists and objects by their structure where they are denied. */
  values(values: Iterable<unknown>): Node {
    const map = new Map<string, unknown>();
    for (const value of values) map.set(canonicalValue(value), value);
    if (map.size === 0) return this.false;
    return this.#make(`values ${[...map.keys()].sort().join()}`, { is: 'values', values: map });
  }

  /** What a value is, said by rules of structure. */
  shapeOf(value: unknown): Node {
    const kind = kindOf(value);
    if (Array.isArray(value)) {
      const { length } = value;
      return this.and([
        this.kinds([kind]),
        this.size('array', 'low', length),
        this.size('array', 'high', length),
        this.items(
          value.map((item) => this.values([item])),
          this.true,
        ),
      ]);
    }
    if (kind !== 'object') return this.values([value]);
    const entries = Object.entries(value as object);
    return this.and([
      this.kinds([kind]),
      this.size('object', 'high', entries.length),
      ...entries.flatMap(([name, member]) => [this.required(name), this.member({ name }, this.values([member]))]),
    ]);
  }

  bound(side: 'low' | 'high', value: Decimal, exclusive: boolean): Node {
    return this.#make(`bound ${side} ${exclusive} ${decimalText(value)}`, { is: 'bound', side, value, exclusive });
  }

  multiple(step: Decimal): Node {
    return this.#make(`multiple ${decimalText(step)}`, { is: 'multiple', step });
  }

  size(kind: 'string' | 'array' | 'object', side: 'low' | 'high', size: number): Node {
    if (side === 'low' && size <= 0) return this.true;
    return this.#make(`size ${kind} ${side} ${size}`, { is: 'size', kind, side, size });
  }

  pattern(pattern: string): Node {
    return this.#make(`pattern ${pattern}`, { is: 'pattern', pattern });
  }

  items(prefix: readonly Node[], rest: Node): Node {
    const kept = [...prefix];
    while (kept.length > 0 && kept.at(-1) === rest) kept.pop();
    if (kept.length === 0 && rest === this.true) return this.true;
    return this.#make(`items ${kept.map((node) => node.id).join()};${rest.id}`, { is: 'items', prefix: kept, rest });
  }

  contains(of: Node, low: number, high: number): Node {
    if (low <= 0 && high === Infinity) return this.true;
    return this.#make(`contains ${of.id} ${low} ${high}`, { is: 'contains', of, low, high });
  }

  unique(): Node {
    return this.#make('unique', { is: 'unique' });
  }

  required(name: string): Node {
    return this.#make(`required ${JSON.stringify(name)}`, { is: 'required', name });
  }

  names(of: Node): Node {
    return of === this.true ? of : this.#make(`names ${of.id}`, { is: 'names', of });
  }

  member(keys: Keys, of: Node): Node {
    if (of === this.true) return of;
    const ordered: Keys =
      'others' in keys ? { others: { names: [...new Set(keys.others.names)].sort(), patterns: [...new Set(keys.others.patterns)].sort() } } : keys;
    return this.#make(`member ${JSON.stringify(ordered)} ${of.id}`, { is: 'member', keys: ordered, of });
  }

  opaque(key: string, kind?: Kind): Node {
    return this.#make(`opaque ${key}`, { is: 'opaque', key, kind });
  }
}

function sorted(nodes: readonly Node[]): Node[] {
  return [...nodes].sort((a, b) => a.id - b.id);
}

function ids(nodes: readonly Node[]): string {
  return sorted(nodes)
    .map((node) => node.id)
    .join();
}

export function yes(node: Node): Literal {
  return node.id * 2;
}

export function no(node: Node): Literal {
  return node.id * 2 + 1;
}
