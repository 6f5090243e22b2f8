import { DuckDBInstance } from '@duckdb/node-api';
import { readContract } from '@skein/contract';
import { propose, signatureKey, signatureOf } from '@skein/pattern';
import { textAccepts } from '@skein/verifier';
import { afterAll, describe, expect, it } from 'vitest';
import { redisProgram } from '@skein/testing';
import { BENCHES } from './registry.ts';
import { runBenches } from './run.ts';
import { forgetDatasets, SEED } from './swarm-learning-data.ts';
import { contractText, grammars, truthSql } from './swarm-learning-grammars.ts';

afterAll(forgetDatasets);

/** A bench by its name at a hundredth of its size, as `--scale 0.01` runs it. */
async function measured(name: string): Promise<Record<string, number | boolean>> {
  const out: string[] = [];
  const err: string[] = [];
  const good = await runBenches({ args: [name, '--json', '--scale', '0.01'], print: (line) => out.push(line), progress: (line) => err.push(line) });
  expect(good, err.join('\n')).toBe(true);
  return JSON.parse(out[0] ?? '') as Record<string, number | boolean>;
}

const program = await redisProgram();

describe.skipIf(typeof program === 'string')(`swarm learning at a hundredth${typeof program === 'string' ? `: ${program}` : ''}`, () => {
  it('solves each kind of gap once with streams, though members join late, a peer lies and Redis is killed', { timeout: 240_000 }, async () => {
    const figures = await measured('swarm-learning-streams');
    expect(figures).toMatchObject({
      records: 500_000,
      occurrences: 300,
      grammars: 30,
      resolutions: 30,
      wrong_cells: 0,
      left_cells: 0,
      unsolved: 0,
      workers: 4,
    });
    expect(figures['redis_away_ms']).toBeGreaterThan(400);
    expect(figures['patterns_refused']).toBeGreaterThanOrEqual(figures['poisoned'] as number);
    expect(figures['poisoned']).toBeGreaterThan(0);
    expect(figures['ece']).toBeLessThanOrEqual(0.05);
    expect(figures['spread_p50_ms']).toBeGreaterThan(0);
  });

  it('solves more than once by a channel alone, and believes the liar', { timeout: 240_000 }, async () => {
    const figures = await measured('swarm-learning-pubsub');
    expect(figures['resolutions']).toBeGreaterThan(30);
    expect(figures['resolutions']).toBeLessThan(300);
    expect(figures['wrong_cells']).toBeGreaterThan(0);
  });
});

it('has 500 grammars by one seed, and other ones by another', () => {
  const [one, again, other] = [grammars(500, 10, 1), grammars(500, 10, 1), grammars(500, 10, 2)].map((all) => all.map(({ corrupt }) => corrupt('v')));
  expect(one).toEqual(again);
  expect(one).not.toEqual(other);
  expect(() => grammars(5_000, 10, 1)).toThrow(/more than there are/);
});

it('gives each of the 500 a signature of its own, and the library closes it', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const texts = async (sql: string): Promise<{ value: string; count: number }[]> =>
    (await connection.runAndReadAll(`SELECT DISTINCT (${sql})::VARCHAR AS t FROM range(100) r(i) ORDER BY t`))
      .getRows()
      .map(([value]) => ({ value: String(value), count: 1 }));
  const contracts = Array.from({ length: 10 }, (_, kind) => readContract(contractText(kind), 'bench.yaml'));
  const keys = new Set<string>();
  const open: string[] = [];
  for (const { id, kind, column, corrupt } of grammars(500, 10, SEED)) {
    const property = contracts[kind]?.properties.find(({ name }) => name === column);
    if (property === undefined) throw new Error(column);
    const values = await texts(corrupt(truthSql(column, 'i')));
    const signature = signatureOf('type', property, values);
    keys.add(signatureKey(signature));
    const facts = { property, accepts: textAccepts(property), accepted: await texts(truthSql(column, 'i')) };
    const { kind: outcome } = propose({ context: { domain: 'b', product: 'b.b', column }, signature, cells: values.length, values }, facts);
    if (outcome !== 'solutions') open.push(`${id}: ${values[0]?.value}: ${outcome}`);
  }
  connection.closeSync();
  instance.closeSync();
  expect(open).toEqual([]);
  expect(keys.size).toBe(500);
});

it('is three benches under one name', () => {
  expect(BENCHES.filter(({ name }) => name.startsWith('swarm-learning-')).map(({ scales }) => scales)).toEqual([true, true, true]);
});
