import { decideMarket, emptyMarket, fold, numbered, type MarketEvent } from '@skein/market';
import type { MarketStore } from '@skein/ports';

const MOST_EVENTS = 10_000;

/** A market in memory: it ends with the process. */
export function memoryMarketStore(): MarketStore {
  const state = emptyMarket();
  const log: MarketEvent[] = [];
  return {
    state: async () => state,
    async run(command, now) {
      const events = structuredClone(numbered(state, decideMarket(state, command, now), now));
      for (const event of events) {
        log.push(event);
        fold(state, event);
      }
      return events;
    },
    events: async (after, limit = MOST_EVENTS) => structuredClone(log.slice(after, after + Math.min(limit, MOST_EVENTS))),
    close: async () => undefined,
  };
}
