import type { Contract } from '@skein/contract';
import { decide, type Catalog, type CatalogEntry, type Decision, type Principal } from '@skein/federation';

/** What a principal may do with the contracts of one product. */
export interface ContractRights {
  readonly product: string;
  /** Majors that the running catalog knows, with their tables; none for contracts that many tables share. */
  readonly tables: readonly CatalogEntry[];
  /** Whether the principal may push versions of that major. */
  mayPush(major: number): boolean;
  /** Whether the document may be shown: it names every column, so all must be visible, and examples only where values are. */
  mayRead(contract: Contract, major: number): boolean;
}

/**
 * Who sees which contracts, by the policies of the catalog: of a major that has no policy yet, that of the highest major which
 * has one. Contracts are visible to who sees a column of the product for some purpose of theirs, and to its owners.
 */
export class ContractRightsBook {
  readonly #byProduct: ReadonlyMap<string, readonly CatalogEntry[]>;

  constructor(catalog: Catalog) {
    this.#byProduct = Map.groupBy(catalog.entries.values(), (entry) => entry.contract.product);
  }

  /** Products whose contracts the principal may see, sorted by id. */
  all(principal: Principal): ContractRights[] {
    return [...this.#byProduct.keys()].sort().flatMap((product) => this.of(product, principal) ?? []);
  }

  /** Whether the principal owns a major of the product. */
  owns(product: string, principal: Principal): boolean {
    const own = this.of(product, principal);
    return own !== undefined && own.tables.some(({ major }) => own.mayPush(major));
  }

  /** Undefined alike for what is hidden and what is not there. */
  of(product: string, principal: Principal): ContractRights | undefined {
    const entries = this.#byProduct.get(product);
    if (!entries) return undefined;
    const governing = (major: number): CatalogEntry | undefined =>
      entries.find((entry) => entry.major === major) ?? [...entries].sort((a, b) => b.major - a.major).find(({ policy }) => policy !== undefined);
    const mayPush = (major: number): boolean => governing(major)?.policy?.owners.some((role) => principal.roles.includes(role)) === true;
    const owner = entries.some(({ major }) => mayPush(major));
    if (!owner && !entries.some((entry) => decisions(entry, entry.contract, principal).length > 0)) return undefined;
    return {
      product,
      tables: [...new Map(entries.filter(({ kind }) => kind === 'product').map((entry) => [entry.major, entry])).values()],
      mayPush,
      mayRead(contract, major) {
        const entry = governing(major);
        return mayPush(major) || (entry !== undefined && decisions(entry, contract, principal).some((decision) => showsAll(decision, contract)));
      },
    };
  }
}

function decisions({ policy }: CatalogEntry, contract: Contract, principal: Principal): Decision[] {
  return [undefined, ...principal.purposes].flatMap((purpose) => decide(policy, contract, principal, purpose) ?? []);
}

function showsAll({ columns }: Decision, { properties }: Contract): boolean {
  const access = new Map(columns.map((column) => [column.name, column.access]));
  return properties.every(({ name, examples }) => access.has(name) && (examples.length === 0 || access.get(name) === 'clear'));
}
