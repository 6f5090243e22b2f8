import { duckdbEngine } from '@skein/adapter-duckdb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EngineSession } from '@skein/ports';
import type { Dependency } from './dependency.ts';
import { disputedCells } from './dependency-round.ts';

// Promise: what comes out of the engine is bounded, however much of a table breaks a dependency.

const engine = duckdbEngine();
let session: EngineSession;
beforeAll(async () => (session = await engine.open()));
afterAll(async () => {
  await session.close();
  await engine.close();
});

it('looks at no more cells of a dependency than it may, and believes nothing of one that more cells break', async () => {
  // Ten groups of six rows: one row of each has another city, and one has none.
  await session.run(
    `CREATE OR REPLACE TEMP TABLE places AS SELECT i AS _row, 'z' || (i // 6) AS zip, CASE i % 6 WHEN 0 THEN 'odd' || i WHEN 1 THEN NULL ELSE 'city' || (i // 6) END AS city, 's' AS state FROM range(60) r(i)`,
  );
  await session.run(`CREATE OR REPLACE TEMP TABLE bad AS SELECT _row, 'city' AS _col FROM places WHERE city IS NULL`);
  await session.run(`CREATE OR REPLACE TEMP TABLE none AS SELECT _row, _col FROM bad WHERE false`);
  const dependency: Dependency = { determinant: ['zip'], dependent: ['city', 'state'], backwards: false, learned: false };
  const columns = new Map(['city', 'state'].map((name) => [name, { name, required: true, accepts: () => true }]));
  const found = (broken: string, most?: number) => disputedCells(session, 'places', [dependency], columns, broken, most);
  const all = await found('bad');
  expect(all).toHaveLength(20);
  expect(all.filter(({ fails }) => fails)).toHaveLength(10);
  expect(await found('bad', 20)).toEqual(all);
  expect(await found('none', 19)).toEqual([]);
  // A column that is missing throughout counts as well.
  await session.run(`UPDATE places SET city = 'city' || (_row // 6) WHERE city LIKE 'odd%'`);
  expect(await found('bad', 10)).toHaveLength(10);
  expect(await found('bad', 9)).toEqual([]);
  // Cells that the contract refuses, and that agree with their group, are looked at as far as they may be.
  await session.run(`UPDATE places SET city = 'city' || (_row // 6)`);
  expect(await found('bad')).toHaveLength(10);
  expect(await found('bad', 4)).toHaveLength(4);
});

it('takes a value that is disputed wherever it stands for an error where the dependency is kept, and not where many rows break it', async () => {
  // Twenty groups of 30 rows: one row in each of ten holds `axe`, and one row of another `bye`; of the loose table every fifth row holds anything.
  const table = (loose: boolean): string =>
    `CREATE OR REPLACE TEMP TABLE places AS SELECT i AS _row, 'z' || (i // 30) AS zip, CASE WHEN i % 30 = 1 AND i < 300 THEN 'axe' WHEN i = 301 THEN 'bye' ${loose ? "WHEN i % 5 = 0 THEN 'any' || i" : ''} ELSE 'state' || (i // 90) END AS state FROM range(600) r(i)`;
  await session.run('CREATE OR REPLACE TEMP TABLE none (_row BIGINT, _col VARCHAR)');
  const dependency: Dependency = { determinant: ['zip'], dependent: ['state'], backwards: false, learned: false };
  const columns = new Map([['state', { name: 'state', required: true, accepts: () => true }]]);
  const probabilities = async (loose: boolean): Promise<[often: number, once: number]> => {
    await session.run(table(loose));
    const cells = await disputedCells(session, 'places', [dependency], columns, 'none');
    const of = (value: string): number => cells.find((one) => one.value === value)?.vote?.probability ?? 0;
    return [of('axe'), of('bye')];
  };
  const [often, once] = await probabilities(false);
  expect(once - often).toBeLessThan(0.05);
  const [oftenLoose, onceLoose] = await probabilities(true);
  expect(onceLoose - oftenLoose).toBeGreaterThan(0.1);
});
