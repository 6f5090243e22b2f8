import type { DemandPlan } from './demand.ts';
import type { PrivacyPlan } from './privacy-plan.ts';
import type { RowFilter, Terms } from './terms.ts';

export type ListingState = 'draft' | 'checked' | 'live' | 'withdrawn';

/** What a buyer may do with the data, as an ODRL offer says it: use, for these purposes, and not hand it on. */
export interface Licence {
  /** Purposes that a query must name one of; empty: any, and none. */
  readonly purposes: readonly string[];
  /** Address of the licence's text. */
  readonly text?: string;
}

export interface DictionaryColumn {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly classification: string;
}

/** Who earns by a listing: the products that it is made of, by lineage, each with its weight. */
export interface RoyaltyShare {
  readonly domain: string;
  readonly product: string;
  /** A whole number above 0. */
  readonly weight: number;
}

/** That a release of a product that holds personal data may be sold: what it was made with, and what the independent count said. */
export interface ReleaseEvidence {
  /** The extract's table, and its contract as text. */
  readonly table: { readonly domain: string; readonly name: string; readonly major: number };
  readonly contract: string;
  /** Of the raw product, and of the extract. */
  readonly sourceVersion: number;
  readonly snapshot: string;
  readonly quasi: readonly string[];
  readonly sensitive: readonly string[];
  /** The column that says whose a row is, and how many persons there are: then k, l and t are of persons. */
  readonly person?: string;
  readonly persons?: number;
  readonly k: number;
  readonly l?: number;
  readonly t?: number;
  /** Rows before, rows left out, and information lost (NCP, decimal text from 0 to 1). */
  readonly rows: number;
  readonly suppressed: number;
  readonly ncp: string;
  /** Conditions on the rows that it was made of. */
  readonly where?: readonly RowFilter[];
  /** Listings whose releases of the same product were sold before, and that the owner has judged it against. */
  readonly beside?: readonly string[];
  /** sha256 of the recheck's figures. */
  readonly recheck: string;
}

/** A product, or an extract of it, for sale. */
export interface Listing {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly product: string;
  readonly major: number;
  readonly contractVersion: string;
  readonly licence: Licence;
  readonly terms: Terms;
  readonly dictionary: readonly DictionaryColumn[];
  /** At most 20 rows, of listed columns. */
  readonly preview: readonly Readonly<Record<string, string | null>>[];
  readonly royalties: readonly RoyaltyShare[];
  /** Where the price follows demand: then the plan's price is where it began. */
  readonly demand?: DemandPlan;
  /** Where it is sold as answers with noise only. */
  readonly privacy?: PrivacyPlan;
  /** Whether the product has confidential or restricted columns: then it is sold as a release only. */
  readonly needsRelease: boolean;
  readonly by: string;
  readonly state: ListingState;
  readonly release?: ReleaseEvidence;
}
