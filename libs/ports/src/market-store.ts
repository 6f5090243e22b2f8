import type { MarketCommand, MarketEvent, MarketState } from '@skein/market';

/**
 * The log of the marketplace, which any number of processes share. What happens is decided over all that has happened, and kept, in one
 * step that no other comes between; so of commands that race, each sees what the one before made.
 */
export interface MarketStore {
  /** The market as it stands now, with what other processes have done. To be read, and not to be held: it changes with the log. */
  state(): Promise<MarketState>;
  /**
   * Carries a command out. Returns the events that it made, none where nothing had to happen; they are on disk by then. Throws what
   * `decideMarket` throws, SKEIN_STORAGE_FULL or SKEIN_STORAGE_FAILED; then nothing has happened.
   */
  run(command: MarketCommand, now: number): Promise<readonly MarketEvent[]>;
  /** Events after a number, in their order; at most 10,000 at once. */
  events(after: number, limit?: number): Promise<readonly MarketEvent[]>;
  close(): Promise<void>;
}
