import type { Contract } from '@skein/contract';
import type { SandboxView } from '@skein/ports';
import type { Snapshot } from '@skein/product';
import { canonicalJson, sha256 } from '@skein/kernel';
import type { Entitlement } from '@skein/market';
import { constantOf } from './constant.ts';
import type { CatalogEntry } from './catalog.ts';
import type { Decision, ResolvedCondition } from './decision.ts';
import { governedView } from './plan.ts';

/** Classes that an agreement may show. */
const SOLD_CLASSES: readonly string[] = ['public', 'internal'];

/** Whether the agreement is about reading for that purpose: its licence may name purposes, of which the query then names one. */
export function serves({ licence }: Pick<Entitlement, 'licence'>, purpose: string | undefined): boolean {
  return licence.purposes.length === 0 || (purpose !== undefined && licence.purposes.includes(purpose));
}

/**
 * What an agreement shows of a product, in the form in which policies are compiled: its columns in the clear, on rows for which all
 * of its conditions hold. Undefined when a condition does not fit the contract as it is today, or no column is left: then it shows nothing.
 */
export function decisionOf({ terms }: Pick<Entitlement, 'terms'>, contract: Contract, every = false): Decision | undefined {
  const rows: ResolvedCondition[] = [];
  for (const { column, operator, values } of terms.rows) {
    const property = contract.properties.find(({ name }) => name === column);
    const constants = property && values.map((value) => constantOf(property.type, value));
    if (!property || !constants || constants.includes(undefined)) return undefined;
    rows.push({ column, type: property.type, operator, constants: constants as string[] });
  }
  const columns = contract.properties
    .filter(({ name, classification }) => terms.columns.includes(name) && (every || SOLD_CLASSES.includes(classification)))
    .map(({ name, type, classification }) => ({
      name,
      type,
      shown: type,
      classification,
      access: 'clear' as const,
      branches: [{ access: 'clear' as const, rows: [rows] }],
    }));
  if (columns.length === 0) return undefined;
  const decision = { product: contract.product, columns, rows: rows.length === 0 ? undefined : [rows], lineage: false };
  return { ...decision, hash: sha256(canonicalJson(decision)) };
}

/**
 * What the terms show of a snapshot, as a view; undefined when they do not fit the contract. With `every`, columns that are never sold as
 * they are show as well: for whoever makes a release of them.
 */
export function soldView(entry: CatalogEntry, sold: Pick<Entitlement, 'terms'>, snapshot: Snapshot, every = false): SandboxView | undefined {
  const decision = decisionOf(sold, entry.contract, every);
  return decision && governedView({ entry, decision, snapshot });
}
