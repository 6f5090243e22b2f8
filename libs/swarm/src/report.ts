import type { SkeinError } from '@skein/kernel';
import type { ProfileDrift, SourceProfile } from '@skein/product';
import type { Verdict } from '@skein/verifier';
import type { ModelOutcome } from './model.ts';
import type { BronzeReport } from './layers.ts';
import type { SnapshotLayout } from './snapshot-layout.ts';

export interface SourceReport {
  readonly file: string;
  readonly source: string;
  readonly outcome: 'landed' | 'unchanged' | 'refused';
  readonly rows: number;
  /** Lines or rows that could not be read at all. */
  readonly malformed: number;
  /** How a file that was landed differs from the one before it. */
  readonly drift?: readonly ProfileDrift[];
  readonly error?: SkeinError;
}

export interface ProductReport {
  readonly product: string;
  readonly layer: 'silver' | 'gold';
  /**
   * - `published`: a new snapshot is live; `unchanged`: equal inputs, nothing to do.
   * - `refused`: a gate stopped it, the last good snapshot stays live; `skipped`: an input has no snapshot; `failed`: the step broke.
   */
  readonly outcome: 'published' | 'unchanged' | 'refused' | 'skipped' | 'failed';
  readonly version: number | undefined;
  readonly rows: number;
  /** Rows sent to the feedback dataset. */
  readonly refused: number;
  /** Rows dropped because they repeat another. */
  readonly duplicates: number;
  /** `<column>:<repair>` → values conformed. */
  readonly repairs: Readonly<Record<string, number>>;
  /** Rule → violations in the feedback dataset that stand. */
  readonly violations: Readonly<Record<string, number>>;
  /** Rule → cells that agents repaired; they stand in the feedback dataset with the value before. */
  readonly repaired: Readonly<Record<string, number>>;
  /** Rule → violations that no agent could close. */
  readonly escalated: Readonly<Record<string, number>>;
  readonly verdict: Verdict | undefined;
  /** How the snapshot's files are laid out, and why; of one that is live. */
  readonly layout?: SnapshotLayout;
  readonly error?: SkeinError;
  readonly milliseconds: number;
}

export interface RunReport {
  readonly domain: string;
  readonly sources: readonly SourceReport[];
  /** Files of the folder that no source of the domain reads, by name. */
  readonly ignored: readonly string[];
  /** Columns of sources that seem to hold personal data, and that nobody has decided on. */
  readonly undecided?: readonly { readonly column: string; readonly why: string }[];
  readonly products: readonly ProductReport[];
  /** Bronze tables that may be kept as files, and how they are laid out; none where no product was made. */
  readonly bronze?: readonly BronzeReport[];
  readonly milliseconds: number;
}

/** What a run tells while it works: one verb list for logs, progress bars and records. Reasons quote no value of a classified column. */
export type SwarmEvent =
  | { readonly verb: 'landing'; readonly domain: string; readonly file: string; readonly done: number; readonly of: number }
  | { readonly verb: 'profiled'; readonly domain: string; readonly file: string; readonly profile: SourceProfile; readonly drift: readonly ProfileDrift[] }
  | { readonly verb: 'landed'; readonly domain: string; readonly source: SourceReport; readonly done: number; readonly of: number }
  | { readonly verb: 'making'; readonly domain: string; readonly product: string; readonly done: number; readonly of: number }
  | { readonly verb: 'layered'; readonly domain: string; readonly bronze: BronzeReport }
  | ({ readonly verb: 'asked'; readonly outcome: ModelOutcome; readonly why: string; readonly calls: number; readonly tokens: number } & GapPlace)
  | ({ readonly verb: 'repaired'; readonly cells: number; readonly pattern: string; readonly category: string; readonly why: string } & GapPlace)
  | ({ readonly verb: 'took-back'; readonly values: number; readonly pattern: string; readonly category: string; readonly why: string } & GapPlace)
  | ({ readonly verb: 'escalated'; readonly cells: number; readonly why: string } & GapPlace)
  | { readonly verb: 'made'; readonly domain: string; readonly product: ProductReport; readonly done: number; readonly of: number };

/** Where a gap is. */
export interface GapPlace {
  readonly domain: string;
  readonly product: string;
  readonly column: string;
  readonly rule: string;
}

/** The verbs of events, in the order in which a run comes to them, and what each says. `docs/swarm.md` has the same list. */
export const VERBS: Readonly<Record<SwarmEvent['verb'], string>> = {
  landing: 'a file is about to be taken in',
  profiled: 'what a file holds, and where it drifts from what came before',
  landed: 'a file was taken in, was known already, or was refused',
  making: 'a product is about to be made',
  asked: 'a model was asked about a gap that no agent could read, and what came of it',
  'took-back': 'repairs of a pattern were taken back, because a rule between rows broke, or the verdict turned',
  repaired: 'cells of a column were repaired by a pattern, and stand',
  escalated: 'cells that nobody could close were left as they are, and handed over where somebody can be asked',
  made: 'a product was published, or why it was not',
  layered: 'bronze was laid out anew',
};

/** True when every source was read and no product was refused, skipped or failed. */
export function succeeded(report: RunReport): boolean {
  return (
    report.sources.every((source) => source.outcome !== 'refused') &&
    report.products.every((product) => product.outcome === 'published' || product.outcome === 'unchanged')
  );
}
