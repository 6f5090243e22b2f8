import { SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { DEFAULT_LIMITS, type BronzeTable, type Domain, type Landing } from '@skein/product';
import { compactBronze } from './compaction.ts';
import { layBronze, type BronzeReport, type Layered } from './layers.ts';
import { DEFAULT_RETENTION } from './publisher.ts';
import type { SwarmAdapters } from './swarm.ts';

/** The bronze tables of one run that may be kept as files. */
export class BronzeLayers {
  readonly #domain: Domain;
  readonly #adapters: SwarmAdapters;
  readonly #live: readonly Landing[];
  readonly #layered = new Map<string, Promise<Layered>>();

  constructor(domain: Domain, adapters: SwarmAdapters, live: readonly Landing[]) {
    this.#domain = domain;
    this.#adapters = adapters;
    this.#live = live;
  }

  /** Brings the files of a table up to date, once in a run, in the session that first reads it. Undefined for a table that has none. */
  async lay(session: EngineSession, table: BronzeTable): Promise<Layered | undefined> {
    const { bronze: store, layout: limits = {} } = this.#adapters;
    if (store === undefined || table.partition === undefined) return undefined;
    const known = this.#layered.get(table.name);
    if (known) return known;
    const layered = layBronze({ session, store, limits, domain: this.#domain, table, live: this.#live });
    this.#layered.set(table.name, layered);
    return layered;
  }

  /**
   * Small files of the tables that were read become large ones, and what nobody reads any more goes. Reports what was laid out. A compaction that
   * fails takes nothing from anybody, so it fails no run; the reasons say it.
   */
  async keepHouse(session: () => Promise<EngineSession>): Promise<BronzeReport[]> {
    const reports: BronzeReport[] = [];
    for (const layered of await Promise.allSettled(this.#layered.values())) {
      if (layered.status === 'fulfilled') reports.push(await this.#keep(layered.value, session));
    }
    return reports;
  }

  async #keep({ version, report }: Layered, session: () => Promise<EngineSession>): Promise<BronzeReport> {
    const { bronze: store, layout: limits = {}, retention = DEFAULT_RETENTION } = this.#adapters;
    if (store === undefined || version === undefined) return report;
    try {
      const { fileBytes } = { ...DEFAULT_LIMITS, ...limits };
      const compacted = await compactBronze(await session(), store, version, { fileBytes });
      await store.collect(version.domain, version.table, { graceMs: retention.graceMs });
      if (compacted === undefined) return report;
      const { version: next, from, to } = compacted;
      return { ...report, version: next.version, files: next.files.length, compacted: { from, to } };
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error;
      return { ...report, reasons: [...report.reasons, `not compacted: ${error.message}`] };
    }
  }
}
