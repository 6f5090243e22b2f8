import { canonicalJson, sha256 } from '@skein/kernel';
import { clusterGaps, type Gap } from '@skein/pattern';
import { gapKey, type Escalations } from '@skein/ports';
import { escalationSteps, type EscalationParts, type MetaSteps } from './escalation-steps.ts';
import type { EscalatedGap, Escalation } from './escalation.ts';
import { detectPersonal, maskingEscalation, type SourceColumn } from './masking.ts';

export interface MetaSwarmletOptions extends EscalationParts {
  /** Where escalations run; they are closed with the swarmlet. */
  escalations(steps: MetaSteps): Escalations<Escalation>;
  /** Products whose gaps may share a review: those of one domain and of the same owners. */
  groupOf(product: string): string;
}

export interface Considered {
  /** Ids of the reviews that wait for a person now. */
  readonly waiting: readonly string[];
  /** Clusters that were settled without one. */
  readonly settled: number;
  /** Gaps that are part of a review already: open, being carried out, or rejected. */
  readonly covered: number;
}

/** The gateway's own swarm, for what the domains' agents could not decide. */
export interface MetaSwarmlet {
  /** Groups gaps that persist, and escalates each cluster once. */
  consider(gaps: readonly EscalatedGap[]): Promise<Considered>;
  /** Asks about columns of sources that seem to hold personal data, once for each. Returns the ids of the reviews. */
  considerPersonal(columns: readonly SourceColumn[]): Promise<readonly string[]>;
  /** Carries out what was decided in a review; twice does no harm. */
  carryOut(id: string): Promise<void>;
  /** Carries out what was decided while nobody was there to do so. Returns how many reviews that was. */
  recover(): Promise<number>;
  close(): Promise<void>;
}

const AT_ONCE = 8;

export function metaSwarmlet({ escalations: make, groupOf, ...parts }: MetaSwarmletOptions): MetaSwarmlet {
  const { desk } = parts;
  const steps = escalationSteps(parts);
  const escalations = make(steps);

  /** A review whose escalation is not there, since its state was lost or another opened it, is carried out all the same. */
  async function carryOut(id: string): Promise<void> {
    if ((await escalations.state(id)) === undefined) await steps.settle({ id });
    else await escalations.resume(id);
  }

  /** Undefined where nothing is to be done about the gap; else the review that did not close it, if there was one. */
  async function before(gap: Gap): Promise<{ previous: string | null } | undefined> {
    const review = await desk.covering(gapKey(gap));
    if (!review) return { previous: null };
    return review.status === 'open' || review.status === 'rejected' || !review.applied ? undefined : { previous: review.id };
  }

  /** The id of an escalation that has not ended: gaps that come again after theirs was settled without a person start another. */
  async function free(id: string): Promise<string> {
    let next = id;
    while ((await escalations.state(next)) === 'settled') next = sha256(next);
    return next;
  }

  return {
    async consider(gaps) {
      const groups = new Map<string, { readonly gap: EscalatedGap; readonly group: string; readonly previous: string | null }[]>();
      let covered = 0;
      for (const gap of gaps) {
        const open = await before(gap.gap);
        if (!open) {
          covered += 1;
          continue;
        }
        const group = groupOf(gap.gap.context.product);
        const key = canonicalJson([group, open.previous]);
        groups.set(key, [...(groups.get(key) ?? []), { gap, group, previous: open.previous }]);
      }
      const clusters = [...groups].flatMap(([key, members]) => clusterGaps(members.map(({ gap }) => gap)).clusters.map((cluster) => ({ key, cluster })));
      const waiting: string[] = [];
      let settled = 0;
      for (let at = 0; at < clusters.length; at += AT_ONCE) {
        await Promise.all(
          clusters.slice(at, at + AT_ONCE).map(async ({ key, cluster }) => {
            const leader = cluster.leader as EscalatedGap;
            const [first, ...rest] = cluster.members.map(({ gap }) => gap);
            const id = await free(sha256(canonicalJson(['repair', key, gapKey(leader.gap)])));
            const state = await escalations.start({ id, kind: 'repair', gaps: [first ?? leader.gap, ...rest], message: leader.message, rows: leader.rows });
            if (state === 'waiting') waiting.push(id);
            else settled += 1;
          }),
        );
      }
      return { waiting: waiting.sort(), settled, covered };
    },

    async considerPersonal(columns) {
      const ids: string[] = [];
      for (const column of columns) {
        const found = detectPersonal(column);
        if (!found) continue;
        const escalation = maskingEscalation(column, found);
        const standing = await desk.get(escalation.id);
        if (standing?.status === 'open') ids.push(standing.id);
        // Decided is decided: neither what was rejected nor what is carried out is asked again.
        if (standing) continue;
        if ((await escalations.start(escalation)) === 'waiting') ids.push(escalation.id);
      }
      return ids;
    },

    carryOut,

    async recover() {
      const reviews = await desk.unapplied();
      const outcomes = await Promise.allSettled(reviews.map(({ id }) => carryOut(id)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      return reviews.length;
    },

    close: () => escalations.close(),
  };
}
