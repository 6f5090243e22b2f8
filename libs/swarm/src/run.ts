import { availableParallelism } from 'node:os';
import { canonicalJson, ident, sha256, SkeinError } from '@skein/kernel';
import { checkPlan } from '@skein/verifier';
import type { EngineSession } from '@skein/ports';
import { tableOf, type DataProduct, type Domain, type Landing, type Snapshot } from '@skein/product';
import { usable } from './agents/cleaner.ts';
import { ingest } from './agents/ingestor.ts';
import { BronzeLayers } from './bronze-layers.ts';
import { defineBronze, liveLandings, refuseLacking } from './bronze.ts';
import type { Candidate, HealingWith } from './candidate.ts';
import { concealedAgain, concealmentOf, type Concealment } from './concealment.ts';
import { gapRows } from './gap.ts';
import { runJobs, type Job } from './lanes.ts';
import { bronzeScan, type BronzeReport } from './layers.ts';
import { byKey, recordOf, type MakingRecord } from './record.ts';
import type { EscalatedGap } from './review/escalation.ts';
import { detectPersonal, type SourceColumn } from './review/masking.ts';
import { shownAsRestricted } from './review/restricted.ts';
import { make } from './make.ts';
import { reachedColumns } from './masks.ts';
import { boardOfRun } from './run-board.ts';
import { inputHash, inputsOf, lineageOf, type Inputs } from './provenance.ts';
import { Publisher } from './publisher.ts';
import type { ProductReport, RunReport, SourceReport, SwarmEvent } from './report.ts';
import { sampledRows, sampleOf, type Sampling } from './sample.ts';
import { snapshotScan } from './scan.ts';
import type { SnapshotLayout } from './snapshot-layout.ts';
import type { RunOptions, SwarmAdapters, SystemContracts } from './swarm.ts';
import { Telling } from './telling.ts';

/** One run of a domain: takes in what is new, then makes and publishes its products. */
export async function runOnce(domain: Domain, system: SystemContracts, given: SwarmAdapters, options: RunOptions): Promise<RunReport> {
  const started = performance.now();
  const adapters: SwarmAdapters = given.board === undefined ? given : { ...given, board: boardOfRun(given.board, { signal: options.signal }) };
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
            open: () => adapters.engine.open(),
            lanes: lanesOf(adapters),
            landings: adapters.landings,
            from: options.from,
            origin: options.origin ?? options.from,
            onEvent: emit,
            signal: options.signal,
          });
    await publisher.noteVersions();
    const { live, sources } = await countedLandings(domain, adapters, taken.sources);
    const concealment = await concealmentOf({ domain, landings: adapters.landings, session, board: adapters.board }, live);
    const undecided = concealment.undecided.map(({ source }) => source);
    if (undecided.length > 0) await adapters.escalatePersonal?.(undecided).catch(() => undefined);
    const run = new Run(concealment, adapters, publisher, live, undefined, new Telling(emit, adapters.proposer));
    try {
      if (options.sampling !== undefined) await run.sample(options.sampling, options.signal);
      const products = await run.products(options.signal, emit);
      if (products.some((product) => product.outcome === 'published')) await publisher.lineage(run.published());
      await publisher.keepHouse();
      const bronze = await run.keepBronze();
      for (const report of bronze) emit({ verb: 'layered', domain: domain.name, bronze: report });
      return {
        domain: domain.name,
        sources,
        ignored: taken.ignored,
        undecided: undecided.map(personalReport),
        products,
        bronze,
        milliseconds: performance.now() - started,
      };
    } finally {
      await run.close();
    }
  } finally {
    await (await opened)?.close();
  }
}

function personalReport(column: SourceColumn): { column: string; why: string } {
  return { column: column.context.column, why: detectPersonal(column)?.why ?? '' };
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

const MOST_LANES = 4;

function lanesOf({ lanes }: SwarmAdapters): number {
  return lanes ?? Math.min(MOST_LANES, availableParallelism());
}

/** Rows of a gap that are shown to a person, and gaps that are handed over in one run. */
const SHOWN_ROWS = 20;
const MOST_ESCALATED = 200;

/** What one lane works with: a session, and the bronze tables that stand in it. */
interface Lane {
  readonly session: EngineSession;
  readonly defined: Set<string>;
}

class Run {
  readonly #domain: Domain;
  readonly #concealment: Concealment;
  readonly #adapters: SwarmAdapters;
  readonly #publisher: Publisher;
  readonly #live: readonly Landing[];
  /** Products whose rows this run can read, with the snapshot they come from. */
  readonly #snapshots: Map<string, Snapshot>;
  readonly #lanes: Promise<Lane>[] = [];
  readonly #layers: BronzeLayers;

  readonly #telling: Telling | undefined;

  constructor(
    concealment: Concealment,
    adapters: SwarmAdapters,
    publisher: Publisher,
    live: readonly Landing[],
    snapshots = new Map<string, Snapshot>(),
    telling?: Telling,
  ) {
    this.#telling = telling;
    this.#domain = concealment.domain;
    this.#concealment = concealment;
    this.#adapters = adapters;
    this.#publisher = publisher;
    this.#live = live;
    this.#snapshots = snapshots;
    this.#layers = new BronzeLayers(concealment.domain, adapters, live);
  }

  /** Makes all products, those at once that do not need each other; reports come in the order of the domain. */
  async products(signal: AbortSignal | undefined, emit: (event: SwarmEvent) => void): Promise<ProductReport[]> {
    const { name: domain, products, bronze } = this.#domain;
    const reports = new Map<string, ProductReport>();
    const jobs = products.map((product, index): Job => {
      const { from } = product.step;
      const needs = new Set([
        ...from.map((name) => `${domain}.${name}`),
        ...product.contract.properties.flatMap(({ references }) => references.map((reference) => reference.product)),
      ]);
      const before = products.slice(0, index).filter(({ id }) => needs.has(id));
      return { id: product.id, after: before.map(({ id }) => id), warm: from.filter((name) => bronze.some((table) => table.name === name)) };
    });
    await runJobs(jobs, lanesOf(this.#adapters), async ({ id }, lane) => {
      const product = products.find((one) => one.id === id);
      if (product === undefined) return;
      signal?.throwIfAborted();
      emit({ verb: 'making', domain, product: id, done: reports.size, of: products.length });
      const report = await this.product(product, lane, signal);
      reports.set(id, report);
      emit({ verb: 'made', domain, product: report, done: reports.size, of: products.length });
    });
    return products.flatMap(({ id }) => reports.get(id) ?? []);
  }

  /** Tells what the first rows of large sources show of the products that would be made anew. What cannot be made so is told of by `products`. */
  async sample(sampling: Sampling, signal: AbortSignal | undefined): Promise<void> {
    let session: EngineSession | undefined;
    try {
      for (const product of this.#domain.products) {
        const rows = sampledRows(this.#domain, product, this.#live, sampling);
        if (rows === undefined || (await this.#standsAsLive(product))) continue;
        signal?.throwIfAborted();
        session ??= await this.#adapters.engine.open();
        try {
          sampling.tell(await sampleOf({ session, domain: this.#domain, live: this.#live, sandbox: this.#adapters.sandbox, sampling }, product, rows));
        } catch (error) {
          if (signal?.aborted) throw error;
        }
      }
    } finally {
      await session?.close();
    }
  }

  /** Whether a product that reads no other is live as it would be made. Products that it refers to may yet be made anew. */
  async #standsAsLive(product: DataProduct): Promise<boolean> {
    const current = await this.#adapters.store.current(tableOf(product.contract));
    if (current === undefined) return false;
    const known = new Map(this.#snapshots);
    for (const one of this.#domain.products) {
      const snapshot = await this.#adapters.store.current(tableOf(one.contract));
      if (snapshot !== undefined) known.set(one.id, snapshot);
    }
    return this.#isCurrent(current, inputHash(product, this.#concealment.conceal(inputsOf(this.#domain, product, this.#live)), known));
  }

  async close(): Promise<void> {
    // A lane that had nothing to do was never opened, and leaves a hole.
    for (const lane of await Promise.allSettled(Object.values(this.#lanes))) if (lane.status === 'fulfilled') await lane.value.session.close();
  }

  #lane(index: number): Promise<Lane> {
    return (this.#lanes[index] ??= this.#adapters.engine.open().then((session) => ({ session, defined: new Set<string>() })));
  }

  /** The live snapshots of the domain's products. */
  published(): Snapshot[] {
    return this.#domain.products.map((product) => this.#snapshots.get(product.id)).filter((snapshot) => snapshot !== undefined);
  }

  /** Makes one product and publishes it, if its contract lets it pass. Throws only when `signal` says so. */
  async product(product: DataProduct, lane: number, signal: AbortSignal | undefined): Promise<ProductReport> {
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
    let told = false;
    try {
      current = await this.#adapters.store.current(tableOf(product.contract));
      const inputs = this.#concealment.conceal(inputsOf(this.#domain, product, this.#live));
      const missing = inputs.products.filter((name) => !this.#snapshots.has(name));
      if (missing.length > 0) {
        const reason = new SkeinError('SKEIN_STEP_FAILED', `${product.id} reads ${missing.join(', ')}, which has no snapshot`, {
          hint: 'See why that product was not published.',
        });
        return report('skipped', {}, reason);
      }
      const base = inputHash(product, inputs, this.#snapshots);
      if (current && this.#isCurrent(current, base)) {
        if (this.#concealment.masksOf(product).length > 0) this.#publisher.noteHidden(product, false);
        this.#snapshots.set(product.id, current);
        return report('unchanged', storedFigures(current));
      }
      const { session } = await this.#lane(lane);
      const candidate = await this.make(product, inputs, lane);
      this.#telling?.made(product, candidate);
      await this.#escalate(session, product, candidate);
      // What the swarm knew is an input too, where it changed a cell.
      const hash = candidate.patterns.length === 0 ? base : sha256(canonicalJson([base, candidate.patterns.map(({ id }) => id)]));
      const record = this.#record(product, base, candidate);
      const { verdict, duplicates, repairs, violations, repaired, escalated } = candidate;
      const figures = { refused: Number(verdict.refused), duplicates, repairs, violations, repaired, escalated, verdict };
      const lineage = lineageOf(this.#domain, product, inputs, this.#snapshots, hash);
      if (record.masks !== undefined && record.masks.length > 0) {
        const before = current && recordOf(current)?.masks;
        this.#publisher.noteHidden(product, current !== undefined && record.masks.some(({ id }) => before?.some((mask) => mask.id === id) !== true));
      }
      await this.#publisher.feedback(session, product, candidate, hash, lineage);
      told = true;
      if (!verdict.passed) {
        current = await this.#withhold(session, product, current, told);
        if (current) this.#snapshots.set(product.id, current);
        return report('refused', { ...figures, version: current?.version, rows: Number(current?.rows ?? 0n) }, gateError(product, candidate, current));
      }
      // An export that failed looks like one without rows: a product that had some is not emptied by it.
      if (current && current.rows > 0n && verdict.rows === verdict.refused) {
        current = (await this.#withhold(session, product, current, told)) ?? current;
        this.#snapshots.set(product.id, current);
        return report('refused', { ...figures, version: current.version, rows: Number(current.rows) }, emptiedError(product, current));
      }
      const snapshot = await this.#publisher.product(session, product, candidate, record, hash, lineage);
      this.#snapshots.set(product.id, snapshot);
      return report('published', { ...storedFigures(snapshot), ...figures, version: snapshot.version, rows: Number(snapshot.rows) });
    } catch (error) {
      if (signal?.aborted) throw error;
      const known =
        error instanceof SkeinError
          ? error
          : new SkeinError('SKEIN_STEP_FAILED', `${product.id}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      // What cannot be withheld either is said by the error that stands.
      current = await this.#lane(lane)
        .then(({ session }) => this.#withhold(session, product, current, told))
        .catch(() => current);
      if (current) this.#snapshots.set(product.id, current);
      return report('failed', { version: current?.version, rows: Number(current?.rows ?? 0n) }, known);
    }
  }

  /**
   * What is live instead of `current`, which stays live because the product could not be made: a version that hides what persons decided to hide since
   * `current` was made, so that a value is not shown for as long as the product is held up. `told`: the feedback dataset has been written anew.
   */
  async #withhold(session: EngineSession, product: DataProduct, current: Snapshot | undefined, told: boolean): Promise<Snapshot | undefined> {
    const masks = this.#concealment.masksOf(product);
    if (current === undefined || masks.length === 0) return current;
    const record: MakingRecord = recordOf(current) ?? { base: current.inputHash, patterns: [], tried: [], open: [], references: {} };
    const done = new Set([...(record.masks ?? []).map(({ id }) => id), ...(record.withheld ?? [])]);
    const late = masks.filter(({ id }) => !done.has(id));
    const columns = reachedColumns(this.#domain, product, late);
    if (columns.length === 0) return current;
    this.#publisher.noteHidden(product, true);
    if (!told) await this.#publisher.withholdFeedback(session, product);
    const withheld = [...(record.withheld ?? []), ...late.map(({ id }) => id)].sort();
    return this.#publisher.withhold(session, product, current, columns, { ...record, base: 'withheld', withheld });
  }

  /** Whether the snapshot is what would be made now: equal inputs, and nothing learned or unlearned since that would change a cell. */
  #isCurrent(current: Snapshot, base: string): boolean {
    const record = recordOf(current);
    if (record === undefined) return current.inputHash === base;
    if (record.base !== base) return false;
    const { board } = this.#adapters;
    if (board === undefined) return true;
    if (record.patterns.some(({ id }) => board.rejection(id) !== undefined)) return false;
    return !record.open.some((key) => usable({ board }, key).some(({ id }) => !record.tried.includes(id)));
  }

  #record(product: DataProduct, base: string, { patterns, tried, persisting }: Candidate): MakingRecord {
    const references = product.contract.properties.flatMap((property) => property.references.map((reference) => reference.product));
    return {
      base,
      patterns,
      masks: this.#concealment.masksOf(product),
      tried,
      open: persisting.filter(({ gap }) => gap.repairable).map(({ gap }) => gap.key),
      references: Object.fromEntries(
        references.flatMap((name) => {
          const version = this.#snapshots.get(name)?.version;
          return version === undefined ? [] : [[name, version]];
        }),
      ),
    };
  }

  #healing(product: DataProduct, fixed: MakingRecord | undefined): HealingWith {
    if (fixed !== undefined) return { fixed: byKey(fixed.patterns) };
    const { board, rewards } = this.#adapters;
    const model = this.#telling?.modelFor(product);
    return { ...(board && { board }), ...(rewards !== undefined && { rewards }), ...(model && { model }) };
  }

  /** Hands over what persists. That nobody can be asked now takes nothing from the product: the gaps stand in its feedback dataset. */
  async #escalate(session: EngineSession, product: DataProduct, { persisting }: Candidate): Promise<void> {
    const { escalate } = this.#adapters;
    if (escalate === undefined || persisting.length === 0) return;
    const hidden = this.#concealment.undecidedIn(product.id);
    const gaps: EscalatedGap[] = [];
    for (const { gap, why } of persisting.slice(0, MOST_ESCALATED)) {
      const message = `${gap.property.name} breaks ${gap.gap.signature.rule}: ${why}`;
      gaps.push(shownAsRestricted({ gap: gap.gap, message, rows: await gapRows(session, product, gap, SHOWN_ROWS) }, hidden));
    }
    await escalate(gaps).catch(() => undefined);
  }

  async make(product: DataProduct, inputs: Inputs, lane: number, fixed?: MakingRecord): Promise<Candidate> {
    const { session, defined } = await this.#lane(lane);
    for (const name of product.step.from) await this.#define(session, defined, name);
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
      healing: this.#healing(product, fixed),
    });
  }

  /** See `BronzeLayers.keepHouse`. */
  keepBronze(): Promise<BronzeReport[]> {
    return this.#layers.keepHouse(async () => (await this.#lane(0)).session);
  }

  /** Makes a name of `step.from` readable: a bronze table over its landings, or a product's newest snapshot. */
  async #define(session: EngineSession, defined: Set<string>, name: string): Promise<void> {
    const bronze = this.#domain.bronze.find((table) => table.name === name);
    if (bronze) {
      if (defined.has(name)) return;
      const layered = await this.#layers.lay(session, bronze);
      // A version without files has no columns to show; the landings have.
      if (layered?.version && layered.version.files.length > 0) {
        await session.run(`CREATE OR REPLACE TEMP VIEW ${ident(name)} AS ${bronzeScan(layered.version)}`);
      } else {
        const readers = this.#domain.products.filter((product) => product.step.from.includes(name)).length;
        await defineBronze(session, this.#domain, bronze, this.#live, readers);
      }
      defined.add(name);
      return;
    }
    const snapshot = this.#snapshots.get(`${this.#domain.name}.${name}`);
    if (!snapshot) throw new SkeinError('SKEIN_STEP_FAILED', `${this.#domain.name} has neither a bronze table nor a product named ${name}`);
    await session.run(`CREATE OR REPLACE TEMP VIEW "${name}" AS ${snapshotScan(snapshot)}`);
  }
}

/** What making a snapshot again came to. */
export interface Replay {
  readonly product: string;
  readonly version: number;
  readonly verdictHash: string;
  /** Whether the verdict is the one that the snapshot was published with. */
  readonly same: boolean;
}

export async function replay(domain: Domain, system: SystemContracts, adapters: SwarmAdapters, id: string, version?: number): Promise<Replay> {
  const { store } = adapters;
  const product = domain.products.find((one) => one.id === id);
  const table = product && tableOf(product.contract);
  const snapshot = table && (version === undefined ? await store.current(table) : await store.asOf(table, { version }));
  if (!product || !snapshot) throw new SkeinError('SKEIN_SNAPSHOT_NONE', `${id} has no snapshot to make again`);
  const record: MakingRecord = recordOf(snapshot) ?? { base: snapshot.inputHash, patterns: [], tried: [], open: [], references: {} };
  const landings = await adapters.landings.list(domain.name);
  const live: Landing[] = [];
  const snapshots = new Map<string, Snapshot>();
  const products = new Map(Object.entries(record.references));
  for (const input of snapshot.lineage.inputs) {
    if (input.kind === 'product') {
      // Without a version: of another domain, and read from a landing.
      if (input.version !== undefined) products.set(input.name, input.version);
    } else {
      const landing = landings.findLast((one) => one.file === input.name && one.sha256 === input.sha256);
      if (!landing) throw new SkeinError('SKEIN_SNAPSHOT_NONE', `${id}@${snapshot.version} was made of ${input.name}, which is no longer there as it was`);
      live.push(landing);
    }
  }
  for (const [name, at] of products) {
    const [owner = '', table = ''] = name.split('.');
    const contract = domain.products.find((one) => one.id === name)?.contract;
    snapshots.set(name, await store.asOf(contract ? tableOf(contract) : { domain: owner, name: table, major: 1 }, { version: at }));
  }
  live.sort((a, b) => a.sequence - b.sequence);
  // What a landing held then is read from the landing: the files hold what counts now.
  const then = { ...adapters, bronze: undefined };
  let opened: Promise<EngineSession> | undefined;
  const masks = record.masks ?? [];
  const concealment = await concealedAgain(domain, masks, () => (opened ??= adapters.engine.open())).finally(async () => (await opened)?.close());
  const run = new Run(concealment, then, new Publisher(domain, system, then, () => adapters.engine.open()), live, snapshots);
  try {
    const { verdict } = await run.make(product, concealment.conceal(inputsOf(concealment.domain, product, live)), 0, record);
    return { product: id, version: snapshot.version, verdictHash: verdict.hash, same: verdict.hash === snapshot.verdictHash };
  } finally {
    await run.close();
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
    layout?: SnapshotLayout;
  };
  return {
    ...(stored.layout ? { layout: stored.layout } : {}),
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
