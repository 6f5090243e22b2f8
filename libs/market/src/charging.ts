import { SkeinError } from '@skein/kernel';
import type { Entitlement } from './agreement.ts';
import type { MarketFact } from './event.ts';
import { checkBalance, ledgerLines, type Charge } from './ledger.ts';

/** A charge under an entitlement, with its royalties, in balance. */
export function charged(entitlement: Entitlement, id: string, reason: Charge['reason'], cents: bigint): MarketFact {
  const { agreement, listing, consumer, terms, royalties } = entitlement;
  const charge: Charge = {
    id,
    agreement,
    listing,
    consumer,
    reason,
    currency: terms.plan.currency,
    cents: cents.toString(),
    lines: ledgerLines(consumer, cents, royalties),
  };
  checkBalance(charge);
  return { type: 'charge.made', charge };
}

/** SKEIN_MARKET_CONFLICT: what stands there does not allow it. */
export function conflict(message: string, context: Readonly<Record<string, unknown>>): SkeinError {
  return new SkeinError('SKEIN_MARKET_CONFLICT', message, { context });
}
