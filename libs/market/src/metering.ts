import { sha256, SkeinError } from '@skein/kernel';
import type { MarketCommand } from './command.ts';
import { charged, conflict } from './charging.ts';
import type { MarketFact } from './event.ts';
import { usageCents } from './plan.ts';
import { isValid, quotaLeft, usageKey, usageUnder, type EntitlementStanding, type MarketState } from './state.ts';

/**
 * Admits a query under entitlements: an intent is in the log before anything runs. A repetition (same key, same query) takes the
 * intent over, or is free where it was charged.
 */
export function reserve(state: MarketState, command: Extract<MarketCommand, { do: 'reserve' }>, time: number): MarketFact[] {
  const { consumer, key, query, attempt, leaseMs } = command;
  // the key is the consumer's, whatever it was used under
  for (const id of state.byConsumer.get(consumer) ?? []) {
    const other = usageUnder(state, id, key, time);
    if (other && other.query !== query)
      throw conflict('that idempotency key was used for another query', { agreement: state.entitlements.get(id)?.entitlement.agreement });
  }
  return command.entitlements.flatMap((id): MarketFact[] => {
    const standing = state.entitlements.get(id);
    if (!standing || standing.entitlement.consumer !== consumer || !isValid(standing, time))
      throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', 'the agreement gives no right to read any more');
    const found = usageUnder(state, id, key, time);
    // what lapsed is no use any more that could be repeated
    const known = found && found.until > time ? found : undefined;
    if (known?.state === 'charged') return [];
    if (!known) checkQuota(state, standing, time);
    const usage = known?.id ?? sha256(JSON.stringify([consumer, id, key, attempt])).slice(0, 40);
    return [{ type: 'usage.reserved', usage, entitlement: id, key, query, attempt, until: time + leaseMs }];
  });
}

/** Gives intents back, as far as nobody has taken them over or charged them. */
export function release(state: MarketState, { usages, attempt, reason }: Extract<MarketCommand, { do: 'release' }>): MarketFact[] {
  return usages.flatMap((id): MarketFact[] => {
    const usage = state.usages.get(id);
    return usage?.state === 'reserved' && usage.attempt === attempt ? [{ type: 'usage.released', usage: id, attempt, reason }] : [];
  });
}

/** Charges an answered query, once: a use that is charged already stays as it is. An intent that lapsed needs a unit of quota anew. */
export function settle(state: MarketState, { uses, rows, bytes, cut = false }: Extract<MarketCommand, { do: 'settle' }>, time: number): MarketFact[] {
  return uses.flatMap(({ usage: id, entitlement: of, key, query }): MarketFact[] => {
    const standing = state.entitlements.get(of);
    if (!standing) throw new SkeinError('SKEIN_INTERNAL', `there is no entitlement ${of} to charge`);
    const usage = state.usages.get(state.usageByKey.get(usageKey(of, key)) ?? '');
    if (usage?.state === 'charged' && usage.query === query) return [];
    if (usage?.state !== 'reserved' || usage.until <= time) checkQuota(state, standing, time);
    const { entitlement, answered } = standing;
    // an intent may be charged already and forgotten, where the rest of a cut answer is not free: what comes after it has a name of its own
    const named = state.usages.get(id)?.state === 'reserved' ? id : sha256(JSON.stringify([id, state.seq])).slice(0, 40);
    const charge = charged(entitlement, `usage:${named}`, 'use', usageCents(entitlement.terms.plan, answered, bytes));
    return [
      {
        type: 'usage.charged',
        usage: named,
        entitlement: of,
        consumer: entitlement.consumer,
        key,
        query,
        rows: rows.toString(),
        bytes,
        plan: entitlement.terms.plan,
        // where volume is paid for, the rest of a cut answer is not free
        repeatable: !(cut && entitlement.terms.plan.unit === 'Data-volume'),
      },
      charge,
    ];
  });
}

function checkQuota(state: MarketState, standing: EntitlementStanding, time: number): void {
  if (quotaLeft(state, standing, time) !== 0) return;
  const { agreement, terms } = standing.entitlement;
  throw new SkeinError('SKEIN_MARKET_QUOTA', `the ${terms.quota} queries of the agreement are used up`, { context: { agreement } });
}
