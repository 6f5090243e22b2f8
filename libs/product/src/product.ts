import type { Contract } from '@skein/contract';

export type Layer = 'landing' | 'bronze' | 'silver' | 'gold';

/** Which files of a folder a source reads, and how its rows are landed. */
export interface Source {
  readonly name: string;
  /** Said in messages: `events_YYYYMMDD*.ndjson`. */
  readonly describes: string;
  /** Names the table a file belongs to, or undefined when this source does not read the file. `file` is relative to the folder, with `/`. */
  tableOf(file: string): string | undefined;
  /**
   * - `json`: one JSON record a row (NDJSON, or Parquet turned to JSON): landed as text in `raw`.
   * - `columns`: delimited text: landed as VARCHAR columns under the header's names, as received.
   * - `table`: Parquet: landed with its columns and types as they are.
   */
  readonly shape: 'json' | 'columns' | 'table';
  /** For `table` sources: by table, the columns that its files must have, with engine types (`{ logs: { block_number: 'BIGINT' } }`); other files are refused. */
  readonly columnTypes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Products of other domains, where the files are what the mesh answered about them: products made of them are made of these, too. */
  readonly answers?: readonly string[];
  /** Of the landings of one table, oldest first, those that count; default: the newest of each file. */
  live?(landings: readonly Landing[]): readonly Landing[];
}

/** One source file, as received: immutable Parquet with `_row` (line or row number from 1) and the record. */
export interface Landing {
  readonly source: string;
  readonly table: string;
  /** Name of the source file, relative to the folder it came from. */
  readonly file: string;
  /** Who brought it: a folder name, or `demo`. */
  readonly origin: string;
  /** sha256 of the source file's bytes. */
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** Column names, where the shape is `columns` or `table`. */
  readonly columns: readonly string[] | undefined;
  /** Order of arrival within the domain; never a clock. */
  readonly sequence: number;
  /** Absolute path of the Parquet file. */
  readonly path: string;
  /** Rows that could not be read at all, with their position. */
  readonly rejects: readonly { readonly row: number; readonly reason: string; readonly raw: string }[];
}

/**
 * One transformation, as SQL over named inputs; data, not code.
 *
 * In `sql`, inputs are plain names: a bronze table `material`, a silver or gold product by its name `events`.
 * A step that feeds a product of layer silver selects, besides the contract's columns, `_file` and `_row` (source
 * position) and may select `_repairs` (VARCHAR[]: one `<column>:<repair>` for each value that it conformed).
 */
export interface Step {
  readonly name: string;
  readonly from: readonly string[];
  readonly sql: string;
  /** Rows equal in `by` are one row; the first by `keep` (an ORDER BY list) survives and the others count as `duplicate` repairs. */
  readonly dedupe?: { readonly by: readonly string[]; readonly keep: string };
  /**
   * Columns whose text may be repaired in place: the step takes it from one place of the source as it stands, without arithmetic, and makes no other
   * column of the row from it. What cannot be typed stands in `_invalid` with the rule `type`. By default none.
   */
  readonly repairable?: readonly string[];
  /** Which input columns an output column is made of: `{ revenue: ['events.ecommerce.purchase_revenue'] }`. */
  readonly lineage?: Readonly<Record<string, readonly string[]>>;
}

/** Typed rows over landings: one SQL view for each table of a source. */
export interface BronzeTable {
  readonly name: string;
  readonly source: string;
  /** Landed tables that it unites; default all of the source. A table without landings yields no rows. */
  tables?(table: string): boolean;
  /** For `columns` and `table` sources: the columns the view must offer; absent ones are NULL. Default for `table`: those its source declares. */
  readonly columns?: readonly string[];
  /** Those without which rows have no identity: a file that lacks one is refused with SKEIN_SOURCE_COLUMNS. */
  readonly requiredColumns?: readonly string[];
  /** SELECT over `landing` (columns `_file`, `_row`, `_sequence` and `raw` or the landed columns). */
  readonly sql: string;
  /**
   * Columns that may part the rows when there are many, those by which the source delivers. With it the table is kept as Parquet above a threshold, a landing
   * at a time, so `sql` must make each row of the rows of one landing alone.
   */
  readonly partition?: readonly BronzePart[];
  readonly lineage?: Readonly<Record<string, readonly string[]>>;
  /** Columns that quote another one's text as it was landed, where it could not be typed, by the name of that one: what hides the one hides the other. */
  readonly quotes?: Readonly<Record<string, string>>;
}

/** A column that may part the rows of a bronze table. */
export interface BronzePart {
  readonly name: string;
  /** SQL over the table's columns; rows for which it is NULL are a partition of their own. */
  readonly value: string;
  /** Whether the values are days. */
  readonly temporal: boolean;
}

export interface DataProduct {
  /** `<domain>.<name>`; of a major that is published beside a newer one, `<domain>.<name>_v<major>`. */
  readonly id: `${string}.${string}`;
  readonly layer: 'silver' | 'gold';
  readonly contract: Contract;
  readonly step: Step;
}

/** All that one domain publishes. Products stand in the order in which they are made. */
export interface Domain {
  readonly name: string;
  readonly sources: readonly Source[];
  readonly bronze: readonly BronzeTable[];
  readonly products: readonly DataProduct[];
}
