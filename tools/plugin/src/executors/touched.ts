import type { Contract } from '@skein/contract';
import type { RecordedUse } from '@skein/ports';
import type { Domain, Snapshot } from '@skein/product';

/** A product that reads another one, directly. */
export interface Reading {
  readonly reader: string;
  readonly reads: string;
  /** Declared: a reference of the contract, an input of the step, what its source asks the mesh. Recorded: what the live snapshot was made of. */
  readonly by: 'contract' | 'step' | 'source' | 'lineage';
  /** In words: the column that refers, the step, the snapshot. */
  readonly what: string;
}

/** Somebody who asked for a product. */
export interface Consumer {
  readonly principal: string;
  readonly product: string;
  readonly queries: number;
  readonly runs: number;
  /** Milliseconds since the epoch. */
  readonly lastSeen: number;
}

/** What a change of one product touches. */
export interface Touched {
  readonly product: string;
  /** Every reading on a way to the product, nearest first. */
  readonly products: readonly Reading[];
  /** Who asked for it, or for a product that is made of it. */
  readonly consumers: readonly Consumer[];
}

export function contractReadings(contracts: readonly Contract[]): Reading[] {
  return contracts.flatMap((contract) =>
    contract.properties.flatMap(({ name, references }) =>
      references.map((reference) => ({ reader: contract.product, reads: reference.product, by: 'contract' as const, what: `${name} → ${reference.column}` })),
    ),
  );
}

/** A step names products of its own domain; its other inputs are bronze tables. */
export function stepReadings({ name, products }: Domain): Reading[] {
  const known = new Set<string>(products.map(({ id }) => id));
  return products.flatMap(({ id, step }) =>
    step.from.flatMap((input) => (known.has(`${name}.${input}`) ? [{ reader: id, reads: `${name}.${input}`, by: 'step' as const, what: step.name }] : [])),
  );
}

/** Files of a source may be answers of the mesh, to queries over products of other domains. */
export function sourceReadings({ sources, bronze, products }: Domain): Reading[] {
  return sources.flatMap((source) => {
    const tables = new Set(bronze.filter((table) => table.source === source.name).map(({ name }) => name));
    const readers = products.filter(({ step }) => step.from.some((input) => tables.has(input)));
    return (source.answers ?? []).flatMap((reads) => readers.map(({ id }) => ({ reader: id, reads, by: 'source' as const, what: source.name })));
  });
}

export function recordedReadings(snapshots: readonly Snapshot[]): Reading[] {
  return snapshots.flatMap((snapshot) =>
    snapshot.lineage.inputs
      .filter(({ kind }) => kind === 'product')
      .map((input) => ({
        reader: snapshot.product,
        reads: input.name,
        by: 'lineage' as const,
        what: `snapshot ${snapshot.version}${input.version === undefined ? '' : ` of snapshot ${input.version}`}`,
      })),
  );
}

/** Follows readings from a product to all that is made of it, once each. */
export function touchedBy(product: string, readings: readonly Reading[], uses: ReadonlyMap<string, readonly RecordedUse[]>): Touched {
  const reached = new Set([product]);
  const products: Reading[] = [];
  for (const at of reached)
    for (const reading of readings)
      if (reading.reads === at && reading.reader !== at) {
        products.push(reading);
        reached.add(reading.reader);
      }
  const consumers = [...reached].flatMap((one) =>
    [...Map.groupBy(uses.get(one) ?? [], ({ principal }) => principal)].map(([principal, of]) => ({
      principal,
      product: one,
      queries: of.length,
      runs: of.reduce((sum, { count }) => sum + count, 0),
      lastSeen: Math.max(...of.map(({ lastSeen }) => lastSeen)),
    })),
  );
  return { product, products, consumers };
}
