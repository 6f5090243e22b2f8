import { systemClock } from '@skein/kernel';
import { tableOf, type Domain, type Snapshot } from '@skein/product';
import { succeeded, type ProductReport, type RunReport, type SwarmEvent, type SystemContracts } from '@skein/swarm';
import { contractStep, type ContractStep } from './contract-step.ts';
import type { NewLanding } from './overlay-landings.ts';
import { keyOf } from './overlay-snapshots.ts';
import { rowDiff, type RowDiff } from './row-diff.ts';
import { scratchSwarm } from './scratch-swarm.ts';

export interface PlanOptions {
  readonly domain: Domain;
  readonly system: SystemContracts;
  /** The data directory: read, never written. */
  readonly data: string;
  /** An empty folder for this plan alone. */
  readonly scratch: string;
  /** Folder to take source files from; without it, what has landed before is used. */
  readonly from?: string | undefined;
  /** Only this product's rows are compared; the others it needs are made all the same. */
  readonly product?: string | undefined;
  readonly onEvent?: (event: SwarmEvent) => void;
  readonly signal?: AbortSignal;
}

export interface ProductPlan {
  readonly product: string;
  /** What a publish would come to. */
  readonly outcome: 'publish' | Exclude<ProductReport['outcome'], 'published'>;
  readonly live: { readonly version: number; readonly rows: bigint; readonly contractVersion: string } | undefined;
  readonly next: { readonly version: number; readonly rows: bigint; readonly contractVersion: string } | undefined;
  /** Undefined where nothing would be published. */
  readonly diff: RowDiff | undefined;
  readonly contract: ContractStep;
  readonly report: ProductReport;
}

export interface Plan {
  readonly domain: string;
  readonly from: string | undefined;
  readonly run: RunReport;
  readonly products: readonly ProductPlan[];
  /** Whether all of the domain could be published, and every contract lets it. */
  readonly passes: boolean;
  /** Whether a publish would change a product. */
  readonly changes: boolean;
  /** What is published must be this. */
  readonly held: Held;
  readonly milliseconds: number;
}

/** What a plan was made of and what it came to, by which a publish is held to it. */
export interface Held {
  /** Landings that counted when it began. */
  readonly landed: number;
  readonly added: readonly NewLanding[];
  /** Table → version that was live, 0 without one. */
  readonly live: Readonly<Record<string, number>>;
  /** Table → hash of the inputs of what would be published. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** Runs the domain's swarm over a scratch folder, and compares what comes of it with what is live. Faults of sources and products are in the plan; only a signal throws. */
export async function makePlan({ domain, system, data, scratch, from, product: wanted, onEvent, signal }: PlanOptions): Promise<Plan> {
  const started = performance.now();
  const { swarm, store, landings, engine, close } = await scratchSwarm(domain, system, data, scratch);
  try {
    const before = await landings.before(domain.name);
    const run = await swarm.run({ ...(from === undefined ? {} : { from }), ...(onEvent ? { onEvent } : {}), ...(signal ? { signal } : {}) });
    const made = new Map(store.published.map((snapshot) => [snapshot.product, snapshot]));
    const today = new Date(systemClock.now()).toISOString().slice(0, 10);
    const products: ProductPlan[] = [];
    const session = await engine.open();
    try {
      for (const { id, contract } of domain.products) {
        const report = run.products.find(({ product }) => product === id);
        if (report === undefined || (wanted !== undefined && id !== wanted)) continue;
        signal?.throwIfAborted();
        const live = await store.before(tableOf(contract));
        const next = made.get(id);
        const step = await contractStep(contract, live, today);
        const hidden = live !== undefined && next !== undefined && isNewlyMasked(live, next) ? new Set(live.fields.map(({ name }) => name)) : step.hiddenBefore;
        products.push({
          product: id,
          outcome: report.outcome === 'published' ? 'publish' : report.outcome,
          live: live && { version: live.version, rows: live.rows, contractVersion: live.contractVersion },
          next: next && { version: (live?.version ?? 0) + 1, rows: next.rows, contractVersion: contract.version },
          diff: next && (await rowDiff(session, contract, live, next, hidden)),
          contract: step,
          report,
        });
      }
    } finally {
      await session.close();
    }
    const live: Record<string, number> = {};
    for (const table of await store.tables()) if (table.domain === domain.name) live[keyOf(table)] = (await store.before(table))?.version ?? 0;
    return {
      domain: domain.name,
      from,
      run,
      products,
      passes: succeeded(run) && products.every(({ contract }) => contract.step?.allowed !== false),
      changes: products.some(({ outcome }) => outcome === 'publish'),
      held: {
        landed: before.length,
        added: landings.added,
        live,
        inputs: Object.fromEntries(store.published.map((snapshot) => [keyOf(snapshot.table), snapshot.inputHash])),
      },
      milliseconds: performance.now() - started,
    };
  } finally {
    await close();
  }
}

/** Whether columns are hidden that were not so before: then no value that is live is shown. */
function isNewlyMasked(live: Snapshot, next: Snapshot): boolean {
  const masks = (snapshot: Snapshot) => JSON.stringify((snapshot.verdict as { record?: { masks?: unknown } } | undefined)?.record?.masks ?? []);
  return masks(live) !== masks(next);
}
