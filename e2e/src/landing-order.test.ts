import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readContract } from '@skein/contract';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, type RunReport, type SwarmEvent } from '@skein/swarm';
import { repositoryContracts, workbench, type Workbench } from '@skein/testing';

// Promise: files that are landed at once arrive as if they had come one after the other, and a file that cannot be read costs itself alone.

const READINGS = readContract(
  `
apiVersion: v3.1.0
kind: DataContract
id: meter-readings
version: 1.0.0
status: active
domain: meter
schema:
  - name: readings
    properties:
      - { id: id, name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: reading, name: reading, logicalType: integer, physicalType: BIGINT }
`,
  'meter/readings/v1/contract.odcs.yaml',
);

const meter = (contracts: ContractSet): Domain => ({
  name: 'meter',
  sources: [{ name: 'files', describes: '*.csv', shape: 'columns', tableOf: (file) => (file.endsWith('.csv') ? 'readings' : undefined) }],
  bronze: [{ name: 'raw', source: 'files', columns: ['id', 'reading'], sql: 'SELECT * FROM landing' }],
  products: [
    {
      id: 'meter.readings',
      layer: 'silver',
      contract: contracts.get('meter.readings'),
      step: { name: 'readings', from: ['raw'], sql: 'SELECT id, TRY_CAST(reading AS BIGINT) AS reading, _file, _row FROM raw' },
    },
  ],
});

const FILES = 60;
const POISONED = 'f037.csv';
const nameOf = (index: number) => `f${String(index).padStart(3, '0')}.csv`;

async function landed(bench: Workbench, lanes: number): Promise<{ report: RunReport; events: string[]; order: unknown[]; most: number }> {
  const known = await repositoryContracts();
  const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
  const events: string[] = [];
  let [open, most] = [0, 0];
  const onEvent = (event: SwarmEvent) => {
    if (event.verb === 'landing') most = Math.max(most, ++open);
    if (event.verb !== 'landed') return;
    open -= 1;
    events.push(`${event.source.file} ${event.source.outcome} ${event.done}`);
  };
  const report = await createSwarm(bench.swarm.domain, system, { ...bench.adapters, lanes }).run({ from: `${bench.directory}/sources`, onEvent });
  const landings = await bench.adapters.landings.list('meter');
  return { report, events, order: landings.map(({ sequence, file, sha256, rows }) => [sequence, file, sha256, rows]), most };
}

describe('many files at once', () => {
  it(
    'arrive in the order of their names with contiguous numbers, as one after the other; the poisoned one is refused and nothing else',
    { timeout: 60_000 },
    async () => {
      const files: Record<string, string | Uint8Array> = Object.fromEntries(
        // Sizes go up and down, so that a file that is read later is often ready earlier.
        Array.from({ length: FILES }, (_, index) => [
          nameOf(index),
          `id,reading\n${Array.from({ length: 1 + ((index * 37) % 400) }, (__, row) => `${index}-${row},${row}`).join('\n')}\n`,
        ]),
      );
      files[POISONED] = Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 10, 0, 0]);
      await using serial = await workbench(meter, [READINGS]);
      await using parallel = await workbench(meter, [READINGS]);
      for (const bench of [serial, parallel]) bench.put(files);
      const [one, four] = [await landed(serial, 1), await landed(parallel, 4)];
      expect(one.order).toHaveLength(FILES - 1);
      expect(four.order).toEqual(one.order);
      expect(four.order.map((entry) => (entry as [number])[0])).toEqual(Array.from({ length: FILES - 1 }, (_, index) => index + 1));
      expect(four.events).toEqual(one.events);
      expect(four.events[37]).toBe(`${POISONED} refused 38`);
      expect([one.most, four.most]).toEqual([1, 4]);
      expect(four.report.sources.map(({ file, outcome, rows }) => [file, outcome, rows])).toEqual(
        one.report.sources.map(({ file, outcome, rows }) => [file, outcome, rows]),
      );
      const sum = 'SELECT count(*) AS n, sum(hash(id, reading)) AS h FROM t';
      expect(await parallel.rows('meter.readings', sum)).toEqual(await serial.rows('meter.readings', sum));
      // The twin: arrival in the order in which reading ends is another order, and shows.
      expect([...four.order].sort((a, b) => (a as [number, string, string, number])[3] - (b as [number, string, string, number])[3])).not.toEqual(one.order);
    },
  );

  it('stop as a whole where the run cannot go on, and the numbers stay contiguous', async () => {
    await using bench = await workbench(meter, [READINGS]);
    bench.put(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [nameOf(index), `id,reading\n${index},1\n`])));
    const { landings } = bench.adapters;
    const full: typeof landings = new Proxy(landings, {
      get(target, name: keyof typeof landings) {
        if (name === 'commit')
          return async (...[stage, draft, file]: Parameters<typeof landings.commit>) => {
            if (draft.file === nameOf(20)) throw new Error('the machine is on fire');
            return target.commit(stage, draft, file);
          };
        const member = target[name] as (...args: unknown[]) => unknown;
        return member.bind(target);
      },
    });
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    const swarm = createSwarm(bench.swarm.domain, system, { ...bench.adapters, landings: full, lanes: 4 });
    await expect(swarm.run({ from: `${bench.directory}/sources` })).rejects.toThrow('on fire');
    expect((await landings.list('meter')).map(({ file }) => file)).toEqual(Array.from({ length: 20 }, (_, index) => nameOf(index)));
    // The next run takes in what is left.
    writeFileSync(`${bench.directory}/sources/${nameOf(40)}`, 'id,reading\n40,1\n');
    await bench.run();
    expect((await landings.list('meter')).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
  });
});
