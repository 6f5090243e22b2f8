import type { Domain } from '@skein/product';

/** A column of a product that a landed field goes into, directly or by way of other products. */
export interface Derived {
  readonly product: string;
  readonly column: string;
  readonly classification: string;
}

/** What products make of the columns of a bronze table, as their steps declare it. */
export interface Origins {
  /** Product columns made of a bronze column, by its name in small letters. */
  of(bronze: string, column: string): readonly Derived[];
}

export function originsOf(domain: Domain): Origins {
  const edges = new Map<string, Derived[]>();
  for (const product of domain.products) {
    for (const [column, from] of Object.entries(product.step.lineage ?? {})) {
      const classification = product.contract.properties.find(({ name }) => name === column)?.classification ?? 'public';
      for (const name of from) {
        const key = keyOf(domain.name, name);
        edges.set(key, [...(edges.get(key) ?? []), { product: product.id, column, classification }]);
      }
    }
  }
  return {
    of(bronze, column) {
      const found = new Map<string, Derived>();
      const open = [`${bronze}.${column}`.toLowerCase()];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        for (const derived of edges.get(next) ?? []) {
          const key = keyOf(domain.name, `${derived.product}.${derived.column}`);
          if (found.has(key)) continue;
          found.set(key, derived);
          open.push(key);
        }
      }
      return [...found.values()];
    },
  };
}

/** `<table>.<column>` in small letters: steps may name the domain before it or leave it out. */
function keyOf(domain: string, name: string): string {
  return (name.startsWith(`${domain}.`) ? name.slice(domain.length + 1) : name).toLowerCase();
}
