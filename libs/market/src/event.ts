import type { AgreementState, Asked, Entitlement, Side } from './agreement.ts';
import type { Charge } from './ledger.ts';
import type { Listing, ReleaseEvidence } from './listing.ts';
import type { PricingPlan } from './plan.ts';
import type { Terms } from './terms.ts';

/** What happened on the market. Plain JSON: amounts are decimal text, times milliseconds since the epoch. */
export type MarketFact =
  | { readonly type: 'listing.drafted'; readonly listing: Omit<Listing, 'state' | 'release'> }
  | { readonly type: 'listing.checked'; readonly listing: string; readonly by: string; readonly release?: ReleaseEvidence }
  | { readonly type: 'listing.live'; readonly listing: string; readonly by: string }
  | { readonly type: 'listing.withdrawn'; readonly listing: string; readonly by: string; readonly reason: string }
  | { readonly type: 'price.set'; readonly listing: string; readonly by: string; readonly plan: PricingPlan; readonly validFrom: number }
  | {
      readonly type: 'agreement.requested';
      readonly agreement: string;
      readonly listing: string;
      readonly product: string;
      readonly consumer: string;
      readonly terms: Terms;
      readonly request: string;
      /** What the consumer said besides the listing: under one key, always the same. Logs of before lack it. */
      readonly asked?: Asked;
    }
  | {
      readonly type: 'agreement.moved';
      readonly agreement: string;
      readonly by: string;
      readonly side: Side;
      readonly state: AgreementState;
      readonly terms?: Terms;
    }
  | { readonly type: 'entitlement.granted'; readonly entitlement: Entitlement }
  | { readonly type: 'entitlement.ended'; readonly entitlement: string; readonly by: string; readonly reason: string }
  | {
      readonly type: 'usage.reserved';
      readonly usage: string;
      readonly entitlement: string;
      readonly key: string;
      readonly query: string;
      readonly attempt: string;
      readonly until: number;
    }
  | { readonly type: 'usage.released'; readonly usage: string; readonly attempt: string; readonly reason: string }
  | {
      readonly type: 'usage.charged';
      readonly usage: string;
      readonly entitlement: string;
      readonly consumer: string;
      readonly key: string;
      readonly query: string;
      readonly rows: string;
      readonly bytes: number;
      readonly plan: PricingPlan;
      /** Whether the same key is answered again free of charge. */
      readonly repeatable: boolean;
    }
  | { readonly type: 'charge.made'; readonly charge: Charge }
  | {
      readonly type: 'privacy.spent';
      readonly dataset: string;
      readonly by: string;
      /** Decimal text. */
      readonly epsilon: string;
      readonly delta: string;
      /** Of epsilon. */
      readonly budget: string;
      readonly query: string;
      readonly asked: string;
    }
  | { readonly type: 'privacy.answered'; readonly dataset: string; readonly query: string; readonly answer: PrivateAnswer };

/** An answer with noise, as it is told: the values of the groups, and the noisy figure, in decimal text. */
export interface PrivateAnswer {
  readonly groups: readonly { readonly by: readonly (string | null)[]; readonly value: string }[];
  /** Scale of the noise, in the unit of the figure; its standard deviation is about 1.41 times that. */
  readonly scale: string;
  /** Noisy people that a group needed in order to be told. */
  readonly threshold: string;
}

/** A fact in its place in the log: numbers rise without gaps, times never fall. */
export type MarketEvent = MarketFact & { readonly seq: number; readonly at: number };
