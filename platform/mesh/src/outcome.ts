import type { PlantedLine } from './planted.ts';
import type { DomainOutcome } from './run-swarms.ts';

export interface StockOutRow {
  readonly material: string;
  readonly description: string | null;
  readonly on_hand: string | number;
  readonly units_per_day: string | number;
  readonly days_of_cover: string | number | null;
  readonly lead_days: string | number;
  readonly reorder_point: string | number;
}

/** What `npm start` did: the document that `--json` prints. */
export interface Outcome {
  readonly data: string;
  /** Address of the gateway while it serves. */
  readonly gateway: string;
  /** A command that asks the gateway; works while it serves. */
  readonly curl: string;
  readonly domains: readonly DomainOutcome[];
  /** Faults put into the demo sources against faults found; empty where real data replaced the demo. */
  readonly planted: readonly PlantedLine[];
  readonly stockOutRisk: {
    readonly sql: string;
    readonly rows: readonly StockOutRow[];
    /** `<product>@<version>` of what was read. */
    readonly snapshots: readonly string[];
    readonly queryId: string | undefined;
    /** Why there is no answer, where there is none. */
    readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  };
  readonly seconds: number;
}

/** Verdicts count in bigint, which JSON lacks: they become numbers where exact, else text. */
export function outcomeJson(outcome: Outcome | DomainOutcome): string {
  return JSON.stringify(outcome, (_, value: unknown) =>
    typeof value !== 'bigint' ? value : value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value.toString(),
  );
}
