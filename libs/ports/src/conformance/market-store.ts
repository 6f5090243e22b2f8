import type { Listing, MarketCommand, MarketEvent, PricingPlan, Terms } from '@skein/market';
import { accountTotals, chargesOf, entitledNow, quotaLeft } from '@skein/market';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MarketStore } from '../market-store.ts';

export interface MarketStoreUnderTest {
  readonly store: MarketStore;
  /** Another store over the same log, as another process has it; undefined where the log ends with the store. */
  readonly another?: () => Promise<MarketStore>;
}

const DAY = 86_400_000;
export const MARKET_START = Date.UTC(2026, 0, 1);

/** A listing of `shop.orders`, made of three domains' products. */
export function sampleListing(id: string, plan: Partial<PricingPlan> = {}, terms: Partial<Terms> = {}): Omit<Listing, 'state' | 'release'> {
  return {
    id,
    title: 'Orders',
    description: 'What was ordered.',
    product: 'shop.orders',
    major: 1,
    contractVersion: '1.0.0',
    licence: { purposes: [] },
    terms: {
      plan: { unit: 'Pay-per-use', currency: 'EUR', price: '100', ...plan },
      columns: ['id', 'total'],
      rows: [],
      quota: undefined,
      days: undefined,
      ...terms,
    },
    dictionary: [],
    preview: [],
    royalties: [
      { domain: 'shop', product: 'shop.orders', weight: 1 },
      { domain: 'crm', product: 'crm.customers', weight: 1 },
      { domain: 'fx', product: 'fx.rates', weight: 1 },
    ],
    needsRelease: false,
    by: 'seller',
  };
}

/** Puts a listing live, and lets a consumer take it as it is. Returns the entitlement. */
export async function sampleSale(store: MarketStore, listing: Omit<Listing, 'state' | 'release'>, consumer = 'buyer', at = MARKET_START): Promise<string> {
  await store.run({ do: 'draft', listing }, at);
  await store.run({ do: 'check', listing: listing.id, by: 'seller' }, at);
  await store.run({ do: 'publish', listing: listing.id, by: 'seller' }, at);
  const events = await store.run({ do: 'request', listing: listing.id, consumer, owner: false, request: `${listing.id}-1`, agreement: `${listing.id}-a` }, at);
  const granted = events.find((event) => event.type === 'entitlement.granted');
  return granted?.type === 'entitlement.granted' ? granted.entitlement.id : '';
}

function reserve(entitlement: string, key: string, more: Partial<Extract<MarketCommand, { do: 'reserve' }>> = {}): Extract<MarketCommand, { do: 'reserve' }> {
  return { do: 'reserve', consumer: 'buyer', entitlements: [entitlement], key, query: 'q', attempt: `${key}-1`, leaseMs: 60_000, ...more };
}

function settling(events: readonly MarketEvent[], bytes = 10): MarketCommand {
  const uses = events.flatMap((event) =>
    event.type === 'usage.reserved' ? [{ usage: event.usage, entitlement: event.entitlement, key: event.key, query: event.query }] : [],
  );
  return { do: 'settle', uses, rows: 1n, bytes };
}

/** What every MarketStore keeps. Call it at the top level of a test file; `make` gives an empty market. */
export function marketStoreConformance(name: string, make: () => Promise<MarketStoreUnderTest>): void {
  describe(`market store: ${name}`, () => {
    let made: MarketStoreUnderTest;
    let store: MarketStore;
    const others: MarketStore[] = [];
    beforeEach(async () => {
      made = await make();
      store = made.store;
    });
    afterEach(async () => {
      for (const other of others.splice(0)) await other.close();
      await store.close();
    });
    const another = async (): Promise<MarketStore> => {
      if (!made.another) return store;
      const other = await made.another();
      others.push(other);
      return other;
    };

    it('numbers events without gaps, at times that never fall, and gives them back as they were', async () => {
      await sampleSale(store, sampleListing('one'), 'buyer', MARKET_START + 1_000);
      await store.run({ do: 'withdraw', listing: 'one', by: 'seller', reason: 'ends' }, MARKET_START);
      const events = await store.events(0);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.length).toBeGreaterThan(8);
      expect(new Set(events.map(({ at }) => at))).toEqual(new Set([MARKET_START + 1_000]));
      expect(await store.events(3, 2)).toEqual(events.slice(3, 5));
      expect(await (await another()).events(0)).toEqual(events);
    });

    it('shows at once what another process did', async () => {
      const other = await another();
      await other.state();
      const entitlement = await sampleSale(store, sampleListing('one'));
      expect(entitledNow(await other.state(), 'buyer', MARKET_START)).toHaveLength(1);
      await other.run({ do: 'end', agreement: 'one-a', by: 'seller', reason: 'not paid' }, MARKET_START);
      expect(entitledNow(await store.state(), 'buyer', MARKET_START)).toEqual([]);
      await expect(store.run(reserve(entitlement, 'k'), MARKET_START)).rejects.toMatchObject({ code: 'SKEIN_PRODUCT_UNKNOWN' });
    });

    it('keeps nothing of a command that is refused', async () => {
      await sampleSale(store, sampleListing('one'));
      const before = (await store.events(0)).length;
      await expect(store.run({ do: 'draft', listing: sampleListing('one', { price: '7' }) }, MARKET_START)).rejects.toMatchObject({
        code: 'SKEIN_MARKET_CONFLICT',
      });
      await expect(store.run({ do: 'publish', listing: 'none', by: 'seller' }, MARKET_START)).rejects.toMatchObject({ code: 'SKEIN_MARKET_UNKNOWN' });
      expect(await store.events(0)).toHaveLength(before);
      expect((await store.state()).seq).toBe(before);
    });

    it('gives the last unit of a quota to one of eight', async () => {
      const entitlement = await sampleSale(store, sampleListing('one', {}, { quota: 3 }));
      for (const key of ['a', 'b']) await store.run(settling(await store.run(reserve(entitlement, key), MARKET_START)), MARKET_START);
      const stores = await Promise.all(Array.from({ length: 8 }, another));
      const outcomes = await Promise.allSettled(stores.map((one, index) => one.run(reserve(entitlement, `race-${index}`), MARKET_START)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SKEIN_MARKET_QUOTA' });
      const state = await store.state();
      const standing = state.entitlements.get(entitlement);
      expect(standing && quotaLeft(state, standing, MARKET_START)).toBe(0);
    });

    it('charges a use once, whoever settles it how often', async () => {
      const entitlement = await sampleSale(store, sampleListing('one'));
      const other = await another();
      const first = await store.run(reserve(entitlement, 'k'), MARKET_START);
      const again = await other.run(reserve(entitlement, 'k', { attempt: 'k-2' }), MARKET_START);
      await Promise.all([store.run(settling(first), MARKET_START), other.run(settling(again), MARKET_START), other.run(settling(first), MARKET_START)]);
      expect(await store.run(reserve(entitlement, 'k', { attempt: 'k-3' }), MARKET_START)).toEqual([]);
      const charges = chargesOf(await store.events(0));
      expect(charges).toHaveLength(1);
      expect(accountTotals(charges).map(({ account, debit, credit }) => [account, debit, credit])).toEqual([
        ['buyer:buyer', '100', '0'],
        ['royalty:crm.customers', '0', '33'],
        ['royalty:fx.rates', '0', '33'],
        ['royalty:shop.orders', '0', '34'],
      ]);
    });

    it('gives a unit back when its worker died, and lets a late one settle while there is room', async () => {
      const entitlement = await sampleSale(store, sampleListing('one', {}, { quota: 1 }));
      const lost = await store.run(reserve(entitlement, 'lost'), MARKET_START);
      await expect(store.run(reserve(entitlement, 'next'), MARKET_START + 59_999)).rejects.toMatchObject({ code: 'SKEIN_MARKET_QUOTA' });
      const next = await store.run(reserve(entitlement, 'next'), MARKET_START + 60_001);
      await expect(store.run(settling(lost), MARKET_START + 60_002)).rejects.toMatchObject({ code: 'SKEIN_MARKET_QUOTA' });
      await store.run(
        { do: 'release', usages: next.flatMap((event) => (event.type === 'usage.reserved' ? [event.usage] : [])), attempt: 'next-1', reason: 'failed' },
        MARKET_START + 60_003,
      );
      await store.run(settling(lost), MARKET_START + 60_004);
      expect(chargesOf(await store.events(0))).toHaveLength(1);
    });

    it('does not bring back what has expired when a clock goes backwards', async () => {
      const entitlement = await sampleSale(store, sampleListing('one', {}, { days: 1 }));
      expect(entitledNow(await store.state(), 'buyer', MARKET_START + DAY - 1)).toHaveLength(1);
      expect(entitledNow(await store.state(), 'buyer', MARKET_START + DAY)).toEqual([]);
      await sampleSale(store, sampleListing('two'), 'other', MARKET_START + DAY);
      const behind = await another();
      expect(entitledNow(await behind.state(), 'buyer', MARKET_START + 1)).toEqual([]);
      await expect(behind.run(reserve(entitlement, 'k'), MARKET_START + 1)).rejects.toMatchObject({ code: 'SKEIN_PRODUCT_UNKNOWN' });
    });
  });
}
