import type { PlantedFault } from '../planted.ts';
import type { Random } from '../random.ts';
import type { EventDraft } from './record.ts';

const DAY = 86_400_000;

/** Where and how a fault is planted. */
interface FaultKind extends Omit<PlantedFault, 'count'> {
  /** Rows that can hold the fault. */
  fits(event: EventDraft): boolean;
  /** Changes the event; absent where the line, or a second line, is what is wrong. */
  plant?(event: EventDraft, random: Random, dateOf: (at: number) => string): void;
}

const EVENTS = 'ga4.events';
const any = (): boolean => true;
const purchases = (event: EventDraft): boolean => event.name === 'purchase';
const param = (event: EventDraft, key: string) => event.params.find(([name]) => name === key);
const has = (key: string) => (event: EventDraft) => param(event, key) !== undefined;

const CAMEL: Readonly<Record<string, string>> = {
  page_view: 'pageView',
  view_item: 'viewItem',
  add_to_cart: 'AddToCart',
  begin_checkout: 'beginCheckout',
  user_engagement: 'userEngagement',
  session_start: 'SessionStart',
};
const EMAILS = ['lena.vogt%2Bshop%40mail.example', 'jan.nowak@post.example', 'm%252Emuster%2540web.example', 'O.Brien-Smith%40firma.co.example'] as const;
const PHONES = ['phone=%2B49301234567', 'tel=0301234567', 'mobile=+49%20171%20555%200199'] as const;

/** Every fault of the GA4 demo source with its stated rate. */
export const GA4_FAULTS = {
  duplicate: {
    rate: 0.002,
    expected: 'deduplicated',
    product: EVENTS,
    rule: 'event_key',
    description: 'the same record twice in one file, as at-least-once delivery leaves it',
    fits: any,
  },
  malformed_line: { rate: 0.00005, expected: 'refused', product: EVENTS, rule: 'source.malformed', description: 'a line cut short', fits: any },
  late_event: {
    rate: 0.001,
    expected: 'accepted',
    product: EVENTS,
    description: 'an event of a device that was offline, two days older than the table that brings it',
    fits: (event) => event.name === 'user_engagement' && event.pseudoId !== undefined,
    plant(event, random, dateOf) {
      event.at -= 2 * DAY;
      event.date = dateOf(event.at);
      const seconds = String(Math.floor(event.at / 1000));
      event.pseudoId = `${random.uint32()}.${seconds}`;
      for (const entry of event.params) if (entry[0] === 'ga_session_id') entry[2] = seconds;
    },
  },
  missing_event_name: {
    rate: 0.0002,
    expected: 'refused',
    product: EVENTS,
    rule: 'event_name.required',
    description: 'a record without event_name',
    fits: any,
    plant: (event) => void (event.name = null),
  },
  missing_timestamp: {
    rate: 0.0002,
    expected: 'refused',
    product: EVENTS,
    rule: 'event_ts_us.required',
    description: 'a record without event_timestamp',
    fits: any,
    plant: (event) => void (event.timestamp = null),
  },
  unreadable_timestamp: {
    rate: 0.0001,
    expected: 'refused',
    product: EVENTS,
    rule: 'event_ts_us.type',
    description: 'a formatted time where microseconds belong',
    fits: any,
    plant: (event) => void (event.timestamp = new Date(event.at).toISOString()),
  },
  impossible_date: {
    rate: 0.0002,
    expected: 'refused',
    product: EVENTS,
    rule: 'event_date.type',
    description: 'an event_date that no calendar has',
    fits: any,
    plant: (event) => void (event.date = `${event.date.slice(0, 4)}1345`),
  },
  drifted_clock: {
    rate: 0.0002,
    expected: 'refused',
    product: EVENTS,
    rule: 'date_offset_days.minimum',
    description: 'a timestamp five days before its own event_date',
    fits: any,
    plant: (event) => void (event.at -= 5 * DAY),
  },
  blank_around_name: {
    rate: 0.0005,
    expected: 'repaired',
    product: EVENTS,
    rule: 'event_name:trimmed',
    description: 'blanks around event_name',
    fits: any,
    plant: (event) => void (event.name = ` ${event.name} `),
  },
  camel_case_name: {
    rate: 0.0005,
    expected: 'repaired',
    product: EVENTS,
    rule: 'event_name:case',
    description: 'a GA4 event name in camel case',
    fits: (event) => (event.name ?? '') in CAMEL,
    plant: (event) => void (event.name = CAMEL[event.name ?? ''] ?? event.name),
  },
  platform_case: {
    rate: 0.0005,
    expected: 'repaired',
    product: EVENTS,
    rule: 'platform:case',
    description: 'a platform in lower case',
    fits: any,
    plant: (event) => void (event.platform = event.platform.toLowerCase()),
  },
  session_id_as_text: {
    rate: 0.001,
    expected: 'repaired',
    product: EVENTS,
    rule: 'ga_session_id:type',
    description: 'ga_session_id in string_value instead of int_value',
    fits: has('ga_session_id'),
    plant: (event) => void ((param(event, 'ga_session_id') as string[])[1] = 'string_value'),
  },
  email_in_address: {
    rate: 0.002,
    expected: 'repaired',
    product: EVENTS,
    rule: 'page_location:email-removed',
    description: 'an e-mail address in page_location: plain, percent-encoded once or twice',
    fits: (event) => event.name === 'page_view',
    plant: (event, random) =>
      void ((param(event, 'page_location') as string[])[2] += `${param(event, 'page_location')?.[2].includes('?') ? '&' : '?'}mail=${random.pick(EMAILS)}`),
  },
  phone_in_address: {
    rate: 0.001,
    expected: 'repaired',
    product: EVENTS,
    rule: 'page_location:phone-removed',
    description: 'a telephone number in page_location',
    fits: (event) => event.name === 'page_view',
    plant: (event, random) =>
      void ((param(event, 'page_location') as string[])[2] += `${param(event, 'page_location')?.[2].includes('?') ? '&' : '?'}${random.pick(PHONES)}`),
  },
  email_in_search: {
    rate: 0.01,
    expected: 'repaired',
    product: EVENTS,
    rule: 'params:email-removed',
    description: 'an e-mail address typed into the search box',
    fits: has('search_term'),
    plant: (event) => void ((param(event, 'search_term') as string[])[2] = 'lena.vogt@mail.example'),
  },
  negative_quantity: {
    rate: 0.002,
    expected: 'refused',
    product: EVENTS,
    rule: 'min_item_quantity.minimum',
    description: 'an item put into the cart a negative number of times',
    fits: (event) => event.name === 'add_to_cart',
    plant: (event) => event.items.forEach((item) => void (item.quantity = -item.quantity)),
  },
  padded_item_id: {
    rate: 0.01,
    expected: 'repaired',
    product: EVENTS,
    rule: 'items:item-id-zeros',
    description: "an item id in SAP's internal form, with leading zeros",
    fits: (event) => event.items.length === 1 && /^[0-9]+$/.test(event.items[0]?.id ?? ''),
    plant: (event) => event.items.forEach((item) => void (item.id = item.id.padStart(18, '0'))),
  },
  value_as_text: {
    rate: 0.01,
    expected: 'repaired',
    product: EVENTS,
    rule: 'value:type',
    description: 'the parameter value in string_value',
    fits: (event) => event.name === 'view_item' && has('value')(event),
    plant: (event) => void ((param(event, 'value') as string[])[1] = 'string_value'),
  },
  transaction_not_set: {
    rate: 0.01,
    expected: 'repaired',
    product: EVENTS,
    rule: 'transaction_id:not-set',
    description: 'a purchase whose transaction_id is "(not set)", which no purchase can be known by',
    fits: purchases,
    plant(event) {
      if (event.ecommerce) event.ecommerce.transactionId = '(not set)';
      event.params = event.params.filter(([key]) => key !== 'transaction_id');
    },
  },
  unreadable_revenue: {
    rate: 0.005,
    expected: 'refused',
    product: EVENTS,
    rule: 'purchase_revenue.type',
    description: 'a purchase whose revenue is no number',
    fits: purchases,
    plant: (event) => void (event.ecommerce && (event.ecommerce.revenue = '"NaN"')),
  },
  currency_case: {
    rate: 0.01,
    expected: 'repaired',
    product: EVENTS,
    rule: 'currency:case',
    description: 'a currency in lower case',
    fits: has('currency'),
    plant: (event) => void ((param(event, 'currency') as string[])[2] = 'eur'),
  },
  unknown_currency: {
    rate: 0.002,
    expected: 'refused',
    product: EVENTS,
    rule: 'currency.pattern',
    description: 'a currency that is not an ISO 4217 code',
    fits: (event) => event.name === 'begin_checkout',
    plant: (event) => void ((param(event, 'currency') as string[])[2] = 'EURO'),
  },
  reloaded_purchase: {
    rate: 0.015,
    expected: 'deduplicated',
    product: 'ga4.purchases',
    rule: 'stream_id,transaction_id',
    description: 'the thank-you page loaded again: a second event for one transaction',
    fits: purchases,
  },
} as const satisfies Record<string, FaultKind>;

export type Ga4Fault = keyof typeof GA4_FAULTS;

const KINDS = Object.entries(GA4_FAULTS) as [Ga4Fault, FaultKind][];

/**
 * Chooses which rows are faulty. Each kind gathers credit of its rate for every row that fits it, from half a row on, and is
 * planted when it has saved up a whole one: counts keep within one row of rate × rows at any volume, and a row
 * gets one fault at most.
 */
export function faultPlanter(random: Random): {
  choose(event: EventDraft): Ga4Fault | undefined;
  count(fault: Ga4Fault): void;
  counts: ReadonlyMap<Ga4Fault, number>;
} {
  const credit = KINDS.map(() => 0.5);
  const counts = new Map<Ga4Fault, number>();
  let turn = random.below(KINDS.length);
  return {
    choose(event) {
      let chosen: number | undefined;
      for (let offset = 0; offset < KINDS.length; offset++) {
        const index = (turn + offset) % KINDS.length;
        const kind = (KINDS[index] as (typeof KINDS)[number])[1];
        if (!kind.fits(event)) continue;
        credit[index] = (credit[index] as number) + kind.rate;
        if (chosen === undefined && credit[index] >= 1) chosen = index;
      }
      if (chosen === undefined) return undefined;
      credit[chosen] = (credit[chosen] as number) - 1;
      turn = (chosen + 1) % KINDS.length;
      return (KINDS[chosen] as (typeof KINDS)[number])[0];
    },
    count: (fault) => void counts.set(fault, (counts.get(fault) ?? 0) + 1),
    counts,
  };
}

/** Plants a fault; false where the kind wants a line of its own instead (duplicate, malformed, reload). */
export function plant(fault: Ga4Fault, event: EventDraft, random: Random, dateOf: (at: number) => string): boolean {
  const kind: FaultKind = GA4_FAULTS[fault];
  kind.plant?.(event, random, dateOf);
  return kind.plant !== undefined;
}

/** The ledger: every kind, planted or not. */
export function ledger(counts: ReadonlyMap<Ga4Fault, number>): Record<Ga4Fault, PlantedFault> {
  return Object.fromEntries(
    KINDS.map(([name, { expected, product, rule, rate, description }]) => [
      name,
      { count: counts.get(name) ?? 0, expected, product, ...(rule === undefined ? {} : { rule }), rate, description },
    ]),
  ) as Record<Ga4Fault, PlantedFault>;
}
