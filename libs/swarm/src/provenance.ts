import { canonicalJson, sha256 } from '@skein/kernel';
import type { BronzeTable, DataProduct, Domain, Landing, Snapshot, SnapshotLineage } from '@skein/product';
import { landingsOf } from './bronze.ts';
import type { Malformed } from './candidate.ts';

/** What a product of a run is made of. */
export interface Inputs {
  readonly bronze: readonly BronzeTable[];
  readonly landings: readonly Landing[];
  /** Products of the domain, by id, that the step reads. */
  readonly products: readonly string[];
  /** Lines of the landings that are no records, where this product, or another major of it, is the first to read them. */
  readonly malformed: readonly Malformed[];
}

export function inputsOf(domain: Domain, product: DataProduct, live: readonly Landing[]): Inputs {
  const { from } = product.step;
  const bronze = domain.bronze.filter((table) => from.includes(table.name));
  const reads = (tables: readonly BronzeTable[], landing: Landing) => tables.some((table) => landingsOf(table, [landing]).length > 0);
  // Each major of a product keeps violations of its own.
  const first = bronze.filter((table) => domain.products.find((one) => one.step.from.includes(table.name))?.contract.product === product.contract.product);
  return {
    bronze,
    landings: live.filter((landing) => reads(bronze, landing)),
    products: from.filter((name) => !domain.bronze.some((table) => table.name === name)).map((name) => `${domain.name}.${name}`),
    malformed: live
      .filter((landing) => landing.rejects.length > 0 && reads(first, landing))
      .flatMap((landing) => landing.rejects.map((reject) => ({ file: landing.file, ...reject }))),
  };
}

/** Equal for equal contract, step, bronze and inputs: then the product would come out equal too. */
export function inputHash(product: DataProduct, inputs: Inputs, snapshots: ReadonlyMap<string, Snapshot>): string {
  const { step, contract } = product;
  return sha256(
    canonicalJson({
      contract: contract.hash,
      step: { sql: step.sql, from: step.from, dedupe: step.dedupe },
      bronze: inputs.bronze.map((table) => ({ name: table.name, sql: table.sql, columns: table.columns })),
      landings: inputs.landings.map((landing) => [landing.file, landing.table, landing.sha256, landing.sequence]),
      products: inputs.products.map((name) => [name, snapshots.get(name)?.inputHash]),
      references: contract.properties.flatMap((property) => property.references.map(({ product: name }) => snapshots.get(name)?.inputHash ?? name)),
      malformed: inputs.malformed.length,
    }),
  );
}

/** Source to product: what was read, and column by column where steps and bronze tables declare it. */
export function lineageOf(domain: Domain, product: DataProduct, inputs: Inputs, snapshots: ReadonlyMap<string, Snapshot>, run: string): SnapshotLineage {
  const declared = Object.entries(product.step.lineage ?? {}).map(([column, from]) => ({ column, from: from.map((name) => inDomain(domain, name)) }));
  const typed = inputs.bronze.flatMap((table) =>
    Object.entries(table.lineage ?? {}).map(([column, from]) => ({
      column: `${table.name}.${column}`,
      from: from.map((name) => `landing:${table.source}.${name}`),
    })),
  );
  const answers = domain.sources.filter(({ name }) => inputs.landings.some(({ source }) => source === name)).flatMap((source) => source.answers ?? []);
  return {
    run,
    inputs: [
      ...inputs.landings.map((landing) => ({ kind: 'landing' as const, name: landing.file, sha256: landing.sha256 })),
      ...inputs.products.map((name) => ({ kind: 'product' as const, name, version: snapshots.get(name)?.version ?? 0 })),
      // The answer lies in the landing; its version is not the swarm's to know.
      ...[...new Set(answers)].map((name) => ({ kind: 'product' as const, name })),
    ],
    columns: [...declared, ...typed],
  };
}

/** Steps may name a column with its domain (`ga4.events.items`) or without (`events.items`). */
function inDomain(domain: Domain, name: string): string {
  return name.startsWith(`${domain.name}.`) ? name : `${domain.name}.${name}`;
}
