import { describe, expect, it } from 'vitest';
import { memoryBoard } from '@skein/adapter-memory';
import { readContract } from '@skein/contract';
import { patternId, signatureKey, signatureOf, type Expression, type Pattern } from '@skein/pattern';
import type { PatternBoard } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, type RunReport } from '@skein/swarm';
import { repositoryContracts, workbench, type Workbench } from '@skein/testing';

// Promise: what a step cannot read is repaired where the contract bears it out, with the way back beside it, or is escalated; never guessed.

const VISITS = (extra = '') =>
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
      - { id: id, name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: seen, name: seen, logicalType: date, required: true${extra} }
      - { id: ward, name: ward, logicalType: string, logicalTypeOptions: { pattern: '^[A-Z]{2}$' } }
      - { id: note, name: note, logicalType: string, logicalTypeOptions: { pattern: '^[a-z]+$' } }
`,
    'clinic/visits/v1/contract.odcs.yaml',
  );

const clinic =
  (repairable: readonly string[] = ['seen', 'ward']) =>
  (contracts: ContractSet): Domain => ({
    name: 'clinic',
    sources: [{ name: 'visits', describes: 'visits*.csv', shape: 'columns', tableOf: (file) => (/^visits.*\.csv$/.test(file) ? 'visits' : undefined) }],
    bronze: [{ name: 'raw', source: 'visits', columns: ['id', 'seen', 'ward', 'note'], sql: 'SELECT * FROM landing' }],
    products: [
      {
        id: 'clinic.visits',
        layer: 'silver',
        contract: contracts.get('clinic.visits'),
        step: {
          name: 'visits',
          from: ['raw'],
          sql: `SELECT id, CASE WHEN regexp_full_match(seen, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(seen AS DATE) END AS seen, ward, note, _file, _row,
              CASE WHEN seen IS NOT NULL AND (NOT regexp_full_match(seen, '[0-9]{4}-[0-9]{2}-[0-9]{2}') OR TRY_CAST(seen AS DATE) IS NULL)
                THEN [{"column": 'seen', value: seen, rule: 'type'}] ELSE [] END AS _invalid FROM raw`,
          repairable,
        },
      },
    ],
  });

const GOOD = Array.from({ length: 30 }, (_, index) => `G${index},2025-0${1 + (index % 9)}-1${index % 9},AB,ok`).join('\n');
const csv = (...lines: string[]) => `id,seen,ward,note\n${GOOD}\n${lines.join('\n')}\n`;

async function runWith(bench: Workbench, board?: PatternBoard): Promise<RunReport> {
  const known = await repositoryContracts();
  const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
  const swarm = createSwarm(bench.swarm.domain, system, { ...bench.adapters, ...(board ? { board } : {}) });
  const report = await swarm.run({ from: `${bench.directory}/sources` });
  for (const product of report.products) if (product.error) throw product.error;
  return report;
}

const DIRTY = [
  'D1,12-Mar-2025,AB,ok',
  'D2,3-Apr-2025,AB,ok',
  'D3,28-Feb-2025, ab ,ok',
  'D4,05/06/2025,AB,ok',
  'D5,06/05/2025,AB,ok',
  'D6,2025-02-30,AB,ok',
  'D7,2025-01-01,AB,NO!',
];

describe('repairs in a run', () => {
  it('mends what has one reading, with value before, value after, solution and evidence; escalates the rest', async () => {
    await using bench = await workbench(clinic(), [VISITS()]);
    bench.put({ 'visits.csv': csv(...DIRTY) });
    const report = await runWith(bench);
    expect(report.products[0]).toMatchObject({
      outcome: 'published',
      repaired: { 'seen.type': 3, 'ward.pattern': 1 },
      escalated: { 'seen.type': 3, 'note.pattern': 1 },
      violations: { 'seen.type': 3, 'note.pattern': 1 },
    });
    const rows = await bench.rows<{ id: string; seen: string; ward: string; _position: bigint }>(
      'clinic.visits',
      "SELECT * FROM t WHERE id LIKE 'D%' ORDER BY id",
    );
    expect(rows.map((row) => [row.id, row.seen, row.ward, row._position])).toEqual([
      ['D1', '2025-03-12', 'AB', 32n],
      ['D2', '2025-04-03', 'AB', 33n],
      ['D3', '2025-02-28', 'AB', 34n],
    ]);
    const feedback = await bench.rows<Record<string, string | bigint | null>>('clinic.visits_feedback', 'SELECT * FROM t ORDER BY source_position, rule');
    expect(feedback.map((row) => [row['source_position'], row['rule'], row['value'], row['outcome'], row['repaired_value']])).toEqual([
      [32n, 'seen.type', '12-Mar-2025', 'repaired', '2025-03-12'],
      [33n, 'seen.type', '3-Apr-2025', 'repaired', '2025-04-03'],
      [34n, 'seen.type', '28-Feb-2025', 'repaired', '2025-02-28'],
      [34n, 'ward.pattern', ' ab ', 'repaired', 'AB'],
      [35n, 'seen.type', '05/06/2025', 'escalated', null],
      [36n, 'seen.type', '06/05/2025', 'escalated', null],
      [37n, 'seen.type', '2025-02-30', 'escalated', null],
      [38n, 'note.pattern', 'NO!', 'escalated', null],
    ]);
    for (const row of feedback.filter((one) => one['outcome'] === 'repaired')) {
      expect(row['solution']).toMatch(/^[0-9a-f]{64}$/);
      expect(row['evidence']).toContain('held back');
    }
  });

  it('changes no cell of a column that the step does not offer for repair', async () => {
    await using bench = await workbench(clinic([]), [VISITS()]);
    bench.put({ 'visits.csv': csv(...DIRTY) });
    const report = await runWith(bench);
    expect(report.products[0]).toMatchObject({ repaired: {}, escalated: { 'seen.type': 6, 'ward.pattern': 1, 'note.pattern': 1 } });
  });

  it('takes a repair back that breaks a rule between rows, lets confidence fall, and tells', async () => {
    await using bench = await workbench(clinic(), [VISITS(', unique: true')]);
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    const good = Array.from({ length: 20 }, (_, index) => `G${index},2025-01-${String(index + 1).padStart(2, '0')},AB,ok`).join('\n');
    bench.put({ 'visits.csv': `id,seen,ward,note\n${good}\nD1,12-Jan-2025,AB,ok\n` });
    const report = await runWith(bench, board);
    // The day is taken: with the repair standing, two rows would be refused, one of them a good one.
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 20, repaired: {}, escalated: { 'seen.type': 1 } });
    const [known] = board.knowledge().patterns;
    expect(known?.evidence['clinic.visits']).toMatchObject({ successes: 0, failures: 1 });
  });
});

describe('gaps out of the ordinary', () => {
  it('repairs a column that is all gap where its values have one reading, and escalates it whole where they have two', async () => {
    for (const [form, repaired] of [
      [(day: number) => `${day}-Mar-2025`, 12],
      [(day: number) => `0${(day % 9) + 1}/0${(day % 4) + 1}/2025`, undefined],
    ] as const) {
      await using bench = await workbench(clinic(), [VISITS()]);
      const dirty = Array.from({ length: 12 }, (_, index) => `A${index},${form(index + 1)},AB,ok`);
      bench.put({ 'visits.csv': `id,seen,ward,note\nG,2025-01-01,AB,ok\nH,2025-01-02,AB,ok\n${dirty.join('\n')}\n` });
      const { products } = await runWith(bench);
      expect(products[0]).toMatchObject({ outcome: 'published', repaired: repaired === undefined ? {} : { 'seen.type': repaired } });
      expect(products[0]?.escalated['seen.type']).toBe(repaired === undefined ? 12 : undefined);
    }
  });

  it('stays bounded with 10,000 distinct signatures, and loses no violation of them', async () => {
    await using bench = await workbench(clinic(), [VISITS()]);
    const marks = ['#', '!', '?', '+', '~', '%', '&', '=', '@', ':'];
    const odd = Array.from(
      { length: 10_000 },
      (_, index) => `Z${index},${[...String(index).padStart(4, '0')].map((digit) => `${marks[Number(digit)]}9`).join('')},AB,ok`,
    );
    bench.put({
      'visits.csv': `id,seen,ward,note\n${Array.from({ length: 2_000 }, (_, index) => `G${index},2025-01-01,AB,ok`).join('\n')}\n${odd.join('\n')}\n`,
    });
    const started = performance.now();
    const { products } = await runWith(bench);
    expect(products[0]).toMatchObject({ outcome: 'published', rows: 2_000, escalated: { 'seen.type': 10_000 } });
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('the record of a run', () => {
  it('makes a snapshot again with the same verdict, also after its source has changed, and notices other patterns', async () => {
    await using bench = await workbench(clinic(), [VISITS()]);
    bench.put({ 'visits.csv': csv(...DIRTY) });
    await runWith(bench);
    bench.put({ 'visits.csv': csv(...DIRTY, 'D8,2025-07-07,AB,ok') });
    expect((await runWith(bench)).products[0]).toMatchObject({ outcome: 'published', version: 2 });
    for (const version of [1, 2]) expect(await bench.swarm.replay('clinic.visits', version)).toMatchObject({ version, same: true });
    // The twin: without its patterns the record does not give the verdict.
    const { store } = bench.adapters;
    const forgetful: typeof store = new Proxy(store, {
      get(target, name: keyof typeof store) {
        const member = target[name].bind(target) as (...args: unknown[]) => unknown;
        if (name !== 'asOf') return member;
        return async (...args: unknown[]) => {
          const snapshot = (await member(...args)) as { verdict: { record: object } };
          return { ...snapshot, verdict: { ...snapshot.verdict, record: { ...snapshot.verdict.record, patterns: [] } } };
        };
      },
    });
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    expect(await createSwarm(bench.swarm.domain, system, { ...bench.adapters, store: forgetful }).replay('clinic.visits', 1)).toMatchObject({ same: false });
    await expect(bench.swarm.replay('clinic.nothing')).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_NONE' });
  });

  it('makes a product again when the swarm has learned what closes a gap or unlearned what closed one, and only then', async () => {
    await using bench = await workbench(clinic(), [VISITS()]);
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    bench.put({ 'visits.csv': csv(...DIRTY) });
    expect((await runWith(bench, board)).products[0]).toMatchObject({ outcome: 'published', version: 1, repaired: { 'seen.type': 3 } });
    expect((await runWith(bench, board)).products[0]).toMatchObject({ outcome: 'unchanged', version: 1, repaired: { 'seen.type': 3 } });
    // A reviewer decides that 05/06/2025 has the day first.
    const property = VISITS().properties[1]!;
    const signature = signatureOf('type', property, [{ value: '05/06/2025', count: 1 }]);
    const solution: Expression = {
      kind: 'expression',
      transformation: `split_part({value}, '/', 3) || '-' || split_part({value}, '/', 2) || '-' || split_part({value}, '/', 1)`,
      preConditions: `regexp_matches({value}, '^[0-9]{2}/[0-9]{2}/[0-9]{4}$')`,
      postValidation: 'TRUE',
    };
    const parts = { category: 'review', signature, solution };
    const decided = {
      ...parts,
      id: patternId(parts),
      context: { domain: 'clinic', product: 'clinic.visits', column: 'seen' },
      test: { cells: 2, passed: 2 },
      evidence: { anna: { successes: 20, failures: 0 } },
    };
    await board.publish(decided);
    expect((await runWith(bench, board)).products[0]).toMatchObject({ outcome: 'published', version: 2, repaired: { 'seen.type': 5 } });
    const rows = await bench.rows<{ seen: string }>('clinic.visits', "SELECT seen FROM t WHERE id IN ('D4', 'D5') ORDER BY id");
    expect(rows.map((row) => row.seen)).toEqual(['2025-06-05', '2025-05-06']);
    await board.reject(decided.id, 'the month is first');
    expect((await runWith(bench, board)).products[0]).toMatchObject({ outcome: 'published', version: 3, repaired: { 'seen.type': 3 } });
    expect((await runWith(bench, board)).products[0]).toMatchObject({ outcome: 'unchanged', version: 3 });
  });

  it('hands over what persists with its rows, and goes on when nobody can be asked', async () => {
    await using bench = await workbench(clinic(), [VISITS()]);
    bench.put({ 'visits.csv': csv(...DIRTY) });
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    const handed: { message: string; rows: readonly Readonly<Record<string, string | null>>[] }[] = [];
    const swarm = createSwarm(bench.swarm.domain, system, {
      ...bench.adapters,
      escalate: async (gaps) => {
        handed.push(...gaps);
        throw new Error('nobody there');
      },
    });
    expect((await swarm.run({ from: `${bench.directory}/sources` })).products[0]).toMatchObject({ outcome: 'published' });
    expect(handed.flatMap(({ rows }) => rows.map((row) => `${row['id']} ${row['seen']} ${row['note']}`)).sort()).toEqual([
      'D4 05/06/2025 ok',
      'D5 06/05/2025 ok',
      'D6 2025-02-30 ok',
      'D7 2025-01-01 NO!',
    ]);
  });
});

describe('patterns of others', () => {
  const seen = VISITS().properties[1]!;
  const pattern = (solution: Expression): Pattern => {
    const signature = signatureOf('type', seen, [{ value: '12-Mar-2025', count: 1 }]);
    const parts = { category: 'date', signature, solution };
    return {
      ...parts,
      id: patternId(parts),
      context: { domain: 'peer', product: 'peer.visits', column: 'seen' },
      test: { cells: 10, passed: 10 },
      evidence: { peer: { successes: 40, failures: 0 } },
    };
  };
  const MONTHS = Object.entries({ Jan: '01', Feb: '02', Mar: '03', Apr: '04' })
    .map(([name, number]) => `WHEN '${name}' THEN '${number}'`)
    .join(' ');
  const right = `split_part({value}, '-', 3) || '-' || CASE split_part({value}, '-', 2) ${MONTHS} END || '-' || lpad(split_part({value}, '-', 1), 2, '0')`;
  const expression = (transformation: string): Expression => ({
    kind: 'expression',
    transformation,
    preConditions: `regexp_matches({value}, '^[0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{4}$')`,
    postValidation: 'TRUE',
  });

  async function withPeer(
    solution: Expression,
  ): Promise<{ report: RunReport; pattern: Pattern | undefined; feedback: Record<string, unknown>[]; dates: string[] }> {
    await using bench = await workbench(clinic(), [VISITS()]);
    const hub = memoryBoard();
    try {
      const peer = await hub.join('peer');
      const board = await hub.join('one');
      const given = pattern(solution);
      await peer.publish(given);
      bench.put({ 'visits.csv': csv(...DIRTY.slice(0, 3)) });
      const report = await runWith(bench, board);
      const known = peer.lookup(signatureKey(given.signature)).find(({ id }) => id === given.id);
      const feedback = await bench.rows('clinic.visits_feedback', `SELECT * FROM t WHERE rule = 'seen.type' ORDER BY source_position`);
      const dates = await bench.rows<{ seen: string }>('clinic.visits', "SELECT seen FROM t WHERE id LIKE 'D%' ORDER BY id");
      return { report, pattern: known, feedback, dates: dates.map((row) => row.seen) };
    } finally {
      hub.close();
    }
  }
  const RIGHT = ['2025-03-12', '2025-04-03', '2025-02-28'];

  it('applies one that has proved itself, and adds to its evidence', async () => {
    const { pattern: known, feedback, dates } = await withPeer(expression(right));
    expect(dates).toEqual(RIGHT);
    expect(feedback.map((row) => row['solution'])).toEqual([known?.id, known?.id, known?.id]);
    expect(known?.evidence['clinic.visits']).toEqual({ successes: 3, failures: 0 });
  });

  it.each([
    ['says valid, but wrong values', expression(right.replace("WHEN 'Mar' THEN '03'", "WHEN 'Mar' THEN '04'"))],
    ['says what the contract refuses', expression(`'soon'`)],
    ['carries SQL that reads files', expression(`(SELECT max(content) FROM read_text('/etc/passwd'))`)],
    ['carries SQL that reaches beyond its cell', expression(`getenv('HOME')`)],
    ['carries SQL that fails when it is run', expression('CAST(CAST({value} AS INTEGER) AS VARCHAR)')],
  ])('does not apply one that %s, and finds its own', async (_, solution) => {
    const { pattern: known, feedback, dates } = await withPeer(solution);
    expect(dates).toEqual(RIGHT);
    expect(feedback.filter((row) => row['solution'] === known?.id)).toEqual([]);
    expect(known?.evidence['clinic.visits']).toMatchObject({ successes: 0 });
    expect(known?.evidence['clinic.visits']?.failures).toBeGreaterThan(0);
  });
});
