import type { MarketEvent } from './event.ts';
import type { Charge } from './ledger.ts';

export interface AccountTotal {
  readonly account: string;
  readonly currency: string;
  /** Minor units as decimal text. */
  readonly debit: string;
  readonly credit: string;
}

/** Every charge of the log, in its order. */
export function chargesOf(events: Iterable<MarketEvent>): (Charge & { readonly at: number })[] {
  const charges: (Charge & { at: number })[] = [];
  for (const event of events) if (event.type === 'charge.made') charges.push({ ...event.charge, at: event.at });
  return charges;
}

/** Sums of each account in each currency, sorted. Charges are looked at as they are; an entry that names an account twice counts twice. */
export function accountTotals(charges: Iterable<Charge>): AccountTotal[] {
  const totals = new Map<string, { account: string; currency: string; debit: bigint; credit: bigint }>();
  for (const { currency, lines } of charges)
    for (const { account, debit, credit } of lines) {
      const key = JSON.stringify([account, currency]);
      const total = totals.get(key) ?? { account, currency, debit: 0n, credit: 0n };
      total.debit += BigInt(debit);
      total.credit += BigInt(credit);
      totals.set(key, total);
    }
  return [...totals]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { account, currency, debit, credit }]) => ({ account, currency, debit: debit.toString(), credit: credit.toString() }));
}
