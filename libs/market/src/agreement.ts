import type { Licence, ReleaseEvidence, RoyaltyShare } from './listing.ts';
import type { PrivacyPlan } from './privacy-plan.ts';
import type { Terms } from './terms.ts';

/** States of a contract negotiation of the Dataspace Protocol 2025-1. */
export type AgreementState = 'REQUESTED' | 'OFFERED' | 'ACCEPTED' | 'AGREED' | 'VERIFIED' | 'FINALIZED' | 'TERMINATED';
export type Side = 'consumer' | 'provider';

/** What a side may say in a state, and where it leads. */
export const AGREEMENT_STEPS: Readonly<Record<AgreementState, Readonly<Partial<Record<string, readonly [Side, AgreementState]>>>>> = {
  REQUESTED: { offer: ['provider', 'OFFERED'], agree: ['provider', 'AGREED'] },
  OFFERED: { request: ['consumer', 'REQUESTED'], accept: ['consumer', 'ACCEPTED'] },
  ACCEPTED: { agree: ['provider', 'AGREED'] },
  AGREED: { verify: ['consumer', 'VERIFIED'] },
  VERIFIED: { finalize: ['provider', 'FINALIZED'] },
  FINALIZED: {},
  TERMINATED: {},
};

/** What a request names besides its listing. */
export interface Asked {
  readonly price?: string;
  readonly terms?: Partial<Terms>;
}

export interface Agreement {
  readonly id: string;
  readonly listing: string;
  readonly product: string;
  /** Exactly as the token says it: case counts. */
  readonly consumer: string;
  readonly state: AgreementState;
  readonly terms: Terms;
  readonly requestedAt: number;
  readonly asked?: Asked;
  readonly entitlement?: string;
}

/** The right to read that a finalised agreement gives. Milliseconds since the epoch. */
export interface Entitlement {
  readonly id: string;
  readonly agreement: string;
  readonly listing: string;
  readonly consumer: string;
  readonly product: string;
  readonly major: number;
  readonly terms: Terms;
  readonly licence: Licence;
  readonly royalties: readonly RoyaltyShare[];
  readonly release?: ReleaseEvidence;
  readonly privacy?: PrivacyPlan;
  readonly validFrom: number;
  readonly validTo: number | undefined;
}
