import { SkeinError } from '@skein/kernel';
import { DEMO_ORIGIN, type RunReport, type Swarm } from '@skein/swarm';
import { showEvent, type Progress } from './progress.ts';

/** A run as the outcome tells it: a domain that could not run at all says why, and the others go on. */
export interface DomainOutcome extends RunReport {
  readonly error?: SkeinError;
}

/** Runs the swarms one after the other: each uses every core. `folders` holds the demo source of the domains that have one; `before` is awaited before each. */
export async function runSwarms(
  swarms: readonly Swarm[],
  folders: ReadonlyMap<string, string>,
  progress: Progress,
  signal: AbortSignal,
  before: (domain: string) => Promise<unknown> = async () => undefined,
): Promise<DomainOutcome[]> {
  const outcomes: DomainOutcome[] = [];
  for (const swarm of swarms) {
    const folder = folders.get(swarm.domain.name);
    const onEvent = (event: Parameters<typeof showEvent>[1]) => showEvent(progress, event);
    try {
      await swarm.announce();
      await before(swarm.domain.name);
      outcomes.push(await swarm.run({ onEvent, signal, ...(folder === undefined ? {} : { from: folder, origin: DEMO_ORIGIN }) }));
    } catch (error) {
      signal.throwIfAborted();
      const known = error instanceof SkeinError ? error : new SkeinError('SKEIN_INTERNAL', `${swarm.domain.name}: ${String(error)}`, { cause: error });
      outcomes.push({ domain: swarm.domain.name, sources: [], ignored: [], products: [], milliseconds: 0, error: known });
    }
  }
  return outcomes;
}
