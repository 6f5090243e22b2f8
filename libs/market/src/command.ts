import type { Listing, ReleaseEvidence } from './listing.ts';
import type { Terms } from './terms.ts';
import type { PricingPlan } from './plan.ts';
import type { PrivacyAmount } from './privacy-plan.ts';
import type { PrivateAnswer } from './event.ts';

/** What can be asked of the market. Whether the asker owns a product is checked by the caller, who says so. */
export type MarketCommand =
  | { readonly do: 'draft'; readonly listing: Omit<Listing, 'state' | 'release'> }
  | { readonly do: 'check'; readonly listing: string; readonly by: string; readonly release?: ReleaseEvidence }
  | { readonly do: 'publish'; readonly listing: string; readonly by: string }
  | { readonly do: 'withdraw'; readonly listing: string; readonly by: string; readonly reason: string }
  | { readonly do: 'price'; readonly listing: string; readonly by: string; readonly plan: PricingPlan; readonly validFrom?: number }
  | {
      readonly do: 'request';
      readonly listing: string;
      readonly consumer: string;
      /** Whether the consumer owns the product: nobody deals with themselves. */
      readonly owner: boolean;
      /** Chosen by the consumer: sent again it is the same request. */
      readonly request: string;
      readonly agreement: string;
      /** What the consumer has seen it cost; another price now is no agreement. */
      readonly price?: string;
      /** Those that are asked otherwise than they are listed; where none is, the agreement is final at once. */
      readonly terms?: Partial<Terms>;
    }
  | {
      readonly do: 'move';
      readonly agreement: string;
      readonly by: string;
      readonly side: 'consumer' | 'provider';
      readonly step: 'request' | 'offer' | 'accept' | 'agree' | 'verify' | 'finalize' | 'terminate';
      readonly terms?: Terms;
    }
  | { readonly do: 'end'; readonly agreement: string; readonly by: string; readonly reason: string }
  | {
      readonly do: 'reserve';
      readonly consumer: string;
      readonly entitlements: readonly string[];
      readonly key: string;
      readonly query: string;
      readonly attempt: string;
      /** Milliseconds after which the intent lapses. */
      readonly leaseMs: number;
    }
  | { readonly do: 'release'; readonly usages: readonly string[]; readonly attempt: string; readonly reason: string }
  | {
      readonly do: 'settle';
      readonly uses: readonly UseToSettle[];
      readonly rows: bigint;
      readonly bytes: number;
      /** The consumer left before the end. */ readonly cut?: boolean;
    }
  | { readonly do: 'accrue' }
  | {
      readonly do: 'spend';
      readonly dataset: string;
      readonly by: string;
      readonly cost: PrivacyAmount;
      readonly budget: PrivacyAmount;
      /** Id of the answer: sent again it is paid for. */
      readonly query: string;
      /** Hash of what is asked. */
      readonly asked: string;
    }
  | { readonly do: 'answer'; readonly query: string; readonly answer: PrivateAnswer };

/** Enough to charge a use whose intent has lapsed since. */
export interface UseToSettle {
  readonly usage: string;
  readonly entitlement: string;
  readonly key: string;
  readonly query: string;
}
