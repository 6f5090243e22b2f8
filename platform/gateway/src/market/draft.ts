import { randomUUID } from 'node:crypto';
import { engineType, type Contract } from '@skein/contract';
import { soldView, type Catalog, type CatalogEntry } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import { members, noStrange, readCount, readDemand, readPrivacyPlan, readTerms, seedOf, shown } from '@skein/market';
import type { DemandPlan, DictionaryColumn, Licence, Listing, RoyaltyShare } from '@skein/market';
import type { QuerySandbox, SandboxView, SnapshotStore } from '@skein/ports';
import type { Snapshot } from '@skein/product';
import { HIDDEN_CLASSES, needsRelease, summable } from './sellable.ts';

/** A listing as its seller describes it. */
export interface ListingRequest {
  readonly id: string;
  readonly entry: CatalogEntry;
  readonly snapshot: Snapshot;
  readonly listing: Omit<Listing, 'state' | 'release'>;
  /** How personal data is to be hidden; undefined: not at all. */
  readonly release: unknown;
}

export interface DraftParts {
  readonly catalog: Catalog;
  readonly store: SnapshotStore;
  readonly sandbox: QuerySandbox;
}

const PURPOSE = /^[a-z][a-z0-9_.-]{0,62}$/;
const PREVIEW_ROWS = 5;
const PREVIEW_MS = 10_000;

/** Reads the body of `POST /v1/market/listings`, whose product the seller is known to own. Throws SKEIN_REQUEST_INVALID, SKEIN_SNAPSHOT_NONE. */
export async function readListing(parts: DraftParts, body: unknown, seller: string): Promise<ListingRequest> {
  const {
    id,
    product,
    title,
    description = '',
    columns,
    rows,
    plan,
    quota,
    days,
    licence,
    royalties,
    release,
    demand,
    privacy,
    ...strange
  } = members(body, 'a listing');
  noStrange(strange, 'a listing');
  const entry = parts.catalog.entries.get(String(product));
  if (!entry || entry.kind !== 'product') throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(product)} is no product that can be listed`);
  const { contract } = entry;
  const snapshot = await parts.store.current(entry.table);
  if (!snapshot) throw new SkeinError('SKEIN_SNAPSHOT_NONE', `${entry.id} has no live snapshot yet`, { context: { product: entry.id } });
  if (typeof id !== 'string') throw new SkeinError('SKEIN_REQUEST_INVALID', 'a listing has an id: 3 to 64 of a-z, 0-9 and -');
  const open = contract.properties.filter(({ classification }) => !HIDDEN_CLASSES.has(classification)).map(({ name }) => name);
  const hidden = needsRelease(contract);
  if (privacy !== undefined && (release !== undefined || columns !== undefined))
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'what is sold as answers with noise has neither a release nor columns', {
      hint: 'Name the columns in privacy.',
    });
  const noise =
    privacy === undefined
      ? undefined
      : readPrivacyPlan(privacy, (name) => {
          const property = contract.properties.find((one) => one.name === name);
          return property && (summable(property) ? 'summable' : 'other');
        });
  const [priced, follows] = demandOf(plan, demand);
  const told = noise ? [...new Set([...noise.by, ...Object.keys(noise.sums)])] : undefined;
  const terms = readTerms({ plan: priced, columns: told ?? columns ?? open, rows: rows ?? [], quota, days });
  const strangeColumn = terms.columns.find((column) => !contract.properties.some(({ name }) => name === column));
  if (strangeColumn !== undefined) throw new SkeinError('SKEIN_REQUEST_INVALID', `${contract.product} has no column ${shown(strangeColumn)}`);
  if (terms.rows.length > 0 && soldView(entry, { terms: { ...terms, columns: contract.properties.map(({ name }) => name) } }, snapshot, true) === undefined)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the row filter does not fit the contract of ${contract.product}: ${shown(terms.rows)}`);
  const listing = {
    id,
    title: text(title, 'title', 1, 200),
    description: text(description, 'description', 0, 4_000),
    product: contract.product,
    major: entry.major,
    contractVersion: contract.version,
    licence: readLicence(licence),
    terms,
    dictionary: dictionaryOf(contract, terms.columns),
    preview: [],
    royalties: await royaltiesOf(parts, entry, snapshot, royalties),
    ...(follows ? { demand: follows } : {}),
    ...(noise ? { privacy: noise } : {}),
    needsRelease: hidden,
    by: seller,
  };
  return { id, entry, snapshot, listing, release };
}

/** The first rows as a buyer will see them. */
export async function previewOf({ sandbox }: Pick<DraftParts, 'sandbox'>, view: SandboxView): Promise<Readonly<Record<string, string | null>>[]> {
  const result = await sandbox.execute({
    catalog: { key: `preview ${view.schema}.${view.name} ${view.sql} ${view.files.join()}`, views: [view] },
    sql: `SELECT * FROM governed."${view.schema}"."${view.name}" LIMIT ${PREVIEW_ROWS}`,
    parameters: [],
    format: 'json',
    deadlineMs: PREVIEW_MS,
    maxRows: PREVIEW_ROWS,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of result.body) chunks.push(chunk);
  const { rows } = JSON.parse(Buffer.concat(chunks).toString()) as { rows: readonly Readonly<Record<string, unknown>>[] };
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value)])));
}

function cell(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 1_000);
}

export function dictionaryOf(contract: Contract, columns: readonly string[]): DictionaryColumn[] {
  return contract.properties
    .filter(({ name }) => columns.includes(name))
    .map(({ name, type, description, classification }) => ({
      name,
      type: engineType(type),
      classification,
      ...(description === undefined ? {} : { description }),
    }));
}

/** Where the price follows demand the plan names none, and begins at the ceiling until the first is drawn. */
function demandOf(plan: unknown, demand: unknown): readonly [unknown, DemandPlan | undefined] {
  if (demand === undefined) return [plan, undefined];
  const { price, ...rest } = members(plan, 'a pricing plan');
  if (price !== undefined) throw new SkeinError('SKEIN_REQUEST_INVALID', 'a price that follows demand is not named', { hint: 'Leave price out of the plan.' });
  const follows = readDemand(demand, rest['unit'], seedOf(randomUUID()));
  return [{ ...rest, price: follows.ceiling }, follows];
}

function readLicence(value: unknown): Licence {
  if (value === undefined) return { purposes: [] };
  const { purposes = [], text: address, ...strange } = members(value, 'a licence');
  noStrange(strange, 'a licence');
  if (!Array.isArray(purposes) || purposes.length > 50 || !purposes.every((one) => typeof one === 'string' && PURPOSE.test(one)))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `purposes must be a list of names such as planning, not ${shown(purposes)}`);
  if (address !== undefined && !(typeof address === 'string' && /^https:\/\/[^\s]{1,500}$/.test(address)))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the text of the licence is an https address, not ${shown(address)}`);
  return { purposes: [...new Set(purposes as string[])].sort(), ...(address === undefined ? {} : { text: address }) };
}

/**
 * Whose products the listed one is made of: itself, and its inputs by the lineage of the live snapshots, at any distance. Weights are
 * stated by the seller for products among these, and 1 where nothing is stated.
 */
async function royaltiesOf({ catalog, store }: DraftParts, entry: CatalogEntry, snapshot: Snapshot, stated: unknown): Promise<RoyaltyShare[]> {
  const products = new Map([[entry.contract.product, entry.domain]]);
  const waiting: Snapshot[] = [snapshot];
  // all of them, each once: a product that is left out would not be paid
  for (const next of waiting) {
    for (const { kind, name } of next.lineage.inputs) {
      const input = kind === 'product' ? catalog.entries.get(name) : undefined;
      if (!input || products.has(input.contract.product)) continue;
      products.set(input.contract.product, input.domain);
      const current = await store.current(input.table);
      if (current) waiting.push(current);
    }
  }
  if (stated !== undefined && !Array.isArray(stated)) throw new SkeinError('SKEIN_REQUEST_INVALID', 'royalties must be a list of {"product", "weight"}');
  const weights = new Map<string, number>();
  for (const share of (stated ?? []) as readonly unknown[]) {
    const { product, weight, ...strange } = members(share, 'a royalty');
    noStrange(strange, 'a royalty');
    if (typeof product !== 'string' || !products.has(product))
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${entry.contract.product} is not made of ${shown(product)}`, {
        hint: `It is made of ${[...products.keys()].join(', ')}.`,
      });
    weights.set(product, readCount(weight, `the weight of ${product}`, 1, 1_000_000));
  }
  return [...products].map(([product, domain]) => ({ domain, product, weight: weights.get(product) ?? 1 }));
}

function text(value: unknown, name: string, least: number, most: number): string {
  if (typeof value === 'string' && value.isWellFormed() && value.trim().length >= least && value.length <= most) return value;
  throw new SkeinError('SKEIN_REQUEST_INVALID', `${name} must be a text of ${least} to ${most} characters, not ${shown(value)}`);
}
