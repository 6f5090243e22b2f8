import { canonicalJson, sha256, SkeinError } from '@skein/kernel';
import type { Contract } from '@skein/contract';
import type { EngineSession, EventBus, LandingStore, QueryEngine, SnapshotStore, WantedColumn } from '@skein/ports';
import { tableOf, type DataProduct, type Domain, type Landing, type Snapshot, type SnapshotLineage, type TableRef } from '@skein/product';
import { checkPlan, type CheckPlan } from '@skein/verifier';
import { defineBronze, landingsOf, liveLandings, refuseLacking } from './bronze.ts';
import { takeIn } from './intake.ts';
import { lineageRows } from './lineage.ts';
import { make, type Candidate, type Malformed } from './make.ts';
import type { ProductReport, RunReport, SourceReport, SwarmEvent } from './report.ts';
import { snapshotScan } from './scan.ts';

export interface SwarmAdapters {
  readonly engine: QueryEngine;
  readonly store: SnapshotStore;
  readonly landings: LandingStore;
  readonly bus: EventBus;
  /** Default: 100 versions, and an hour's grace. */
  readonly retention?: Retention;
}

/** The contracts of the datasets that every swarm keeps beside its products. */
export interface SystemContracts {
  readonly feedback: Contract;
  readonly lineage: Contract;
}

/** How much history a table keeps. */
export interface Retention {
  /** Versions that stay readable by `as of`; the current one always stays. */
  readonly keep: number;
  /** Files that no kept version names are deleted when they are older than this (ms): longer than any query runs. */
  readonly graceMs: number;
}

export interface RunOptions {
  /** Folder to take source files from; without it, what has landed before is used. */
  readonly from?: string;
  /** Who brings the files (default: the folder's path). */
  readonly origin?: string;
  readonly onEvent?: (event: SwarmEvent) => void;
  readonly signal?: AbortSignal;
}

/** The agents of one domain: they take in sources, make products layer by layer, and publish what the contract lets pass. */
export interface Swarm {
  readonly domain: Domain;
  /** One run at a time: a second call waits for the first. */
  run(options?: RunOptions): Promise<RunReport>;
  /** Announces every live snapshot: what a restart owes to those who may have missed the event. */
  announce(): Promise<number>;
}

/** Topic of the event that tells of a new snapshot; key: the product. */
export const PUBLISHED = 'published';

export interface PublishedEvent {
  readonly product: string;
  readonly version: number;
  readonly snapshotId: string;
}

export function createSwarm(domain: Domain, system: SystemContracts, adapters: SwarmAdapters): Swarm {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    domain,
    run(options = {}) {
      const result = turn.then(() => runUntilAlone(domain, system, adapters, options));
      turn = result.catch(() => undefined);
      return result;
    },
    async announce() {
      let told = 0;
      for (const table of await adapters.store.tables()) {
        if (table.domain !== domain.name) continue;
        const snapshot = await adapters.store.current(table);
        if (!snapshot) continue;
        await tell(adapters.bus, snapshot);
        told++;
      }
      return told;
    },
  };
}

/** Runs again when another process published a table of the domain meanwhile: what it took in is then taken into account. */
async function runUntilAlone(domain: Domain, system: SystemContracts, adapters: SwarmAdapters, options: RunOptions): Promise<RunReport> {
  for (let attempt = 1; ; attempt++) {
    try {
      const report = await new Run(domain, system, adapters, options).go();
      if (attempt === MOST_ATTEMPTS || !report.products.some((product) => isContended(product.error))) return report;
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !isContended(error)) throw error;
    }
  }
}

const MOST_ATTEMPTS = 5;

function isContended(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'SKEIN_STORAGE_CONTENDED';
}

function tableKey(table: TableRef): string {
  return `${table.domain}.${table.name}.${table.major}`;
}

async function tell(bus: EventBus, snapshot: Snapshot): Promise<void> {
  const event: PublishedEvent = { product: snapshot.product, version: snapshot.version, snapshotId: snapshot.id.toString() };
  await bus.publish(PUBLISHED, snapshot.product, event);
}

class Run {
  private readonly live: Landing[] = [];
  /** Products whose rows this run can read, with the snapshot they come from. */
  private readonly inputs = new Map<string, Snapshot>();
  private readonly defined = new Set<string>();
  private readonly plans = new Map<string, CheckPlan>();
  private readonly grown: TableRef[] = [];
  /** Versions of the domain's tables before this run looked at the landings: it must not replace a newer one. */
  private readonly before = new Map<string, number>();
  private opened: Promise<EngineSession> | undefined;

  constructor(
    domain: Domain,
    system: SystemContracts,
    adapters: SwarmAdapters,
    options: RunOptions,
  ) {
    this.domain = domain;
    this.system = system;
    this.adapters = adapters;
    this.options = options;
  }
  private readonly domain: Domain;
  private readonly system: SystemContracts;
  private readonly adapters: SwarmAdapters;
  private readonly options: RunOptions;

  /** The engine is opened when there is work for it: an idle second start does not pay for it. */
  private session(): Promise<EngineSession> {
    return (this.opened ??= this.adapters.engine.open());
  }

  async go(): Promise<RunReport> {
    const started = performance.now();
    try {
      const sources = this.options.from === undefined ? [] : await this.takeIn(this.options.from);
      for (const table of await this.adapters.store.tables()) {
        if (table.domain === this.domain.name) this.before.set(tableKey(table), (await this.adapters.store.current(table))?.version ?? 0);
      }
      const landings = await this.adapters.landings.list(this.domain.name);
      const { good, refused: lacking } = refuseLacking(this.domain, landings);
      // What a file held before it lost its columns goes on counting, as it does for a file that cannot be read at all.
      this.live.push(...liveLandings(this.domain, good));
      const wanted = new Set(liveLandings(this.domain, landings));
      const refused = lacking.filter(({ landing }) => wanted.has(landing));
      const reports: SourceReport[] = [
        ...sources.filter((source) => !refused.some(({ landing }) => landing.file === source.file)),
        ...refused.map(({ landing, error }): SourceReport => ({ file: landing.file, source: landing.source, outcome: 'refused', rows: landing.rows, malformed: landing.rejects.length, error })),
      ];
      const products: ProductReport[] = [];
      for (const [done, product] of this.domain.products.entries()) {
        this.options.signal?.throwIfAborted();
        this.emit({ verb: 'making', domain: this.domain.name, product: product.id, done, of: this.domain.products.length });
        const report = await this.product(product);
        products.push(report);
        this.emit({ verb: 'made', domain: this.domain.name, product: report, done: done + 1, of: this.domain.products.length });
      }
      if (products.some((product) => product.outcome === 'published')) await this.publishLineage();
      await this.keepHouse();
      return { domain: this.domain.name, sources: reports, products, milliseconds: performance.now() - started };
    } finally {
      await (await this.opened)?.close();
    }
  }

  /** History beyond what is kept goes, for the tables that grew in this run. */
  private async keepHouse(): Promise<void> {
    const { store, retention = { keep: 100, graceMs: 3_600_000 } } = this.adapters;
    for (const table of this.grown) {
      await store.expire(table, { keep: retention.keep });
      await store.collect(table, { graceMs: retention.graceMs });
    }
  }

  private emit(event: SwarmEvent): void {
    this.options.onEvent?.(event);
  }

  private async takeIn(from: string): Promise<SourceReport[]> {
    return takeIn({
      domain: this.domain,
      session: () => this.session(),
      landings: this.adapters.landings,
      from,
      origin: this.options.origin ?? from,
      onEvent: (event) => this.emit(event),
      signal: this.options.signal,
    });
  }

  private async product(product: DataProduct): Promise<ProductReport> {
    const started = performance.now();
    const table = tableOf(product.contract);
    const base = { product: product.id, layer: product.layer };
    const nothing = { version: undefined, rows: 0, refused: 0, duplicates: 0, repairs: {}, violations: {}, verdict: undefined };
    const took = () => ({ milliseconds: performance.now() - started });
    try {
      const current = await this.adapters.store.current(table);
      const missing = this.productInputs(product).filter((name) => !this.inputs.has(name));
      if (missing.length > 0) {
        const error = new SkeinError('SKEIN_STEP_FAILED', `${product.id} reads ${missing.join(', ')}, which has no snapshot`, { hint: 'See why that product was not published.' });
        return { ...base, ...nothing, outcome: 'skipped', error, ...took() };
      }
      const malformed = this.malformedOf(product);
      const inputHash = this.inputHash(product, malformed);
      if (current?.inputHash === inputHash) {
        this.inputs.set(product.id, current);
        return { ...base, ...storedFigures(current), outcome: 'unchanged', ...took() };
      }
      const candidate = await this.makeOne(product, malformed);
      const lineage = this.lineageOf(product, inputHash);
      const { verdict } = candidate;
      await this.publishFeedback(product, candidate, inputHash, lineage);
      const figures = { refused: Number(verdict.refused), duplicates: candidate.duplicates, repairs: candidate.repairs, violations: candidate.violations, verdict };
      if (!verdict.passed) {
        if (current) this.inputs.set(product.id, current);
        const failed = verdict.gates.filter((gate) => gate.severity === 'error' && (gate.outcome === 'failed' || gate.outcome === 'error'));
        const error = new SkeinError('SKEIN_GATE_FAILED', `${product.id} was not published: ${failed.map((gate) => `${gate.check}: ${gate.reason ?? gate.outcome}`).join('; ')}`, {
          hint: `Look at ${product.id}_feedback, mend the source or the step, then run again. Live stays ${current ? `version ${current.version}` : 'nothing: there is no good version yet'}.`,
          context: { product: product.id, gates: failed.map((gate) => gate.check), live: current?.version },
        });
        return { ...base, ...figures, outcome: 'refused', version: current?.version, rows: Number(current?.rows ?? 0n), error, ...took() };
      }
      const snapshot = await this.publish(table, product.contract, candidate.accepted, {
        extra: product.layer === 'silver' ? POSITION_COLUMNS : [],
        inputHash,
        lineage,
        verdictHash: verdict.hash,
        verdict: { ...verdict, duplicates: candidate.duplicates, repairs: candidate.repairs, violations: candidate.violations },
      });
      this.inputs.set(product.id, snapshot);
      return { ...base, ...figures, outcome: 'published', version: snapshot.version, rows: Number(snapshot.rows), ...took() };
    } catch (error) {
      if (this.options.signal?.aborted) throw error;
      const known = error instanceof SkeinError ? error : new SkeinError('SKEIN_STEP_FAILED', `${product.id}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      const live = await this.adapters.store.current(table).catch(() => undefined);
      if (live) this.inputs.set(product.id, live);
      return { ...base, ...nothing, version: live?.version, rows: Number(live?.rows ?? 0n), outcome: 'failed', error: known, ...took() };
    }
  }

  private async makeOne(product: DataProduct, malformed: readonly Malformed[]): Promise<Candidate> {
    const session = await this.session();
    for (const name of product.step.from) await this.defineInput(session, name);
    for (const property of product.contract.properties) {
      for (const reference of property.references) await this.defineReference(session, reference.product);
    }
    return make(session, product, this.planOf(product.contract), malformed, (name) => (this.inputs.has(name) ? `"_ref_${name}"` : undefined));
  }

  private planOf(contract: Contract): CheckPlan {
    const known = this.plans.get(contract.hash) ?? checkPlan(contract);
    this.plans.set(contract.hash, known);
    return known;
  }

  /** Makes a name of `step.from` readable: a bronze table over its landings, or a product's newest snapshot. */
  private async defineInput(session: EngineSession, name: string): Promise<void> {
    const bronze = this.domain.bronze.find((table) => table.name === name);
    if (bronze) {
      if (this.defined.has(name)) return;
      const readers = this.domain.products.filter((product) => product.step.from.includes(name)).length;
      await defineBronze(session, this.domain, bronze, this.live, readers);
      this.defined.add(name);
      return;
    }
    const snapshot = this.inputs.get(`${this.domain.name}.${name}`);
    if (!snapshot) throw new SkeinError('SKEIN_STEP_FAILED', `${this.domain.name} has neither a bronze table nor a product named ${name}`);
    await session.run(`CREATE OR REPLACE TEMP VIEW "${name}" AS ${snapshotScan(snapshot)}`);
  }

  private async defineReference(session: EngineSession, product: string): Promise<void> {
    const snapshot = this.inputs.get(product);
    if (snapshot) await session.run(`CREATE OR REPLACE TEMP VIEW "_ref_${product}" AS ${snapshotScan(snapshot)}`);
  }

  private productInputs(product: DataProduct): string[] {
    return product.step.from.filter((name) => !this.domain.bronze.some((table) => table.name === name)).map((name) => `${this.domain.name}.${name}`);
  }

  private landingInputs(product: DataProduct): Landing[] {
    const tables = this.domain.bronze.filter((table) => product.step.from.includes(table.name));
    return this.live.filter((landing) => tables.some((table) => landingsOf(table, [landing]).length > 0));
  }

  /** Unreadable lines are charged to the first product that reads their bronze table. */
  private malformedOf(product: DataProduct): Malformed[] {
    const first = this.domain.bronze.filter((table) => this.domain.products.find((one) => one.step.from.includes(table.name)) === product);
    return this.live
      .filter((landing) => landing.rejects.length > 0 && first.some((table) => landingsOf(table, [landing]).length > 0))
      .flatMap((landing) => landing.rejects.map((reject) => ({ file: landing.file, ...reject })));
  }

  /** Equal for equal contract, step, bronze and inputs: then the product would come out equal too. */
  private inputHash(product: DataProduct, malformed: readonly Malformed[]): string {
    const { step } = product;
    return sha256(
      canonicalJson({
        contract: product.contract.hash,
        step: { sql: step.sql, from: step.from, dedupe: step.dedupe },
        bronze: this.domain.bronze.filter((table) => step.from.includes(table.name)).map((table) => ({ name: table.name, sql: table.sql, columns: table.columns })),
        landings: this.landingInputs(product).map((landing) => [landing.file, landing.table, landing.sha256, landing.sequence]),
        products: this.productInputs(product).map((name) => [name, this.inputs.get(name)?.inputHash]),
        references: product.contract.properties.flatMap((property) => property.references.map((reference) => this.inputs.get(reference.product)?.inputHash ?? reference.product)),
        malformed: malformed.length,
      }),
    );
  }

  private lineageOf(product: DataProduct, run: string): SnapshotLineage {
    const { step } = product;
    const bronze = this.domain.bronze.filter((table) => step.from.includes(table.name));
    return {
      run,
      inputs: [
        ...this.landingInputs(product).map((landing) => ({ kind: 'landing' as const, name: landing.file, sha256: landing.sha256 })),
        ...this.productInputs(product).map((name) => ({ kind: 'product' as const, name, version: this.inputs.get(name)?.version ?? 0 })),
      ],
      columns: [
        ...Object.entries(step.lineage ?? {}).map(([column, from]) => ({ column, from: from.map((name) => `${this.domain.name}.${name}`) })),
        ...bronze.flatMap((table) =>
          Object.entries(table.lineage ?? {}).map(([column, from]) => ({ column: `${table.name}.${column}`, from: from.map((name) => `landing:${table.source}.${name}`) })),
        ),
      ],
    };
  }

  private async publishFeedback(product: DataProduct, candidate: Candidate, inputHash: string, lineage: SnapshotLineage): Promise<void> {
    const { feedback } = this.system;
    const table: TableRef = { domain: this.domain.name, name: `${product.contract.name}_feedback`, major: 1 };
    const hash = sha256(`${inputHash} ${feedback.hash}`);
    if ((await this.adapters.store.current(table))?.inputHash === hash) return;
    const columns = feedback.properties.map((property) => (property.name === 'run_id' ? `'${inputHash.slice(0, 16)}' AS run_id` : `"${property.name}"`));
    await this.publish(table, feedback, `SELECT ${columns.join(', ')} FROM (${candidate.feedback})`, {
      extra: [],
      inputHash: hash,
      lineage,
      verdictHash: candidate.verdict.hash,
      verdict: candidate.verdict,
    });
  }

  /** The lineage table of the domain: every column of every live product, and what it was made of. */
  private async publishLineage(): Promise<void> {
    const { lineage } = this.system;
    const snapshots = this.domain.products.map((product) => this.inputs.get(product.id)).filter((snapshot) => snapshot !== undefined);
    const inputHash = sha256(canonicalJson([lineage.hash, snapshots.map((snapshot) => [snapshot.product, snapshot.version])]));
    const table: TableRef = { domain: this.domain.name, name: 'lineage', major: 1 };
    if ((await this.adapters.store.current(table))?.inputHash === inputHash) return;
    await this.publish(table, lineage, lineageRows(this.domain, snapshots), {
      extra: [],
      inputHash,
      lineage: { run: inputHash, inputs: snapshots.map((snapshot) => ({ kind: 'product', name: snapshot.product, version: snapshot.version })), columns: [] },
      verdictHash: sha256(inputHash),
      verdict: { passed: true },
    });
  }

  private async publish(
    table: TableRef,
    contract: Contract,
    query: string,
    draft: { extra: readonly WantedColumn[]; inputHash: string; lineage: SnapshotLineage; verdictHash: string; verdict: unknown },
  ): Promise<Snapshot> {
    const { store, bus } = this.adapters;
    const columns: WantedColumn[] = [
      ...contract.properties.map(({ id, name, type, required }) => ({ propertyId: id, name, type, required })),
      ...draft.extra,
    ];
    const staging = await store.begin(table, columns);
    try {
      const files = await (await this.session()).writeParquet(query, staging.directory, staging.fields);
      const snapshot = await store.commit(staging, {
        expectedVersion: this.before.get(tableKey(table)) ?? 0,
        files,
        contractHash: contract.hash,
        contractVersion: contract.version,
        verdictHash: draft.verdictHash,
        inputHash: draft.inputHash,
        lineage: draft.lineage,
        verdict: draft.verdict,
      });
      this.grown.push(table);
      await tell(bus, snapshot);
      return snapshot;
    } catch (error) {
      await store.abandon(staging).catch(() => undefined);
      throw error;
    }
  }
}

/** Where a silver row came from: lineage columns beside the contract's own. */
const POSITION_COLUMNS: readonly WantedColumn[] = [
  { propertyId: '_source', name: '_source', type: { kind: 'string' }, required: true },
  { propertyId: '_position', name: '_position', type: { kind: 'int', bits: 64 }, required: true },
];

/** Figures of the run that published a snapshot, as its sidecar keeps them. */
function storedFigures(snapshot: Snapshot): Omit<ProductReport, 'product' | 'layer' | 'outcome' | 'milliseconds'> {
  const stored = (snapshot.verdict ?? {}) as { refused?: number | string; duplicates?: number; repairs?: Record<string, number>; violations?: Record<string, number> };
  return {
    version: snapshot.version,
    rows: Number(snapshot.rows),
    refused: Number(stored.refused ?? 0),
    duplicates: stored.duplicates ?? 0,
    repairs: stored.repairs ?? {},
    violations: stored.violations ?? {},
    verdict: undefined,
  };
}
