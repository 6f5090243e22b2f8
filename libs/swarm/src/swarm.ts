import { SkeinError } from '@skein/kernel';
import type { Contract } from '@skein/contract';
import type { BronzeStore, EventBus, LandingStore, PatternBoard, Proposer, QueryEngine, QuerySandbox, SnapshotStore } from '@skein/ports';
import type { Domain, LayoutLimits, QueryProfile } from '@skein/product';
import { tell } from './publisher.ts';
import type { RunReport, SwarmEvent } from './report.ts';
import { replay, runOnce, type Replay } from './run.ts';
import type { EscalatedGap } from './review/escalation.ts';
import type { Sampling } from './sample.ts';
import type { SourceColumn } from './review/masking.ts';

export interface SwarmAdapters {
  readonly engine: QueryEngine;
  readonly store: SnapshotStore;
  readonly landings: LandingStore;
  readonly bus: EventBus;
  /** Where the SQL rules of contracts run: their authors are trusted no more than consumers are. Whoever made it closes it. */
  readonly sandbox: QuerySandbox;
  /** Where the swarm shares what it learned; without it, each product finds its own solutions. */
  readonly board?: PatternBoard;
  /** Who proposes solutions of gaps that no agent can read, such as a language model; default nobody. */
  readonly proposer?: Proposer;
  /** Whether what families of solutions earned orders them; default true, where there is a board. Changes speed, and no outcome. */
  readonly rewards?: boolean;
  /** Takes gaps that no agent could close, such as `MetaSwarmlet.consider`. One that fails does not fail the run. */
  readonly escalate?: (gaps: readonly EscalatedGap[]) => Promise<unknown>;
  /** Takes columns of sources that seem to hold personal data, such as `MetaSwarmlet.considerPersonal`. One that fails does not fail the run. */
  readonly escalatePersonal?: (columns: readonly SourceColumn[]) => Promise<unknown>;
  /** Files that are landed, and products that are made, at once; default the number of cores, and 4 at most. */
  readonly lanes?: number;
  /** Where bronze tables are kept as files when they are large; without it, they are read from their landings. */
  readonly bronze?: BronzeStore | undefined;
  /** Sizes that layouts keep to, and from which size on bronze is kept as files; defaults of `planLayout`. */
  readonly layout?: Partial<LayoutLimits>;
  /** What consumers filter a product by: the order of rows in its next snapshots follows it. Without it, rows stay in the order of arrival. */
  readonly queries?: (product: string) => Promise<readonly QueryProfile[]>;
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
  /** Tells first what a sample of large sources shows; default: nothing is sampled. What is published is made and judged whole, as ever. */
  readonly sampling?: Sampling;
  readonly signal?: AbortSignal;
}

/** The agents of one domain: they take in sources, make products layer by layer, and publish what the contract lets pass. */
export interface Swarm {
  readonly domain: Domain;
  /** One run at a time: a second call waits for the first. */
  run(options?: RunOptions): Promise<RunReport>;
  /**
   * Makes a product's snapshot again from its record, inputs by their hashes and repairs by their patterns, and publishes nothing. Throws SKEIN_SNAPSHOT_NONE
   * where there is no such snapshot, or its inputs are no longer there.
   */
  replay(product: string, version?: number): Promise<Replay>;
  /** Announces every live snapshot: what a restart owes to those who may have missed the event. */
  announce(): Promise<number>;
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
    replay: (product, version) => replay(domain, system, adapters, product, version),
    async announce() {
      let told = 0;
      for (const table of await adapters.store.tables()) {
        if (table.domain !== domain.name) continue;
        const snapshot = await adapters.store.current(table);
        if (!snapshot) continue;
        await tell(adapters.bus, domain, snapshot);
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
      const report = await runOnce(domain, system, adapters, options);
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
