import type { Place } from '@skein/kernel';

/** One thing that a command looked at, in the one shape that every writer takes. */
export interface Observation {
  /** Id of the rule or gate. */
  readonly rule: string;
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped' | 'warning';
  readonly message: string;
  readonly fix?: string;
  readonly place: Place;
  readonly frame?: string;
  /** Further lines for people, such as samples. */
  readonly details?: readonly string[];
}

/** What was said of one file or contract. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly observations: readonly Observation[];
}
