import { existsSync, readFileSync } from 'node:fs';
import type { JsonSchema } from '@skein/contract';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { compatible } from './compatible.ts';

type Schema = JsonSchema | boolean;

interface Pair {
  readonly why: string;
  readonly old: Schema;
  readonly new: Schema;
  readonly compatible: boolean;
  readonly rule?: string;
}

const PAIRS = JSON.parse(readFileSync(new URL('./golden/pairs.json', import.meta.url), 'utf8')) as Pair[];
const DATA = '../shared/data/compat/json-schema-backward.jsonl';

describe('two schemas', () => {
  it.each(PAIRS)('$why', ({ old, new: next, compatible: wanted, rule }) => {
    const { compatible: found, findings } = compatible(old, next);
    expect({ found, findings }).toMatchObject({ found: wanted });
    if (rule !== undefined) expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(findings.length === 0).toBe(wanted);
  });

  it('differ by a witness that ajv accepts and refuses, wherever ajv reads the dialect', () => {
    let judged = 0;
    for (const { old, new: next } of PAIRS) {
      // Ajv here reads 2020-12, and `__proto__` not at all.
      if (/draft-0|2019-09|__proto__|"items":\[/.test(JSON.stringify([old, next]))) continue;
      for (const finding of compatible(old, next).findings) {
        if (!('witness' in finding)) continue;
        judged += 1;
        const accepts = (schema: Schema) =>
          new Ajv2020({ strict: false, logger: false, ownProperties: true, validateFormats: false }).compile(schema)(finding.witness);
        expect([old, accepts(old), finding.witness]).toEqual([old, true, finding.witness]);
        expect([next, accepts(next), finding.witness]).toEqual([next, false, finding.witness]);
      }
    }
    expect(judged).toBeGreaterThan(40);
  });

  it('are compared with themselves at once: every schema reads what it wrote', () => {
    for (const { old, new: next, rule } of PAIRS) {
      if (rule === 'schema') continue;
      expect(compatible(old, old)).toEqual({ compatible: true, findings: [] });
      expect(compatible(next, next)).toEqual({ compatible: true, findings: [] });
    }
  });

  it('say every difference, each with its place in schema and witness', () => {
    const { findings } = compatible(
      { type: 'object', properties: { a: { type: 'number' }, b: { type: 'array', items: { type: 'string' } } } },
      { type: 'object', required: ['c'], properties: { a: { type: 'integer' }, b: { type: 'array', items: { type: 'string', maxLength: 2 } } } },
    );
    expect(findings.map(({ rule, schemaPath, instancePath }) => ({ rule, schemaPath, instancePath }))).toEqual(
      expect.arrayContaining([
        { rule: 'required', schemaPath: '/required', instancePath: '' },
        { rule: 'type', schemaPath: '/properties/a/type', instancePath: '/a' },
        { rule: 'maxLength', schemaPath: '/properties/b/items/maxLength', instancePath: '/b/0' },
      ]),
    );
  });

  it('may have formats that judge', () => {
    const [plain, mail, uri] = [{ type: 'string' }, { type: 'string', format: 'email' }, { type: 'string', format: 'uri' }];
    const judging = { formats: 'assertion' } as const;
    expect(compatible(mail, plain, judging).compatible).toBe(true);
    expect(compatible(mail, mail, judging).compatible).toBe(true);
    expect(compatible(plain, mail, judging).findings).toMatchObject([{ rule: 'undecided' }]);
    expect(compatible(mail, uri, judging).findings).toMatchObject([{ rule: 'undecided' }]);
    expect(compatible({ type: 'integer' }, { format: 'email' }, judging).compatible).toBe(true);
  });

  it('that cannot be told apart within the allowed work are said to be undecided, not compatible', () => {
    // More pigeons than holes, each in some hole, no two in one: no value is, and no short proof says so.
    const pigeons = (count: number) => {
      const all = Array.from({ length: count }, (_, at) => at);
      const holes = all.slice(1);
      return {
        type: 'object',
        allOf: [
          ...all.map((pigeon) => ({ anyOf: holes.map((hole) => ({ required: [`${pigeon} in ${hole}`] })) })),
          ...holes.flatMap((hole) =>
            all.flatMap((one) => all.slice(one + 1).map((other) => ({ not: { required: [`${one} in ${hole}`, `${other} in ${hole}`] } }))),
          ),
        ],
      };
    };
    expect(compatible(pigeons(4), false).compatible).toBe(true);
    const started = process.cpuUsage();
    expect(compatible(pigeons(12), false).findings).toMatchObject([{ rule: 'undecided' }]);
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(2_000);
    expect(compatible(pigeons(4), false, { steps: 20 }).findings).toMatchObject([{ rule: 'undecided' }]);
  });

  it('may be large, deep or hostile: an answer within two seconds', () => {
    const nest = (depth: number, leaf: Schema): Schema => (depth === 0 ? leaf : { type: 'array', items: nest(depth - 1, leaf) });
    const wide = (type: string) => ({
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`p${at}`, { type }])),
    });
    const hostile: [Schema, Schema][] = [
      [nest(50, { type: 'integer' }), nest(50, { type: 'number' })],
      [nest(5_000, true), nest(5_000, true)],
      [wide('integer'), wide('number')],
      [{ pattern: '^(a+)+$' }, { pattern: '^(a|aa)+$' }],
      [{ pattern: '^(a{1,500}){1,500}$' }, { pattern: 'b' }],
      [{ pattern: `${'(x+x+)+'.repeat(20)}y` }, { pattern: 'z' }],
      [{ minItems: 1e15 }, { uniqueItems: true }],
      [{ type: 'object', minProperties: 1e15 }, { maxProperties: 1e15 }],
      [{ type: 'string', minLength: 1e15 }, { pattern: 'a' }],
      [{ multipleOf: 1e-300 }, { multipleOf: 1e300 }],
      [{ type: 'array', minItems: 70, uniqueItems: true }, { maxItems: 69 }],
      [{ oneOf: Array.from({ length: 40 }, (_, at) => ({ minimum: at })) }, { oneOf: Array.from({ length: 40 }, (_, at) => ({ maximum: at })) }],
      [
        { patternProperties: Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`^.{${at}}a`, { minimum: at }])) },
        { additionalProperties: { maximum: 3 } },
      ],
    ];
    for (const [at, [old, next]] of hostile.entries()) {
      const started = process.cpuUsage();
      const { findings, compatible: yes } = compatible(old, next);
      expect(yes).toBe(findings.length === 0);
      const spent = process.cpuUsage(started).user / 1_000;
      expect([at, spent < 2_000, spent]).toEqual([at, true, spent]);
    }
  });

  it.skipIf(!existsSync(DATA))('of the shared suite (../shared/data) are judged as it says, all but one in a hundred', () => {
    const pairs = readFileSync(DATA, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { id: string; old: Schema; new: Schema; backwardCompatible: boolean });
    expect(pairs.length).toBeGreaterThan(200);
    const wrong = pairs.filter(({ old, new: next, backwardCompatible }) => compatible(old, next).compatible !== backwardCompatible);
    expect(wrong.length).toBeLessThanOrEqual(pairs.length / 100);
    // Every refusal is by a witness, and ajv agrees with it.
    for (const { old, new: next, backwardCompatible } of pairs) {
      if (backwardCompatible) continue;
      const [finding] = compatible(old, next).findings;
      const accepts = (schema: Schema) => new Ajv({ strict: false, logger: false }).compile(schema)(finding?.witness);
      expect([accepts(old), accepts(next)]).toEqual([true, false]);
    }
  });
});
