import { describe, expect, it } from 'vitest';
import type { MarketCommand } from './command.ts';
import { decideMarket, numbered } from './decide.ts';
import { readDemand } from './demand.ts';
import type { MarketEvent } from './event.ts';
import type { Listing } from './listing.ts';
import { arbitrageIn } from './pricing/bundle.ts';
import { emptyMarket, fold, priceAt, type MarketState } from './state.ts';

const START = Date.UTC(2026, 0, 1);

function market() {
  const state = emptyMarket();
  const log: MarketEvent[] = [];
  let time = START;
  const run = (command: MarketCommand): readonly MarketEvent[] => {
    time += 1_000;
    const events = numbered(state, decideMarket(state, command, time), time);
    for (const event of events) {
      log.push(JSON.parse(JSON.stringify(event)) as MarketEvent);
      fold(state, event);
    }
    return events;
  };
  const price = (listing: string): bigint => BigInt(priceAt(state, listing, time)?.plan.price ?? '-1');
  return { state, log, run, price };
}
const listing = (
  id: string,
  columns: readonly string[],
  demand?: readonly [string, string],
  price = demand?.[1] ?? '100',
): Omit<Listing, 'state' | 'release'> => ({
  id,
  title: 'T',
  description: '',
  product: 'shop.orders',
  major: 1,
  contractVersion: '1.0.0',
  licence: { purposes: [] },
  terms: { plan: { unit: 'Pay-per-use', currency: 'EUR', price }, columns, rows: [], quota: undefined, days: undefined },
  dictionary: [],
  preview: [],
  royalties: [{ domain: 'shop', product: 'shop.orders', weight: 1 }],
  ...(demand ? { demand: { floor: demand[0], ceiling: demand[1], seed: 7 } } : {}),
  needsRelease: false,
  by: 'seller',
});
function live(made: ReturnType<typeof market>, one: Omit<Listing, 'state' | 'release'>): string {
  made.run({ do: 'draft', listing: one });
  made.run({ do: 'check', listing: one.id, by: 'seller' });
  made.run({ do: 'publish', listing: one.id, by: 'seller' });
  return one.id;
}
/** A buyer with a limit: takes the price, or asks for what they would pay. */
function visit(made: ReturnType<typeof market>, id: string, buyer: string, limit: bigint): void {
  const asks = made.price(id);
  const standing = made.state.listings.get(id) as Listing;
  const plan = { ...standing.terms.plan, price: asks.toString() };
  made.run({
    do: 'request',
    listing: id,
    consumer: buyer,
    owner: false,
    request: `${buyer}-${id}`,
    agreement: `${buyer}-${id}`,
    ...(asks <= limit ? {} : { terms: { ...standing.terms, plan: { ...plan, price: limit.toString() } } }),
  });
}
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};
const pricesOf = (state: MarketState, id: string): bigint[] => (state.prices.get(id) ?? []).map(({ plan }) => BigInt(plan.price));

describe('a price that follows demand', () => {
  it('goes where buyers take it, never out of its bounds, and is in the log with every change', () => {
    const [cheap, dear] = [market(), market()];
    for (const made of [cheap, dear]) live(made, listing('one', ['id'], ['50', '500']));
    for (let buyer = 0; buyer < 120; buyer += 1) {
      visit(cheap, 'one', `b-${buyer}`, 70n);
      visit(dear, 'one', `b-${buyer}`, 450n);
    }
    const late = (made: typeof cheap): number => {
      const all = pricesOf(made.state, 'one').slice(-10);
      return all.reduce((sum, price) => sum + Number(price), 0) / all.length;
    };
    expect(late(cheap)).toBeLessThan(150);
    expect(late(dear)).toBeGreaterThan(250);
    for (const made of [cheap, dear]) {
      const all = pricesOf(made.state, 'one');
      expect(all.length).toBeGreaterThan(10);
      expect(all.filter((price) => price < 50n || price > 500n)).toEqual([]);
      expect(made.log.filter((event) => event.type === 'price.set')).toHaveLength(all.length);
    }
  });

  it('is the same whoever folds the log', () => {
    const made = market();
    live(made, listing('one', ['id'], ['50', '500']));
    for (let buyer = 0; buyer < 40; buyer += 1) visit(made, 'one', `b-${buyer}`, BigInt(60 + 7 * (buyer % 30)));
    const again = emptyMarket();
    for (const event of made.log) fold(again, event);
    expect(pricesOf(again, 'one')).toEqual(pricesOf(made.state, 'one'));
    expect([...(again.demand.get('one')?.pricing.weights ?? [])]).toEqual([...(made.state.demand.get('one')?.pricing.weights ?? [1])]);
    // the next command comes to the same facts over both
    const next: MarketCommand = { do: 'request', listing: 'one', consumer: 'next', owner: false, request: 'next', agreement: 'next' };
    expect(decideMarket(again, next, START + 10 ** 9)).toEqual(decideMarket(made.state, next, START + 10 ** 9));
  });

  it('leaves agreements at the price they were concluded at', () => {
    const made = market();
    live(made, listing('one', ['id'], ['50', '500']));
    const agreed = made.price('one');
    visit(made, 'one', 'first', 10_000n);
    for (let buyer = 0; buyer < 60; buyer += 1) visit(made, 'one', `b-${buyer}`, 55n);
    expect(made.price('one')).not.toBe(agreed);
    const entitlement = made.state.agreements.get('first-one')?.entitlement ?? '';
    made.run({ do: 'reserve', consumer: 'first', entitlements: [entitlement], key: 'k', query: 'q', attempt: 'a', leaseMs: 1_000 });
    made.run({ do: 'settle', uses: [{ usage: 'u', entitlement, key: 'k', query: 'q' }], rows: 1n, bytes: 1 });
    const charge = made.log.findLast((event) => event.type === 'charge.made');
    expect(charge?.type === 'charge.made' && charge.charge.cents).toBe(agreed.toString());
  });

  it('hears each buyer once for a price, so that none talks it down alone', () => {
    const made = market();
    live(made, listing('one', ['id'], ['50', '500']));
    const before = made.state.demand.get('one')?.pricing.buyers;
    const standing = made.state.listings.get('one') as Listing;
    for (let again = 0; again < 30; again += 1) {
      made.run({
        do: 'request',
        listing: 'one',
        consumer: 'haggler',
        owner: false,
        request: `r-${again}`,
        agreement: `a-${again}`,
        terms: { ...standing.terms, plan: { ...standing.terms.plan, price: '1' } },
      });
    }
    const moves = pricesOf(made.state, 'one').length;
    expect(made.state.demand.get('one')?.pricing.buyers).toBeLessThanOrEqual((before ?? 0) + moves);
    expect(made.log.filter(({ type }) => type === 'agreement.requested')).toHaveLength(30);
  });

  it('learns from what is left on the table, and from queries that are paid for', () => {
    const made = market();
    live(made, listing('one', ['id'], ['50', '500']));
    const buyers = (): number => made.state.demand.get('one')?.pricing.buyers ?? -1;
    const plan = { unit: 'Pay-per-use', currency: 'EUR', price: '40' } as const;
    const terms = { ...(made.state.listings.get('one') as Listing).terms, plan };
    made.run({ do: 'request', listing: 'one', consumer: 'a', owner: false, request: 'r', agreement: 'a', terms });
    expect(buyers()).toBe(1);
    made.run({ do: 'move', agreement: 'a', by: 'seller', side: 'provider', step: 'offer', terms: { ...terms, plan: { ...plan, price: '300' } } });
    made.run({ do: 'move', agreement: 'a', by: 'a', side: 'consumer', step: 'terminate' });
    const left = buyers();
    expect(left).toBeGreaterThanOrEqual(1);
    visit(made, 'one', 'b', 10_000n);
    const bought = buyers();
    expect(bought).toBeGreaterThan(left);
    // somebody else's price, so that they are heard anew
    for (let other = 0; other < 5; other += 1) visit(made, 'one', `c-${other}`, 51n);
    const entitlement = made.state.agreements.get('b-one')?.entitlement ?? '';
    const then = buyers();
    made.run({ do: 'settle', uses: [{ usage: 'u', entitlement, key: 'k', query: 'q' }], rows: 1n, bytes: 1 });
    expect(buyers()).toBe(then + 1);
  });

  it('leaves no arbitrage between bundles and parts, whatever buyers do', () => {
    const made = market();
    live(made, listing('whole', ['a', 'b', 'c'], ['60', '900']));
    live(made, listing('left', ['a', 'b'], ['40', '600']));
    live(made, listing('right', ['b', 'c'], ['40', '600']));
    live(made, listing('fixed', ['c'], undefined, '45'));
    let looked = 0;
    for (let buyer = 0; buyer < 150; buyer += 1) {
      visit(made, ['whole', 'left', 'right'][buyer % 3] as string, `b-${buyer}`, BigInt(50 + ((buyer * 37) % 800)));
      const listed = ['whole', 'left', 'right', 'fixed'].map((id) => ({ products: made.state.listings.get(id)?.terms.columns ?? [], price: made.price(id) }));
      // a price that its owner fixed is the owner's affair: it is never the dearer one here
      expect(arbitrageIn(listed).filter(({ dearer }) => dearer.price !== 45n)).toEqual([]);
      for (const [id, floor, ceiling] of [
        ['whole', 60n, 900n],
        ['left', 40n, 600n],
        ['right', 40n, 600n],
      ] as const)
        expect([id, made.price(id) >= floor && made.price(id) <= ceiling]).toEqual([id, true]);
      looked += listed.length;
    }
    expect(looked).toBe(600);
    // a floor that others would undercut is refused, before it is for sale
    expect(thrown(() => made.run({ do: 'draft', listing: listing('dear', ['a'], ['700', '900']) }))).toBe('SKEIN_PRICE_INVALID');
    const [count] = [made.log.length];
    expect(thrown(() => made.run({ do: 'price', listing: 'fixed', by: 'seller', plan: { unit: 'Pay-per-use', currency: 'EUR', price: '1' } }))).toBe(
      'SKEIN_PRICE_INVALID',
    );
    expect(made.log).toHaveLength(count);
  });

  it('charges a use though a price that begins later undercuts a floor', () => {
    const made = market();
    live(made, listing('one', ['a'], ['50', '500']));
    live(made, listing('fixed', ['a'], undefined, '200'));
    visit(made, 'one', 'b', 10_000n);
    made.run({ do: 'price', listing: 'fixed', by: 'seller', plan: { unit: 'Pay-per-use', currency: 'EUR', price: '2' }, validFrom: START + 200_000 });
    made.state.latest = START + 300_000;
    const entitlement = made.state.agreements.get('b-one')?.entitlement ?? '';
    const settled = made.run({ do: 'settle', uses: [{ usage: 'u', entitlement, key: 'k', query: 'q' }], rows: 1n, bytes: 1 });
    expect(settled.map(({ type }) => type)).toContain('charge.made');
    // the next answer to the price finds it undercut, and at its floor it stays
    visit(made, 'one', 'c', 1n);
    expect(pricesOf(made.state, 'one').at(-1)).toBe(50n);
  });

  it('is not set by hand, and is not taken at another price than was seen', () => {
    const made = market();
    live(made, listing('one', ['id'], ['50', '500']));
    expect(thrown(() => made.run({ do: 'price', listing: 'one', by: 'seller', plan: { unit: 'Pay-per-use', currency: 'EUR', price: '60' } }))).toBe(
      'SKEIN_MARKET_CONFLICT',
    );
    const ask = (price: string): MarketCommand => ({ do: 'request', listing: 'one', consumer: 'b', owner: false, request: 'r', agreement: 'a', price });
    expect(thrown(() => made.run(ask((made.price('one') - 1n).toString())))).toBe('SKEIN_MARKET_CONFLICT');
    expect(made.run(ask(made.price('one').toString())).map(({ type }) => type)).toContain('entitlement.granted');
  });

  it('has bounds', () => {
    for (const wrong of [
      { floor: '0', ceiling: '5' },
      { floor: '6', ceiling: '5' },
      { floor: 1, ceiling: '5' },
      { floor: '1' },
      { floor: '1', ceiling: '5', seed: 1 },
    ])
      expect(thrown(() => readDemand(wrong, 'Pay-per-use', 1))).toBe('SKEIN_REQUEST_INVALID');
    expect(thrown(() => readDemand({ floor: '1', ceiling: '5' }, 'Open-data', 1))).toBe('SKEIN_REQUEST_INVALID');
    const made = market();
    live(made, listing('one', ['id'], ['5', '5']));
    visit(made, 'one', 'b', 4n);
    expect(made.price('one')).toBe(5n);
  });
});
