import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBoard } from '@skein/adapter-memory';
import { readContractFiles } from '@skein/adapter-storage';
import { readPolicy } from '@skein/federation';
import { ga4 } from '@skein/ga4';
import { issueDevToken, startGateway, type RunningGateway } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { patternId } from '@skein/pattern';
import type { PatternBoard } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, maskingSignature, type RunReport, type Swarm } from '@skein/swarm';
import { repositoryContracts, workbench, type Workbench } from '@skein/testing';

// Promise: personal data in a column that no contract classifies is brought before a person, and once it is decided to be hidden, nothing that is published holds a value of it.

const CANARY = 'kanarienvogel';
const mail = (index: number) => `${CANARY}.${index}@mail.example`;
const BRONZE = 'events_raw.collected_traffic_source.manual_source';

const record = (day: number, index: number) => ({
  event_date: `202608${20 + day}`,
  event_timestamp: String(BigInt(Date.parse(`2026-08-${20 + day}T12:00:00Z`)) * 1000n + BigInt(index)),
  event_name: 'page_view',
  event_params: [
    { key: 'ga_session_id', value: { int_value: '1787918400' } },
    { key: 'page_location', value: { string_value: 'https://shop.example/' } },
    // Rows with another fault are samples of its review, with all their columns.
    ...(index % 100 === 7 ? [{ key: 'currency', value: { string_value: 'Kronen?' } }] : []),
  ],
  user_pseudo_id: `A.${index}`,
  privacy_info: { analytics_storage: 'Yes' },
  device: { category: 'desktop', web_info: { hostname: 'shop.example' } },
  geo: { country: 'Germany' },
  // A tag that writes the reader's address where the newsletter's name belongs: the column goes into `source`, which is public.
  collected_traffic_source: { manual_source: mail(index), manual_medium: 'email' },
  stream_id: '77',
  platform: 'WEB',
  items: [],
});
const records = (day: number, count = 300) => Array.from({ length: count }, (_, index) => JSON.stringify(record(day, index)));

/** The products that the column goes into, directly or by way of others, as far as `names` says. */
const only =
  (...names: readonly string[]) =>
  (contracts: ContractSet): Domain => {
    const whole = ga4(contracts);
    return { ...whole, products: whole.products.filter(({ contract }) => names.includes(contract.name)) };
  };

let bench: Workbench;
let gateway: RunningGateway;
let closeSandbox: () => Promise<void>;
let swarm: Swarm;
let [member, worker]: (PatternBoard | undefined)[] = [];
const hub = memoryBoard();

beforeAll(async () => {
  bench = await workbench(only('events', 'sessions'));
  [member, worker] = [await hub.join('gateway'), await hub.join('worker')];
  const files = await readContractFiles(path.resolve(import.meta.dirname, '../../contracts'));
  const known = await repositoryContracts();
  const contracts = known.all.filter(({ domain }) => domain === 'ga4');
  const policies = files.flatMap(({ policy }) => {
    const contract = policy && contracts.find(({ file }) => path.dirname(file) === path.dirname(policy.file));
    return policy && contract ? [readPolicy(policy.text, policy.file, contract)] : [];
  });
  const sandbox = duckdbSandbox({ workers: 1, tempDirectory: `${bench.directory}/queries` });
  closeSandbox = () => sandbox.close();
  gateway = await startGateway({
    store: bench.adapters.store,
    sandbox,
    contracts,
    policies,
    clock: systemClock,
    dataDir: bench.directory,
    patterns: member,
  });
  const { meta } = gateway.parts.reviews;
  swarm = createSwarm(
    bench.swarm.domain,
    { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') },
    {
      ...bench.adapters,
      board: worker,
      escalate: async (gaps) => meta?.consider(gaps),
      escalatePersonal: async (columns) => meta?.considerPersonal(columns),
      retention: { keep: 100, graceMs: 0 },
    },
  );
});
afterAll(async () => {
  await gateway.close();
  await closeSandbox();
  await member?.close();
  await worker?.close();
  hub.close();
  await bench[Symbol.asyncDispose]();
});

interface View {
  readonly id: string;
  readonly kind: string;
  readonly column: string;
  readonly status: string;
  readonly applied: boolean;
  readonly message: string;
  readonly alternatives: readonly { readonly id: string; readonly why: string }[];
}

async function ask(as: string, place = '', body?: object): Promise<{ readonly status: number; readonly text: string }> {
  const authorization = `Bearer ${await issueDevToken({ dir: `${bench.directory}/keys`, as, purposes: ['analytics'] })}`;
  const response = await fetch(`${gateway.url}/v1/reviews${place}`, {
    headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, text: await response.text() };
}
const reviews = async (kind: string) => (JSON.parse((await ask('steward')).text) as { reviews: View[] }).reviews.filter((one) => one.kind === kind);

async function run(lines: readonly string[], day = 0): Promise<RunReport> {
  bench.put({ [`events_202608${20 + day}.json`]: `${lines.join('\n')}\n` });
  const report = await swarm.run({ from: `${bench.directory}/sources` });
  for (const product of report.products) if (product.error) throw product.error;
  return report;
}

/** Files below a folder that hold the canary, as text or in any encoding of the engine that leaves its letters. */
async function found(folder: string, select: (file: string) => boolean = () => true): Promise<string[]> {
  const files = readdirSync(path.join(bench.directory, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(select);
  expect(files.length).toBeGreaterThan(0);
  const session = await bench.adapters.engine.open();
  const hits: string[] = [];
  for (const file of files) {
    const plain = readFileSync(file).includes(CANARY);
    // Pages are compressed: what the file says is looked through as well as its bytes.
    const [row] = file.endsWith('.parquet')
      ? await session.rows<{ hit: boolean | null }>(`SELECT bool_or(contains(to_json(t)::VARCHAR, '${CANARY}')) AS hit FROM read_parquet('${file}') t`)
      : [];
    if (plain || row?.hit === true) hits.push(file);
  }
  await session.close();
  return hits;
}

describe('masking in bronze', () => {
  it('is asked for by shapes alone, and until it is decided nothing that is shown holds a value', async () => {
    const report = await run([...records(0), `{"event_name": "cut", "user_id": "${mail(1)}"`]);
    expect(report.undecided).toEqual([{ column: BRONZE, why: `150 of 150 distinct values of ${BRONZE} are mail addresses` }]);
    const open = await reviews('masking');
    expect(open).toMatchObject([{ column: BRONZE, status: 'open' }]);
    const { text } = await ask('steward', `/${open[0]?.id}`);
    expect((JSON.parse(text) as View).alternatives.map(({ why }) => why)).toEqual([
      expect.stringContaining('makes every value missing'),
      expect.stringContaining('***'),
    ]);
    expect(text).not.toContain(CANARY);
    // Samples of other gaps show the column as if it were restricted.
    const repairs = await reviews('repair');
    expect(repairs.length).toBeGreaterThan(0);
    for (const { id } of repairs) expect((await ask('steward', `/${id}`)).text).not.toContain(CANARY);
    expect(await found('reviews')).toEqual([]);
    expect(await found('landing', (file) => file.includes('profiles'))).toEqual([]);
    // The twin: it is published in the clear, as its contract says, so the search can find it.
    expect((await found('tables')).length).toBeGreaterThan(0);
  });

  it('is asked once, decided by an owner alone, and reaches a worker within a second', async () => {
    const [{ id } = { id: '' }] = await reviews('masking');
    const view = JSON.parse((await ask('steward', `/${id}`)).text) as View;
    expect((await ask('analyst', `/${id}/decisions`, { decision: 'approve', reason: 'x' })).status).toBe(404);
    await run(records(0, 301));
    expect(await reviews('masking')).toHaveLength(1);
    const choice = view.alternatives.find(({ why }) => why.includes('***'))?.id;
    const started = performance.now();
    const heard = new Promise<number>((resolve) => worker?.onChange(() => resolve(performance.now() - started)));
    expect(JSON.parse((await ask('steward', `/${id}/decisions`, { decision: 'approve', reason: 'nobody needs addresses', choice })).text)).toMatchObject({
      status: 'approved',
      applied: true,
    });
    // A second on a quiet machine; a busy one is given more.
    expect(await heard).toBeLessThan(10_000);
  });

  it('leaves no value in anything that is published, history and feedback included, and is replayed', async () => {
    // The same landings: the decision alone makes the products again.
    const report = await swarm.run({ from: `${bench.directory}/sources` });
    expect(report.products.map(({ outcome }) => outcome)).toEqual(['published', 'published']);
    expect(report.undecided).toEqual([]);
    expect(await found('tables')).toEqual([]);
    // The raw records are where they were.
    expect((await found('landing', (file) => file.includes('files'))).length).toBeGreaterThan(0);
    const [row] = await bench.rows<{ n: bigint; hidden: bigint }>(
      'ga4.events',
      `SELECT count(*) AS n, count(*) FILTER (WHERE source = '***') AS hidden FROM t`,
    );
    expect(row?.n).toBeGreaterThan(290n);
    expect(row?.hidden).toBe(row?.n);
    expect(await swarm.replay('ga4.events')).toMatchObject({ same: true });
    // New files, and lines that are no records, go the same way; nothing is asked again, and an idle run makes nothing.
    await run([...records(1), `{"event_name": "cut", "user_id": "${mail(1)}"`], 1);
    expect(await found('tables')).toEqual([]);
    const broken = await bench.rows<{ value: string }>('ga4.events_feedback', `SELECT value FROM t WHERE rule = 'source.malformed'`);
    expect(broken).toHaveLength(1);
    expect(await reviews('masking')).toHaveLength(1);
    expect((await swarm.run({ from: `${bench.directory}/sources` })).products.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 2 }, () => 'unchanged'),
    );
  });

  it('fails closed: a mask whose SQL is not allowed makes the column missing, and one of another column hides nothing', async () => {
    const context = { domain: 'ga4', product: 'ga4.events', column: 'events_raw.event_params[page_location]' };
    const solution = {
      kind: 'expression' as const,
      transformation: `(SELECT content FROM read_text('/etc/passwd'))`,
      preConditions: 'TRUE',
      postValidation: 'TRUE',
    };
    const parts = { category: 'masking', signature: maskingSignature(context), solution };
    await worker?.publish({ ...parts, id: patternId(parts), context, test: { cells: 0, passed: 0 }, evidence: {} });
    const stray = { ...parts, signature: maskingSignature({ ...context, column: 'events_raw.geo.country' }) };
    await worker?.publish({ ...stray, id: patternId(stray), context, test: { cells: 0, passed: 0 }, evidence: {} });
    await run(records(2), 2);
    const [row] = await bench.rows<{ places: bigint; countries: bigint; sessions: bigint }>(
      'ga4.events',
      `SELECT count(page_location_scrubbed) AS places, count(country) AS countries, count(ga_session_id) AS sessions FROM t`,
    );
    expect(row?.places).toBe(0n);
    expect(row?.countries).toBeGreaterThan(800n);
    expect(row?.sessions).toBeGreaterThan(800n);
  });
});

it('is not proposed again once rejected', async () => {
  await using other = await workbench(only('events'));
  const board = await hub.join('third');
  const asked: unknown[] = [];
  const known = await repositoryContracts();
  const one = createSwarm(
    other.swarm.domain,
    { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') },
    { ...other.adapters, board, escalatePersonal: async (columns) => void asked.push(...columns) },
  );
  // The first hub's decision stands for the column of every worker; a board of its own has none.
  const hubOfOwn = memoryBoard();
  const alone = await hubOfOwn.join('alone');
  const two = createSwarm(
    other.swarm.domain,
    { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') },
    { ...other.adapters, board: alone, escalatePersonal: async (columns) => void asked.push(...columns) },
  );
  writeFileSync(path.join(other.directory, 'sources', 'events_20260820.json'), `${records(0).join('\n')}\n`);
  await one.run({ from: `${other.directory}/sources` });
  expect(asked).toEqual([]);
  await two.run({ from: `${other.directory}/sources` });
  expect(asked).toHaveLength(1);
  const review = (await gateway.parts.reviews.desk.list({ limit: 1_000 })).find(({ kind }) => kind === 'masking');
  const context = { domain: 'ga4', product: 'ga4.events', column: BRONZE };
  for (const { solutions } of review?.alternatives ?? [])
    for (const solution of solutions)
      await alone.reject(patternId({ category: 'masking', signature: maskingSignature(context), solution }), 'it is no address');
  await two.run({ from: `${other.directory}/sources` });
  expect(asked).toHaveLength(1);
  await alone.close();
  await board.close();
  hubOfOwn.close();
});
