import { describe, expect, it } from 'vitest';
import { joinRedisBoard } from '@skein/adapter-redis';
import { readContract } from '@skein/contract';
import type { PatternBoard } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm } from '@skein/swarm';
import { redisProcess, redisProgram, repositoryContracts, workbench } from '@skein/testing';

// Promise: a Redis that is killed in the middle of a run takes nothing from the run, and what the run learned reaches the others once Redis is back.

const VISITS = readContract(
  `
apiVersion: v3.1.0
kind: DataContract
id: clinic-visits
version: 1.0.0
status: active
domain: clinic
schema:
  - name: visits
    customProperties: [{ property: quarantineTolerance, value: '90%' }]
    properties:
      - { id: id, name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: seen, name: seen, logicalType: date, required: true }
`,
  'clinic/visits/v1/contract.odcs.yaml',
);

const ISO = `regexp_full_match(seen, '[0-9]{4}-[0-9]{2}-[0-9]{2}')`;
const clinic = (contracts: ContractSet): Domain => ({
  name: 'clinic',
  sources: [{ name: 'visits', describes: '*.csv', shape: 'columns', tableOf: (file) => (file.endsWith('.csv') ? 'visits' : undefined) }],
  bronze: [{ name: 'raw', source: 'visits', columns: ['id', 'seen'], sql: 'SELECT * FROM landing' }],
  products: [
    {
      id: 'clinic.visits',
      layer: 'silver',
      contract: contracts.get('clinic.visits'),
      step: {
        name: 'visits',
        from: ['raw'],
        sql: `SELECT id, CASE WHEN ${ISO} THEN TRY_CAST(seen AS DATE) END AS seen, _file, _row,
            CASE WHEN NOT ${ISO} THEN [{"column": 'seen', value: seen, rule: 'type'}] ELSE [] END AS _invalid FROM raw`,
        repairable: ['seen'],
      },
    },
  ],
});
const GOOD = Array.from({ length: 30 }, (_, index) => `G${index},2025-01-0${1 + (index % 9)}`);
const DIRTY = Array.from({ length: 20 }, (_, index) => `D${index},${1 + index}-Mar-2025`);

const program = await redisProgram();
describe.skipIf(typeof program === 'string')(`a run over a board on Redis${typeof program === 'string' ? ` (skipped: ${program})` : ''}`, () => {
  it.each(['claim', 'publish'] as const)('goes on when Redis is killed at its first %s', async (at) => {
    if (typeof program === 'string') return;
    await using redis = await redisProcess(program);
    await using bench = await workbench(clinic, [VISITS]);
    const member = await joinRedisBoard({ url: redis.url, migration: 'away', agent: 'one' });
    let killed = 0;
    const board = new Proxy(member, {
      get(target, name: keyof PatternBoard) {
        const value = target[name];
        if (typeof value !== 'function') return value;
        const call = (value as (...args: unknown[]) => unknown).bind(target);
        if (name !== at || killed > 0) return call;
        return async (...args: unknown[]) => {
          killed += 1;
          await redis.kill();
          return call(...args);
        };
      },
    });
    bench.put({ 'visits.csv': ['id,seen', ...GOOD, ...DIRTY, ''].join('\n') });
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    const swarm = createSwarm(bench.swarm.domain, system, { ...bench.adapters, board });
    const { products } = await swarm.run({ from: `${bench.directory}/sources` });
    expect(killed).toBe(1);
    expect(products[0]).toMatchObject({ outcome: 'published', rows: 50, repaired: { 'seen.type': 20 }, escalated: {} });
    await redis.start();
    const other = await joinRedisBoard({ url: redis.url, migration: 'away', agent: 'two' });
    if (at === 'publish') await expect.poll(() => other.knowledge().patterns.map(({ category }) => category)).toEqual(['date']);
    // Equal inputs, and nothing new is known: nothing is made twice.
    expect((await swarm.run({ from: `${bench.directory}/sources` })).products[0]).toMatchObject({ outcome: 'unchanged' });
    await other.close();
    await member.close();
  });
});
