import { openaiProposer } from '@skein/adapter-openai';
import { readContract, type Property } from '@skein/contract';
import { memoryBoard } from '@skein/adapter-memory';
import { signatureOf, type Gap } from '@skein/pattern';
import type { PatternBoard, Review } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, teachingOf, type RunReport, type SwarmEvent } from '@skein/swarm';
import { modelService, repositoryContracts, workbench, type ModelAnswer } from '@skein/testing';
import { describe, expect, it } from 'vitest';

// Promise: what a model proposes goes the way of every solution, and whatever it says, a run goes on, no unjustified cell is changed, and its budget is kept.

const CONTRACT = (classification: string) =>
  readContract(
    `
apiVersion: v3.1.0
kind: DataContract
id: clinic-beds
version: 1.0.0
status: active
domain: clinic
schema:
  - name: beds
    customProperties: [{ property: quarantineTolerance, value: '90%' }]
    properties:
      - { id: id, name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: bed, name: bed, logicalType: string, classification: ${classification}, logicalTypeOptions: { pattern: '^[A-Z]{2}[0-9]{3}$' } }
`,
    'clinic/beds/v1/contract.odcs.yaml',
  );

const clinic = (contracts: ContractSet): Domain => ({
  name: 'clinic',
  sources: [{ name: 'beds', describes: 'beds*.csv', shape: 'columns', tableOf: (file) => (/^beds.*\.csv$/.test(file) ? 'beds' : undefined) }],
  bronze: [{ name: 'raw', source: 'beds', columns: ['id', 'bed'], sql: 'SELECT * FROM landing' }],
  products: [
    {
      id: 'clinic.beds',
      layer: 'silver',
      contract: contracts.get('clinic.beds'),
      step: { name: 'beds', from: ['raw'], sql: 'SELECT id, bed, _file, _row FROM raw', repairable: ['bed'] },
    },
  ],
});

const LETTERS = ['ab', 'cd', 'ef', 'gh', 'qz', 'zq'];
const DIRTY = Array.from({ length: 24 }, (_, index) => `ward<${LETTERS[index % 6]}-${101 + index * 37}>`);
const MEANT = DIRTY.map((value) => value.slice(5, 7).toUpperCase() + value.slice(8, 11));
const CSV = `id,bed\n${Array.from({ length: 30 }, (_, index) => `G${index},XY${200 + index}`).join('\n')}\n${DIRTY.map((value, index) => `D${String(index).padStart(2, '0')},${value}`).join('\n')}\n`;

type Parts = readonly [transformation: string, preConditions?: string, postValidation?: string];
const solutions = (...all: readonly Parts[]): ModelAnswer => ({
  content: JSON.stringify({
    solutions: all.map(([transformation, preConditions = 'TRUE', postValidation = 'TRUE']) => ({ transformation, preConditions, postValidation })),
  }),
});
const RIGHT = solutions([`upper(regexp_extract({value}, '<([a-z]{2})-', 1)) || regexp_extract({value}, '-([0-9]{3})>', 1)`]);

interface Came {
  readonly report: RunReport;
  readonly events: readonly SwarmEvent[];
  readonly bodies: readonly string[];
  readonly beds: readonly string[];
}

interface Settings {
  readonly classification?: string;
  readonly tellValues?: boolean;
  readonly budget?: { readonly calls: number; readonly tokens: number };
  readonly board?: PatternBoard;
}

async function runWith(
  answer: ModelAnswer,
  { classification = 'public', tellValues = false, budget = { calls: 5, tokens: 50_000 }, board }: Settings = {},
): Promise<Came> {
  await using bench = await workbench(clinic, [CONTRACT(classification)]);
  await using service = await modelService(() => answer);
  bench.put({ 'beds.csv': CSV });
  const known = await repositoryContracts();
  const proposer = await openaiProposer({ address: service.address, model: 'stand-in', budget, timeoutMs: 400, tellValues });
  const swarm = createSwarm(
    bench.swarm.domain,
    { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') },
    { ...bench.adapters, proposer, ...(board && { board }) },
  );
  const events: SwarmEvent[] = [];
  const report = await swarm.run({ from: `${bench.directory}/sources`, onEvent: (event) => events.push(event) });
  const rows = await bench.rows<{ bed: string }>('clinic.beds', "SELECT bed FROM t WHERE id LIKE 'D%' ORDER BY id");
  return { report, events, bodies: service.bodies, beds: rows.map(({ bed }) => bed) };
}

const asked = ({ events }: Came) => events.flatMap((event) => (event.verb === 'asked' ? [[event.outcome, event.calls]] : []));

describe('a model that proposes', () => {
  it('closes a gap that no agent reads, where the values bear it out, and says so', async () => {
    const came = await runWith(RIGHT);
    expect(came.beds).toEqual(MEANT);
    expect(came.report.products[0]).toMatchObject({ outcome: 'published', rows: 54, repaired: { 'bed.pattern': 24 } });
    expect(asked(came)).toEqual([['accepted', 1]]);
    expect(came.events.filter(({ verb }) => verb === 'repaired')).toMatchObject([{ column: 'bed', cells: 24, category: 'model' }]);
  });

  it('does not bring again what a person rejected', async () => {
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    const property = CONTRACT('public').properties[1] as Property;
    const values = DIRTY.map((value) => ({ value, count: 1 }));
    const context = { domain: 'clinic', product: 'clinic.beds', column: 'bed' };
    const gap: Gap = { context, signature: signatureOf('pattern', property, values), cells: values.length, values };
    const [solution] = (JSON.parse((RIGHT as { content: string }).content) as { solutions: object[] }).solutions;
    const alternative = {
      id: 'a',
      category: 'amendment',
      solutions: [{ kind: 'expression', ...solution }],
      why: '',
      test: { cells: 0, passed: 0 },
      proposedBy: 'ann',
    };
    const { reject } = teachingOf({ kind: 'repair', status: 'rejected', gaps: [gap], alternatives: [alternative] } as unknown as Review);
    for (const id of reject) await board.reject(id, 'beds have other names');
    const came = await runWith(RIGHT, { board });
    expect(came.beds).toEqual([]);
    expect(came.report.products[0]).toMatchObject({ repaired: {}, escalated: { 'bed.pattern': 24 } });
    // The twin: on another board nobody has rejected it.
    const other = memoryBoard();
    expect((await runWith(RIGHT, { board: await other.join('two') })).beds).toEqual(MEANT);
    other.close();
  });

  it.each([
    [
      'values that are not there',
      solutions(
        [`'AB123'`],
        [`upper(regexp_extract({value}, '<([a-z]{2})-', 1)) || reverse(regexp_extract({value}, '-([0-9]{3})>', 1))`],
        [`'ZZ' || regexp_extract({value}, '-([0-9]{3})>', 1)`],
      ),
      'unfit',
    ],
    ['what the contract refuses, and nothing', solutions([`lower({value})`], ['NULL']), 'unfit'],
    ['SQL that cannot be read or fails', solutions([`upper(({value}`], ['CAST(CAST({value} AS INTEGER) AS VARCHAR)']), 'unfit'],
    [
      'several statements',
      solutions([`upper({value}); DROP TABLE _candidate`], [`1); ATTACH '/tmp/x.db'; SELECT (1`], [`(COPY _candidate TO '/tmp/x.csv')`]),
      'unfit',
    ],
    [
      'files and tables',
      solutions([`(SELECT content FROM read_text('/etc/passwd'))`], [`(SELECT max(bed) FROM read_csv('http://127.0.0.1:1/x'))`], ['PRAGMA database_list']),
      'unfit',
    ],
    [
      'what lies beyond the cell',
      solutions([`upper(getenv('HOME'))`], ['{column:id}'], [`upper({value})`, `(SELECT count(*) FROM duckdb_settings()) > 0`]),
      'unfit',
    ],
    ['SQL in its validation', solutions([`upper({value})`, 'TRUE', `getvariable('x') IS NULL`]), 'unfit'],
    ['no list of solutions', { content: '{"solutions": []}' }, 'unfit'],
    ['prose', { content: 'Use upper() and regexp_extract().' }, 'refused'],
    ['a page', 'prose', 'refused'],
    ['without end', 'endless', 'refused'],
    ['slowly', 'slow', 'silent'],
    ['not at all', 'silent', 'silent'],
    ['and closes half-way', 'leaves', 'failed'],
    ['429', { status: 429 }, 'failed'],
    ['500', { status: 500 }, 'failed'],
    ['a redirect', { status: 307, location: 'http://127.0.0.1:1/v1/chat/completions' }, 'refused'],
  ] as const)('changes no cell when it says: %s', async (_, answer, outcome) => {
    const came = await runWith(answer);
    expect(came.beds).toEqual([]);
    expect(came.report.products[0]).toMatchObject({ outcome: 'published', rows: 30, repaired: {}, escalated: { 'bed.pattern': 24 } });
    expect(asked(came)).toEqual([[outcome, 1]]);
    expect(came.events.filter(({ verb }) => verb === 'escalated')).toHaveLength(1);
  });

  it('is not asked beyond its budget', async () => {
    const came = await runWith(RIGHT, { budget: { calls: 5, tokens: 100 } });
    expect(asked(came)).toEqual([['spent', 0]]);
    expect([came.bodies.length, came.beds.length]).toEqual([0, 0]);
  });

  it('sees shapes and the contract, and values of a public column only where the operator allows it', async () => {
    const canary = /ward|qz-|ab-|101|XY2/;
    for (const [classification, tellValues, told] of [
      ['public', false, false],
      ['public', true, true],
      ['internal', true, false],
      ['confidential', true, false],
      ['restricted', true, false],
    ] as const) {
      const { bodies, events } = await runWith(RIGHT, { classification, tellValues });
      expect(bodies).toHaveLength(1);
      const question = (JSON.parse(bodies[0] ?? '') as { messages: { content: string }[] }).messages[1]?.content ?? '';
      expect(canary.test(question), `${classification} ${tellValues}`).toBe(told);
      expect(JSON.parse(question)).toMatchObject({ rule: 'pattern', column: 'bed', type: 'VARCHAR', shapes: [{ shape: 'a<a-9>', share: 1 }] });
      if (classification !== 'public') expect(JSON.stringify(events.filter(({ verb }) => verb === 'asked'))).not.toMatch(canary);
    }
  });
});
