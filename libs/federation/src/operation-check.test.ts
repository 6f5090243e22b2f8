import { duckdbBinder, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryUsageLog } from '@skein/adapter-memory';
import { engineType as typeOf, type Contract } from '@skein/contract';
import type { RecordedUse } from '@skein/ports';
import { compareContracts, type ContractRuleId } from '@skein/verifier/compat';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractOf, goldenLines, NOON, publishedMesh, type ProductText } from './conformance/mesh-fixture.ts';
import type { Catalog } from './catalog.ts';
import { CheckedSqlBook } from './checked-sql.ts';
import { checkOperations, type OperationReport } from './operation-check.ts';
import { UsageRecorder } from './usage-recorder.ts';

const sandbox = duckdbSandbox({ parseDeadlineMs: 20_000 });
const binder = duckdbBinder();
let catalog: Catalog;
let contracts: readonly Contract[];
beforeAll(async () => {
  const made = await publishedMesh();
  ({ catalog, contracts } = made);
  await made.mesh.close();
});
afterAll(async () => {
  await binder.close();
  await sandbox.close();
});

/** Uses as the federation would record them, without running anything. */
async function usesOf(queries: Readonly<Record<string, string>>, product = 'sap.material'): Promise<readonly RecordedUse[]> {
  const log = memoryUsageLog();
  const failures: unknown[] = [];
  const recorder = new UsageRecorder(log, sandbox, catalog, (error) => failures.push(error));
  const book = new CheckedSqlBook(sandbox);
  for (const [principal, sql] of Object.entries(queries)) recorder.note(await book.check(sql, () => undefined), { principal, purpose: undefined, time: NOON });
  await recorder.idle();
  expect(failures).toEqual([]);
  return log.usesOf(product);
}

const MATERIAL = [
  'matnr string joinKey=material_number required',
  'description',
  'grp string',
  'plant',
  'cost decimal confidential',
  'supplier string confidential',
  'formula string restricted',
  'tags texts',
  'size size',
  'valid_from date',
  'changed_at instant',
  'active boolean',
  'weight double',
  'n int',
];
const material = (columns: readonly string[] = MATERIAL, more: Partial<ProductText> = {}): Contract => contractOf('sap.material', { columns, ...more });
const without = (name: string): string[] => MATERIAL.filter((column) => column.split(' ')[0] !== name);
const instead = (name: string, ...by: string[]): string[] => MATERIAL.flatMap((column) => (column.split(' ')[0] === name ? by : [column]));

async function check(old: Contract, next: Contract, queries: Readonly<Record<string, string>>): Promise<OperationReport> {
  const { findings } = compareContracts(old, next);
  expect(findings.length).toBeGreaterThan(0);
  return checkOperations(old, next, findings, await usesOf(queries), binder, { others: contracts.filter(({ product }) => product !== 'sap.material') });
}
/** Effects by principal under the finding of a rule. */
function effects(report: OperationReport, rule: ContractRuleId): Record<string, string> {
  const impact = report.impacts.find(({ finding }) => finding.rule === rule);
  if (!impact) throw new Error(`no finding ${rule} among ${report.impacts.map(({ finding }) => finding.rule).join(', ')}`);
  return Object.fromEntries(impact.uses.map(({ use, effect }) => [use.principal, effect]));
}
const reasons = (report: OperationReport, rule: ContractRuleId): Record<string, string> =>
  Object.fromEntries((report.impacts.find(({ finding }) => finding.rule === rule)?.uses ?? []).map(({ use, reason }) => [use.principal, reason]));

describe('checkOperations', () => {
  it('breaks who names a removed column, touches who takes all, and leaves the others alone', async () => {
    const report = await check(material(MATERIAL, { owner: 'team-sap' }), material(without('grp'), { owner: 'team-sap' }), {
      ann: "SELECT count(*) FROM sap.material WHERE grp = 'G1'",
      bob: 'SELECT matnr, weight FROM sap.material',
      cleo: 'SELECT * FROM sap.material',
      dan: 'WITH m AS (SELECT grp AS g FROM sap.material) SELECT g FROM m',
      eve: 'SELECT s.plant FROM sap.stock s JOIN sap.material m ON s.matnr = m.matnr AND m.grp LIKE $$G%$$',
      // its own grp, made in the query
      fay: 'WITH material AS (SELECT plant AS grp FROM sap.stock) SELECT material.grp, m.n FROM material, sap.material m',
      gus: 'SELECT count(*) FROM sap.material',
    });
    expect(effects(report, 'column.removed')).toEqual({ ann: 'breaks', bob: 'safe', cleo: 'touched', dan: 'breaks', eve: 'breaks', fay: 'safe', gus: 'safe' });
    expect(reasons(report, 'column.removed')).toMatchObject({
      ann: expect.stringContaining('"grp" not found'),
      bob: 'it does not read column grp',
      cleo: 'its result loses grp',
    });
    expect(report.impacts[0]).toMatchObject({ effect: 'breaks', consumers: ['ann', 'dan', 'eve'], approvers: ['ann', 'dan', 'eve', 'team-sap'] });
    expect(report.queries).toEqual({ breaks: 3, touched: 1, safe: 3, unbound: 0 });
    expect(report).toMatchObject({ product: 'sap.material', from: '1.0.0', to: '1.0.0' });
  });

  it('breaks readers of the old name where a column is renamed under its id', async () => {
    const renamed = instead('grp', 'material_group string id=sap-material-grp');
    const queries = { ann: 'SELECT grp FROM sap.material', bob: 'SELECT matnr FROM sap.material', cleo: 'SELECT * FROM sap.material' };
    expect(effects(await check(material(), material(renamed), queries), 'column.renamed')).toEqual({ ann: 'breaks', bob: 'safe', cleo: 'touched' });
    // the twin: the old name stays beside it
    const aliased = instead('grp', 'grp string id=other', 'material_group string id=sap-material-grp');
    expect(effects(await check(material(), material(aliased), queries), 'column.renamed_with_alias')).toEqual({
      ann: 'touched',
      bob: 'safe',
      cleo: 'touched',
    });
  });

  it('touches readers of a wider column and names what changes in their result', async () => {
    const narrow = material(instead('n', 'n small'));
    const report = await check(narrow, material(), {
      ann: 'SELECT n FROM sap.material',
      bob: 'SELECT count(*) FROM sap.material WHERE n > 5',
      cleo: 'SELECT matnr FROM sap.material',
      dan: 'SELECT * FROM sap.material',
    });
    expect(effects(report, 'type.widened')).toEqual({ ann: 'touched', bob: 'touched', cleo: 'safe', dan: 'touched' });
    expect(reasons(report, 'type.widened')).toMatchObject({
      ann: 'its result changes n from INTEGER to BIGINT',
      bob: 'it reads column n; the columns of its result stay',
    });
  });

  it('breaks what another type no longer fits', async () => {
    const report = await check(material(), material(instead('tags', 'tags string')), {
      ann: 'SELECT list_sort(tags) FROM sap.material',
      bob: 'SELECT unnest(tags) FROM sap.material',
      cleo: 'SELECT tags IS NULL AS none FROM sap.material',
      dan: "SELECT strftime(valid_from, '%Y'), quantile_cont(weight, 0.25), matnr FROM sap.material WHERE description LIKE '%x' GROUP BY ALL",
    });
    expect(effects(report, 'type.changed')).toEqual({ ann: 'breaks', bob: 'breaks', cleo: 'touched', dan: 'safe' });
  });

  it('breaks who meets a nested field that is gone, and touches who takes the whole', async () => {
    const old = material();
    const next: Contract = {
      ...old,
      hash: 'other',
      properties: old.properties.map((property) =>
        property.name === 'size' && property.type.kind === 'struct'
          ? { ...property, type: { kind: 'struct', fields: property.type.fields.filter(({ name }) => name !== 'width') } }
          : property,
      ),
    };
    const report = await check(old, next, {
      ann: 'SELECT size.width FROM sap.material',
      bob: "SELECT m.size['length'] FROM sap.material m",
      cleo: 'SELECT size FROM sap.material',
      dan: 'SELECT n FROM sap.material',
    });
    expect(effects(report, 'field.removed')).toEqual({ ann: 'breaks', bob: 'touched', cleo: 'touched', dan: 'safe' });
  });

  it('touches by SELECT * and breaks by ambiguity where a column is added', async () => {
    const report = await check(material(), material([...MATERIAL, 'quantity decimal']), {
      ann: 'SELECT * FROM sap.material',
      bob: 'SELECT quantity FROM sap.material JOIN sap.stock USING (matnr)',
      cleo: 'SELECT s.quantity FROM sap.material JOIN sap.stock s USING (matnr)',
      dan: 'SELECT count(*) FROM (SELECT DISTINCT * FROM sap.material)',
    });
    expect(effects(report, 'column.added')).toEqual({ ann: 'touched', bob: 'breaks', cleo: 'safe', dan: 'touched' });
    expect(reasons(report, 'column.added')).toMatchObject({ ann: 'its result gains quantity', bob: expect.stringContaining('mbiguous') });
  });

  it('touches readers of a column whose values, sensitivity or promises change, and nobody by words', async () => {
    const old = material();
    const next: Contract = {
      ...material(instead('cost', 'cost decimal restricted')),
      description: 'new words',
      serviceLevels: [],
    };
    const withSla: Contract = { ...old, hash: 'x', serviceLevels: [{ property: 'latency', value: '2', unit: 'd', element: undefined, place: { file: 'a' } }] };
    const queries = { ann: 'SELECT sum(cost) FROM sap.material', bob: 'SELECT matnr FROM sap.material', cleo: 'SELECT * FROM sap.material' };
    const report = await check(withSla, next, queries);
    expect(effects(report, 'classification.raised')).toEqual({ ann: 'touched', bob: 'safe', cleo: 'touched' });
    expect(effects(report, 'docs.changed')).toEqual({ ann: 'safe', bob: 'safe', cleo: 'safe' });
    expect(effects(report, 'sla.removed')).toEqual({ ann: 'touched', bob: 'touched', cleo: 'touched' });
    expect(report.queries).toEqual({ breaks: 0, touched: 3, safe: 0, unbound: 0 });
  });

  it('finds queries by number untouched by the next major, and those by plain name broken', async () => {
    const report = await check(material(), material(without('grp'), { version: '2.0.0' }), {
      ann: 'SELECT grp FROM sap.material',
      bob: 'SELECT grp FROM sap.material_v1',
    });
    expect(effects(report, 'column.removed')).toEqual({ ann: 'breaks', bob: 'safe' });
  });

  it('never calls safe what it cannot bind, and says so', async () => {
    const uses = (await usesOf({ ann: 'SELECT n FROM sap.material', bob: 'SELECT m.n FROM sap.material m, sap.stock' })).map((use) =>
      use.principal === 'ann' ? { ...use, sql: 'SELECT n, gone_long_ago FROM sap.material' } : use,
    );
    const old = material();
    const next = material([...MATERIAL, 'extra']);
    const { findings } = compareContracts(old, next);
    const report = await checkOperations(old, next, findings, uses, binder);
    expect(effects(report, 'column.added')).toEqual({ ann: 'touched', bob: 'touched' });
    expect(reasons(report, 'column.added')).toMatchObject({
      ann: expect.stringContaining('gone_long_ago'),
      bob: expect.stringContaining('the columns of sap.stock are not known here'),
    });
    expect(report.queries).toMatchObject({ touched: 2, safe: 0, unbound: 1 });
    const removed = material(without('n'));
    const broken = await checkOperations(old, removed, compareContracts(old, removed).findings, uses, binder);
    expect(effects(broken, 'column.removed')).toEqual({ ann: 'breaks', bob: 'breaks' });
  });

  it('binds the queries that the gate allows after their values are gone, but for two that take columns or types out of a value', async () => {
    const lines = goldenLines<{ sql: string }>('allowed.jsonl');
    const uses = (
      await Promise.all(
        ['sap.material', 'sap.stock', 'ga4.events'].map(async (product) => usesOf(Object.fromEntries(lines.map(({ sql }, at) => [`p${at}`, sql])), product)),
      )
    ).flat();
    const distinct = [...new Map(uses.map((use) => [use.queryHash, use])).values()];
    const unbound: string[] = [];
    for (const { sql, reads } of distinct) {
      const relations = reads.map(({ address }) => {
        const entry = catalog.entries.get(address);
        const [schema = '', name = ''] = address.split('.');
        return { schema, name, columns: (entry?.contract.properties ?? []).map((property) => ({ name: property.name, type: typeOf(property.type) })) };
      });
      const [bound] = await binder.bind(sql, [relations]);
      if (bound && 'error' in bound) unbound.push(`${sql}: ${bound.error}`);
    }
    expect(distinct.length).toBeGreaterThan(70);
    expect(unbound).toEqual([expect.stringMatching(/^SELECT COLUMNS\(list_filter/), expect.stringContaining('from_json(payload, $text5)')]);
  });
});
