import type { Property } from '@skein/contract';

/** A cell that a person has labelled: what stood there and what is right. Equal where nothing was wrong. */
export interface Example {
  readonly input: string | null;
  readonly output: string | null;
  /** The other columns of the row, by name. */
  readonly row?: Readonly<Record<string, string | null>>;
}

/** A value and the number of rows that hold it. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** What the owner of a source has declared about how it writes values. Silence is not a default: what is not said stays open. */
export interface SourceFacts {
  /** ISO 3166-1 alpha-2, such as `DE`: where phone numbers without a country code belong. */
  readonly country?: string;
  readonly dateOrder?: 'DMY' | 'MDY' | 'YMD';
  readonly decimal?: '.' | ',';
  /** Symbol of the unit that the column's numbers are in, such as `kg`. */
  readonly unit?: string;
}

/** What is known of the column that has the gap. */
export interface ColumnFacts {
  readonly property: Property;
  /** Whether the contract accepts the text (or the missing value) in this column: the judge of every repair. */
  readonly accepts: (value: string | null) => boolean;
  /** A sample of the values that keep the contract, most frequent first. */
  readonly accepted: readonly ValueCount[];
  readonly source?: SourceFacts;
  /** The code list of the column, where it stands elsewhere than in the contract's `enum` or `invalidValues`. */
  readonly codes?: readonly string[];
}
