import type { CatalogEntry } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import type { DictionaryColumn, Listing, ReleaseEvidence } from '@skein/market';
import type { Snapshot } from '@skein/product';
import type { DraftParts } from './draft.ts';

export interface ReleaseRequest {
  readonly listing: Omit<Listing, 'state' | 'release'>;
  readonly entry: CatalogEntry;
  readonly snapshot: Snapshot;
  readonly release: unknown;
}

/** An extract that may be sold, and what is shown of it. */
export interface Released {
  readonly evidence: ReleaseEvidence;
  readonly columns: readonly string[];
  readonly dictionary: readonly DictionaryColumn[];
  readonly preview: readonly Readonly<Record<string, string | null>>[];
}

/** Throws SKEIN_MARKET_RELEASE: without a release that passed the recheck, such a product is not sold. */
export async function releaseOf(_parts: DraftParts, { entry }: ReleaseRequest): Promise<Released> {
  throw new SkeinError('SKEIN_MARKET_RELEASE', `${entry.contract.product} has confidential or restricted columns, and is sold as a checked release only`);
}
