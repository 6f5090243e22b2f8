import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memoryBoard } from '@skein/adapter-memory';
import { localBronzeStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { DECIDED, decisionAgent, patternId } from '@skein/pattern';
import type { PatternBoard } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, heal, maskingSignature, type RunReport, type SwarmAdapters, type SwarmEvent } from '@skein/swarm';
import { repositoryContracts, workbench, type Workbench } from '@skein/testing';

// Promise: in a run, a column that the contract's dependencies determine is repaired by what the other rows attest where a file would be, and else told.

const PLACES = (city = '') =>
  readContract(
    `
apiVersion: v3.1.0
kind: DataContract
id: post-places
version: 1.0.0
status: active
domain: post
schema:
  - name: places
    customProperties:
      - { property: quarantineTolerance, value: '90%' }
      - property: functionalDependencies
        value:
          - { determinant: [zip], dependent: [city, state] }
    properties:
      - { id: id, name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: zip, name: zip, logicalType: string, logicalTypeOptions: { pattern: '^[0-9]{5}$' } }
      - { id: city, name: city, logicalType: string${city} }
      - { id: state, name: state, logicalType: string }
      - { id: opened, name: opened, logicalType: date }
`,
    'post/places/v1/contract.odcs.yaml',
  );

const post =
  (repairable: readonly string[], dedupe = false) =>
  (contracts: ContractSet): Domain => ({
    name: 'post',
    sources: [{ name: 'places', describes: 'places*.csv', shape: 'columns', tableOf: (file) => (/^places.*\.csv$/.test(file) ? 'places' : undefined) }],
    bronze: [
      {
        name: 'raw',
        source: 'places',
        columns: ['id', 'zip', 'city', 'state', 'opened'],
        sql: 'SELECT * FROM landing',
        partition: [{ name: 'zip', value: 'zip', temporal: false }],
      },
    ],
    products: [
      {
        id: 'post.places',
        layer: 'silver',
        contract: contracts.get('post.places'),
        step: {
          name: 'places',
          from: ['raw'],
          sql: `SELECT id, zip, nullif(city, '') AS city, state, TRY_CAST(opened AS DATE) AS opened, _file, _row,
              CASE WHEN opened IS NOT NULL AND TRY_CAST(opened AS DATE) IS NULL THEN [{"column": 'opened', value: opened, rule: 'type'}] ELSE [] END AS _invalid FROM raw`,
          repairable,
          ...(dedupe ? { dedupe: { by: ['id'], keep: '_file, _row' } } : {}),
        },
      },
    ],
  });

const HEADER = 'id,zip,city,state,opened';
/** Groups of six rows, the places of which are told apart by all of their columns. */
const GOOD = [
  ['10115', 'Berlin', 'BE'],
  ['80331', 'Munich', 'BY'],
  ['20095', 'Hamburg', 'HH'],
].flatMap(([zip, city, state], place) => Array.from({ length: 6 }, (_, index) => `${place}-${index},${zip},${city},${state},2025-01-0${index + 1}`));
const csv = (...lines: string[]) => [HEADER, ...GOOD, ...lines, ''].join('\n');

type Escalated = Parameters<NonNullable<SwarmAdapters['escalate']>>[0][number];

async function runWith(
  bench: Workbench,
  { board, heard, escalated }: { board?: PatternBoard; heard?: SwarmEvent[]; escalated?: Escalated[] } = {},
): Promise<RunReport> {
  const known = await repositoryContracts();
  const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
  const swarm = createSwarm(bench.swarm.domain, system, {
    ...bench.adapters,
    ...(board ? { board } : {}),
    escalate: async (gaps) => void escalated?.push(...gaps),
  });
  const report = await swarm.run({ from: `${bench.directory}/sources`, onEvent: (event) => heard?.push(event) });
  for (const product of report.products) if (product.error) throw product.error;
  return report;
}
const cities = async (bench: Workbench, where = `id LIKE 'D%'`) =>
  (await bench.rows<{ id: string; city: string | null; state: string }>('post.places', `SELECT * FROM t WHERE ${where} ORDER BY id`)).map(
    ({ id, city, state }) => [id, city, state],
  );
const feedback = (bench: Workbench) => bench.rows<Record<string, string | null>>('post.places_feedback', 'SELECT * FROM t ORDER BY source_position, rule');

describe('dependencies in a run', () => {
  it('repairs what the group attests, with the way back and the evidence beside it, and escalates what a group cannot say', async () => {
    await using bench = await workbench(post(['city']), [PLACES()]);
    bench.put({
      // A slip; a value that may well be missing; a group of two that disagree; a wrong state, which the step does not offer.
      'places.csv': csv('D1,10115,Berlni,BE,2025-02-01', 'D2,80331,,BY,2025-02-01', 'D3,99999,Here,XX,', 'D4,99999,There,XX,', 'D5,20095,Hamburg,HX,'),
    });
    const heard: SwarmEvent[] = [];
    const report = await runWith(bench, { heard });
    expect(report.products[0]).toMatchObject({
      outcome: 'published',
      rows: 23,
      refused: 0,
      repaired: { 'city.dependency': 1 },
      escalated: { 'city.dependency': 3, 'state.dependency': 1 },
    });
    expect(await cities(bench)).toEqual([
      ['D1', 'Berlin', 'BE'],
      ['D2', null, 'BY'],
      ['D3', 'Here', 'XX'],
      ['D4', 'There', 'XX'],
      ['D5', 'Hamburg', 'HX'],
    ]);
    const rows = await feedback(bench);
    expect(rows.map(({ row_id: id, column_name: column, value, outcome, repaired_value: after }) => [id, column, value, outcome, after])).toEqual([
      ['places.csv#20', 'city', 'Berlni', 'repaired', 'Berlin'],
      ['places.csv#21', 'city', null, 'escalated', null],
      ['places.csv#22', 'city', 'Here', 'escalated', null],
      ['places.csv#23', 'city', 'There', 'escalated', null],
      ['places.csv#24', 'state', 'HX', 'escalated', null],
    ]);
    expect(rows[0]?.['evidence']).toMatch(/^dependency: zip → city: 6 rows attest it; probability 0\.9/);
    expect(rows[0]?.['solution']).toMatch(/^[0-9a-f]{64}$/);
    expect(rows[2]?.['message']).toContain('the evidence does not suffice');
    expect(rows[4]?.['message']).toContain('may be repaired in place');
    // Undone by the feedback dataset alone: row by row, the cities are those of the file.
    const all = await bench.rows<{ position: bigint; city: string | null }>('post.places', 'SELECT _position AS position, city FROM t ORDER BY 1');
    const undone = all.map(({ position, city }) => {
      const repair = rows.find((row) => row['row_id'] === `places.csv#${position}` && row['outcome'] === 'repaired');
      return repair === undefined ? city : repair['value'];
    });
    const lines = readFileSync(`${bench.directory}/sources/places.csv`, 'utf8').trim().split('\n').slice(1);
    expect(undone).toEqual(lines.map((line) => line.split(',')[2] || null));
    expect(undone).not.toEqual(all.map(({ city }) => city));
    expect(heard.filter(({ verb }) => verb === 'repaired')).toMatchObject([{ column: 'city', cells: 1, category: 'dependency' }]);
    expect(heard.filter(({ verb }) => verb === 'escalated').map((event) => 'column' in event && event.column)).toEqual(['city', 'state']);
  });

  it('is replayed with the same verdict where a vote turned it, and forgets it with its record', async () => {
    await using bench = await workbench(post(['city']), [PLACES(', required: true')]);
    bench.put({ 'places.csv': csv('D1,10115,,BE,2025-02-01') });
    const report = await runWith(bench);
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 19, refused: 0, repaired: { 'city.required': 1 }, escalated: {} });
    expect(await bench.swarm.replay('post.places')).toMatchObject({ same: true });
    const { store } = bench.adapters;
    const forgetful: typeof store = new Proxy(store, {
      get(target, name: keyof typeof store) {
        const member = target[name].bind(target) as (...args: unknown[]) => unknown;
        if (name !== 'current') return member;
        return async (...args: unknown[]) => {
          const snapshot = (await member(...args)) as { verdict: { record: object } };
          return { ...snapshot, verdict: { ...snapshot.verdict, record: { ...snapshot.verdict.record, patterns: [] } } };
        };
      },
    });
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    expect(await createSwarm(bench.swarm.domain, system, { ...bench.adapters, store: forgetful }).replay('post.places')).toMatchObject({ same: false });
    // Nothing new: nothing is made.
    expect((await runWith(bench)).products[0]).toMatchObject({ outcome: 'unchanged' });
  });

  it('is replayed with the same verdict where a column is hidden and bronze lies in files', async () => {
    await using bench = await workbench(post(['city']), [PLACES(', required: true')]);
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    const context = { domain: 'post', product: 'post.places', column: 'raw.state' };
    const solution = { kind: 'expression' as const, transformation: `'***'`, preConditions: '{value} IS NOT NULL', postValidation: 'TRUE' };
    const parts = { category: 'masking', signature: maskingSignature(context), solution };
    await board.publish({ ...parts, id: patternId(parts), context, test: { cells: 0, passed: 0 }, evidence: {} });
    bench.put({ 'places.csv': csv('D1,10115,,BE,2025-02-03', 'D2,80331,Munich,BY,4-Feb-2025') });
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    const bronze = localBronzeStore({ root: `${bench.directory}/bronze` });
    const swarm = createSwarm(bench.swarm.domain, system, { ...bench.adapters, board, bronze, layout: { partitionFrom: 1 } });
    const report = await swarm.run({ from: `${bench.directory}/sources` });
    expect(report.bronze).toMatchObject([{ outcome: 'written' }]);
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 19, repaired: { 'city.required': 1 }, escalated: { 'opened.type': 1 } });
    expect(await cities(bench, 'state IS DISTINCT FROM $$***$$')).toEqual([]);
    expect(await cities(bench, `zip = '10115' AND city IS DISTINCT FROM 'Berlin'`)).toEqual([]);
    expect(await swarm.replay('post.places')).toMatchObject({ same: true });
    // Also once the file is another one, and the swarm knows more.
    bench.put({ 'places.csv': csv('D1,10115,Bonn,BE,') });
    await swarm.run({ from: `${bench.directory}/sources` });
    for (const version of [1, 2]) expect(await swarm.replay('post.places', version)).toMatchObject({ version, same: true });
  });

  it('counts a row that is there several times once', async () => {
    const line = (index: number) => `R,77777,Wrong,ZZ,2025-03-0${index + 1}`;
    const right = Array.from({ length: 5 }, (_, index) => `D${index},77777,Wrang,ZZ,2025-02-01`);
    await using bench = await workbench(post(['city'], true), [PLACES()]);
    bench.put({ 'places.csv': csv(...Array.from({ length: 9 }, (_, index) => line(index)), ...right) });
    await runWith(bench);
    expect(await cities(bench, `zip = '77777' AND id = 'R'`)).toEqual([['R', 'Wrang', 'ZZ']]);
    // The twin: as rows of their own, the nine outweigh the five.
    await using other = await workbench(post(['city']), [PLACES()]);
    other.put({ 'places.csv': csv(...Array.from({ length: 9 }, (_, index) => line(index).replace('R', `R${index}`)), ...right) });
    await runWith(other);
    expect((await cities(other, `zip = '77777' AND id = 'R0'`))[0]?.[1]).toBe('Wrong');
  });

  it('is not done again once a person has rejected it, by no worker, and the rows are made anew', async () => {
    await using bench = await workbench(post(['city']), [PLACES()]);
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    bench.put({ 'places.csv': csv('D1,10115,Berlni,BE,2025-02-01') });
    await runWith(bench, { board });
    const id = (await feedback(bench))[0]?.['solution'] ?? '';
    expect(board.knowledge().patterns).toEqual([]);
    const other = await hub.join('two');
    await other.reject(id, 'Berlni is a hamlet');
    for (const member of [board, other]) {
      await runWith(bench, { board: member });
      expect(await cities(bench)).toEqual([['D1', 'Berlni', 'BE']]);
    }
    expect(await feedback(bench)).toMatchObject([{ outcome: 'escalated', column_name: 'city' }]);
  });

  it('does what a person decided about cells that a group cannot say, and nothing beyond it', async () => {
    await using bench = await workbench(post(['city']), [PLACES()]);
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    bench.put({ 'places.csv': csv('D3,99999,Hereford,XX,', 'D4,99999,There,XX,') });
    const escalated: Escalated[] = [];
    await runWith(bench, { board, escalated });
    const asked = escalated.find(({ rows }) => rows.some((row) => row['city'] === 'There'));
    expect(asked).toMatchObject({ gap: { context: { product: 'post.places', column: 'city' } }, message: expect.stringContaining('does not suffice') });
    if (asked === undefined) return;
    const { signature, context } = asked.gap;
    const solution = {
      kind: 'expression' as const,
      transformation: `'Hereford'`,
      preConditions: `{value} = 'There' AND {column:zip} = '99999'`,
      postValidation: 'TRUE',
    };
    const parts = { category: DECIDED, signature, solution };
    const evidence = { [decisionAgent('review', context)]: { successes: 20, failures: 0 } };
    await board.publish({ ...parts, id: patternId(parts), context, test: { cells: 20, passed: 20 }, evidence });
    expect((await runWith(bench, { board })).products[0]).toMatchObject({ outcome: 'published', repaired: { 'city.dependency': 1 } });
    expect(await cities(bench)).toEqual([
      ['D3', 'Hereford', 'XX'],
      ['D4', 'Hereford', 'XX'],
    ]);
    expect((await feedback(bench)).map(({ value, outcome, repaired_value: after }) => [value, outcome, after])).toEqual([
      ['Hereford', 'escalated', null],
      ['There', 'repaired', 'Hereford'],
    ]);
  });

  it('repairs the cells that a file would have repaired, on tables that seeds invent, and no others', async () => {
    let [looked, repaired] = [0, 0];
    for (const seed of [1, 2, 3]) {
      let state = seed * 7919;
      const chance = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
      const lines = Array.from({ length: 240 }, (_, index) => {
        const zip = 10_000 + Math.floor(chance() * 30);
        const slip = chance();
        const city = `City of ${'abcdefghij'[zip % 10]}${'klmnopqrst'[Math.floor(zip / 10) % 10]}onia`;
        const state_ = `S${zip % 7}`;
        return `${index},${zip},${slip < 0.04 ? city.replace('on', 'no') : slip < 0.06 ? '' : slip < 0.08 ? 'City of aponia' : city},${slip > 0.97 ? 'S9' : state_},`;
      });
      await using bench = await workbench(post(['city', 'state']), [PLACES()]);
      bench.put({ 'places.csv': [HEADER, ...lines, ''].join('\n') });
      await runWith(bench);
      const run = await bench.rows<{ id: string; city: string | null; state: string }>('post.places', 'SELECT id, city, state FROM t ORDER BY id::INTEGER');
      const session = await bench.adapters.engine.open();
      await session.run(
        `CREATE TEMP TABLE file AS SELECT id::BIGINT + 1 AS _row, zip, nullif(city, '') AS city, state FROM read_csv('${bench.directory}/sources/places.csv', all_varchar = true)`,
      );
      await heal(session, { name: 'file', columns: ['zip', 'city', 'state'] }, { contract: PLACES() });
      const file = await session.rows<{ city: string | null; state: string }>('SELECT city, state FROM file ORDER BY _row');
      await session.close();
      expect(run.map(({ city, state: of }) => [city, of])).toEqual(file.map(({ city, state: of }) => [city, of]));
      looked += run.length;
      repaired += (await feedback(bench)).filter(({ outcome }) => outcome === 'repaired').length;
    }
    expect(looked).toBe(720);
    expect(repaired).toBeGreaterThan(30);
  });
});
