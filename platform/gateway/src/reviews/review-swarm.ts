import { langgraphEscalations } from '@skein/adapter-langgraph';
import type { Contract } from '@skein/contract';
import type { Catalog } from '@skein/federation';
import type { Clock } from '@skein/kernel';
import type { PatternBoard, ReviewDesk, SnapshotStore, StateStore } from '@skein/ports';
import type { MetaSwarmlet } from '@skein/swarm';
import type { GatewayLog } from '../gateway-log.ts';
import { downstreamOf } from '../registry/downstream.ts';

export interface ReviewSwarmOptions {
  readonly desk: ReviewDesk;
  /** Where escalations are kept between their steps; closed with the swarm by who made it. */
  readonly state: StateStore;
  /** Where domains of other processes hand over what they cannot decide; closed with the swarm by who made it. */
  readonly handedOver: StateStore;
  /** Where decisions are told; without it they wait on the desk. */
  readonly board: PatternBoard | undefined;
  readonly catalog: Catalog;
  readonly contracts: readonly Contract[];
  readonly store: SnapshotStore;
  readonly clock: Clock;
  readonly log: GatewayLog;
}

/** Who proposes what is escalated; no token may have this subject and approve it. */
export const META_SWARMLET = 'meta-swarmlet';

const AGAIN_MS = 5_000;
/** How often it is looked whether a domain has handed something over. */
const LOOK_MS = 500;
/** How long closing waits for the steps that run (ms). */
const LAST_MS = 3_000;

/** The gateway's own swarm beside the desk where its reviews lie. */
export interface ReviewSwarm {
  readonly desk: ReviewDesk;
  /** Undefined where there is no board to tell. */
  readonly meta: MetaSwarmlet | undefined;
  /** Tells the swarm of a settled review, and waits for it up to `waitMs`; what takes longer, or fails, is tried again. Returns whether it is done. */
  carryOut(id: string, waitMs: number): Promise<boolean>;
  /** Contracts by product, the newest major. */
  contractOf(product: string): Contract | undefined;
  close(): Promise<void>;
}

export async function reviewSwarm({ desk, state, handedOver, board, catalog, contracts, store, clock, log }: ReviewSwarmOptions): Promise<ReviewSwarm> {
  const contractOf = (product: string): Contract | undefined => catalog.entries.get(product)?.contract ?? contracts.find((one) => one.product === product);
  const policies = (product: string) =>
    [...catalog.entries.values()].flatMap(({ contract, policy }) => (contract.product === product && policy ? [policy] : []));
  const meta = board && (await metaOf(board));
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function metaOf(of: PatternBoard): Promise<MetaSwarmlet> {
    const { columnJudge, metaSwarmlet } = await import('@skein/swarm');
    return metaSwarmlet({
      desk,
      board: of,
      clock,
      name: META_SWARMLET,
      escalations: (steps) => langgraphEscalations({ steps, state }),
      facts: async ({ product, column }) => {
        const contract = contractOf(product);
        return contract && columnJudge(contract, column);
      },
      groupOf: (product) => JSON.stringify([product.split('.')[0], [...new Set(policies(product).flatMap(({ owners }) => owners))].sort()]),
      approvals: (product) => Math.max(1, ...policies(product).map(({ approvals }) => approvals)),
      downstream: (product) => downstreamOf(product, catalog, store),
    });
  }

  function later(error: unknown): void {
    // What failed because all was closing is done at the next start.
    if (closed) return;
    log.error(error);
    clearTimeout(timer);
    timer = setTimeout(() => void meta?.recover().catch(later), AGAIN_MS).unref();
  }

  let looking: Promise<void> | undefined;
  let failing = false;
  async function look(of: MetaSwarmlet): Promise<void> {
    try {
      const { takeOver } = await import('@skein/swarm');
      await takeOver(handedOver, of);
      failing = false;
    } catch (error) {
      // Said once, and tried on: what was handed over stays where it is.
      if (!failing && !closed) log.error(error);
      failing = true;
    }
  }
  const every = meta && setInterval(() => void (looking ??= look(meta).finally(() => (looking = undefined))), LOOK_MS).unref();

  // What was decided when the process ended is carried out now, and does not hold up the start.
  void meta?.recover().catch(later);
  return {
    desk,
    meta,
    contractOf,
    async carryOut(id, waitMs) {
      if (!meta) return false;
      const done = meta.carryOut(id).then(
        () => true,
        (error: unknown) => {
          later(error);
          return false;
        },
      );
      return (await inTime(done, waitMs)) ?? false;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(every);
      // A step may wait for a board that is away, and would for ever: what it did not end begins again with the next start.
      await inTime(Promise.all([looking, meta?.close()]), LAST_MS);
    },
  };
}

/** What the promise says, or undefined when it takes longer. */
async function inTime<Answer>(promise: Promise<Answer>, milliseconds: number): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), milliseconds)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
