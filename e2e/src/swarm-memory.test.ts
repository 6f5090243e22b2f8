import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { memoryBoard } from '@skein/adapter-memory';
import { openaiProposer } from '@skein/adapter-openai';
import { localBronzeStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { decisionAgent, patternId, signatureOf, type Expression, type Pattern } from '@skein/pattern';
import type { PatternBoard } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, VERBS, type RunReport, type SwarmAdapters, type SwarmEvent } from '@skein/swarm';
import { modelService, repositoryContracts, workbench, type Workbench } from '@skein/testing';
import { describe, expect, it } from 'vitest';

// Promise: what nobody can close is not tried anew by everyone; a decision holds where it was made; what was earned changes the order, and nothing else; and a
// run tells what it repaired and what it left.

const COLUMN = (name: string, more: string) => `      - { id: ${name}, name: ${name}, ${more} }`;
const CONTRACT = (unique = false) =>
  readContract(
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
${COLUMN('id', 'logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1')}
${COLUMN('came', `logicalType: date${unique ? ', unique: true' : ''}`)}
${COLUMN('gone', 'logicalType: date')}
${COLUMN('diagnosis', `logicalType: string, classification: restricted, logicalTypeOptions: { pattern: '^[A-Z][0-9]{2}$' }`)}
${COLUMN('ward', `logicalType: string, logicalTypeOptions: { pattern: '^[A-Z]{2}$' }`)}
slaProperties:
  - { property: freshness, value: 60, unit: minutes }
`,
    'clinic/visits/v1/contract.odcs.yaml',
  );

const DAYS = ['came', 'gone'];
const clinic = (contracts: ContractSet): Domain => ({
  name: 'clinic',
  sources: [{ name: 'visits', describes: 'visits*.csv', shape: 'columns', tableOf: (file) => (/^visits.*\.csv$/.test(file) ? 'visits' : undefined) }],
  bronze: [
    {
      name: 'raw',
      source: 'visits',
      columns: ['id', 'came', 'gone', 'diagnosis', 'ward'],
      sql: 'SELECT * FROM landing',
      partition: [{ name: 'ward', value: 'ward', temporal: false }],
    },
  ],
  products: [
    {
      id: 'clinic.visits',
      layer: 'silver',
      contract: contracts.get('clinic.visits'),
      step: {
        name: 'visits',
        from: ['raw'],
        sql: `SELECT id, ${DAYS.map((name) => `CASE WHEN regexp_full_match(${name}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(${name} AS DATE) END AS ${name}`).join(', ')}, diagnosis, ward, _file, _row,
          ${DAYS.map((name) => `CASE WHEN ${name} IS NOT NULL AND NOT regexp_full_match(${name}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN [{"column": '${name}', value: ${name}, rule: 'type'}] ELSE [] END`).join(' || ')} AS _invalid FROM raw`,
        repairable: ['came', 'gone', 'diagnosis', 'ward'],
      },
    },
  ],
});

const GOOD = Array.from({ length: 12 }, (_, index) => `G${index},2025-01-${10 + index},2025-02-${10 + index},A1${index % 10},AB`);
const csv = (...lines: string[]) => `id,came,gone,diagnosis,ward\n${[...GOOD, ...lines].join('\n')}\n`;

async function run(bench: Workbench, more: Partial<SwarmAdapters> = {}): Promise<{ report: RunReport; events: SwarmEvent[] }> {
  const known = await repositoryContracts();
  const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
  const events: SwarmEvent[] = [];
  const swarm = createSwarm(bench.swarm.domain, system, { ...bench.adapters, ...more });
  const report = await swarm.run({ from: `${bench.directory}/sources`, onEvent: (event) => events.push(event) });
  for (const product of report.products) if (product.error) throw product.error;
  return { report, events };
}

/** A board that counts what its claims were answered. */
function counting(board: PatternBoard): { board: PatternBoard; vain: () => number; granted: () => number } {
  let [vain, granted] = [0, 0];
  const counted = new Proxy(board, {
    get(target, name: keyof PatternBoard) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      if (name !== 'claim') return (member as (...args: unknown[]) => unknown).bind(target);
      return async (...args: Parameters<PatternBoard['claim']>) => {
        const answer = await target.claim(...args);
        if (typeof answer === 'string') return answer;
        if ('vain' in answer) vain += 1;
        else granted += 1;
        return answer;
      };
    },
  });
  return { board: counted, vain: () => vain, granted: () => granted };
}

describe('what nobody can close', () => {
  it('is looked at by one of many workers, and again when there is more to see or something new is known', async () => {
    const hub = memoryBoard();
    await using bench = await workbench(clinic, [CONTRACT()]);
    const workers = await Promise.all(Array.from({ length: 5 }, async (_, index) => counting(await hub.join(`w${index}`))));
    const granted = () => workers.reduce((sum, one) => sum + one.granted(), 0);
    const vain = () => workers.reduce((sum, one) => sum + one.vain(), 0);
    const ambiguous = Array.from({ length: 4 }, (_, index) => `D${index},0${index + 1}/06/2025,2025-03-01,A11,AB`);
    // Each worker sees other rows of the same column: another file each time.
    const reasons = new Set<string>();
    for (const [index, { board }] of workers.entries()) {
      bench.put({ 'visits.csv': csv(...ambiguous, `W${index},2025-04-01,2025-04-02,A11,AB`) });
      const { report, events } = await run(bench, { board });
      expect(report.products[0]).toMatchObject({ outcome: 'published', escalated: { 'came.type': 4 } });
      for (const event of events) if (event.verb === 'escalated') reasons.add(event.why);
    }
    expect([granted(), vain()]).toEqual([1, 4]);
    expect(reasons.size).toBe(1);
    expect([...reasons][0]).toContain('may be');
    const again = async (...lines: string[]): Promise<void> => {
      bench.put({ 'visits.csv': csv(...lines) });
      await run(bench, { board: workers[3]?.board as PatternBoard });
    };
    await again(...ambiguous.slice(0, 2));
    expect(granted()).toBe(1);
    // Twice as many values.
    await again(...Array.from({ length: 8 }, (_, index) => `E${index},0${index + 1}/07/2025,2025-03-01,A11,AB`));
    expect(granted()).toBe(2);
    // A pattern of the same kind that somebody found for another shape.
    const signature = signatureOf('type', CONTRACT().properties[1] as never, [{ value: '12.XII.2025', count: 1 }]);
    const solution: Expression = { kind: 'expression', transformation: 'trim({value})', preConditions: 'TRUE', postValidation: 'TRUE' };
    const parts = { category: 'date', signature, solution };
    const context = { domain: 'peer', product: 'peer.p', column: 'c' };
    await workers[0]?.board.publish({ ...parts, id: patternId(parts), context, test: { cells: 1, passed: 1 }, evidence: {} });
    await again(...ambiguous);
    expect(granted()).toBe(3);
    // Another column with the same signature is another question.
    await again('F1,2025-04-01,03/06/2025,A11,AB', 'F2,2025-04-01,04/06/2025,A11,AB');
    expect(granted()).toBe(4);
    hub.close();
  });
});

describe('a decision', () => {
  const property = CONTRACT().properties[1] as never;
  const solution: Expression = {
    kind: 'expression',
    transformation: `split_part({value}, '/', 3) || '-' || split_part({value}, '/', 2) || '-' || split_part({value}, '/', 1)`,
    preConditions: `regexp_matches({value}, '^[0-9]{2}/[0-9]{2}/[0-9]{4}$')`,
    postValidation: 'TRUE',
  };
  const decided = (column: string, evidence: Pattern['evidence']): Pattern => {
    const parts = { category: 'review', signature: signatureOf('type', property, [{ value: '05/06/2025', count: 1 }]), solution };
    return { ...parts, id: patternId(parts), context: { domain: 'clinic', product: 'clinic.visits', column }, test: { cells: 20, passed: 20 }, evidence };
  };
  const place = (column: string) => ({ domain: 'clinic', product: 'clinic.visits', column });
  const twenty = { successes: 20, failures: 0 };

  it.each([
    ['for one column does not apply to another with the same signature', decided('came', { [decisionAgent('r', place('came'))]: twenty }), ['came']],
    [
      'for both columns applies to both',
      decided('came', { [decisionAgent('r', place('came'))]: twenty, [decisionAgent('r', place('gone'))]: twenty }),
      ['came', 'gone'],
    ],
    ['for a column of another product applies to none', decided('x', { [decisionAgent('r', { domain: 'd', product: 'd.p', column: 'came' })]: twenty }), []],
  ])('%s', async (_, pattern, columns) => {
    await using bench = await workbench(clinic, [CONTRACT()]);
    const hub = memoryBoard();
    const board = await hub.join('one');
    await board.publish(pattern);
    bench.put({ 'visits.csv': csv('D1,05/06/2025,2025-07-01,A11,AB', 'D2,2025-05-01,06/05/2025,A11,AB') });
    const { report } = await run(bench, { board });
    const repaired = Object.fromEntries(columns.map((column) => [`${column}.type`, 1]));
    expect(report.products[0]).toMatchObject({ outcome: 'published', repaired });
    expect(Object.keys(report.products[0]?.repaired ?? {})).toHaveLength(columns.length);
    // That it does not hold here is nothing against it.
    expect(board.knowledge().patterns.find(({ id }) => id === pattern.id)?.evidence['clinic.visits']?.failures ?? 0).toBe(0);
    // And the product is what it is: nothing new is known that would change it.
    expect((await run(bench, { board })).report.products[0]).toMatchObject({ outcome: 'unchanged' });
    hub.close();
  });

  it('applies elsewhere where the own library reads all values alike', async () => {
    await using bench = await workbench(clinic, [CONTRACT()]);
    const hub = memoryBoard();
    const board = await hub.join('one');
    await board.publish(decided('x', { [decisionAgent('r', { domain: 'd', product: 'd.p', column: 'x' })]: twenty }));
    // 13/06 decides the order of the whole column.
    bench.put({ 'visits.csv': csv('D1,05/06/2025,2025-07-01,A11,AB', 'D2,13/06/2025,2025-07-01,A11,AB') });
    const { report, events } = await run(bench, { board });
    expect(report.products[0]).toMatchObject({ repaired: { 'came.type': 2 } });
    expect(events.filter(({ verb }) => verb === 'repaired')).toMatchObject([{ category: 'review', cells: 2 }]);
    hub.close();
  });
});

const DIRTY = [
  ...Array.from({ length: 6 }, (_, index) => `D${index},${index + 1}-Mar-2025,2025-04-01,A11,AB`),
  'E1,2025-05-01,05/06/2025,A11,AB',
  'E2,2025-05-01,2025-05-01,zz-canary,AB',
  'E3,2025-05-01,2025-05-01,A11, ab ',
];

describe('rewards', () => {
  it('are earned by families for what stands, order them, and change no outcome', async () => {
    const outcomes: unknown[] = [];
    for (const rewards of [true, false]) {
      await using bench = await workbench(clinic, [CONTRACT()]);
      const hub = memoryBoard();
      const board = await hub.join('one');
      bench.put({ 'visits.csv': csv(...DIRTY) });
      const { report } = await run(bench, { board, rewards });
      const rows = await bench.rows('clinic.visits', 'SELECT * FROM t ORDER BY id');
      const feedback = await bench.rows('clinic.visits_feedback', 'SELECT * FROM t ORDER BY source_position, rule');
      const { repaired, escalated, violations } = report.products[0] ?? {};
      outcomes.push({ rows, feedback, repaired, escalated, violations, patterns: board.knowledge().patterns.map(({ id, evidence }) => [id, evidence]) });
      const earned = Object.entries(board.rewards()).map(([arm, evidence]) => [arm.split('\u001f')[1], evidence['one']] as const);
      if (rewards) {
        expect(earned.find(([family]) => family === 'date')?.[1]?.successes).toBeGreaterThan(0.5);
        expect(board.knowledge().rewards).toEqual(board.rewards());
      } else expect(earned).toEqual([]);
      hub.close();
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
  });
});

describe('the events of a run', () => {
  it('have verbs of one list, each of which is emitted and described, and quote no value of a classified column', async () => {
    await using service = await modelService(() => 'prose');
    const proposer = await openaiProposer({ address: service.address, model: 'm', budget: { calls: 5, tokens: 50_000 } });
    const hub = memoryBoard();
    const all: SwarmEvent[] = [];
    await using bench = await workbench(clinic, [CONTRACT(true)]);
    // The day is taken: the repair of T1 breaks a rule between rows, and is taken back.
    bench.put({ 'visits.csv': csv(...DIRTY.slice(6), 'T1,12-Jan-2025,2025-02-01,A11,AB') });
    const bronze = localBronzeStore({ root: `${bench.directory}/bronze` });
    all.push(...(await run(bench, { board: await hub.join('one'), proposer, bronze, layout: { partitionFrom: 1 } })).events);
    hub.close();
    const emitted = new Set(all.map(({ verb }) => verb));
    expect([...emitted].sort()).toEqual(Object.keys(VERBS).sort());
    expect(all.filter(({ verb }) => verb === 'took-back')).toMatchObject([{ column: 'came', values: 1, category: 'date' }]);
    expect(all.filter(({ verb }) => verb === 'repaired')).toMatchObject([{ column: 'ward', cells: 1 }]);
    const escalated = all.flatMap((event) => (event.verb === 'escalated' ? [event] : []));
    expect(escalated.map(({ column }) => column).sort()).toEqual(['came', 'diagnosis', 'gone']);
    expect(escalated.find(({ column }) => column === 'gone')?.why).toContain('05/06/2025');
    // A profile is of the source, which no contract classifies: it holds the smallest and the largest value.
    const told = all.filter(({ verb }) => verb !== 'profiled');
    expect(inspect(told, { depth: 20 })).not.toContain('canary');
    const page = readFileSync(new URL('../../docs/swarm.md', import.meta.url), 'utf8');
    for (const [verb, meaning] of Object.entries(VERBS)) expect(page).toContain(`| \`${verb}\` | ${meaning} |`);
    expect(page.match(/^\| `[a-z-]+` \| /gm)).toHaveLength(Object.keys(VERBS).length);
  });
});
