import { soak } from '@skein/testing';
import { compatible, type Compatibility } from '@skein/verifier/compat';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sample, seeded } from './compat-sample.ts';
import { instance, pair, type Schema } from './compat-schemas.ts';

const PAIRS = soak(20_000);
const VALUES = fc.sample(instance, { numRuns: 60, seed: 7 });
/** Values made to fit one of the two schemas, for each. */
const FITTED = 40;

function compile(schema: Schema): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true, validateSchema: false });
  // Ajv's bookkeeping for unevaluated members fails on some nested schemas that have none of them.
  Object.assign(ajv.opts, { unevaluated: false });
  return ajv.compile(apart(schema) as Schema);
}

/** Ajv takes `contains` beside `prefixItems` as kept by the empty list; apart from each other it judges both. */
function apart(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(apart);
  if (schema === null || typeof schema !== 'object') return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, ['const', 'enum'].includes(key) ? part : apart(part)]));
  if (!('contains' in parts && 'prefixItems' in parts)) return parts;
  const { contains, minContains, maxContains, ...rest } = parts;
  const counted = Object.fromEntries(Object.entries({ contains, minContains, maxContains }).filter(([, part]) => part !== undefined));
  return { ...rest, allOf: [...((rest['allOf'] ?? []) as unknown[]), counted] };
}

interface Tally {
  pairs: number;
  yes: number;
  no: number;
  undecided: number;
  /** Values valid under the old schema of a pair said to be compatible: what the yes was put to. */
  tried: number;
  readonly falseYes: string[];
  readonly falseWitness: string[];
  slowest: number;
}

function tally(answer: (old: Schema, next: Schema) => Compatibility, count: number, seed: number): Tally {
  const result: Tally = { pairs: 0, yes: 0, no: 0, undecided: 0, tried: 0, falseYes: [], falseWitness: [], slowest: 0 };
  const random = seeded(seed);
  for (const [old, next] of fc.sample(pair, { numRuns: count, seed })) {
    result.pairs += 1;
    const [before, after] = [compile(old), compile(next)];
    const started = process.cpuUsage();
    const { compatible: yes, findings } = answer(old, next);
    result.slowest = Math.max(result.slowest, process.cpuUsage(started).user / 1_000);
    if (yes) {
      result.yes += 1;
      const fitted = Array.from({ length: FITTED }, (_, at) => (at % 4 === 3 ? sample(next, next, random) : sample(old, old, random)));
      for (const value of [...VALUES, ...fitted]) {
        if (!before(value)) continue;
        result.tried += 1;
        if (!after(value)) result.falseYes.push(JSON.stringify({ old, next, value }));
      }
      continue;
    }
    const witnessed = findings.filter((finding) => 'witness' in finding);
    if (witnessed.length > 0) result.no += 1;
    else result.undecided += 1;
    for (const { witness } of witnessed) if (!before(witness) || after(witness)) result.falseWitness.push(JSON.stringify({ old, next, witness }));
  }
  return result;
}

describe('a pair of JSON Schemas', () => {
  it(`is never called compatible when it is not, nor given a witness that is none: ${PAIRS} generated pairs, judged by ajv`, { timeout: 900_000 }, () => {
    const result = tally(compatible, PAIRS, 20_031);
    expect(result.falseYes).toEqual([]);
    expect(result.falseWitness).toEqual([]);
    expect(result.pairs).toBe(PAIRS);
    expect(result.yes).toBeGreaterThan(PAIRS / 10);
    expect(result.no).toBeGreaterThan(PAIRS / 10);
    expect(result.tried).toBeGreaterThan(PAIRS);
    // Soundness is no merit of an answer that never dares: what is not decided is rare.
    expect(result.undecided).toBeLessThan(PAIRS / 200);
    expect(result.slowest).toBeLessThan(2_000);
  });

  it('that a lax comparison calls compatible is found out by the same samples', () => {
    const lax = tally(() => ({ compatible: true, findings: [] }), 100, 5);
    expect(lax.falseYes.length).toBeGreaterThan(40);
    const shallow = tally((old, next) => compatible(withoutBounds(old) as Schema, withoutBounds(next) as Schema), 500, 6);
    expect(shallow.falseYes.length).toBeGreaterThan(0);
  });
});

/** What a comparison that forgets one keyword would see. */
function withoutBounds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutBounds);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, part]) => (key === 'maximum' || key === 'exclusiveMaximum' ? [] : [[key, withoutBounds(part)]])),
  );
}
