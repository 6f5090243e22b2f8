import type { ColumnType, Contract } from '@skein/contract';
import { formatPlace, SkeinError } from '@skein/kernel';
import type { TableRef } from '@skein/product';
import { checkJoinKeys, checkReferences, pseudonymScopes } from './join-keys.ts';
import type { Policy } from './policy.ts';
import { conflict } from './refusal.ts';

/** One relation that consumers can address, if they may. */
export interface CatalogEntry {
  /** As addressed in SQL: `ga4.events`, or `ga4.events_v1` for a major by number. */
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  readonly kind: 'product' | 'feedback' | 'lineage';
  readonly major: number;
  readonly table: TableRef;
  readonly contract: Contract;
  readonly policy: Policy | undefined;
  /** By column: what its pseudonyms are keyed with. */
  readonly scopes: Readonly<Record<string, string>>;
}

/** The live products of the mesh, composed from the domains' contracts. Plain data. */
export interface Catalog {
  /** By id, lower case. */
  readonly entries: ReadonlyMap<string, CatalogEntry>;
  /** One of each: the entries whose id carries no major, sorted by id. */
  readonly products: readonly CatalogEntry[];
}

const SYSTEM_DOMAIN = 'skein';
/** Names that mean something to the engine or to the gate. */
const RESERVED_DOMAINS: ReadonlySet<string> = new Set([
  'main',
  'temp',
  'system',
  'memory',
  'governed',
  'recurring',
  'information_schema',
  'pg_catalog',
  'default',
  'excluded',
]);
/** Statuses (ODCS `status`) in which a contract does not yet take over its product's plain name. */
const NOT_YET: ReadonlySet<string> = new Set(['draft', 'proposed']);

/**
 * Composes the catalog.
 *
 * - The highest major of a product that is past draft is `<domain>.<name>`; each major is also `<domain>.<name>_v<major>`. So
 *   names that end in `_v<digits>` are reserved, as are `<name>_feedback` and `lineage`, which every product and domain has.
 * - A major that is published beside a higher one keeps its violations in `<domain>.<name>_v<major>_feedback`; `<domain>.<name>_feedback`
 *   reads those of the major that has the plain name.
 * - `skein.feedback` and `skein.lineage` are templates: they lend contract and policy to the system products of each domain.
 *
 * Throws SKEIN_CATALOG_CONFLICT, naming both places, for two contracts of one name, incompatible join keys, references to what is
 * not there or of another type, and reserved names.
 */
export function composeCatalog(contracts: readonly Contract[], policies: readonly Policy[]): Catalog {
  const templates = new Map(contracts.filter((contract) => contract.domain === SYSTEM_DOMAIN).map((contract) => [contract.name, contract]));
  const own = contracts.filter((contract) => contract.domain !== SYSTEM_DOMAIN);
  checkOwners(contracts);
  for (const contract of own) checkNames(contract);
  const byProduct = Map.groupBy(own, (contract) => contract.product);
  const current = [...byProduct.values()].map(currentContract);
  checkReferences(own, current);
  checkJoinKeys(current);
  const policyOf = policyFinder(policies);
  const scopesOf = pseudonymScopes(own, current);

  const entries = new Map<string, CatalogEntry>();
  const add = (entry: CatalogEntry): void => {
    const other = entries.get(entry.id);
    if (other) throw conflict(`${entry.id} is claimed twice`, { file: other.contract.file, line: 1 }, { file: entry.contract.file, line: 1 });
    entries.set(entry.id, entry);
  };
  /** Feedback datasets addressed by the number of a major. */
  const byMajor = new Set<string>();
  for (const [product, versions] of byProduct) {
    const plain = currentContract(versions);
    for (const contract of versions) {
      const { domain, name } = contract;
      const major = majorOf(contract);
      const entry = {
        domain,
        name,
        kind: 'product' as const,
        major,
        table: { domain, name, major },
        contract,
        policy: policyOf(contract),
        scopes: scopesOf(contract),
      };
      add({ ...entry, id: `${product}_v${major}`, name: `${name}_v${major}` });
      if (contract === plain) add({ ...entry, id: product });
    }
    const feedback = templates.get('feedback');
    if (!feedback) continue;
    const highest = Math.max(...versions.map(majorOf));
    for (const contract of versions) {
      const major = majorOf(contract);
      const name = `${contract.name}_feedback`;
      const apart = `${contract.name}_v${major}_feedback`;
      const table = major === highest ? name : apart;
      if (contract === plain) add(systemEntry(feedback, 'feedback', contract.domain, name, policyOf, table));
      if (versions.length === 1) continue;
      byMajor.add(`${contract.domain}.${apart}`);
      add(systemEntry(feedback, 'feedback', contract.domain, apart, policyOf, table));
    }
  }
  const lineage = templates.get('lineage');
  if (lineage) for (const domain of new Set(own.map((contract) => contract.domain))) add(systemEntry(lineage, 'lineage', domain, 'lineage', policyOf));

  const plainIds = new Set([...byProduct.keys()]);
  const products = [...entries.values()]
    .filter(({ kind, id }) => (kind === 'product' ? plainIds.has(id) : !byMajor.has(id)))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { entries, products };
}

function systemEntry(
  contract: Contract,
  kind: 'feedback' | 'lineage',
  domain: string,
  name: string,
  policyOf: (contract: Contract) => Policy | undefined,
  table = name,
): CatalogEntry {
  const major = majorOf(contract);
  const scopes = Object.fromEntries(contract.properties.map((property) => [property.name, `column:${domain}.${name}.${property.name}`]));
  return { id: `${domain}.${name}`, domain, name, kind, major, table: { domain, name: table, major }, contract, policy: policyOf(contract), scopes };
}

/** Major of the contract's semver. */
export function majorOf(contract: Contract): number {
  return Number.parseInt(contract.version, 10) || 0;
}

function currentContract(versions: readonly Contract[]): Contract {
  const newest = [...versions].sort((a, b) => majorOf(b) - majorOf(a));
  return (newest.find((contract) => !NOT_YET.has(contract.status)) ?? newest[0]) as Contract;
}

function checkOwners(contracts: readonly Contract[]): void {
  const byName = new Map<string, Contract>();
  const byId = new Map<string, Contract>();
  for (const contract of contracts) {
    const first = byName.get(contract.product);
    if (first && majorOf(first) === majorOf(contract))
      throw conflict(`two contracts claim ${contract.product} version ${majorOf(contract)}`, { file: first.file, line: 1 }, { file: contract.file, line: 1 });
    if (first && first.owner !== undefined && contract.owner !== undefined && first.owner !== contract.owner) {
      throw conflict(
        `${contract.product} has two owners, ${first.owner} and ${contract.owner}`,
        { file: first.file, line: 1 },
        { file: contract.file, line: 1 },
      );
    }
    byName.set(contract.product, contract);
    const same = byId.get(contract.id);
    if (same && same.product !== contract.product)
      throw conflict(
        `the contracts of ${same.product} and ${contract.product} have one id, ${contract.id}`,
        { file: same.file, line: 1 },
        { file: contract.file, line: 1 },
      );
    byId.set(contract.id, contract);
  }
}

function checkNames(contract: Contract): void {
  const reserved = (what: string, why: string): SkeinError =>
    new SkeinError('SKEIN_CATALOG_CONFLICT', `${formatPlace({ file: contract.file, line: 1 })}: ${what} is reserved: ${why}`, {
      place: { file: contract.file, line: 1 },
      context: { product: contract.product },
    });
  if (RESERVED_DOMAINS.has(contract.domain)) throw reserved(`the domain name ${contract.domain}`, 'the engine uses it');
  if (/_v\d+$/.test(contract.name)) throw reserved(`the name ${contract.product}`, 'names that end in _v and digits address the majors of a product');
  if (contract.name === 'lineage') throw reserved(`the name ${contract.product}`, "it is the domain's lineage dataset");
  if (contract.name.endsWith('_feedback')) throw reserved(`the name ${contract.product}`, 'names that end in _feedback are the feedback datasets of products');
  for (const property of contract.properties) {
    // views are templates in braces
    if (hasBrace(property.name, property.type))
      throw new SkeinError('SKEIN_CATALOG_CONFLICT', `${formatPlace(property.place)}: the column name ${JSON.stringify(property.name)} holds a brace`, {
        place: property.place,
        hint: 'Name the column without braces.',
      });
  }
}

function hasBrace(name: string, type: ColumnType): boolean {
  if (/[{}]/.test(name)) return true;
  switch (type.kind) {
    case 'struct':
      return type.fields.some((field) => hasBrace(field.name, field.type));
    case 'list':
      return hasBrace('', type.element);
    case 'map':
      return hasBrace('', type.key) || hasBrace('', type.value);
    default:
      return false;
  }
}

function policyFinder(policies: readonly Policy[]): (contract: Contract) => Policy | undefined {
  const beside = new Map<string, Policy>();
  for (const policy of policies) {
    const other = beside.get(folderOf(policy.file));
    if (other) throw conflict(`${policy.product} has two policies`, { file: other.file, line: 1 }, { file: policy.file, line: 1 });
    beside.set(folderOf(policy.file), policy);
  }
  return (contract) => {
    const policy = beside.get(folderOf(contract.file));
    return policy?.product === contract.product ? policy : undefined;
  };
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}
