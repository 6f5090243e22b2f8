import { signatureKey, type Pattern } from '@skein/pattern';
import type { Snapshot } from '@skein/product';

/**
 * How a snapshot was made, beside its lineage: enough to make it again. It lies in the snapshot's sidecar. The inputs themselves are in the lineage,
 * landings by sha256 and products by version.
 */
export interface MakingRecord {
  /** Hash of contract, step and inputs, without what the swarm knew. */
  readonly base: string;
  /** Patterns of which repairs stand. */
  readonly patterns: readonly Pattern[];
  /** Patterns by which columns of bronze were hidden. */
  readonly masks?: readonly Pattern[];
  /** Ids of masks with which the product could not be made: what they hide was taken out of these rows, as they were live before. */
  readonly withheld?: readonly string[];
  /** Ids of all patterns that were tried. */
  readonly tried: readonly string[];
  /** Signature keys of gaps that persist. */
  readonly open: readonly string[];
  /** Versions of products that references were judged against. */
  readonly references: Readonly<Record<string, number>>;
}

/** The record of a snapshot; one from before records were kept has none. */
export function recordOf(snapshot: Snapshot): MakingRecord | undefined {
  return ((snapshot.verdict ?? {}) as { record?: MakingRecord }).record;
}

/** Patterns by the signature that they are for. */
export function byKey(patterns: readonly Pattern[]): ReadonlyMap<string, readonly Pattern[]> {
  return Map.groupBy(patterns, ({ signature }) => signatureKey(signature));
}
