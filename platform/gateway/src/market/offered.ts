import { majorOf, type Catalog, type CatalogEntry } from '@skein/federation';
import type { Listing } from '@skein/market';
import { needsRelease } from './sellable.ts';

/** The entry of the catalog that a listing, or an entitlement, is about. */
export function entryOf(catalog: Catalog, { product, major }: Pick<Listing, 'product' | 'major'>): CatalogEntry | undefined {
  return [...catalog.entries.values()].find((entry) => entry.kind === 'product' && entry.contract.product === product && majorOf(entry.contract) === major);
}

/**
 * Why a listing cannot be offered any more, though nobody withdrew it: its product's contract has become another since. Undefined while it can. A
 * release stays what it was, whatever becomes of the product.
 */
export function outdated(catalog: Catalog, listing: Pick<Listing, 'product' | 'major' | 'terms' | 'privacy' | 'release' | 'needsRelease'>): string | undefined {
  if (listing.release) return undefined;
  const entry = entryOf(catalog, listing);
  if (!entry) return `the mesh has no ${listing.product} of version ${listing.major} any more`;
  const { privacy, terms } = listing;
  const columns = privacy ? [privacy.person, ...privacy.by, ...Object.keys(privacy.sums)] : terms.columns;
  const lost = columns.find((column) => !entry.contract.properties.some(({ name }) => name === column));
  if (lost !== undefined) return `${listing.product} has no column ${JSON.stringify(lost)} any more`;
  if (!privacy && !listing.needsRelease && needsRelease(entry.contract)) return `${listing.product} has confidential or restricted columns now`;
  return undefined;
}
