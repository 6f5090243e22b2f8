import { toJsonSchema, type Contract, type JsonSchema } from '@skein/contract';
import { repositoryContracts, soak } from '@skein/testing';
import { compareContracts, compatible } from '@skein/verifier/compat';
import { recordValidator } from '@skein/verifier';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seeded } from './compat-sample.ts';
import { pair } from './compat-schemas.ts';

const PAIRS = soak(10_000);
const KEYWORDS =
  'type enum const allOf anyOf oneOf not if then else minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format items prefixItems additionalItems contains minContains maxContains minItems maxItems uniqueItems properties patternProperties additionalProperties propertyNames required minProperties maxProperties dependentRequired dependentSchemas dependencies unevaluatedProperties unevaluatedItems $ref $defs definitions $id id $anchor $dynamicRef $dynamicAnchor $recursiveRef $schema __proto__ constructor title default'.split(
    ' ',
  );
const WORDS = [
  'string',
  'integer',
  'object',
  'array',
  'null',
  '#',
  '#/$defs/a',
  '#/properties/a',
  '#a',
  'a',
  '',
  '^a+$',
  '(',
  '(?=a)',
  '\\p{L}+',
  '[z-a]',
  'a{9999}',
  '(a*)*b',
  'https://x.test/y',
  '\ud800',
  '/0',
  '~1',
];

/** Whatever JSON could stand where a schema should: mostly keywords, with values that may or may not be of their kind. */
function junk(random: () => number, depth: number): unknown {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const chance = random();
  if (depth > 5 || chance < 0.12) return pick<unknown>([true, false, null, 0, -1, 1.5, 1e308, 5e-324, 2 ** 53, 3, '', ...WORDS]);
  if (chance < 0.2) return pick(WORDS);
  if (chance < 0.35) return Array.from({ length: Math.floor(random() * 4) }, () => junk(random, depth + 1));
  const made: Record<string, unknown> = {};
  for (let count = Math.floor(random() * 5); count >= 0; count--) {
    const key = random() < 0.8 ? pick(KEYWORDS) : pick(WORDS);
    Object.defineProperty(made, key, { value: junk(random, depth + 1), enumerable: true, configurable: true, writable: true });
  }
  return made;
}

/** A schema of which a few parts were swapped for junk, or given keywords that no generator thought of. */
function damaged(schema: unknown, random: () => number, depth: number): unknown {
  if (random() < 0.01) return junk(random, 3);
  if (Array.isArray(schema)) return schema.map((part) => damaged(part, random, depth + 1));
  if (schema === null || typeof schema !== 'object') return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, damaged(part, random, depth + 1)]));
  const extra = random();
  if (extra < 0.06) return { ...parts, unevaluatedProperties: extra < 0.04 ? false : { type: 'string' } };
  return extra < 0.1 ? { ...parts, unevaluatedItems: false } : parts;
}

describe('hostile schemas', () => {
  it(`are answered, without a crash and each within two seconds: ${PAIRS} pairs of junk`, { timeout: 900_000 }, () => {
    const random = seeded(31);
    const sounds = fc.sample(pair, { numRuns: PAIRS, seed: 31 });
    const rules = new Map<string, number>();
    let [answered, slowest] = [0, 0];
    for (let count = 0; count < PAIRS; count++) {
      const [sound, other] = sounds[count] ?? [{}, {}];
      const old = (count % 4 === 0 ? junk(random, 0) : damaged(sound, random, 0)) as JsonSchema;
      const next = (random() < 0.2 ? old : count % 4 === 0 ? junk(random, 0) : damaged(other, random, 0)) as JsonSchema;
      const started = process.cpuUsage();
      const { compatible: yes, findings } = compatible(old, next, { formats: random() < 0.5 ? 'assertion' : 'annotation' });
      slowest = Math.max(slowest, process.cpuUsage(started).user / 1_000);
      expect(yes).toBe(findings.length === 0);
      answered += 1;
      for (const { rule } of findings) rules.set(rule, (rules.get(rule) ?? 0) + 1);
    }
    expect(answered).toBe(PAIRS);
    // Junk reached the compiler, and what was only damaged reached the search.
    expect(rules.get('schema') ?? 0).toBeGreaterThan(PAIRS / 20);
    expect([...rules].filter(([rule]) => rule !== 'schema' && rule !== 'undecided').reduce((sum, [, times]) => sum + times, 0)).toBeGreaterThan(PAIRS / 20);
    expect(slowest).toBeLessThan(2_000);
  });

  it('of real contracts are compared with their changed versions, and every witness is one', { timeout: 300_000 }, async () => {
    const contracts = (await repositoryContracts()).all;
    expect(contracts.length).toBeGreaterThan(5);
    let [shown, findings] = [0, 0];
    for (const contract of contracts) {
      const schema = toJsonSchema(contract);
      expect(compatible(schema, schema)).toEqual({ compatible: true, findings: [] });
      for (const next of changed(contract)) {
        const { findings: found } = compareContracts(contract, next);
        findings += found.length;
        expect(found.length).toBeGreaterThan(0);
        for (const { witness } of found) {
          if (witness.kind !== 'row') continue;
          shown += 1;
          const [from, to] = witness.validUnder === 'old' ? [contract, next] : [next, contract];
          expect(recordValidator(from)(witness.row)).toEqual([]);
          expect(recordValidator(to)(witness.row)).not.toEqual([]);
        }
      }
    }
    expect(findings).toBeGreaterThan(20);
    expect(shown).toBeGreaterThan(10);
  });
});

/** What a change of its first columns makes of a contract: required or not, gone, shorter. */
function changed(contract: Contract): Contract[] {
  const change = (at: number, to: (property: Contract['properties'][number]) => Contract['properties'][number] | undefined): Contract => ({
    ...contract,
    hash: `${contract.hash} ${at} ${String(to)}`,
    properties: contract.properties.flatMap((property, index) => (index === at ? (to(property) ?? []) : [property])),
  });
  const last = contract.properties.length - 1;
  return [
    change(last, (property) => ({ ...property, required: !property.required })),
    change(last, () => undefined),
    change(0, (property) => ({ ...property, options: { ...property.options, ...(property.type.kind === 'string' ? { maxLength: 1 } : { validValues: [] }) } })),
  ];
}
