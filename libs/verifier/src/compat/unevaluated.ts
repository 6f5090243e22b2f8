import type { SchemaCompiler } from './compile-schema.ts';
import { kindOf } from './json-value.ts';
import { Undecided, type Node } from './node.ts';
import type { Located, Plain } from './schema-source.ts';

/** One way in which a schema may have judged a value: when, and which members and items it then looked at. */
interface Case {
  readonly when: readonly Node[];
  readonly names: readonly string[];
  readonly patterns: readonly string[];
  readonly allMembers: boolean;
  /** Items judged from the front. */
  readonly items: number;
  readonly contains: readonly Node[];
}

const NOTHING: Case = { when: [], names: [], patterns: [], allMembers: false, items: 0, contains: [] };
const MOST_CASES = 128;

/**
 * `unevaluatedProperties` (JSON Schema 2019-09, section 9.3.2.4) without its annotations: for every combination of conditional
 * subschemas that hold, the members that none of those looked at must meet `rest`.
 */
export function evaluatedMembers(compiler: SchemaCompiler, at: Located, rest: Node): Node {
  const { nodes } = compiler;
  return nodes.or(
    casesOf(compiler, at, new Set(), true).map(({ when, names, patterns, allMembers }) =>
      nodes.and([...when, allMembers ? nodes.true : nodes.member({ others: { names, patterns } }, rest)]),
    ),
  );
}

/** `unevaluatedItems`, in the same way; from 2020-12 on, items that `contains` accepts have been looked at. */
export function evaluatedItems(compiler: SchemaCompiler, at: Located, rest: Node): Node {
  const { nodes } = compiler;
  return nodes.or(
    casesOf(compiler, at, new Set(), true).map(({ when, items, contains }) =>
      nodes.and([
        ...when,
        items === Infinity
          ? nodes.true
          : nodes.items(
              Array.from({ length: items }, () => nodes.true),
              nodes.or([rest, ...contains]),
            ),
      ]),
    ),
  );
}

function casesOf(compiler: SchemaCompiler, at: Located, open: ReadonlySet<string>, outer = false): Case[] {
  if (kindOf(at.schema) !== 'object') return [NOTHING];
  if (open.has(at.pointer) || open.size > 40) throw new Undecided('unevaluated members of a recursive schema are not decided');
  const inside = new Set(open).add(at.pointer);
  const schema = at.schema as Plain;
  const own = (keyword: string) => Object.hasOwn(schema, keyword);
  const child = (...path: (string | number)[]) => {
    let value: unknown = schema;
    for (const part of path) value = (value as Record<string | number, unknown>)[part];
    return compiler.source.child(at, path, value);
  };
  const names = kindOf(schema['properties']) === 'object' && own('properties') ? Object.keys(schema['properties'] as object) : [];
  const patterns = own('patternProperties') && kindOf(schema['patternProperties']) === 'object' ? Object.keys(schema['patternProperties'] as object) : [];
  const tuple = own('prefixItems') ? schema['prefixItems'] : schema['items'];
  const every = (own('items') && !Array.isArray(schema['items'])) || own('additionalItems') || (!outer && own('unevaluatedItems'));
  let cases: Case[] = [
    {
      when: [],
      names,
      patterns,
      allMembers: own('additionalProperties') || (!outer && own('unevaluatedProperties')),
      items: every ? Infinity : Array.isArray(tuple) ? tuple.length : 0,
      contains: own('contains') && compiler.source.containsEvaluates ? [compiler.compile(child('contains'))] : [],
    },
  ];
  const both = (further: readonly Case[]) => {
    cases = cases.flatMap((one) => further.map((other) => merged(one, other)));
    if (cases.length > MOST_CASES) throw new Undecided('unevaluated members depend on too many cases');
  };
  /** A subschema that may hold or not: where it looks at nothing, the difference does not matter. */
  const maybe = (condition: Node, held: readonly Case[], missed: readonly Case[] = [NOTHING]) => {
    if ([...held, ...missed].every(looksAtNothing)) return;
    both([
      ...held.map((one) => ({ ...one, when: [condition, ...one.when] })),
      ...missed.map((one) => ({ ...one, when: [compiler.nodes.not(condition), ...one.when] })),
    ]);
  };
  for (const keyword of ['$ref', '$recursiveRef', '$dynamicRef']) {
    if (!own(keyword)) continue;
    const target = compiler.target(schema[keyword], at);
    if (!target) throw new Undecided('unevaluated members depend on a schema outside the document');
    both(casesOf(compiler, target, inside));
  }
  if (Array.isArray(schema['allOf'])) schema['allOf'].forEach((_, index) => both(casesOf(compiler, child('allOf', index), inside)));
  for (const keyword of ['anyOf', 'oneOf']) {
    const list = schema[keyword];
    if (Array.isArray(list)) list.forEach((_, index) => maybe(compiler.compile(child(keyword, index)), casesOf(compiler, child(keyword, index), inside)));
  }
  if (own('if')) {
    const test = casesOf(compiler, child('if'), inside);
    const then = own('then') ? casesOf(compiler, child('then'), inside) : [NOTHING];
    const otherwise = own('else') ? casesOf(compiler, child('else'), inside) : [NOTHING];
    maybe(
      compiler.compile(child('if')),
      test.flatMap((one) => then.map((other) => merged(one, other))),
      otherwise,
    );
  }
  if (kindOf(schema['dependentSchemas']) === 'object' && own('dependentSchemas')) {
    for (const name of Object.keys(schema['dependentSchemas'] as object)) {
      const { nodes } = compiler;
      maybe(nodes.and([nodes.kinds(['object']), nodes.required(name)]), casesOf(compiler, child('dependentSchemas', name), inside));
    }
  }
  return cases;
}

function merged(a: Case, b: Case): Case {
  return {
    when: [...a.when, ...b.when],
    names: [...a.names, ...b.names],
    patterns: [...a.patterns, ...b.patterns],
    allMembers: a.allMembers || b.allMembers,
    items: Math.max(a.items, b.items),
    contains: [...a.contains, ...b.contains],
  };
}

function looksAtNothing(one: Case): boolean {
  return one.when.length === 0 && one.names.length === 0 && one.patterns.length === 0 && !one.allMembers && one.items === 0 && one.contains.length === 0;
}
