import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueryUse, UsageLog } from '../usage-log.ts';

export interface UsageLogUnderTest {
  readonly log: UsageLog;
  /** Opens what `log` kept once more, after it was closed; undefined where nothing outlives the log. */
  readonly reopen?: () => Promise<UsageLog>;
  /** Releases what stands behind the log, after it was closed. */
  readonly dispose?: () => Promise<void>;
}

/** What every UsageLog keeps. `make` gives an empty log that keeps at most `maxUses` of each product; call it at the top level of a test file. */
export function usageLogConformance(name: string, make: (maxUses: number) => Promise<UsageLogUnderTest>): void {
  describe(`usage log: ${name}`, () => {
    let made: UsageLogUnderTest;
    let log: UsageLog;
    beforeEach(async () => {
      made = await make(50);
      log = made.log;
    });
    afterEach(async () => {
      await log.close();
      await made.dispose?.();
    });

    const use = (more: Partial<QueryUse> = {}): QueryUse => ({
      queryHash: 'h1',
      sql: 'SELECT price FROM shop.item',
      principal: 'ann',
      purpose: undefined,
      reads: [{ product: 'shop.item', major: 1, address: 'shop.item', columns: ['price'] }],
      time: 1_000,
      ...more,
    });

    it('makes one use of the runs of a query by a principal, and keeps those of others apart', async () => {
      log.record(use({ time: 2_000, purpose: 'planning' }));
      log.record(use({ time: 1_000, purpose: 'audit' }));
      log.record(use({ time: 3_000, purpose: 'planning' }));
      log.record(use({ principal: 'bob "; DROP', time: 4_000 }));
      await log.flush();
      log.record(use({ time: 5_000 }));
      expect(await log.usesOf('shop.item')).toEqual([
        {
          queryHash: 'h1',
          sql: 'SELECT price FROM shop.item',
          principal: 'ann',
          purposes: ['audit', 'planning'],
          reads: use().reads,
          count: 4,
          firstSeen: 1_000,
          lastSeen: 5_000,
        },
        {
          queryHash: 'h1',
          sql: 'SELECT price FROM shop.item',
          principal: 'bob "; DROP',
          purposes: [],
          reads: use().reads,
          count: 1,
          firstSeen: 4_000,
          lastSeen: 4_000,
        },
      ]);
      expect(log.stats()).toEqual({ recorded: 5, failed: 0 });
    });

    it('finds a query by every product that it reads, in any major, and knows none of others', async () => {
      const reads = [
        { product: 'shop.item', major: 2, address: 'shop.item_v2', columns: ['*'] },
        { product: 'shop.sale', major: 1, address: 'shop.sale', columns: [] },
      ];
      log.record(use({ reads }));
      expect((await log.usesOf('shop.item')).map((one) => one.reads)).toEqual([reads]);
      expect((await log.usesOf('shop.sale')).map((one) => one.reads)).toEqual([reads]);
      expect(await log.usesOf('shop.ite')).toEqual([]);
    });

    it('keeps the most recent uses of a product, and says how many gave way', async () => {
      for (let at = 0; at < 500; at += 1) log.record(use({ queryHash: `h${at}`, sql: `SELECT n${at}`, time: at }));
      await log.flush();
      log.record(use({ queryHash: 'h499', time: 900 }));
      log.record(use({ queryHash: 'other', reads: [{ product: 'shop.sale', major: 1, address: 'shop.sale', columns: [] }], time: 0 }));
      const kept = await log.usesOf('shop.item');
      expect(kept).toHaveLength(50);
      expect(kept[0]).toMatchObject({ queryHash: 'h499', count: 2 });
      expect(new Set(kept.map((one) => one.queryHash))).toEqual(new Set(Array.from({ length: 50 }, (_, at) => `h${450 + at}`)));
      expect(await log.usesOf('shop.sale')).toHaveLength(1);
      expect(await log.dropped()).toEqual([{ product: 'shop.item', dropped: 450 }]);
    });

    it('takes what is recorded after it was closed as failed, and throws nothing', async () => {
      await log.close();
      log.record(use());
      expect(log.stats()).toEqual({ recorded: 0, failed: 1 });
    });

    it('has its uses after it was closed and opened once more', async () => {
      if (made.reopen === undefined) return;
      log.record(use({ purpose: 'planning' }));
      await log.close();
      log = await made.reopen();
      log.record(use({ time: 9_000 }));
      expect(await log.usesOf('shop.item')).toMatchObject([{ count: 2, purposes: ['planning'], firstSeen: 1_000, lastSeen: 9_000 }]);
    });
  });
}
