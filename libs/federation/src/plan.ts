import { engineType } from '@skein/contract';
import { canonicalJson, sha256 } from '@skein/kernel';
import type { SandboxCatalog, SandboxView } from '@skein/ports';
import type { Snapshot } from '@skein/product';
import type { CatalogEntry } from './catalog.ts';
import type { Decision } from './decision.ts';
import type { Freshness } from './freshness.ts';
import { storedColumns, viewSql } from './governed-view.ts';
import type { Access } from './policy.ts';

/** One product at one version, as a query reads it. */
export interface ProductRead {
  readonly product: string;
  readonly version: number;
  /** Decimal text. */
  readonly snapshotId: string;
  readonly contractVersion: string;
  readonly verdictHash: string;
  readonly freshness: Freshness;
}

export interface AppliedPolicy {
  readonly product: string;
  readonly hash: string;
  /** Columns not shown as they are on every row. */
  readonly masks: Readonly<Record<string, Access>>;
  /** Whether rows are filtered. */
  readonly rowFilter: boolean;
}

/**
 * What will be run for whom: plain data that can be printed, compared and kept. The views of `catalog` hold placeholders where
 * the keys of pseudonyms go.
 */
export interface QueryPlan {
  /** As the engine runs it: printed from the checked tree, every read pinned to its governed view. */
  readonly sql: string;
  /** sha256 of `sql`: equal for texts that differ in white space, comments or case of keywords only. */
  readonly sqlHash: string;
  readonly reads: readonly ProductRead[];
  readonly policies: readonly AppliedPolicy[];
  /** sha256 over all policies that apply. */
  readonly policyHash: string;
  readonly principal: string;
  readonly purpose: string | undefined;
  readonly catalog: SandboxCatalog;
  /** Whether a version or moment was asked for. */
  readonly pinned: boolean;
}

/** The part of a plan that depends on the query, the rights and the snapshots only. */
export type PlanCore = Pick<QueryPlan, 'sql' | 'sqlHash' | 'policies' | 'policyHash' | 'catalog' | 'pinned'>;

/** An entry of the catalog at a snapshot, with what its reader may see. */
export interface GrantedSnapshot {
  readonly entry: CatalogEntry;
  readonly decision: Decision;
  readonly snapshot: Snapshot;
}

/** The governed view of a product, under its address. */
export function governedView({ entry, decision, snapshot }: GrantedSnapshot): SandboxView {
  const stored = storedColumns(entry.contract.properties, snapshot.fields);
  return Object.freeze({
    schema: entry.domain,
    name: entry.name,
    sql: viewSql(decision, stored, entry.scopes),
    files: Object.freeze(snapshot.files.map((file) => file.path)),
    fields: Object.freeze(snapshot.fields.map((field) => Object.freeze({ id: field.id, name: field.name, type: engineType(field.type) }))),
  });
}

export function sandboxCatalog(views: readonly SandboxView[]): SandboxCatalog {
  return Object.freeze({ key: sha256(canonicalJson(views)), views: Object.freeze([...views]) });
}

export function appliedPolicy({ entry, decision }: GrantedSnapshot): AppliedPolicy {
  const masked = decision.columns.flatMap((column): [string, Access][] => {
    const worst = column.branches.at(-1)?.access ?? column.access;
    return worst === 'clear' ? [] : [[column.name, worst]];
  });
  return Object.freeze({ product: entry.id, hash: decision.hash, masks: Object.freeze(Object.fromEntries(masked)), rowFilter: decision.rows !== undefined });
}

export function planCore(sql: string, sqlHash: string, reads: readonly GrantedSnapshot[], catalog: SandboxCatalog, pinned: boolean): PlanCore {
  const policies = reads.map(appliedPolicy);
  return Object.freeze({ sql, sqlHash, policies: Object.freeze(policies), policyHash: sha256(canonicalJson(policies)), catalog, pinned });
}

export function productRead({ entry, snapshot }: GrantedSnapshot, freshness: Freshness): ProductRead {
  return Object.freeze({
    product: entry.id,
    version: snapshot.version,
    snapshotId: snapshot.id.toString(),
    contractVersion: snapshot.contractVersion,
    verdictHash: snapshot.verdictHash,
    freshness: Object.freeze(freshness),
  });
}
