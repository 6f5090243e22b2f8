import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readContract } from '@skein/contract';
import { conformedStep, conformedTable, type Conforming, type ContractSet, type DataProduct, type Domain } from '@skein/product';
import { repositoryContracts, temporaryDirectory, workbench } from '@skein/testing';
import { makePlan, type Plan } from './plan.ts';
import { publishPlan } from './publish-plan.ts';
import { HIDDEN } from './row-diff.ts';
import { planJson, showPlan } from './show-plan.ts';

const contractText = (name: string, properties: string, version = '1.0.0') => `apiVersion: v3.1.0
kind: DataContract
id: crm-${name}
version: ${version}
status: active
domain: crm
schema:
  - name: ${name}
    logicalType: object
    customProperties: [{ property: quarantineTolerance, value: 40% }]
    properties:
${properties}
`;
const ACCOUNTS = `      - { name: id, logicalType: string, primaryKey: true, required: true }
      - { name: big, logicalType: integer, physicalType: BIGINT }
      - { name: secret, logicalType: string, classification: confidential }
      - { name: note, logicalType: string }`;
const VISITS = `      - { name: page, logicalType: string }
      - { name: seconds, logicalType: integer, physicalType: BIGINT }`;

interface Shape {
  readonly accounts?: string;
  readonly version?: string;
  readonly step?: (sql: string) => string;
}

/** A domain with a keyed product and one without a key, its contracts in files, and its data directory. */
async function office(): Promise<AsyncDisposable & Office> {
  const folder = temporaryDirectory('skein-plan-test-');
  const domainOf = ({ accounts = ACCOUNTS, version = '1.0.0', step = (sql) => sql }: Shape = {}): Domain => {
    const products = (['accounts', 'visits'] as const).map((name): { product: DataProduct; conforming: Conforming } => {
      const file = folder.file('contracts', 'crm', name, 'v1', 'contract.odcs.yaml');
      const text = contractText(name, name === 'accounts' ? accounts : VISITS, name === 'accounts' ? version : '1.0.0');
      mkdirSync(path.join(path.dirname(file), 'released'), { recursive: true });
      writeFileSync(file, text);
      const contract = readContract(text, file);
      const conforming: Conforming = { name: `${name}_raw`, source: 'files', table: name, shape: 'columns' };
      const typed = conformedStep(contract, conforming);
      return {
        conforming,
        product: {
          id: `crm.${name}`,
          layer: 'silver',
          contract,
          step: { name: `type ${name}`, ...typed, sql: name === 'accounts' ? step(typed.sql) : typed.sql },
        },
      };
    });
    return {
      name: 'crm',
      sources: [{ name: 'files', describes: '*.csv', shape: 'columns', tableOf: (file) => /^(accounts|visits)\.csv$/.exec(file)?.[1] }],
      bronze: products.map(({ product, conforming }) => conformedTable(product.contract, conforming)),
      products: products.map(({ product }) => product),
    };
  };
  const bench = await workbench(() => domainOf());
  const contracts: ContractSet = await repositoryContracts();
  const system = { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') };
  let plans = 0;
  return {
    data: bench.directory,
    put: (files) => bench.put(files),
    release: (version, accounts = ACCOUNTS) =>
      writeFileSync(folder.file('contracts', 'crm', 'accounts', 'v1', 'released', `${version}.yaml`), contractText('accounts', accounts, version)),
    rows: (product, query) => bench.rows(product, query),
    async plan(shape) {
      const scratch = folder.file(`scratch-${(plans += 1)}`);
      mkdirSync(scratch);
      return await makePlan({ domain: domainOf(shape), system, data: bench.directory, scratch, from: path.join(bench.directory, 'sources') });
    },
    publish: (plan, shape) => publishPlan({ domain: domainOf(shape), system, adapters: bench.adapters, plan }),
    run: () => bench.run(),
    async [Symbol.asyncDispose]() {
      await bench[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

interface Office {
  readonly data: string;
  put(files: Readonly<Record<string, string>>): void;
  release(version: string, accounts?: string): void;
  rows(product: string, query?: string): Promise<Record<string, unknown>[]>;
  plan(shape?: Shape): Promise<Plan>;
  publish(plan: Plan, shape?: Shape): ReturnType<typeof publishPlan>;
  run(): Promise<unknown>;
}

/** Every file with its size, inode and times: what writing, linking or touching would change. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { ino, size, mtimeNs, ctimeNs, nlink } = statSync(path.join(folder, name), { bigint: true });
      return `${name} ${ino} ${size} ${mtimeNs} ${ctimeNs} ${nlink}`;
    })
    .sort();
}

const FIRST = {
  'accounts.csv': 'id;big;secret;note\na;9007199254740993;sesame-1;x\nb;2;sesame-2;y\nc;3;sesame-3;\nü日;4;sesame-4;z\n',
  'visits.csv': 'page;seconds\n/;1\n/;1\n/about;2\n',
};
const SECOND = {
  'accounts.csv': 'id;big;secret;note\na;9007199254740995;sesame-1;x\nb;2;sesame-new;y\nü日;4;sesame-4;\nd;5;sesame-5;new\ne;five;sesame-6;\n',
  'visits.csv': 'page;seconds\n/;1\n/about;2\n/about;2\n/new;\n',
};

const of = (plan: Plan, product: string) => {
  const found = plan.products.find((one) => one.product === product);
  if (!found) throw new Error(`the plan has no ${product}`);
  return found;
};

describe('a plan', () => {
  it('says what a publish would change, touches nothing of the data directory, and is what is published then', async () => {
    await using crm = await office();
    crm.put(FIRST);
    await crm.run();
    crm.put(SECOND);
    const before = stateOf(crm.data);
    expect(before.length).toBeGreaterThan(20);
    const plan = await crm.plan();
    expect(stateOf(crm.data)).toEqual(before);

    const accounts = of(plan, 'crm.accounts');
    expect(accounts).toMatchObject({ outcome: 'publish', live: { version: 1, rows: 4n }, next: { version: 2, rows: 4n } });
    expect(accounts.diff).toMatchObject({
      by: 'key',
      key: ['id'],
      added: 1n,
      changed: 3n,
      removed: 1n,
      unchanged: 0n,
      changedColumns: { big: 1n, secret: 1n, note: 1n },
    });
    expect(accounts.diff?.samples.added).toEqual([{ id: 'd', big: '5', secret: HIDDEN, note: 'new' }]);
    expect(accounts.diff?.samples.removed).toEqual([{ id: 'c', big: '3', secret: HIDDEN, note: null }]);
    expect(accounts.diff?.samples.changed).toEqual([
      { key: { id: 'a' }, columns: { big: { from: '9007199254740993', to: '9007199254740995' } } },
      { key: { id: 'b' }, columns: { secret: { from: HIDDEN, to: HIDDEN } } },
      { key: { id: 'ü日' }, columns: { note: { from: 'z', to: null } } },
    ]);
    expect(accounts.report.violations).toEqual({ 'big.type': 1 });
    // without a key whole rows count, as often as they stand
    expect(of(plan, 'crm.visits').diff).toMatchObject({ by: 'rows' });
    for (const text of [planJson(plan, '/'), showPlan(plan, '/')]) expect(text).not.toContain('sesame');
    expect(JSON.parse(planJson(plan, '/'))).toMatchObject({ passes: true, changes: true });

    const report = await crm.publish(plan);
    expect(report.products.map(({ product, outcome, version }) => [product, outcome, version])).toEqual([
      ['crm.accounts', 'published', 2],
      ['crm.visits', 'published', 2],
    ]);
    expect(await crm.rows('crm.accounts', 'SELECT id, note FROM t ORDER BY id')).toEqual([
      { id: 'a', note: 'x' },
      { id: 'b', note: 'y' },
      { id: 'd', note: 'new' },
      { id: 'ü日', note: null },
    ]);
    const again = await crm.plan();
    expect(again).toMatchObject({ passes: true, changes: false, held: { added: [] } });
    expect(showPlan(again, '/')).toContain('Nothing would change.');
  });

  it('publishes nothing that was not planned: neither files, nor tables, nor steps that changed', async () => {
    await using crm = await office();
    crm.put(FIRST);
    await crm.run();
    crm.put(SECOND);
    const plan = await crm.plan();
    const other = await crm.plan();
    // another step makes another product of the same files
    await expect(crm.publish(plan, { step: (sql) => `SELECT * FROM (${sql}) WHERE id <> 'd'` })).rejects.toMatchObject({ code: 'SKEIN_PLAN_STALE' });
    expect(await crm.rows('crm.accounts', 'SELECT count(*) AS n FROM t')).toEqual([{ n: 4n }]);
    // the files have landed by then
    await expect(crm.publish(other)).rejects.toMatchObject({ code: 'SKEIN_PLAN_STALE', message: expect.stringContaining('landed') });
    const fresh = await crm.plan();
    expect(fresh.changes).toBe(true);
    await crm.publish(fresh);
    expect((await crm.plan()).changes).toBe(false);
  });

  it('lets one of two that publish at once through, and the other plan again', async () => {
    await using crm = await office();
    crm.put(FIRST);
    await crm.run();
    crm.put(SECOND);
    const plans = [await crm.plan(), await crm.plan()];
    const settled = await Promise.allSettled(plans.map(async (plan) => await crm.publish(plan)));
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const one of settled) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'SKEIN_PLAN_STALE' });
    expect(await crm.plan()).toMatchObject({ changes: false });
  });

  it('judges the contract against the released one that is live, and its gates over the rows', async () => {
    await using crm = await office();
    crm.put(FIRST);
    crm.release('1.0.0');
    await crm.run();
    const narrower = ACCOUNTS.replace('name: note, logicalType: string', 'name: note, logicalType: string, required: true');
    const plan = await crm.plan({ accounts: narrower });
    const { contract, outcome, diff } = of(plan, 'crm.accounts');
    expect(contract.step).toMatchObject({ kind: 'changed', allowed: false, from: { version: '1.0.0' }, version: { suffices: false } });
    expect(plan.passes).toBe(false);
    expect(outcome).toBe('publish');
    expect(diff).toMatchObject({ added: 0n, changed: 0n, removed: 1n });
    expect(showPlan(plan, '/')).toContain('may not follow');

    const optional = await crm.plan({ version: '1.1.0', accounts: `${ACCOUNTS}\n      - { name: more, logicalType: string }` });
    expect(of(optional, 'crm.accounts').contract.step).toMatchObject({ allowed: true, version: { asked: 'minor', given: 'minor', suffices: true } });
    expect(of(optional, 'crm.accounts').diff).toMatchObject({ changed: 0n, columns: { added: ['more'], removed: [] } });
  });

  it('shows no value of a live row where it is not known what was classified then', async () => {
    await using crm = await office();
    crm.put(FIRST);
    await crm.run();
    crm.put({ 'accounts.csv': 'id;big;secret;note\na;1;sesame-1;x\n' });
    const plan = await crm.plan({ version: '1.0.1', accounts: ACCOUNTS.replace(', classification: confidential', '') });
    const { contract, diff } = of(plan, 'crm.accounts');
    expect(contract.note).toContain('not among the released');
    expect(Object.values(diff?.samples.removed[0] ?? {})).toEqual([HIDDEN, HIDDEN, HIDDEN, HIDDEN]);
  });

  it('refuses what a run would refuse: a type that cannot follow, a step that breaks, a gate, an empty folder', async () => {
    await using crm = await office();
    crm.put(FIRST);
    await crm.run();
    const retyped = await crm.plan({ version: '1.1.0', accounts: ACCOUNTS.replace('logicalType: integer, physicalType: BIGINT', 'logicalType: string') });
    expect(of(retyped, 'crm.accounts')).toMatchObject({ outcome: 'failed', diff: undefined, report: { error: { code: 'SKEIN_SCHEMA_INCOMPATIBLE' } } });
    const broken = await crm.plan({ step: (sql) => `SELECT nothing FROM (${sql})` });
    expect(of(broken, 'crm.accounts')).toMatchObject({ outcome: 'failed', report: { error: { code: 'SKEIN_STEP_FAILED' } } });
    expect(of(broken, 'crm.visits')).toMatchObject({ outcome: 'unchanged' });
    expect(broken.passes).toBe(false);
    crm.put({ 'accounts.csv': 'id;big;secret;note\na;x;;\nb;y;;\nc;z;;\nd;1;;\n' });
    const refused = await crm.plan();
    expect(of(refused, 'crm.accounts')).toMatchObject({ outcome: 'refused', diff: undefined, report: { refused: 3, verdict: { passed: false } } });
    expect(showPlan(refused, '/')).toMatch(/crm\.accounts would be refused[\s\S]*✗ /);
  });

  it('plans a first publication, and one of an empty folder', async () => {
    await using crm = await office();
    await expect(crm.plan()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_EMPTY' });
    crm.put(FIRST);
    const before = stateOf(crm.data);
    expect(of(await crm.plan(), 'crm.accounts')).toMatchObject({ live: undefined, next: { version: 1 }, diff: { added: 4n, changed: 0n, removed: 0n } });
    expect(stateOf(crm.data)).toEqual(before);
  });
});
