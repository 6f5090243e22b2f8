/** What a bench measured. The floor is what the same work costs without Skein, taken in the same run. */
export interface BenchResult {
  readonly figure: number;
  readonly floor: number;
  /** figure / floor */
  readonly ratio: number;
  /** Of figure and floor: `s`, `ms`, `MB/s`. */
  readonly unit: string;
  /** What else is worth keeping: sizes, quantiles, versions. */
  readonly [extra: string]: unknown;
}

/** Where a bench says how far it is. Goes to standard error: standard output is for figures. */
export type Progress = (message: string) => void;

export interface Bench {
  readonly name: string;
  /** What it measures, against which floor: one line. */
  readonly measures: string;
  /** The bar, in words. */
  readonly bar: string;
  met(result: BenchResult): boolean;
  /** Whether it can be run at another size (`--scale`). */
  readonly scales?: true;
  /** Loads the bench's code: a run of one bench pays for none of the others. The size is 1 where it is not said, and only given to a bench that scales. */
  load(): Promise<(progress: Progress, scale?: number) => Promise<BenchResult>>;
}
