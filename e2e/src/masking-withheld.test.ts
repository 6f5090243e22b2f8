import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryBoard } from '@skein/adapter-memory';
import { readContract } from '@skein/contract';
import { patternId, type Pattern } from '@skein/pattern';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, maskingSignature, type RunReport } from '@skein/swarm';
import { repositoryContracts, workbench, type Workbench } from '@skein/testing';

// Promise: what a person decided to hide is shown no longer than until the next run, also where the product cannot be made with the mask.

const CANARY = 'kanarienvogel';
const contract = (name: string, more: string) =>
  readContract(
    `
apiVersion: v3.1.0
kind: DataContract
id: crm-${name}
version: 1.0.0
status: active
domain: crm
schema:
  - name: ${name}
    properties:
      - { id: id, name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: note, name: note, logicalType: string${more} }
      - { id: city, name: city, logicalType: string }
`,
    `crm/${name}/v1/contract.odcs.yaml`,
  );

/** `note`: what the step makes of the column. */
const crm =
  (note: string) =>
  (contracts: ContractSet): Domain => ({
    name: 'crm',
    sources: [{ name: 'files', describes: '*.csv', shape: 'columns', tableOf: (file) => (file.endsWith('.csv') ? 'people' : undefined) }],
    bronze: [{ name: 'raw', source: 'files', columns: ['id', 'note', 'city'], sql: 'SELECT * FROM landing' }],
    products: [
      {
        id: 'crm.people',
        layer: 'silver',
        contract: contracts.get('crm.people'),
        step: {
          name: 'people',
          from: ['raw'],
          sql: `SELECT id, ${note} AS note, city, _file, _row FROM raw`,
          lineage: { id: ['raw.id'], note: ['raw.note'], city: ['raw.city'] },
        },
      },
      {
        id: 'crm.notes',
        layer: 'gold',
        contract: contracts.get('crm.notes'),
        step: {
          name: 'notes',
          from: ['people'],
          sql: 'SELECT id, note, city FROM people',
          lineage: { id: ['people.id'], note: ['people.note'], city: ['people.city'] },
        },
      },
    ],
  });

const context = { domain: 'crm', product: 'crm.people', column: 'raw.note' };
function mask(): Pattern {
  const solution = { kind: 'expression' as const, transformation: `'***'`, preConditions: '{value} IS NOT NULL', postValidation: 'TRUE' };
  const parts = { category: 'masking', signature: maskingSignature(context), solution };
  return { ...parts, id: patternId(parts), context, test: { cells: 0, passed: 0 }, evidence: {} };
}

/** Tables of which a file that is kept holds the canary. */
async function found(bench: Workbench): Promise<string[]> {
  const root = path.join(bench.directory, 'tables');
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const session = await bench.adapters.engine.open();
  const hits = new Set<string>();
  for (const entry of files) {
    const file = path.join(entry.parentPath, entry.name);
    const [row] = file.endsWith('.parquet')
      ? await session.rows<{ hit: boolean | null }>(`SELECT bool_or(contains(to_json(t)::VARCHAR, '${CANARY}')) AS hit FROM read_parquet('${file}') t`)
      : [];
    if (row?.hit === true || readFileSync(file).includes(CANARY)) hits.add(path.relative(root, file).split(path.sep).slice(0, 2).join('.'));
  }
  await session.close();
  expect(files.length).toBeGreaterThan(0);
  return [...hits].sort();
}

describe('a mask with which a product cannot be made', () => {
  const REFUSES = `, logicalTypeOptions: { pattern: '@' }`;
  it.each([
    ['the contract refuses it', 'note', REFUSES, 'refused', { note: null, rows: 50n }],
    ['the step fails on it', `CASE WHEN note = '***' THEN error('no such note') ELSE note END`, REFUSES, 'failed', { note: null, rows: 50n }],
    ['the column is required', 'note', `, required: true${REFUSES}`, 'refused', { note: '***', rows: 50n }],
    ['the twin: the contract takes it', 'note', '', 'published', { note: '***', rows: 50n }],
  ])('leaves no value in what is live: %s', async (_, note, more, outcome, shown) => {
    await using bench = await workbench(crm(note), [contract('people', more), contract('notes', '')], { keep: 100, graceMs: 0 });
    const hub = memoryBoard();
    using _closing = { [Symbol.dispose]: () => hub.close() };
    const board = await hub.join('one');
    const known = await repositoryContracts();
    const system = { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') };
    const swarm = createSwarm(bench.swarm.domain, system, { ...bench.adapters, board });
    const run = (): Promise<RunReport> => swarm.run({ from: `${bench.directory}/sources` });
    const people = Array.from({ length: 50 }, (__, index) => `P${index},${CANARY}.${index}@mail.example,Bonn`);
    bench.put({ 'people.csv': ['id,note,city', ...people, ''].join('\n') });
    expect((await run()).products.map((product) => product.outcome)).toEqual(['published', 'published']);
    expect(await found(bench)).toEqual(['crm.notes', 'crm.people']);
    await board.publish(mask());
    const { products } = await run();
    expect(products.map((product) => product.outcome)).toEqual([outcome, 'published']);
    expect(await found(bench)).toEqual([]);
    const look = () => bench.rows('crm.people', 'SELECT max(note) AS note, count(*) AS rows FROM t');
    expect(await look()).toEqual([shown]);
    // What has nothing to do with the mask stays as it was.
    expect(await bench.rows('crm.people', `SELECT count(*) AS n FROM t WHERE city = 'Bonn' AND id LIKE 'P%'`)).toEqual([{ n: 50n }]);
    expect(await swarm.replay('crm.people')).toMatchObject({ same: true });
    // Again and again the same: no version more.
    const version = products[0]?.version;
    expect(version).toBe(2);
    expect((await run()).products[0]).toMatchObject({ outcome: outcome === 'published' ? 'unchanged' : outcome, version });
    expect(await found(bench)).toEqual([]);
  });
});
