import { SkeinError } from '@skein/kernel';
import type { Swarm } from '@skein/swarm';

/** The swarms of this process, by domain. */
export class SwarmRegistry {
  readonly #swarms = new Map<string, Swarm>();
  readonly #stop = new AbortController();

  /** Runs end early when the process shuts down. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Throws SKEIN_CATALOG_CONFLICT when the domain has a swarm already: two would publish over each other. */
  add(swarm: Swarm): Swarm {
    const { name } = swarm.domain;
    if (this.#swarms.has(name))
      throw new SkeinError('SKEIN_CATALOG_CONFLICT', `the domain ${name} is registered twice in one process`, {
        hint: 'Call DataProductModule.forFeature once for each domain.',
        context: { domain: name },
      });
    this.#swarms.set(name, swarm);
    return swarm;
  }

  /** Throws SKEIN_DOMAIN_UNKNOWN. */
  get(domain: string): Swarm {
    const swarm = this.#swarms.get(domain);
    if (!swarm)
      throw new SkeinError('SKEIN_DOMAIN_UNKNOWN', `${JSON.stringify(domain)} is not a domain of this process`, {
        hint: `Known here: ${[...this.#swarms.keys()].join(', ') || 'none'}.`,
        context: { domain },
      });
    return swarm;
  }

  all(): Swarm[] {
    return [...this.#swarms.values()];
  }

  beforeApplicationShutdown(): void {
    this.#stop.abort(new SkeinError('SKEIN_BUS_CLOSED', 'the process is shutting down'));
  }
}
