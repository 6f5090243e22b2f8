import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import { heal } from '@skein/swarm';
import { describe, expect, it } from 'vitest';
import { corrupted } from './heal-invented-grammars.ts';
import { inventedTables } from './heal-invented-tables.ts';
import { kindTables } from './heal-kinds.ts';
import { scoreHealing, type HealTask } from './heal-score.ts';
import { healFolder } from './heal.ts';
import { runBenches } from './run.ts';

const DATA = fileURLToPath(new URL('../../../../shared/data/cleaning', import.meta.url));
const CONTRACTS = fileURLToPath(new URL('../contracts', import.meta.url));

describe('invented tables', () => {
  it('keep their contracts until they are corrupted, the same for each seed', async () => {
    const engine = duckdbEngine({ threads: 2 });
    const session = await engine.open();
    let looked = 0;
    try {
      for (const { name, contract: text, columns, rows } of inventedTables(1, 300)) {
        const contract = readContract(text, `${name}.odcs.yaml`);
        await session.run(
          `CREATE OR REPLACE TEMP TABLE clean AS SELECT row_number() OVER () AS _row, ${columns.map((column, index) => `r[${index + 1}] AS "${column}"`).join(', ')} FROM (SELECT unnest(from_json($1, '[["VARCHAR"]]')) AS r)`,
          [JSON.stringify(rows)],
        );
        await session.run('CREATE OR REPLACE TEMP TABLE work AS FROM clean');
        expect((await heal(session, { name: 'work', columns }, { contract })).counts).toEqual([]);
        const task: HealTask = { contract, columns, dirty: 'clean', clean: 'clean' };
        expect(await scoreHealing(session, task, [])).toMatchObject({ errors: 0, repaired: 0, wrong: 0, precision: 1, recall: 1 });
        const [once, twice, other] = [corrupted(rows, new Set([0]), 7), corrupted(rows, new Set([0]), 7), corrupted(rows, new Set([0]), 8)];
        expect(once).toEqual(twice);
        expect(once).not.toEqual(other);
        expect(once.map(([key]) => key)).toEqual(rows.map(([key]) => key));
        looked++;
      }
    } finally {
      await engine.close();
    }
    expect(looked).toBe(3);
  });
});

it('heals tables of published kinds with care, from one seed', async () => {
  const engine = duckdbEngine({ threads: 2 });
  const session = await engine.open();
  const looked: string[] = [];
  try {
    for (const { name, contract: text, columns, rows, dirty } of kindTables(4).filter((table) => ['references', 'taxes'].includes(table.name))) {
      const contract = readContract(text, `${name}.odcs.yaml`);
      const load = (table: string, cells: readonly (readonly (string | null)[])[]) =>
        session.run(
          `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT row_number() OVER () AS _row, ${columns.map((column, index) => `r[${index + 1}] AS "${column}"`).join(', ')} FROM (SELECT unnest(from_json($1, '[["VARCHAR"]]')) AS r)`,
          [JSON.stringify(cells)],
        );
      await load('clean', rows);
      await load('dirty', dirty);
      const unharmed = await scoreHealing(session, { contract, columns, dirty: 'clean', clean: 'clean' }, []);
      expect(unharmed).toMatchObject({ errors: 0, repaired: 0 });
      const { precision, f1 } = await scoreHealing(session, { contract, columns, dirty: 'dirty', clean: 'clean' }, []);
      expect(precision, name).toBeGreaterThanOrEqual(0.95);
      expect(f1, name).toBeGreaterThanOrEqual(0.6);
      looked.push(name);
    }
  } finally {
    await engine.close();
  }
  expect(looked).toEqual(['references', 'taxes']);
});

it('takes --data for heal alone', async () => {
  const run = (...args: string[]) => runBenches({ args, print: () => undefined, progress: () => undefined });
  await expect(run('boot', '--data', '/tmp')).rejects.toMatchObject({ code: 'SKEIN_USAGE' });
  await expect(run('heal', '--data')).rejects.toMatchObject({ code: 'SKEIN_USAGE' });
  expect(await run('heal', '--data', `${CONTRACTS}/nothing`)).toBe(false);
});

describe.skipIf(!existsSync(DATA))('tables of shared/data/cleaning', () => {
  it('are healed as promised, by the contract alone and with labels, and with care in every run', async () => {
    const hospital = await healFolder(() => undefined, `${DATA}/hospital`, `${CONTRACTS}/hospital-published.odcs.yaml`, [1]);
    expect(hospital.figure).toBeGreaterThanOrEqual(0.9);
    expect(hospital['lowest_precision']).toBeGreaterThanOrEqual(0.95);
    const beers = await healFolder(() => undefined, `${DATA}/beers`, `${CONTRACTS}/beers.odcs.yaml`, [1]);
    expect((beers['with_labels'] as { f1: number }).f1).toBeGreaterThanOrEqual(0.96);
    expect(beers['lowest_precision']).toBeGreaterThanOrEqual(0.95);
  });
});
