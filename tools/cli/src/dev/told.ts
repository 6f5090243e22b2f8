/** An error as it goes from one process to another. */
export interface ToldError {
  readonly message: string;
  readonly frame?: string;
  readonly fix?: string;
  readonly code?: string;
}

/** What a run made of one product. */
export interface ToldProduct {
  readonly product: string;
  readonly outcome: 'published' | 'unchanged' | 'refused' | 'skipped' | 'failed';
  readonly rows: number;
  readonly refused: number;
  readonly violations: Readonly<Record<string, number>>;
  /** Gates that failed or erred, in words. */
  readonly gates: readonly { readonly severity: string; readonly text: string }[];
  readonly milliseconds: number;
  readonly error?: ToldError;
}

/** What the first rows of a large source show of a product, before all of them are judged. */
export interface ToldSample extends Pick<ToldProduct, 'product' | 'rows' | 'refused' | 'violations' | 'gates'> {
  readonly passes: boolean;
  /** Rows of the source that were looked at, and that there are. */
  readonly first: number;
  readonly of: number;
  /** Rules that wait for all rows, and why. */
  readonly left: readonly { readonly check: string; readonly reason: string }[];
}

export interface ToldRun {
  readonly products: readonly ToldProduct[];
  readonly files: { readonly landed: number; readonly unchanged: number };
  /** Files that were refused. */
  readonly errors: readonly ToldError[];
}

/** A sample comes before the product; one that was made anew is told of at once, and again with the run. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'sampled'; readonly sample: ToldSample }
  | { readonly kind: 'made'; readonly product: ToldProduct }
  | ({ readonly kind: 'run' } & ToldRun)
  | { readonly kind: 'broken'; readonly error: ToldError };

/** What a worker is started with. */
export interface WorkerTask {
  readonly domain: string;
  readonly root: string;
  readonly from: string;
  readonly data: string;
  readonly scratch: string;
}
