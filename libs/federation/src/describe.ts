import { engineType } from '@skein/contract';
import type { ColumnLineage } from '@skein/product';
import type { Catalog, CatalogEntry } from './catalog.ts';
import type { Decision } from './decision.ts';
import { freshnessOf, serviceGates, type Freshness } from './freshness.ts';
import type { LiveSnapshots } from './live-snapshots.ts';
import type { Access } from './policy.ts';
import type { Principal } from './principal.ts';
import { unknownProduct } from './refusal.ts';
import type { RightsBook } from './rights.ts';

/** A visible product, in one line. */
export interface ProductSummary {
  readonly id: string;
  readonly kind: CatalogEntry['kind'];
  readonly description: string | undefined;
  readonly owner: string | undefined;
  readonly contractVersion: string;
  /** Version of the live snapshot; undefined before the first publication. */
  readonly version: number | undefined;
  /** Purposes, of the principal's own, for which it is visible; undefined: without naming one. */
  readonly purposes: readonly string[] | undefined;
  readonly freshness: Freshness | undefined;
}

export interface VisibleColumn {
  readonly name: string;
  /** As the engine spells it, and as it is shown: a pseudonym is VARCHAR. */
  readonly type: string;
  readonly description: string | undefined;
  readonly classification: string;
  readonly required: boolean;
  /** How it is shown on rows that show it best. */
  readonly access: Access;
  readonly joinKey: string | undefined;
}

/** A visible product, in full as far as the principal may know. */
export interface ProductDetail extends ProductSummary {
  readonly contract: { readonly id: string; readonly version: string; readonly status: string; readonly hash: string };
  readonly columns: readonly VisibleColumn[];
  readonly rowFilter: boolean;
  /** What made the live snapshot pass; undefined where rows are filtered, since it counts all rows. */
  readonly verdict: unknown;
  readonly snapshot: { readonly version: number; readonly id: string; readonly committedAt: string; readonly contractVersion: string } | undefined;
  readonly lineage:
    | { readonly inputs: readonly { readonly kind: string; readonly name: string; readonly version?: number }[]; readonly columns: readonly ColumnLineage[] }
    | undefined;
  /** Other addresses of the same product: one for each major. */
  readonly majors: readonly string[];
}

interface Seen {
  readonly decision: Decision;
  readonly purposes: readonly string[] | undefined;
}

/** Visible without a purpose, or for some of the principal's purposes. */
function see(entry: CatalogEntry, rights: RightsBook, principal: Principal): Seen | undefined {
  const plain = rights.of(principal, undefined).decisions.get(entry.id);
  if (plain) return { decision: plain, purposes: undefined };
  const purposes = principal.purposes.filter((purpose) => rights.of(principal, purpose).decisions.has(entry.id));
  const decision = purposes[0] === undefined ? undefined : rights.of(principal, purposes[0]).decisions.get(entry.id);
  return decision ? { decision, purposes } : undefined;
}

export function listProducts(catalog: Catalog, live: LiveSnapshots, rights: RightsBook, principal: Principal, now: number): ProductSummary[] {
  return catalog.products.flatMap((entry) => {
    const seen = see(entry, rights, principal);
    return seen ? [summary(entry, seen, live, now)] : [];
  });
}

/** Throws SKEIN_PRODUCT_UNKNOWN. */
export function describeProduct(id: string, catalog: Catalog, live: LiveSnapshots, rights: RightsBook, principal: Principal, now: number): ProductDetail {
  const entry = catalog.entries.get(id);
  const seen = entry ? see(entry, rights, principal) : undefined;
  if (!entry || !seen) throw unknownProduct(id);
  const { contract } = entry;
  const { decision } = seen;
  const snapshot = live.current(entry.table);
  const visible = new Set(decision.columns.map((column) => column.name));
  return {
    ...summary(entry, seen, live, now),
    contract: { id: contract.id, version: contract.version, status: contract.status, hash: contract.hash },
    columns: decision.columns.map((column) => {
      const property = contract.properties.find((candidate) => candidate.name === column.name);
      return {
        name: column.name,
        type: engineType(column.shown),
        description: property?.description,
        classification: column.classification,
        required: property?.required === true && column.access !== 'null' && decision.rows === undefined,
        access: column.access,
        joinKey: property?.joinKey,
      };
    }),
    rowFilter: decision.rows !== undefined,
    verdict:
      snapshot && decision.rows === undefined
        ? visibleVerdict(
            judgedNow(snapshot.verdict, serviceGates(contract, snapshot, now)),
            visible,
            contract.properties.map((property) => property.name),
          )
        : undefined,
    snapshot: snapshot && {
      version: snapshot.version,
      id: snapshot.id.toString(),
      committedAt: new Date(snapshot.committedAt).toISOString(),
      contractVersion: snapshot.contractVersion,
    },
    lineage: snapshot && {
      inputs: snapshot.lineage.inputs.map(({ kind, name, version }) => ({ kind, name, ...(version === undefined ? {} : { version }) })),
      columns: snapshot.lineage.columns
        .filter(({ column }) => visible.has(column))
        .map(({ column, from }) => ({ column, from: from.filter((source) => mayName(source, catalog, rights, principal)) })),
    },
    majors: [...catalog.entries.values()]
      .filter(
        (other) =>
          other.kind === 'product' &&
          other.contract.product === contract.product &&
          other.id !== contract.product &&
          rights.of(principal, seen.purposes?.[0]).decisions.has(other.id),
      )
      .map((other) => other.id),
  };
}

function summary(entry: CatalogEntry, seen: Seen, live: LiveSnapshots, now: number): ProductSummary {
  const snapshot = live.current(entry.table);
  return {
    id: entry.id,
    kind: entry.kind,
    description: entry.contract.description,
    owner: entry.contract.owner,
    contractVersion: entry.contract.version,
    version: snapshot?.version,
    purposes: seen.purposes,
    freshness: snapshot && freshnessOf(entry.contract, snapshot, now),
  };
}

/** A source that is a column of a product is named to those who may see that column. */
function mayName(source: string, catalog: Catalog, rights: RightsBook, principal: Principal): boolean {
  const [domain, name, column] = source.split('.');
  const entry = catalog.entries.get(`${domain}.${name}`);
  if (!entry || source.startsWith('landing:')) return true;
  return see(entry, rights, principal)?.decision.columns.some((visible) => visible.name === column) === true;
}

/** The stored verdict with the service levels as they stand now, where the publisher could not judge them. */
function judgedNow(verdict: unknown, gates: ReturnType<typeof serviceGates>): unknown {
  if (verdict === null || typeof verdict !== 'object' || !('gates' in verdict) || !Array.isArray(verdict.gates)) return verdict;
  const now = new Map(gates.map((gate) => [gate.check, gate]));
  return { ...verdict, gates: (verdict.gates as { check?: string }[]).map((gate) => now.get(gate?.check ?? '') ?? gate) };
}

/** The verdict without the gates of columns that are hidden: their names and figures are hidden too. */
function visibleVerdict(verdict: unknown, visible: ReadonlySet<string>, all: readonly string[]): unknown {
  if (verdict === null || typeof verdict !== 'object' || !('gates' in verdict) || !Array.isArray(verdict.gates))
    return all.every((name) => visible.has(name)) ? verdict : undefined;
  const hidden = all.filter((name) => !visible.has(name));
  const gates = (verdict.gates as readonly unknown[]).filter((gate) => {
    const column = gate !== null && typeof gate === 'object' && 'column' in gate ? gate.column : undefined;
    if (typeof column === 'string') return visible.has(column);
    // a rule of the whole table may name a hidden column
    const text = JSON.stringify(gate);
    return !hidden.some((name) => text.includes(name));
  });
  return { ...verdict, gates };
}
