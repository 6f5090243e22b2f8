import { describe, expect, it } from 'vitest';
import type { MarketCommand } from './command.ts';
import { decideMarket, entitledNow, numbered } from './decide.ts';
import type { MarketEvent } from './event.ts';
import { checkBalance, ledgerLines } from './ledger.ts';
import type { Listing, ReleaseEvidence } from './listing.ts';
import { readCents, splitByWeight } from './money.ts';
import { periodsBegun, readPlan, usageCents, type PricingPlan } from './plan.ts';
import { emptyMarket, fold, priceAt, quotaLeft } from './state.ts';
import { chargesOf } from './statement.ts';
import { checkWithin, readAskedTerms, readTerms, type Terms } from './terms.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

function market() {
  const state = emptyMarket();
  const log: MarketEvent[] = [];
  const run = (command: MarketCommand, now = START): readonly MarketEvent[] => {
    const events = numbered(state, decideMarket(state, command, now), now);
    for (const event of events) {
      log.push(JSON.parse(JSON.stringify(event)) as MarketEvent);
      fold(state, event);
    }
    return events;
  };
  return { state, log, run };
}
const listing = (id: string, plan: Partial<PricingPlan> = {}, terms: Partial<Terms> = {}, more: Partial<Listing> = {}): Omit<Listing, 'state' | 'release'> => ({
  id,
  title: 'T',
  description: '',
  product: 'shop.orders',
  major: 1,
  contractVersion: '1.0.0',
  licence: { purposes: [] },
  terms: { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '100', ...plan }, columns: ['id'], rows: [], quota: undefined, days: undefined, ...terms },
  dictionary: [],
  preview: [],
  royalties: [{ domain: 'shop', product: 'shop.orders', weight: 1 }],
  needsRelease: false,
  by: 'seller',
  ...more,
});
function sold(made: ReturnType<typeof market>, one: Omit<Listing, 'state' | 'release'>, consumer = 'buyer'): string {
  made.run({ do: 'draft', listing: one });
  made.run({ do: 'check', listing: one.id, by: 'seller' });
  made.run({ do: 'publish', listing: one.id, by: 'seller' });
  made.run({ do: 'request', listing: one.id, consumer, owner: false, request: `${one.id}-r`, agreement: `${one.id}-a` });
  return made.state.agreements.get(`${one.id}-a`)?.entitlement ?? '';
}
const reserve = (entitlement: string, key: string, more: Partial<Extract<MarketCommand, { do: 'reserve' }>> = {}): MarketCommand => ({
  do: 'reserve',
  consumer: 'buyer',
  entitlements: [entitlement],
  key,
  query: 'q',
  attempt: key,
  leaseMs: 1_000,
  ...more,
});
const settle = (entitlement: string, key: string, bytes: number, cut = false): MarketCommand => ({
  do: 'settle',
  uses: [{ usage: `u-${key}`, entitlement, key, query: 'q' }],
  rows: 1n,
  bytes,
  cut,
});
const RELEASE: ReleaseEvidence = {
  table: { domain: 'market', name: 'one', major: 1 },
  contract: '',
  sourceVersion: 1,
  snapshot: '1',
  quasi: ['id'],
  sensitive: [],
  k: 5,
  rows: 10,
  suppressed: 0,
  ncp: '0',
  recheck: '',
};
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe('money', () => {
  it('is split to the cent by largest remainder, at any size, and never differs from the whole', () => {
    expect(splitByWeight(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(splitByWeight(1n, [1n, 1_000_000n])).toEqual([0n, 1n]);
    expect(splitByWeight(0n, [3n])).toEqual([0n]);
    expect(splitByWeight(9_007_199_254_740_993n, [1n, 2n])).toEqual([3_002_399_751_580_331n, 6_004_799_503_160_662n]);
    let seed = 1n;
    let looked = 0;
    for (let round = 0; round < 2_000; round += 1) {
      seed = (seed * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
      const weights = Array.from({ length: Number(seed % 7n) + 1 }, (_, index) => ((seed >> BigInt(index * 3)) % 1_000n) + 1n);
      const amount = seed % 10n ** BigInt((round % 18) + 1);
      const parts = splitByWeight(amount, weights);
      const sum = weights.reduce((total, weight) => total + weight, 0n);
      expect(parts.reduce((total, part) => total + part, 0n)).toBe(amount);
      for (const [index, part] of parts.entries())
        expect(part * sum - amount * (weights[index] as bigint) < sum && amount * (weights[index] as bigint) - part * sum < sum).toBe(true);
      looked += 1;
    }
    expect(looked).toBe(2_000);
    for (const weights of [[], [0n], [-1n, 2n]]) expect(thrown(() => splitByWeight(10n, weights))).toBe('SKEIN_INTERNAL');
  });

  it('is read as minor units in text, and as nothing else', () => {
    expect(readCents('1250', 'x')).toBe(1_250n);
    for (const wrong of ['-1', '1.5', '1e3', ' 1', '01', '', '١٢', '9'.repeat(40), 12, 1n, null, undefined, ['1']])
      expect(thrown(() => readCents(wrong, 'x'))).toBe('SKEIN_REQUEST_INVALID');
  });

  it('balances in every entry, and an entry that does not is told', () => {
    const shares = [
      { domain: 'a', product: 'a.x', weight: 2 },
      { domain: 'b', product: 'b.y', weight: 1 },
    ];
    const charge = {
      id: 'c',
      agreement: 'a',
      listing: 'l',
      consumer: 'b',
      reason: 'use',
      currency: 'EUR',
      cents: '101',
      lines: ledgerLines('b', 101n, shares),
    } as const;
    checkBalance(charge);
    expect(charge.lines.map(({ debit, credit }) => [debit, credit])).toEqual([
      ['101', '0'],
      ['0', '67'],
      ['0', '34'],
    ]);
    expect(thrown(() => checkBalance({ ...charge, lines: charge.lines.slice(0, 2) }))).toBe('SKEIN_INTERNAL');
    expect(thrown(() => checkBalance({ ...charge, cents: '102' }))).toBe('SKEIN_INTERNAL');
  });
});

describe('pricing plans', () => {
  const plan = (more: object) => readPlan({ currency: 'EUR', price: '10', ...more });
  it('price uses by their unit', () => {
    expect(usageCents(plan({ unit: 'Pay-per-use' }), 99, 5)).toBe(10n);
    expect([2, 3].map((answered) => usageCents(plan({ unit: 'Freemium', free: 3 }), answered, 5))).toEqual([0n, 10n]);
    expect([0, 1, 1_024, 1_025].map((bytes) => usageCents(plan({ unit: 'Data-volume', bytes: 1_024 }), 0, bytes))).toEqual([0n, 10n, 10n, 20n]);
    expect(usageCents(plan({ unit: 'Data-volume', bytes: 1_024 }), 0, Number.MAX_SAFE_INTEGER)).toBe(((9_007_199_254_740_991n + 1_023n) / 1_024n) * 10n);
    const week = plan({ unit: 'Recurring', days: 7 });
    expect([-1, 0, 7 * DAY - 1, 7 * DAY, 15 * DAY].map((time) => periodsBegun(week, 0, undefined, time))).toEqual([0, 1, 1, 2, 3]);
    expect(periodsBegun(week, 0, 7 * DAY, 90 * DAY)).toBe(1);
  });
  it.each([
    { unit: 'pay-per-use' },
    { unit: 'Revenue-sharing' },
    { unit: 'Freemium' },
    { unit: 'Pay-per-use', free: 3 },
    { unit: 'Open-data' },
    { unit: 'Pay-per-use', currency: 'eur' },
    { unit: 'Recurring', days: 0.5 },
  ])('are refused: %j', (wrong) => expect(thrown(() => plan(wrong))).toBe('SKEIN_REQUEST_INVALID'));
});

describe('the market', () => {
  it('comes to the same state from its log, read back from JSON', () => {
    const made = market();
    const entitlement = sold(made, listing('one', {}, { quota: 5 }));
    made.run(reserve(entitlement, 'a'));
    made.run(settle(entitlement, 'a', 3));
    made.run(reserve(entitlement, 'b'));
    const again = emptyMarket();
    for (const event of made.log) fold(again, event);
    const text = (state: typeof again) => JSON.stringify([...state.entitlements.values()].map(({ answered, ended, open }) => [answered, ended, [...open]]));
    expect([text(again), again.seq, [...again.usages.keys()]]).toEqual([text(made.state), made.state.seq, [...made.state.usages.keys()]]);
  });

  it('keeps names apart that look or compare alike', () => {
    const made = market();
    sold(made, listing('one'), 'Étoile');
    for (const other of ['étoile', 'E\u0301toile', 'Étoile ', 'ÉTOILE', '__proto__', 'constructor', ''])
      expect(entitledNow(made.state, other, START)).toEqual([]);
    expect(entitledNow(made.state, 'Étoile', START)).toHaveLength(1);
    const entitlement = made.state.agreements.get('one-a')?.entitlement ?? '';
    expect(thrown(() => made.run(reserve(entitlement, 'k', { consumer: 'étoile' })))).toBe('SKEIN_PRODUCT_UNKNOWN');
  });

  it('charges recurring plans for each period that began, once, and none after the end', () => {
    const made = market();
    sold(made, listing('one', { unit: 'Recurring', price: '900', days: 7 }, { days: 30 }));
    const charged = () => chargesOf(made.log).map(({ id }) => id.split(':').at(-1));
    expect(charged()).toEqual(['1']);
    made.run({ do: 'accrue' }, START + 15 * DAY);
    made.run({ do: 'accrue' }, START + 15 * DAY);
    made.run({ do: 'accrue' }, START);
    expect(charged()).toEqual(['1', '2', '3']);
    made.run({ do: 'end', agreement: 'one-a', by: 'seller', reason: 'over' }, START + 16 * DAY);
    made.run({ do: 'accrue' }, START + 90 * DAY);
    expect(charged()).toEqual(['1', '2', '3']);
  });

  it('charges the periods that have begun when an agreement is ended, whoever ends it and though nobody looked', () => {
    const made = market();
    sold(made, listing('monthly', { unit: 'Recurring', price: '500', days: 30 }));
    made.run({ do: 'end', agreement: 'monthly-a', by: 'buyer', reason: 'enough' }, START + 75 * DAY);
    expect(chargesOf(made.log).map(({ id, cents }) => [id, cents])).toEqual([1, 2, 3].map((period) => [`period:monthly-a:${period}`, '500']));
    made.run({ do: 'accrue' }, START + 400 * DAY);
    expect(made.run({ do: 'end', agreement: 'monthly-a', by: 'seller', reason: 'again' }, START + 400 * DAY)).toEqual([]);
    expect(chargesOf(made.log)).toHaveLength(3);
  });

  it('does not check a release that could be joined with another of the same product', () => {
    const made = market();
    const release = (id: string, more: object = {}) => ({ ...RELEASE, table: { domain: 'market', name: id, major: 1 }, ...more });
    for (const id of ['one', 'two']) made.run({ do: 'draft', listing: listing(id, {}, {}, { needsRelease: true }) });
    made.run({ do: 'check', listing: 'one', by: 'seller', release: release('one') });
    expect(thrown(() => made.run({ do: 'check', listing: 'two', by: 'seller', release: release('two') }))).toBe('SKEIN_MARKET_RELEASE');
    expect(made.run({ do: 'check', listing: 'two', by: 'seller', release: release('two', { beside: ['one'] }) })).toHaveLength(1);
  });

  it('does not give the rest of a cut answer away where volume is paid for', () => {
    for (const [unit, more, charges] of [
      ['Data-volume', { bytes: 1_024 }, 2],
      ['Pay-per-use', {}, 1],
    ] as const) {
      const made = market();
      const entitlement = sold(made, listing('one', { unit, ...more }));
      made.run(reserve(entitlement, 'k'));
      made.run(settle(entitlement, 'k', 100, true));
      made.run(reserve(entitlement, 'k', { attempt: 'k2' }));
      made.run({ ...settle(entitlement, 'k', 9_000), uses: [{ usage: 'u-2', entitlement, key: 'k', query: 'q' }] } as MarketCommand);
      expect([unit, chargesOf(made.log).length]).toEqual([unit, charges]);
    }
  });

  it('names each charge apart, also of two answers under one key of which the first was cut off', () => {
    const made = market();
    const entitlement = sold(
      made,
      listing('one', { unit: 'Data-volume', bytes: 1_024 }, {}, { royalties: [1, 2].map((at) => ({ domain: 'd', product: `d.p${at}`, weight: 1 })) }),
    );
    const [first] = made.run(reserve(entitlement, 'k', { attempt: 'a' }));
    const usage = first?.type === 'usage.reserved' ? first.usage : '';
    // sent again while it runs: both are at work on one intent
    expect(made.run(reserve(entitlement, 'k', { attempt: 'b' }))).toMatchObject([{ type: 'usage.reserved', usage }]);
    const uses = [{ usage, entitlement, key: 'k', query: 'q' }];
    made.run({ do: 'settle', uses, rows: 0n, bytes: 9_000, cut: true });
    made.run({ do: 'settle', uses, rows: 1n, bytes: 10 });
    const charges = chargesOf(made.log);
    expect(charges.map(({ cents }) => cents)).toEqual(['900', '100']);
    expect(new Set(charges.map(({ id }) => id)).size).toBe(2);
    const uncharged = made.log.flatMap((event) => (event.type === 'usage.charged' && !charges.some(({ id }) => id === `usage:${event.usage}`) ? [event] : []));
    expect(uncharged).toEqual([]);
  });

  it('takes no other query under the key of an intent that lapsed, whose worker may be slow', () => {
    const made = market();
    const entitlement = sold(made, listing('one'));
    const [first] = made.run(reserve(entitlement, 'k', { attempt: 'a' }));
    const usage = first?.type === 'usage.reserved' ? first.usage : '';
    expect(thrown(() => made.run(reserve(entitlement, 'k', { attempt: 'b', query: 'other' }), START + 1_001))).toBe('SKEIN_MARKET_CONFLICT');
    // the same query: one is charged, whichever ends first
    made.run(reserve(entitlement, 'k', { attempt: 'c' }), START + 1_001);
    const again = made.state.usages.get(made.state.usageByKey.get(JSON.stringify([entitlement, 'k'])) ?? '')?.id ?? '';
    expect(again).not.toBe(usage);
    for (const one of [usage, again]) made.run({ do: 'settle', uses: [{ usage: one, entitlement, key: 'k', query: 'q' }], rows: 1n, bytes: 1 }, START + 1_500);
    expect(chargesOf(made.log)).toHaveLength(1);
    // a day later the key is free
    expect(made.run(reserve(entitlement, 'k', { attempt: 'd', query: 'other' }), START + 2 * DAY)).toHaveLength(1);
  });

  it('answers a repetition for a day, and forgets the key then', () => {
    const made = market();
    const entitlement = sold(made, listing('one', {}, { quota: 2 }));
    made.run(reserve(entitlement, 'k'));
    made.run(settle(entitlement, 'k', 1));
    expect(made.run(reserve(entitlement, 'k', { attempt: 'k2' }), START + DAY - 1)).toEqual([]);
    expect(thrown(() => made.run(reserve(entitlement, 'k', { query: 'other' }), START + DAY - 1))).toBe('SKEIN_MARKET_CONFLICT');
    expect(made.run(reserve(entitlement, 'k', { query: 'other' }), START + DAY + 1)).toHaveLength(1);
    const standing = made.state.entitlements.get(entitlement);
    expect(standing && quotaLeft(made.state, standing, START + DAY + 1)).toBe(0);
  });

  it('does not let anybody deal with themselves, or take what is not live', () => {
    const made = market();
    made.run({ do: 'draft', listing: listing('one') });
    const ask =
      (more: object = {}) =>
      () =>
        made.run({ do: 'request', listing: 'one', consumer: 'buyer', owner: false, request: 'r', agreement: 'a', ...more });
    expect(thrown(ask())).toBe('SKEIN_MARKET_UNKNOWN');
    made.run({ do: 'check', listing: 'one', by: 'seller' });
    made.run({ do: 'publish', listing: 'one', by: 'seller' });
    expect(thrown(ask({ owner: true }))).toBe('SKEIN_AUTH_FORBIDDEN');
    expect(thrown(ask({ consumer: 'seller' }))).toBe('SKEIN_AUTH_FORBIDDEN');
    made.run({ do: 'withdraw', listing: 'one', by: 'seller', reason: 'x' });
    expect(thrown(ask())).toBe('SKEIN_MARKET_UNKNOWN');
    expect(thrown(() => made.run({ do: 'publish', listing: 'one', by: 'seller' }))).toBe('SKEIN_MARKET_CONFLICT');
  });

  it('takes an offer under the same key for the same one, and for no other', () => {
    const made = market();
    const listed = listing('one', { price: '100' }, { columns: ['id', 'total'], quota: 5 });
    sold(made, listed);
    sold(made, listing('two'), 'other');
    const plan = { ...listed.terms.plan, price: '90' };
    const ask = (request: string, more: object = {}): MarketCommand => ({
      do: 'request',
      listing: 'one',
      consumer: 'buyer',
      owner: false,
      request,
      agreement: `again-${made.log.length}`,
      ...more,
    });
    const offers = { plain: {}, priced: { price: '100' }, less: { terms: readAskedTerms({ columns: ['total', 'id'], quota: 3 }) }, lower: { terms: { plan } } };
    for (const [key, more] of Object.entries(offers)) expect(made.run(ask(key, more)).length).toBeGreaterThan(0);
    // the price moves, and the listing goes: what was said stays said
    made.run({ do: 'price', listing: 'one', by: 'seller', plan: { ...listed.terms.plan, price: '500' } }, START + 1);
    made.run({ do: 'withdraw', listing: 'one', by: 'seller', reason: 'x' });
    for (const [key, more] of Object.entries(offers)) expect([key, made.run(ask(key, more))]).toEqual([key, []]);
    expect(made.run(ask('plain', { terms: {} }))).toEqual([]);
    expect(made.run(ask('less', { terms: readAskedTerms({ quota: 3, columns: ['id', 'total', 'id'], days: null }) }))).toEqual([]);
    const wrong = [
      ['plain', 'price', { price: '100' }],
      ['priced', 'price', {}],
      ['priced', 'price', { price: '101' }],
      ['less', 'columns', { terms: { columns: ['id'], quota: 3 } }],
      ['less', 'quota', { terms: { columns: ['id', 'total'] } }],
      ['less', 'columns', {}],
      ['lower', 'plan', { terms: { plan: { ...plan, price: '80' } } }],
      ['lower', 'days', { terms: { plan, days: 3 } }],
      ['lower', 'rows', { terms: { plan, rows: [{ column: 'id', operator: 'isNotNull', values: [] }] } }],
      ['plain', 'another listing', { listing: 'two' }],
    ] as const;
    for (const [key, name, more] of wrong) {
      expect([key, more, thrown(() => made.run(ask(key, more)))]).toEqual([key, more, 'SKEIN_MARKET_CONFLICT']);
      expect(() => made.run(ask(key, more))).toThrow(name);
    }
    // the key of another consumer is another key; a log that does not say what was asked holds a key to its listing only
    expect(thrown(() => made.run(ask('plain', { consumer: 'third', price: '1' })))).toBe('SKEIN_MARKET_UNKNOWN');
    const old = emptyMarket();
    for (const event of made.log) fold(old, event.type === 'agreement.requested' ? { ...event, asked: undefined as never } : event);
    expect(decideMarket(old, ask('priced', { price: '101' }), START)).toEqual([]);
  });

  it('gives what is free and bounded once, and what is paid for as often as it is taken', () => {
    const states = (plan: Partial<PricingPlan>, terms: Partial<Terms>, consumers: readonly string[]) => {
      const made = market();
      sold(made, listing('one', plan, terms), consumers[0]);
      return consumers.slice(1).map((consumer, at) => {
        made.run({ do: 'request', listing: 'one', consumer, owner: false, request: `r${at}`, agreement: `b${at}` }, START + 400 * DAY);
        return made.state.agreements.get(`b${at}`)?.state;
      });
    };
    for (const [plan, terms] of [
      [{ unit: 'Trial', price: '0' }, { days: 7 }],
      [{ unit: 'Freemium', free: 3 }, {}],
      [{ unit: 'Open-data', price: '0' }, { quota: 1 }],
    ] as const)
      expect([plan, states(plan, terms, ['buyer', 'buyer', 'other', 'other'])]).toEqual([plan, ['REQUESTED', 'FINALIZED', 'REQUESTED']]);
    for (const [plan, terms] of [
      [{ unit: 'Open-data', price: '0' }, { days: 7 }],
      [{ unit: 'Pay-per-use' }, { quota: 1 }],
      [{ unit: 'One-time-payment' }, { quota: 1 }],
    ] as const)
      expect([plan, states(plan, terms, ['buyer', 'buyer'])]).toEqual([plan, ['FINALIZED']]);
  });

  it('holds a key to its query, whichever agreement it is read under', () => {
    const made = market();
    const [first = '', second = ''] = ['one', 'two'].map((id) => sold(made, listing(id)));
    made.run(reserve(first, 'k'));
    expect(thrown(() => made.run(reserve(second, 'k', { query: 'other' })))).toBe('SKEIN_MARKET_CONFLICT');
    made.run(settle(first, 'k', 1));
    expect(thrown(() => made.run(reserve(second, 'k', { query: 'other' })))).toBe('SKEIN_MARKET_CONFLICT');
    // one query may read both, another key asks something else, and so does the same one after a day
    expect(made.run(reserve(second, 'k', { entitlements: [first, second], attempt: 'b' }))).toHaveLength(1);
    expect(made.run(reserve(second, 'k2', { query: 'other' }))).toHaveLength(1);
    expect(made.run(reserve(second, 'k', { query: 'other' }), START + 2 * DAY)).toHaveLength(1);
  });

  it('puts what needs a release live with one only', () => {
    const made = market();
    made.run({ do: 'draft', listing: listing('one', {}, {}, { needsRelease: true }) });
    expect(thrown(() => made.run({ do: 'check', listing: 'one', by: 'seller' }))).toBe('SKEIN_MARKET_RELEASE');
    expect(thrown(() => made.run({ do: 'publish', listing: 'one', by: 'seller' }))).toBe('SKEIN_MARKET_CONFLICT');
  });

  it('knows which price held when, as it was known when', () => {
    const made = market();
    made.run({ do: 'draft', listing: listing('one') });
    const price = (cents: string, validFrom: number, at: number) =>
      made.run({ do: 'price', listing: 'one', by: 'seller', plan: { unit: 'Pay-per-use', currency: 'EUR', price: cents }, validFrom }, at);
    price('200', START + 10 * DAY, START + DAY);
    price('150', START + 10 * DAY, START + 12 * DAY);
    const at = (valid: number, known?: number) =>
      priceAt(made.state, 'one', START + valid * DAY, known === undefined ? undefined : START + known * DAY)?.plan.price;
    expect([at(9), at(11), at(11, 11), at(11, 0.5), at(-1)]).toEqual(['100', '150', '200', '100', undefined]);
    expect(thrown(() => made.run({ do: 'price', listing: 'one', by: 'seller', plan: { unit: 'Pay-per-use', currency: 'USD', price: '1' } }))).toBe(
      'SKEIN_REQUEST_INVALID',
    );
  });

  it('lets a buyer ask for less, and never for more', () => {
    const listed = readTerms({
      plan: { unit: 'Pay-per-use', currency: 'EUR', price: '10' },
      columns: ['id', 'total'],
      rows: [{ column: 'id', operator: 'isNotNull' }],
      quota: 5,
    });
    checkWithin(readTerms({ columns: ['id'], rows: [...listed.rows, { column: 'id', operator: 'equals', values: ['1'] }] }, listed), listed);
    for (const more of [{ columns: ['id', 'secret'] }, { rows: [] }, { plan: { unit: 'Pay-per-use', currency: 'USD', price: '10' } }])
      expect(thrown(() => checkWithin(readTerms(more, listed), listed))).toBe('SKEIN_REQUEST_INVALID');
    for (const wrong of [
      { quota: -1 },
      { quota: 1.5 },
      { days: 0 },
      { rows: "region = 'x'" },
      { rows: [{ column: 'id', operator: 'sql', values: [] }] },
      { columns: [] },
      { discount: 1 },
    ])
      expect(thrown(() => readTerms(wrong, listed))).toBe('SKEIN_REQUEST_INVALID');
  });
});
