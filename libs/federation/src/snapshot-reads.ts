import { SkeinError } from '@skein/kernel';
import type { Snapshot } from '@skein/product';
import type { CatalogEntry } from './catalog.ts';
import type { Decision } from './decision.ts';
import type { LiveSnapshots } from './live-snapshots.ts';
import type { GrantedSnapshot } from './plan.ts';
import type { CheckedRequest } from './query-request.ts';

/** A product that may be read, and how. */
export interface Granted {
  readonly entry: CatalogEntry;
  readonly decision: Decision;
}

/** The snapshots that a query reads: the current ones, or those that it asks for. Throws SKEIN_SNAPSHOT_NONE, SKEIN_SNAPSHOT_NOT_FOUND, SKEIN_REQUEST_INVALID. */
export async function snapshotsOf(live: LiveSnapshots, granted: readonly Granted[], asOf: CheckedRequest['asOf']): Promise<GrantedSnapshot[]> {
  if (asOf !== undefined) return pinnedReads(live, granted, asOf);
  return currentReads(live, granted) ?? awaitedReads(live, granted);
}

/** The common case, without waiting: undefined when a product has no snapshot in memory. */
function currentReads(live: LiveSnapshots, granted: readonly Granted[]): GrantedSnapshot[] | undefined {
  const reads: GrantedSnapshot[] = [];
  for (const { entry, decision } of granted) {
    const snapshot = live.current(entry.table);
    if (!snapshot) return undefined;
    reads.push({ entry, decision, snapshot });
  }
  return reads;
}

/** Looks at the store once more for what memory lacks: a first publication may be a moment old. */
async function awaitedReads(live: LiveSnapshots, granted: readonly Granted[]): Promise<GrantedSnapshot[]> {
  for (const { entry } of granted) if (!live.current(entry.table)) await live.refresh(entry.table);
  const reads = currentReads(live, granted);
  if (reads) return reads;
  const missing = granted.find(({ entry }) => !live.current(entry.table))?.entry.id ?? '';
  throw new SkeinError('SKEIN_SNAPSHOT_NONE', `${missing} has no live snapshot yet`, { context: { product: missing } });
}

async function pinnedReads(live: LiveSnapshots, granted: readonly Granted[], asOf: NonNullable<CheckedRequest['asOf']>): Promise<GrantedSnapshot[]> {
  if (asOf instanceof Map) {
    const ids = new Set(granted.map(({ entry }) => entry.id));
    for (const id of asOf.keys())
      if (!ids.has(id)) throw new SkeinError('SKEIN_REQUEST_INVALID', `asOf names ${JSON.stringify(id)}, which the SQL does not read`);
  }
  return Promise.all(
    granted.map(async ({ entry, decision }) => ({
      entry,
      decision,
      snapshot: await pinned(live, entry, asOf instanceof Map ? asOf.get(entry.id) : (asOf as { time: number })),
    })),
  );
}

async function pinned(live: LiveSnapshots, entry: CatalogEntry, when: number | { readonly time: number } | undefined): Promise<Snapshot> {
  try {
    if (typeof when === 'number') return await live.version(entry.table, when);
    if (when !== undefined) return await live.at(entry.table, when.time);
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'SKEIN_SNAPSHOT_NOT_FOUND') throw error;
    const asked = typeof when === 'number' ? `of version ${when}` : `at ${new Date(when?.time ?? 0).toISOString()}`;
    throw new SkeinError('SKEIN_SNAPSHOT_NOT_FOUND', `${entry.id} has no snapshot ${asked}`, { context: { product: entry.id } });
  }
  const current = live.current(entry.table);
  if (current) return current;
  throw new SkeinError('SKEIN_SNAPSHOT_NONE', `${entry.id} has no live snapshot yet`, { context: { product: entry.id } });
}
