/**
 * What becomes of a planted fault: mended by the step and kept (`repaired`), closed by the swarm's agents, who have never seen it (`healed`), sent to a
 * feedback dataset, collapsed into its twin, or kept as it is.
 */
export type PlantedOutcome = 'repaired' | 'healed' | 'refused' | 'deduplicated' | 'accepted';

/** One kind of fault that a demo source holds. Every planted fault touches exactly one row, and no row holds two. */
export interface PlantedFault {
  /** Rows that hold the fault. */
  readonly count: number;
  readonly expected: PlantedOutcome;
  /** Product whose run must show it: `ga4.events`. */
  readonly product: string;
  /**
   * What the run's report must name: for `refused` and `healed` the check id (`event_name.required`) or `source.malformed`; for
   * `repaired` the repair (`page_location:email-removed`); for `deduplicated` the key columns. Nothing for `accepted`.
   */
  readonly rule?: string;
  /** For `healed`: what each planted value means, so that wrong repairs can be told. */
  readonly meant?: Readonly<Record<string, string>>;
  /** The stated rate: planted rows ÷ rows that could have held it. */
  readonly rate: number;
  /** One sentence for readers. */
  readonly description: string;
}

/** All that was planted in one source, by the fault's name. */
export type Planted = Readonly<Record<string, PlantedFault>>;
