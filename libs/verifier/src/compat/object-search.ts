import { firstOf } from './array-search.ts';
import { objectOf } from './json-value.ts';
import { no, Undecided, yes, type Keys, type Literal, type Node } from './node.ts';
import { NONE, some, unknown, type Outcome } from './outcome.ts';
import type { Search } from './search.ts';

/** One member that must be there: its name among `keys` and as `name` says, its value meeting `value`. */
interface Need {
  readonly keys: Keys | undefined;
  readonly name: readonly Literal[];
  readonly value: readonly Literal[];
}

/** A member whose name is not settled yet: which patterns it matches, and what else its name and value must be. */
interface Fresh {
  readonly matches: ReadonlySet<string>;
  readonly name: readonly Literal[];
  readonly value: readonly Literal[];
}

interface Draft {
  /** By name: the members that are there, with what their values must meet. */
  readonly named: ReadonlyMap<string, readonly Literal[]>;
  readonly fresh: readonly Fresh[];
}

const MOST_MEMBERS = 2_000;
const MOST_PATTERNS = 10;

/**
 * Finds an object that keeps the rules of `kept` and breaks each of `broken`. Members that must be there are given names: one
 * that the rules speak of, or a new one, of which only matters which patterns it matches.
 */
export function findObject(search: Search, kept: readonly Node[], broken: readonly Node[]): Outcome {
  const { judge, nodes } = search;
  let [low, high] = [0, Infinity];
  const rules: Extract<Node, { is: 'member' }>[] = [];
  const required = new Set<string>();
  const absent = new Set<string>();
  const names: Literal[] = [];
  const needs: Need[] = [];
  for (const node of kept) {
    if (node.is === 'size') {
      if (node.side === 'low') low = Math.max(low, node.size);
      else high = Math.min(high, node.size);
    } else if (node.is === 'member') rules.push(node);
    else if (node.is === 'required') required.add(node.name);
    else if (node.is === 'names') names.push(yes(node.of));
  }
  for (const node of broken) {
    if (node.is === 'size') {
      if (node.side === 'low') high = Math.min(high, node.size - 1);
      else low = Math.max(low, node.size + 1);
    } else if (node.is === 'member') needs.push({ keys: node.keys, name: [], value: [no(node.of)] });
    else if (node.is === 'required') absent.add(node.name);
    else if (node.is === 'names') needs.push({ keys: undefined, name: [no(node.of)], value: [] });
  }
  if (low > high) return NONE;
  for (const name of required) if (absent.has(name)) return NONE;

  // Most questions are about one name; what else the rules speak of is gathered when it is asked for.
  const spoken = once(() => {
    const mentioned = new Set<string>([...required, ...absent]);
    const patterns = new Set<string>();
    for (const keys of [...rules.map((rule) => rule.keys), ...needs.map((need) => need.keys)]) {
      if (!keys) continue;
      if ('name' in keys) mentioned.add(keys.name);
      else if ('pattern' in keys) patterns.add(keys.pattern);
      else {
        for (const name of keys.others.names) mentioned.add(name);
        for (const pattern of keys.others.patterns) patterns.add(pattern);
      }
    }
    return { mentioned, patterns };
  });
  const byName = new Map<string, Literal[]>();
  const base = (name: string): Literal[] => {
    const known = byName.get(name);
    if (known) return known;
    const literals = rules.filter((rule) => judge.covers(rule.keys, name)).map((rule) => yes(rule.of));
    byName.set(name, literals);
    return literals;
  };
  const holdsFor = (literals: readonly Literal[], name: string) => literals.every((literal) => judge.holds(nodes.node(literal), name) === (literal % 2 === 0));
  const allowed = new Map<string, boolean>();
  const allows = (name: string): boolean => {
    const known = allowed.get(name) ?? (!absent.has(name) && holdsFor(names, name));
    allowed.set(name, known);
    return known;
  };
  const coversFresh = (keys: Keys, matches: ReadonlySet<string>): boolean => {
    if ('name' in keys) return false;
    if ('pattern' in keys) return matches.has(keys.pattern);
    return !keys.others.patterns.some((pattern) => matches.has(pattern));
  };

  /** Every way in which a new name may match the patterns, with what its name and value must then be. */
  let ways: Fresh[] | undefined;
  const freshWays = (): Fresh[] => {
    if (ways) return ways;
    const { mentioned, patterns } = spoken();
    const list = [...patterns];
    if (list.length > MOST_PATTERNS) throw new Undecided('too many patterns of names are combined');
    const found: Fresh[] = [];
    const walk = (at: number, matches: readonly string[], name: readonly Literal[]): void => {
      search.step();
      if (at > 0 && search.find(name).is === 'none') return;
      const pattern = list[at];
      if (pattern === undefined) {
        const set = new Set(matches);
        const value = rules.filter((rule) => coversFresh(rule.keys, set)).map((rule) => yes(rule.of));
        found.push({ matches: set, name, value });
        return;
      }
      const node = nodes.pattern(pattern);
      walk(at + 1, matches, [...name, no(node)]);
      walk(at + 1, [...matches, pattern], [...name, yes(node)]);
    };
    const text = yes(nodes.kinds(['string']));
    walk(0, [], [text, ...names, ...(mentioned.size === 0 ? [] : [no(nodes.values(mentioned))])]);
    ways = found;
    return found;
  };

  const count = (draft: Draft) => draft.named.size + draft.fresh.length;
  const place = (left: readonly Need[], draft: Draft): Outcome => {
    search.step();
    if (count(draft) > high) return NONE;
    const [need, ...rest] = left;
    if (!need) return finish(draft);
    const options: (() => Outcome)[] = [];
    const candidates = need.keys && 'name' in need.keys ? [need.keys.name] : spoken().mentioned;
    for (const name of candidates) {
      if (!allows(name)) continue;
      options.push(() => {
        if ((need.keys && !judge.covers(need.keys, name)) || !holdsFor(need.name, name)) return NONE;
        const value = [...(draft.named.get(name) ?? base(name)), ...need.value];
        if (search.find(value).is === 'none') return NONE;
        return place(rest, { ...draft, named: new Map(draft.named).set(name, value) });
      });
    }
    if (!need.keys || !('name' in need.keys)) {
      for (const [at, member] of draft.fresh.entries()) {
        options.push(() => {
          if (need.keys && !coversFresh(need.keys, member.matches)) return NONE;
          const next = { ...member, name: [...member.name, ...need.name], value: [...member.value, ...need.value] };
          if (search.find(next.name).is === 'none' || search.find(next.value).is === 'none') return NONE;
          return place(rest, { ...draft, fresh: draft.fresh.with(at, next) });
        });
      }
      options.push(() =>
        firstOf(
          freshWays().map((way) => () => {
            if (need.keys && !coversFresh(need.keys, way.matches)) return NONE;
            const next = { ...way, name: [...way.name, ...need.name], value: [...way.value, ...need.value] };
            if (search.find(next.name).is === 'none' || search.find(next.value).is === 'none') return NONE;
            return place(rest, { ...draft, fresh: [...draft.fresh, next] });
          }),
        ),
      );
    }
    return firstOf(options);
  };

  /** Fills up to the least number of members, names what is new, and makes the values. */
  const finish = (draft: Draft): Outcome => {
    if (low > MOST_MEMBERS) {
      // Without new names there are no more members than names that are spoken of.
      const bounded = spoken().mentioned.size < low && freshWays().every((way) => search.find(way.value).is === 'none');
      return bounded ? NONE : unknown('an object of that size is not written out');
    }
    const entries: (readonly [string, unknown])[] = [];
    let doubt: Outcome | undefined;
    const value = (literals: readonly Literal[]): { value: unknown } | undefined | Outcome => {
      const found = search.find(literals);
      if (found.is === 'some') return { value: found.value };
      return found.is === 'none' ? undefined : found;
    };
    for (const [name, literals] of draft.named) {
      const made = value(literals);
      if (!made) return NONE;
      if ('is' in made) doubt = made;
      else entries.push([name, made.value]);
    }
    const fresh = nameAll(search, draft.fresh);
    if (fresh.is !== 'some') return fresh;
    const taken = fresh.value as string[];
    for (const [at, member] of draft.fresh.entries()) {
      const made = value(member.value);
      if (!made) return NONE;
      if ('is' in made) doubt = made;
      else entries.push([taken[at] as string, made.value]);
    }
    let missing = low - draft.named.size - draft.fresh.length;
    for (const name of missing > 0 ? spoken().mentioned : []) {
      if (missing <= 0) break;
      if (draft.named.has(name) || !allows(name)) continue;
      const made = value(base(name));
      if (!made) continue;
      if ('is' in made) doubt = made;
      else {
        entries.push([name, made.value]);
        missing -= 1;
      }
    }
    if (missing > 0) {
      for (const way of freshWays()) {
        if (missing <= 0) break;
        const made = value(way.value);
        if (!made) continue;
        if ('is' in made) {
          doubt = made;
          continue;
        }
        const { values, complete } = search.findMany(taken.length > 0 ? [...way.name, no(nodes.values(taken))] : way.name, missing);
        for (const name of values) entries.push([String(name), made.value]);
        missing -= values.length;
        if (missing > 0 && !complete) doubt = unknown('not enough names were found');
      }
    }
    if (missing > 0) return doubt ?? NONE;
    return doubt ?? some(objectOf(entries));
  };

  const named = new Map<string, readonly Literal[]>();
  for (const name of required) {
    if (!allows(name) || search.find(base(name)).is === 'none') return NONE;
    named.set(name, base(name));
  }
  return place(needs, { named, fresh: [] });
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Different names for new members. As many candidates for each as there are members are enough: a matching then decides. */
function nameAll(search: Search, members: readonly Fresh[]): Outcome {
  let complete = true;
  const candidates = members.map((member) => {
    const found = search.findMany(member.name, members.length);
    if (found.values.length < members.length && !found.complete) complete = false;
    return found.values.map(String);
  });
  const owner = new Map<string, number>();
  const give = (at: number, tried: Set<string>): boolean => {
    for (const name of candidates[at] ?? []) {
      if (tried.has(name)) continue;
      tried.add(name);
      const holder = owner.get(name);
      if (holder !== undefined && !give(holder, tried)) continue;
      owner.set(name, at);
      return true;
    }
    return false;
  };
  for (let at = 0; at < members.length; at++) if (!give(at, new Set())) return complete ? NONE : unknown('not enough names were found');
  const chosen: string[] = [];
  for (const [name, at] of owner) chosen[at] = name;
  return some(chosen);
}
