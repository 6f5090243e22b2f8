import { GA4_FAULTS, type Ga4Fault } from './faults.ts';
import { cents } from './visit.ts';
import type { EventDraft } from './record.ts';

/** What the products must say of the source, counted while it was written and by other means than the products use. */
export interface Ga4Truth {
  /** Rows of ga4.events. */
  readonly events: number;
  /** Rows of ga4.sessions. */
  readonly sessions: number;
  /** Rows of ga4.purchases. */
  readonly purchases: number;
  /** Sum of their revenue, decimal text with two places. */
  readonly revenue: string;
  /** Units sold by item, in all. */
  readonly units: Readonly<Record<string, number>>;
}

/** Counts accepted rows only: what a rule refuses, or what repeats another row, is in no product. */
export function truthKeeper(): { see(event: EventDraft, fault: Ga4Fault | undefined): void; truth(): Ga4Truth } {
  const sessions = new Set<string>();
  const transactions = new Set<string>();
  const units = new Map<string, number>();
  let events = 0;
  let revenue = 0;
  return {
    see(event, fault) {
      if (fault !== undefined && GA4_FAULTS[fault].expected === 'refused') return;
      events++;
      const session = event.params.find(([key]) => key === 'ga_session_id')?.[2];
      if (event.pseudoId !== undefined && session !== undefined) sessions.add(`${event.pseudoId}/${session}`);
      const transaction = event.ecommerce?.transactionId;
      if (transaction === undefined || transaction === '(not set)' || transactions.has(transaction)) return;
      transactions.add(transaction);
      for (const item of event.items) {
        const id = item.id.replace(/^0+(?=[0-9])/, '');
        units.set(id, (units.get(id) ?? 0) + item.quantity);
        revenue += cents(item.price) * item.quantity;
      }
    },
    truth: () => ({
      events,
      sessions: sessions.size,
      purchases: transactions.size,
      revenue: `${Math.floor(revenue / 100)}.${String(revenue % 100).padStart(2, '0')}`,
      units: Object.fromEntries([...units].sort(([a], [b]) => (a < b ? -1 : 1))),
    }),
  };
}
