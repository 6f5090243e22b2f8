import type { Schema } from './compat-schemas.ts';

/** Numbers from a seed, for samples that can be made again (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SCALARS: readonly unknown[] = [-2, -1, 0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 7, '', 'a', 'b', 'ab', 'aab', 'ba', 'abab', '1', true, false, null];
const NAMES = ['a', 'b', 'ab', 'hasOwnProperty', 'c'];

/**
 * A value that goes where the schema points: types, listed values, members and items are followed, mostly; nothing else is
 * promised. What it is worth, a validator says. It shares no code with the comparison that it tests.
 */
export function sample(schema: Schema | undefined, root: Schema, random: () => number, depth = 0): unknown {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  if (schema === undefined || typeof schema === 'boolean' || random() < 0.06) return anything(pick, random, depth);
  const definitions = typeof root === 'object' ? (root['$defs'] as Record<string, Schema> | undefined) : undefined;
  const inner = (part: unknown) => sample(part as Schema, root, random, depth + 1);
  const ref = schema['$ref'];
  if (typeof ref === 'string' && random() < 0.8 && depth < 6) return inner(definitions?.[ref.replace('#/$defs/', '')]);
  const ways: (() => unknown)[] = [];
  if ('const' in schema)
    ways.push(
      () => schema['const'],
      () => schema['const'],
    );
  if (Array.isArray(schema['enum']))
    ways.push(
      () => pick(schema['enum'] as unknown[]),
      () => pick(schema['enum'] as unknown[]),
    );
  if (depth < 6)
    for (const key of ['allOf', 'anyOf', 'oneOf'])
      if (Array.isArray(schema[key])) ways.push(() => inner({ ...schema, [key]: undefined, ...(pick(schema[key] as Schema[]) as object) }));
  if (depth < 6 && 'then' in schema)
    ways.push(
      () => inner(schema['then']),
      () => inner(schema['else']),
    );
  const types = schema['type'] === undefined ? kindsFor(schema) : [schema['type']].flat();
  const follow = () => {
    const type = pick(types);
    if (type === 'object') {
      const members: Record<string, unknown> = {};
      const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
      const names = new Set([...((schema['required'] ?? []) as string[]), ...Object.keys(properties).filter(() => random() < 0.6)]);
      while (random() < 0.35 || (names.size < Number(schema['minProperties'] ?? 0) && names.size < NAMES.length)) names.add(pick(NAMES));
      for (const name of names) {
        const [, byPattern] =
          Object.entries((schema['patternProperties'] ?? {}) as Record<string, Schema>).find(([pattern]) => new RegExp(pattern, 'u').test(name)) ?? [];
        members[name] = depth > 5 ? 0 : inner(properties[name] ?? byPattern ?? schema['additionalProperties']);
      }
      return members;
    }
    if (type === 'array') {
      const least = Number(schema['minItems'] ?? 0);
      const prefix = (schema['prefixItems'] ?? []) as Schema[];
      const length = least + Math.floor(random() * 4);
      return Array.from({ length: depth > 5 ? 0 : length }, (_, at) =>
        inner(prefix[at] ?? (random() < 0.4 ? schema['contains'] : undefined) ?? schema['items']),
      );
    }
    const kind = type === 'integer' ? 'number' : type;
    const scalars = SCALARS.filter((value) => (value === null ? 'null' : typeof value) === kind);
    return scalars.length > 0 ? pick(scalars) : anything(pick, random, depth);
  };
  ways.push(follow, follow);
  return pick(ways)();
}

function kindsFor(schema: { readonly [keyword: string]: unknown }): string[] {
  const kinds: string[] = [];
  if (
    [
      'properties',
      'required',
      'patternProperties',
      'additionalProperties',
      'dependentRequired',
      'dependentSchemas',
      'propertyNames',
      'minProperties',
      'maxProperties',
    ].some((key) => key in schema)
  )
    kinds.push('object', 'object');
  if (['items', 'prefixItems', 'contains', 'uniqueItems', 'minItems', 'maxItems'].some((key) => key in schema)) kinds.push('array', 'array');
  if (['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].some((key) => key in schema)) kinds.push('number', 'number');
  if (['pattern', 'minLength', 'maxLength'].some((key) => key in schema)) kinds.push('string', 'string');
  return [...kinds, 'number', 'string', 'object', 'array', 'boolean', 'null'];
}

function anything(pick: <Item>(items: readonly Item[]) => Item, random: () => number, depth: number): unknown {
  const chance = random();
  if (depth > 4 || chance < 0.7) return pick(SCALARS);
  const size = Math.floor(random() * 4);
  if (chance < 0.85) return Array.from({ length: size }, () => anything(pick, random, depth + 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(NAMES), anything(pick, random, depth + 1)]));
}
