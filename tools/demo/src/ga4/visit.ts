import type { DemoMaterial } from '../materials.ts';
import { weighted, type Random } from '../random.ts';
import { quote, type EventDraft, type ItemDraft, type Param, type Style, type VisitFrame } from './record.ts';

const HOST = 'shop.nordwind.example';

interface Channel {
  readonly weight: number;
  readonly source: string;
  readonly medium: string;
  readonly campaign?: string;
  readonly referrer?: string;
  readonly gclid?: boolean;
}

const CHANNELS: readonly Channel[] = [
  { weight: 30, source: '(direct)', medium: '(none)' },
  { weight: 34, source: 'google', medium: 'organic', referrer: 'https://www.google.com/' },
  { weight: 9, source: 'google', medium: 'cpc', campaign: 'brand_de', referrer: 'https://www.google.com/', gclid: true },
  { weight: 5, source: 'bing', medium: 'organic', referrer: 'https://www.bing.com/' },
  { weight: 8, source: 'newsletter', medium: 'email', campaign: 'august_offers' },
  { weight: 4, source: 'facebook', medium: 'paid_social', campaign: 'summer', referrer: 'https://l.facebook.com/' },
  { weight: 4, source: 'instagram.com', medium: 'referral', referrer: 'https://www.instagram.com/' },
  { weight: 2, source: 'youtube.com', medium: 'referral', referrer: 'https://www.youtube.com/' },
  { weight: 4, source: 'radforum.example', medium: 'referral', referrer: 'https://radforum.example/tests' },
];
const DEVICES = [
  { weight: 52, category: 'mobile', os: 'iOS', version: 'iOS 18.5', browser: 'Safari', browserVersion: '18.5', brand: 'Apple', model: 'iPhone' },
  { weight: 10, category: 'mobile', os: 'Android', version: 'Android 15', browser: 'Chrome', browserVersion: '139.0.0.0', brand: 'Samsung', model: 'SM-S921B' },
  { weight: 34, category: 'desktop', os: 'Windows', version: 'Windows 11', browser: 'Edge', browserVersion: '139.0.0.0', brand: 'Microsoft', model: 'Edge' },
  { weight: 4, category: 'tablet', os: 'iOS', version: 'iOS 17.7', browser: 'Safari', browserVersion: '17.7', brand: 'Apple', model: 'iPad' },
] as const;
const PLACES = [
  { weight: 40, country: 'Germany', region: 'Berlin', city: 'Berlin', language: 'de-de' },
  { weight: 20, country: 'Germany', region: 'Bavaria', city: 'München', language: 'de-de' },
  { weight: 12, country: 'Austria', region: 'Vienna', city: 'Vienna', language: 'de-at' },
  { weight: 8, country: 'Netherlands', region: 'North Holland', city: 'Amsterdam', language: 'nl-nl' },
  { weight: 6, country: 'Poland', region: 'Łódź Voivodeship', city: 'Łódź', language: 'pl-pl' },
  { weight: 4, country: '(not set)', region: '(not set)', city: '(not set)', language: 'en-us' },
] as const;
const SEARCHES = ['helm', 'kette 10-fach', 'kindersitz', 'lichtset', 'regenjacke größe l', 'schloss'] as const;

/** A visitor of the shop. GA4's web client id is `<random>.<first seen, in seconds>`. */
export interface Visitor {
  readonly pseudoId: string;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  readonly device: number;
  readonly place: number;
  visits: number;
}

/** What one shop needs to make visits: weights are searched, not summed, for each of them. */
export interface Shop {
  readonly materials: readonly DemoMaterial[];
  readonly pickMaterial: (random: Random) => number;
  readonly pickChannel: (random: Random) => number;
  readonly pickDevice: (random: Random) => number;
  readonly pickPlace: (random: Random) => number;
}

export function openShop(materials: readonly DemoMaterial[]): Shop {
  return {
    materials,
    pickMaterial: weighted(materials.map((material) => material.popularity)),
    pickChannel: weighted(CHANNELS.map((channel) => channel.weight)),
    pickDevice: weighted(DEVICES.map((device) => device.weight)),
    pickPlace: weighted(PLACES.map((place) => place.weight)),
  };
}

export function newVisitor(shop: Shop, random: Random, firstSeen: number): Visitor {
  return {
    pseudoId: `${100_000_000 + random.below(2_000_000_000)}.${Math.floor(firstSeen / 1000)}`,
    firstSeen,
    device: shop.pickDevice(random),
    place: shop.pickPlace(random),
    visits: 0,
  };
}

/** Decimal text of whole cents, as BigQuery writes a FLOAT64: no trailing zeros. */
export function euros(cents: number): string {
  const whole = Math.floor(cents / 100);
  const rest = cents % 100;
  if (rest === 0) return String(whole);
  return rest % 10 === 0 ? `${whole}.${rest / 10}` : `${whole}.${String(rest).padStart(2, '0')}`;
}

export function cents(price: string): number {
  const [whole = '0', rest = ''] = price.split('.');
  return Number(whole) * 100 + Number(rest.padEnd(2, '0'));
}

/** GA4 writes whole amounts as `int_value` and others as `double_value`, one and the same parameter in one and the same file. */
function amount(key: string, value: string): Param {
  return [key, value.includes('.') ? 'double_value' : 'int_value', value];
}

/**
 * The events of one visit, in order: arrival, pages, and as far down the funnel as the visitor goes.
 * `dateOf` tells the day of an instant in the property's time zone.
 */
export function visit(shop: Shop, random: Random, visitor: Visitor, start: number, dateOf: (at: number) => string): EventDraft[] {
  visitor.visits++;
  const consent = !random.chance(0.03);
  const channel = CHANNELS[shop.pickChannel(random)] as Channel;
  const frame = frameOf(visitor, consent, channel);
  const sessionId = String(Math.floor(start / 1000));
  const collected = collectedOf(channel, random);
  const events: EventDraft[] = [];
  let at = start;
  let page = `https://${HOST}/`;
  let title = 'Nordwind Räder';
  let batch = { page: String(start), ordering: 1, index: 0 };
  let sinceLast = 0;

  const add = (name: string, own: readonly Param[], items: ItemDraft[] = [], ecommerce?: EventDraft['ecommerce']): void => {
    batch = { ...batch, index: batch.index + 1 };
    const params: Param[] = [];
    if (consent) params.push(['ga_session_id', 'int_value', sessionId], ['ga_session_number', 'int_value', String(visitor.visits)]);
    params.push(['page_location', 'string_value', page], ['page_title', 'string_value', title]);
    if (events.length < 4 && channel.referrer !== undefined) params.push(['page_referrer', 'string_value', channel.referrer]);
    if (events.length > 2) params.push(['session_engaged', 'string_value', '1']);
    if (sinceLast > 0) params.push(['engagement_time_msec', 'int_value', String(sinceLast)]);
    if (events.length < 4 && channel.source !== '(direct)') {
      params.push(['source', 'string_value', channel.source], ['medium', 'string_value', channel.medium]);
      if (channel.campaign !== undefined) params.push(['campaign', 'string_value', channel.campaign]);
    }
    // Copies: a fault planted in one event must not reach the others of the visit.
    for (const [key, kind, value] of own) params.push([key, kind, value]);
    events.push({
      frame,
      date: dateOf(at),
      at,
      timestamp: undefined,
      name,
      params,
      pseudoId: frame.pseudoId,
      platform: 'WEB',
      items,
      ecommerce,
      collected: name === 'session_start' || name === 'first_visit' ? '' : collected,
      batch,
    });
  };
  const open = (path: string, heading: string): void => {
    sinceLast = 1000 + random.below(45_000);
    at += sinceLast + random.below(4000);
    page = `https://${HOST}${path}`;
    title = heading;
    batch = { page: String(at), ordering: batch.ordering + 1, index: 0 };
    add('page_view', []);
  };
  const step = (): number => (at += 1 + random.below(20_000));

  if (consent) {
    if (visitor.visits === 1) add('first_visit', []);
    add('session_start', []);
  }
  add('page_view', []);
  const pages = 1 + random.below(5);
  for (let seen = 0; seen < pages; seen++) {
    if (random.chance(0.12)) {
      open('/search', 'Suche');
      step();
      add('view_search_results', [['search_term', 'string_value', random.pick(SEARCHES)]]);
    }
    const material = shop.materials[shop.pickMaterial(random)] as DemoMaterial;
    open(`/p/${material.number}?utm_medium=site`, material.description);
    const price = cents(material.price);
    const item: ItemDraft = { id: material.number, name: material.description, category: material.group, price: euros(price), quantity: 1, revenue: undefined };
    step();
    add('view_item', [['currency', 'string_value', 'EUR'], amount('value', euros(price))], [item]);
    if (random.chance(0.35)) {
      step();
      add('scroll', [['percent_scrolled', 'int_value', '90']]);
    }
    if (!random.chance(0.16)) continue;
    step();
    const quantity = 1 + (random.chance(0.2) ? 1 + random.below(3) : 0);
    add('add_to_cart', [['currency', 'string_value', 'EUR'], amount('value', euros(price * quantity))], [{ ...item, quantity }]);
    if (!random.chance(0.5)) continue;
    const cart = [{ ...item, quantity }];
    if (random.chance(0.3)) {
      const other = shop.materials[shop.pickMaterial(random)] as DemoMaterial;
      if (other.number !== material.number)
        cart.push({ id: other.number, name: other.description, category: other.group, price: euros(cents(other.price)), quantity: 1, revenue: undefined });
    }
    checkout(cart);
    break;
  }
  if (consent) {
    sinceLast = 500 + random.below(9000);
    at += sinceLast;
    add('user_engagement', []);
  }
  return events;

  function checkout(cart: ItemDraft[]): void {
    const total = cart.reduce((sum, entry) => sum + cents(entry.price) * entry.quantity, 0);
    const paid: Param[] = [['currency', 'string_value', 'EUR'], amount('value', euros(total))];
    open('/checkout', 'Kasse');
    add(
      'begin_checkout',
      [...paid],
      cart.map((entry) => ({ ...entry })),
    );
    if (!random.chance(0.75)) return;
    step();
    add(
      'add_payment_info',
      [['payment_type', 'string_value', random.pick(['card', 'invoice', 'paypal'])], ...paid],
      cart.map((entry) => ({ ...entry })),
    );
    if (!random.chance(0.85)) return;
    open('/thanks', 'Danke');
    const transactionId = `T-${String(Math.floor(at / 1000) % 100_000_000).padStart(8, '0')}-${1000 + random.below(9000)}`;
    add(
      'purchase',
      [
        ['transaction_id', 'string_value', transactionId],
        ...paid,
        amount('tax', euros(Math.round(total * 0.19))),
        ['shipping', 'int_value', total > 10_000 ? '0' : '5'],
      ],
      cart.map((entry) => ({ ...entry, revenue: euros(cents(entry.price) * entry.quantity) })),
      {
        transactionId,
        revenue: euros(total),
        tax: euros(Math.round(total * 0.19)),
        shipping: total > 10_000 ? '0' : '5',
        quantity: cart.reduce((sum, entry) => sum + entry.quantity, 0),
        uniqueItems: cart.length,
      },
    );
  }
}

function frameOf(visitor: Visitor, consent: boolean, channel: Channel): VisitFrame {
  const device = DEVICES[visitor.device] as (typeof DEVICES)[number];
  const place = PLACES[visitor.place] as (typeof PLACES)[number];
  const firstTouch = `${visitor.firstSeen}000`;
  const tail = (style: Style): string => {
    const wide = style === 'console';
    const nothing = (name: string): string => (wide ? `"${name}":null,` : '');
    return (
      `${consent ? `"user_first_touch_timestamp":"${firstTouch}",` : nothing('user_first_touch_timestamp')}${nothing('user_ltv')}` +
      `"device":{"category":"${device.category}","mobile_brand_name":"${device.brand}","mobile_model_name":"${device.model}",${nothing('mobile_marketing_name')}` +
      `"operating_system":"${device.os}","operating_system_version":"${device.version}","language":"${place.language}","is_limited_ad_tracking":"No",` +
      `"web_info":{"browser":"${device.browser}","browser_version":"${device.browserVersion}","hostname":"${HOST}"}},` +
      `"geo":{"continent":"Europe","sub_continent":"Western Europe","country":"${place.country}","region":${quote(place.region)},"city":${quote(place.city)},"metro":"(not set)"},` +
      `${nothing('app_info')}"traffic_source":{${channel.campaign === undefined ? `"name":"(${channel.medium === '(none)' ? 'direct' : 'referral'})"` : `"name":"${channel.campaign}"`},"medium":"${channel.medium}","source":"${channel.source}"},`
    );
  };
  return { pseudoId: consent ? visitor.pseudoId : undefined, consent, firstTouch, tail: { extract: tail('extract'), console: tail('console') } };
}

function collectedOf(channel: Channel, random: Random): string {
  if (channel.source === '(direct)') return '';
  const fields = [`"manual_source":"${channel.source}"`, `"manual_medium":"${channel.medium}"`];
  if (channel.campaign !== undefined) fields.push(`"manual_campaign_name":"${channel.campaign}"`);
  if (channel.gclid) fields.push(`"gclid":"Cj0KCQ${random.uint32().toString(36)}${random.uint32().toString(36)}"`);
  return `{${fields.join(',')}}`;
}
