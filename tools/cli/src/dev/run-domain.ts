import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBoard, memoryBus } from '@skein/adapter-memory';
import { localLandingStore, localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { SkeinError, systemClock } from '@skein/kernel';
import type { SnapshotStore } from '@skein/ports';
import { contractSet, type ContractSet, type Domain } from '@skein/product';
import { createSwarm, type ProductReport, type SampleReport, type SystemContracts } from '@skein/swarm';
import { toldError } from './locate.ts';
import type { FromWorker, ToldProduct, ToldSample, WorkerTask } from './told.ts';

/** Rows of a sample: a verdict on them takes a fifth of a second. */
const SAMPLE_ROWS = 5_000;
/** Rows from which on all of them may take longer than one waits for. */
const SAMPLED_FROM = 25_000;

/** Loads all that an edit of the domain does not change, and returns what runs the domain, once, as its sources and contracts are then. */
export async function prepare({
  domain: name,
  root,
  from,
  data,
  scratch,
}: WorkerTask): Promise<(tell: (message: FromWorker) => Promise<void>) => Promise<FromWorker>> {
  const engine = duckdbEngine({ tempDirectory: path.join(scratch, 'tmp', String(process.pid)) });
  const warm = await engine.open();
  await warm.rows('SELECT 1');
  await warm.close();
  const own = localSnapshotStore({ root: path.join(scratch, 'tables'), clock: systemClock });
  const others = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
  const landings = localLandingStore({ root: path.join(scratch, 'landing') });
  const board = await memoryBoard().join(`dev-${process.pid}`);
  const sandbox = duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(scratch, 'rules', String(process.pid)) });
  return async (tell) => {
    const telling: Promise<void>[] = [];
    try {
      const { domain, system } = await loadDomain(root, name);
      const swarm = createSwarm(domain, system, { engine, store: besides(name, own, others), landings, bus: memoryBus(), board, sandbox });
      const report = await swarm.run({
        from,
        sampling: { rows: SAMPLE_ROWS, from: SAMPLED_FROM, tell: (sample) => void telling.push(tell({ kind: 'sampled', sample: toldSample(sample) })) },
        onEvent(event) {
          if (event.verb !== 'made' || event.product.outcome === 'unchanged') return;
          telling.push(told(event.product, root, name).then(async (product) => await tell({ kind: 'made', product })));
        },
      });
      await Promise.all(telling);
      const errors = await Promise.all(report.sources.flatMap(({ error }) => (error ? [toldError(error, root, name)] : [])));
      return {
        kind: 'run',
        products: await Promise.all(report.products.map(async (product) => await told(product, root, name))),
        files: {
          landed: report.sources.filter(({ outcome }) => outcome === 'landed').length,
          unchanged: report.sources.filter(({ outcome }) => outcome === 'unchanged').length,
        },
        errors,
      };
    } catch (error) {
      return { kind: 'broken', error: await toldError(error, root, name) };
    } finally {
      await sandbox.close();
    }
  };
}

async function loadDomain(root: string, name: string): Promise<{ domain: Domain; system: SystemContracts }> {
  const contracts: ContractSet = contractSet(
    (await Promise.all([name, 'skein'].map(async (folder) => await readContractFiles(path.join(root, 'contracts', folder)))))
      .flat()
      .map(({ contract }) => readContract(contract.text, contract.file)),
  );
  const exported = (await import(pathToFileURL(path.join(root, 'domains', name, 'src', 'index.ts')).href)) as Record<string, unknown>;
  const called = name.replaceAll(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const define = exported[called];
  if (typeof define !== 'function')
    throw new SkeinError('SKEIN_CONFIG_INVALID', `domains/${name}/src/index.ts exports no function ${called}`, {
      hint: `Export ${called}(contracts), which returns the domain.`,
    });
  return {
    domain: (define as (contracts: ContractSet) => Domain)(contracts),
    system: { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') },
  };
}

/** Tables of the domain in the scratch folder; those of others where the data lies, to be read. */
function besides(name: string, own: SnapshotStore, others: SnapshotStore): SnapshotStore {
  const of = (domain: string) => (domain === name ? own : others);
  return {
    begin: (table, columns) => own.begin(table, columns),
    commit: (staging, draft) => own.commit(staging, draft),
    abandon: (staging) => own.abandon(staging),
    current: (table) => of(table.domain).current(table),
    asOf: (table, when) => of(table.domain).asOf(table, when),
    history: (table) => of(table.domain).history(table),
    tables: () => own.tables(),
    verify: (snapshot) => of(snapshot.table.domain).verify(snapshot),
    expire: (table, policy) => own.expire(table, policy),
    collect: (table, policy) => own.collect(table, policy),
    watch: () => () => undefined,
  };
}

async function told(
  { product, outcome, rows, refused, violations, verdict, milliseconds, error }: ProductReport,
  root: string,
  domain: string,
): Promise<ToldProduct> {
  return {
    ...{ product, outcome, refused, violations, milliseconds },
    rows: verdict === undefined ? rows : Number(verdict.rows - verdict.refused),
    gates: failingGates(verdict),
    // What a gate refuses is said by the gates.
    ...(error !== undefined && error.code !== 'SKEIN_GATE_FAILED' ? { error: await toldError(error, root, domain) } : {}),
  };
}

function toldSample({ product, first, of, verdict, violations, left }: SampleReport): ToldSample {
  return {
    ...{ product, first, of, violations, passes: verdict.passed },
    rows: Number(verdict.rows - verdict.refused),
    refused: Number(verdict.refused),
    gates: failingGates(verdict),
    left: left.map(({ check, reason }) => ({ check, reason })),
  };
}

function failingGates(verdict: ProductReport['verdict']): ToldProduct['gates'] {
  const failing = verdict?.gates.filter((gate) => gate.outcome === 'failed' || gate.outcome === 'error') ?? [];
  return failing.map((gate) => ({ severity: gate.severity, text: `${gate.check}: ${gate.reason ?? gate.outcome}` }));
}
