import type { QueryUse, RecordedUse, UsageLog } from '@skein/ports';

export interface MemoryUsageLogOptions {
  /** Uses kept of each product, default 5,000. */
  readonly maxUses?: number;
}

/** Uses in memory: they end with the process. */
export function memoryUsageLog({ maxUses = 5_000 }: MemoryUsageLogOptions = {}): UsageLog {
  const uses = new Map<string, RecordedUse>();
  const dropped = new Map<string, number>();
  let recorded = 0;
  let failed = 0;
  let closed = false;

  const reading = (product: string): [string, RecordedUse][] =>
    [...uses].filter(([, use]) => use.reads.some((read) => read.product === product)).sort(([, a], [, b]) => b.lastSeen - a.lastSeen);

  function trim(product: string): void {
    for (const [key, use] of reading(product).slice(maxUses)) {
      uses.delete(key);
      for (const one of new Set(use.reads.map((read) => read.product))) dropped.set(one, (dropped.get(one) ?? 0) + 1);
    }
  }

  const trimAll = (): void => {
    for (const product of new Set([...uses.values()].flatMap((use) => use.reads.map((read) => read.product)))) trim(product);
  };

  // sorting them all for every use would take the time of queries
  let sinceTrim = 0;
  return {
    record(use: QueryUse) {
      if (closed) {
        failed += 1;
        return;
      }
      recorded += 1;
      const key = JSON.stringify([use.queryHash, use.principal]);
      const known = uses.get(key);
      const purposes = new Set(known?.purposes);
      if (use.purpose !== undefined) purposes.add(use.purpose);
      uses.set(key, {
        queryHash: use.queryHash,
        sql: use.sql,
        principal: use.principal,
        purposes: [...purposes].sort(),
        reads: use.reads,
        count: (known?.count ?? 0) + 1,
        firstSeen: Math.min(known?.firstSeen ?? use.time, use.time),
        lastSeen: Math.max(known?.lastSeen ?? use.time, use.time),
      });
      sinceTrim += known ? 0 : 1;
      if (sinceTrim > maxUses) {
        sinceTrim = 0;
        trimAll();
      }
    },
    async usesOf(product) {
      trimAll();
      return reading(product).map(([, use]) => use);
    },
    async dropped() {
      trimAll();
      return [...dropped].map(([product, count]) => ({ product, dropped: count })).sort((a, b) => (a.product < b.product ? -1 : 1));
    },
    flush: async () => trimAll(),
    stats: () => ({ recorded, failed }),
    async close() {
      closed = true;
    },
  };
}
