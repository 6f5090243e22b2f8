import { setTimeout as sleep } from 'node:timers/promises';
import { formatError } from '@skein/kernel';
import type { Swarm } from '@skein/swarm';

/** Between two runs: a market that trades is no reason to do nothing else. */
const PAUSE_MS = 2_000;

/** The domain that makes products of the market's log, and where gateways write that log below the data directory. */
export const MARKET = { domain: 'brokerage', folder: 'market/log' } as const;

/**
 * Returns what is called when the log has grown: the swarm runs over it, once at a time, and once more where it grew meanwhile. Whether a product could be
 * published stands in its feedback; that a run failed is said on standard error.
 */
export function followLog(swarm: Pick<Swarm, 'run'>, from: string, signal: AbortSignal, running: (run: Promise<unknown>) => void): () => void {
  let again = false;
  let busy = false;
  const run = async (): Promise<void> => {
    busy = true;
    do {
      again = false;
      await swarm.run({ from, origin: MARKET.folder, signal }).catch((error: unknown) => {
        if (!signal.aborted) process.stderr.write(`${MARKET.domain}: ${formatError(error)}\n`);
      });
      await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    } while (again && !signal.aborted);
    busy = false;
  };
  return () => {
    again = true;
    if (!busy && !signal.aborted) running(run());
  };
}
