import { SkeinError } from '@skein/kernel';
import { checkPlan } from '@skein/verifier';
import type { EngineSession } from '@skein/ports';
import { tableOf, type DataProduct, type Domain, type Landing, type Snapshot } from '@skein/product';
import { ingest } from './agents/ingestor.ts';
import { defineBronze, liveLandings, refuseLacking } from './bronze.ts';
import type { Candidate } from './candidate.ts';
import { make } from './make.ts';
import { inputHash, inputsOf, lineageOf, type Inputs } from './provenance.ts';
import { Publisher } from './publisher.ts';
import type { ProductReport, RunReport, SourceReport, SwarmEvent } from './report.ts';
import { snapshotScan } from './scan.ts';
import type { RunOptions, SwarmAdapters, SystemContracts } from './swarm.ts';

/** One run of a domain: takes in what is new, then makes and publishes product after product. */
export async function runOnce(domain: Domain, system: SystemContracts, adapters: SwarmAdapters, options: RunOptions): Promise<RunReport> {
  const started = performance.now();
  // The engine is opened when there is work for it: an idle second start does not pay for it.
  let opened: Promise<EngineSession> | undefined;
  const session = () => (opened ??= adapters.engine.open());
  const emit = (event: SwarmEvent) => options.onEvent?.(event);
  try {
    const publisher = new Publisher(domain, system, adapters, session);
    const taken =
      options.from === undefined
        ? { sources: [], ignored: [] }
        : await ingest({
            domain,
            session,
            landings: adapters.landings,
            from: options.from,
            origin: options.origin ?? options.from,
            onEvent: emit,
            signal: options.signal,
          });
    await publisher.noteVersions();
    const { live, sources } = await countedLandings(domain, adapters, taken.sources);
    const run = new Run(domain, adapters, publisher, session, live);
    const products: ProductReport[] = [];
    for (const [done, product] of domain.products.entries()) {
      options.signal?.throwIfAborted();
      emit({ verb: 'making', domain: domain.name, product: product.id, done, of: domain.products.length });
      const report = await run.product(product, options.signal);
      products.push(report);
      emit({ verb: 'made', domain: domain.name, product: report, done: done + 1, of: domain.products.length });
    }
    if (products.some((product) => product.outcome === 'published')) await publisher.lineage(run.published());
    await publisher.keepHouse();
    return { domain: domain.name, sources, ignored: taken.ignored, products, milliseconds: performance.now() - started };
  } finally {
    await (await opened)?.close();
  }
}

/** The landings that count, and the report on sources, with those refused that lack columns. */
async function countedLandings(
  domain: Domain,
  adapters: SwarmAdapters,
  taken: readonly SourceReport[],
): Promise<{ live: readonly Landing[]; sources: SourceReport[] }> {
  const landings = await adapters.landings.list(domain.name);
  const { good, refused } = refuseLacking(domain, landings);
  // What a file held before it lost its columns goes on counting, as it does for a file that cannot be read at all.
  const wanted = new Set(liveLandings(domain, landings));
  const lacking = refused.filter(({ landing }) => wanted.has(landing));
  return {
    live: liveLandings(domain, good),
    sources: [
      ...taken.filter((source) => !lacking.some(({ landing }) => landing.file === source.file)),
      ...lacking.map(({ landing, error }): SourceReport => ({
        file: landing.file,
        source: landing.source,
        outcome: 'refused',
        rows: landing.rows,
        malformed: landing.rejects.length,
        error,
      })),
    ],
  };
}

type Figures = Omit<ProductReport, 'product' | 'layer' | 'outcome' | 'milliseconds' | 'error'>;

const NO_FIGURES: Figures = {
  version: undefined,
  rows: 0,
  refused: 0,
  duplicates: 0,
  repairs: {},
  violations: {},
  repaired: {},
  escalated: {},
  verdict: undefined,
};

class Run {
  readonly #domain: Domain;
  readonly #adapters: SwarmAdapters;
  readonly #publisher: Publisher;
  readonly #session: () => Promise<EngineSession>;
  readonly #live: readonly Landing[];
  /** Products whose rows this run can read, with the snapshot they come from. */
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #defined = new Set<string>();

  constructor(domain: Domain, adapters: SwarmAdapters, publisher: Publisher, session: () => Promise<EngineSession>, live: readonly Landing[]) {
    this.#domain = domain;
    this.#adapters = adapters;
    this.#publisher = publisher;
    this.#session = session;
    this.#live = live;
  }

  /** The live snapshots of the domain's products. */
  published(): Snapshot[] {
    return this.#domain.products.map((product) => this.#snapshots.get(product.id)).filter((snapshot) => snapshot !== undefined);
  }

  /** Makes one product and publishes it, if its contract lets it pass. Throws only when `signal` says so. */
  async product(product: DataProduct, signal: AbortSignal | undefined): Promise<ProductReport> {
    const started = performance.now();
    const report = (outcome: ProductReport['outcome'], figures: Partial<Figures> = {}, error?: SkeinError): ProductReport => ({
      product: product.id,
      layer: product.layer,
      outcome,
      ...NO_FIGURES,
      ...figures,
      ...(error ? { error } : {}),
      milliseconds: performance.now() - started,
    });
    let current: Snapshot | undefined;
    try {
      current = await this.#adapters.store.current(tableOf(product.contract));
      const inputs = inputsOf(this.#domain, product, this.#live);
      const missing = inputs.products.filter((name) => !this.#snapshots.has(name));
      if (missing.length > 0) {
        const reason = new SkeinError('SKEIN_STEP_FAILED', `${product.id} reads ${missing.join(', ')}, which has no snapshot`, {
          hint: 'See why that product was not published.',
        });
        return report('skipped', {}, reason);
      }
      const hash = inputHash(product, inputs, this.#snapshots);
      if (current?.inputHash === hash) {
        this.#snapshots.set(product.id, current);
        return report('unchanged', storedFigures(current));
      }
      const candidate = await this.#make(product, inputs);
      const { verdict, duplicates, repairs, violations, repaired, escalated } = candidate;
      const figures = { refused: Number(verdict.refused), duplicates, repairs, violations, repaired, escalated, verdict };
      const lineage = lineageOf(this.#domain, product, inputs, this.#snapshots, hash);
      await this.#publisher.feedback(product, candidate, hash, lineage);
      if (!verdict.passed) {
        if (current) this.#snapshots.set(product.id, current);
        return report('refused', { ...figures, version: current?.version, rows: Number(current?.rows ?? 0n) }, gateError(product, candidate, current));
      }
      // An export that failed looks like one without rows: a product that had some is not emptied by it.
      if (current && current.rows > 0n && verdict.rows === verdict.refused) {
        this.#snapshots.set(product.id, current);
        return report('refused', { ...figures, version: current.version, rows: Number(current.rows) }, emptiedError(product, current));
      }
      const snapshot = await this.#publisher.product(product, candidate, hash, lineage);
      this.#snapshots.set(product.id, snapshot);
      return report('published', { ...figures, version: snapshot.version, rows: Number(snapshot.rows) });
    } catch (error) {
      if (signal?.aborted) throw error;
      const known =
        error instanceof SkeinError
          ? error
          : new SkeinError('SKEIN_STEP_FAILED', `${product.id}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      if (current) this.#snapshots.set(product.id, current);
      return report('failed', { version: current?.version, rows: Number(current?.rows ?? 0n) }, known);
    }
  }

  async #make(product: DataProduct, inputs: Inputs): Promise<Candidate> {
    const session = await this.#session();
    for (const name of product.step.from) await this.#define(session, name);
    for (const property of product.contract.properties) {
      for (const reference of property.references) {
        const snapshot = this.#snapshots.get(reference.product);
        if (snapshot) await session.run(`CREATE OR REPLACE TEMP VIEW "_ref_${reference.product}" AS ${snapshotScan(snapshot)}`);
      }
    }
    return make({
      session,
      product,
      plan: checkPlan(product.contract),
      malformed: inputs.malformed,
      relationOf: (name) => (this.#snapshots.has(name) ? `"_ref_${name}"` : undefined),
      sandbox: this.#adapters.sandbox,
      healing: this.#adapters.board === undefined ? {} : { board: this.#adapters.board },
    });
  }

  /** Makes a name of `step.from` readable: a bronze table over its landings, or a product's newest snapshot. */
  async #define(session: EngineSession, name: string): Promise<void> {
    const bronze = this.#domain.bronze.find((table) => table.name === name);
    if (bronze) {
      if (this.#defined.has(name)) return;
      const readers = this.#domain.products.filter((product) => product.step.from.includes(name)).length;
      await defineBronze(session, this.#domain, bronze, this.#live, readers);
      this.#defined.add(name);
      return;
    }
    const snapshot = this.#snapshots.get(`${this.#domain.name}.${name}`);
    if (!snapshot) throw new SkeinError('SKEIN_STEP_FAILED', `${this.#domain.name} has neither a bronze table nor a product named ${name}`);
    await session.run(`CREATE OR REPLACE TEMP VIEW "${name}" AS ${snapshotScan(snapshot)}`);
  }
}

function gateError(product: DataProduct, { verdict }: Candidate, current: Snapshot | undefined): SkeinError {
  const failed = verdict.gates.filter((gate) => gate.severity === 'error' && (gate.outcome === 'failed' || gate.outcome === 'error'));
  return new SkeinError(
    'SKEIN_GATE_FAILED',
    `${product.id} was not published: ${failed.map((gate) => `${gate.check}: ${gate.reason ?? gate.outcome}`).join('; ')}`,
    {
      hint: `Look at ${product.id}_feedback, mend the source or the step, then run again. Live stays ${current ? `version ${current.version}` : 'nothing: there is no good version yet'}.`,
      context: { product: product.id, gates: failed.map((gate) => gate.check), live: current?.version },
    },
  );
}

function emptiedError(product: DataProduct, current: Snapshot): SkeinError {
  return new SkeinError('SKEIN_GATE_FAILED', `${product.id} was not published: it would be empty, and version ${current.version} has ${current.rows} rows`, {
    hint: `Export the source files of ${product.id} again; version ${current.version} stays live.`,
    context: { product: product.id, live: current.version },
  });
}

/** Figures of the run that published a snapshot, as its sidecar keeps them. */
function storedFigures(snapshot: Snapshot): Partial<Figures> {
  const stored = (snapshot.verdict ?? {}) as {
    refused?: number | string;
    duplicates?: number;
    repairs?: Record<string, number>;
    violations?: Record<string, number>;
    repaired?: Record<string, number>;
    escalated?: Record<string, number>;
  };
  return {
    version: snapshot.version,
    rows: Number(snapshot.rows),
    refused: Number(stored.refused ?? 0),
    duplicates: stored.duplicates ?? 0,
    repairs: stored.repairs ?? {},
    violations: stored.violations ?? {},
    repaired: stored.repaired ?? {},
    escalated: stored.escalated ?? {},
  };
}
