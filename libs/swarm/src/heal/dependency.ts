import { primaryKey, type Contract } from '@skein/contract';

/** A functional dependency as healing uses it: one determinant, all that it determines. */
export interface Dependency {
  readonly determinant: readonly string[];
  readonly dependent: readonly string[];
  /** Read backwards: what the group is told apart by, given what it determines. */
  readonly backwards: boolean;
  /** Whether the contract says it, or labelled rows have confirmed it. */
  readonly learned: boolean;
}

export function dependencyName({ determinant, backwards }: Pick<Dependency, 'determinant' | 'backwards'>, column: string): string {
  return backwards ? `${determinant.join(', ')} ⇠ ${column}` : `${determinant.join(', ')} → ${column}`;
}

/**
 * The dependencies that the contract states among `columns`: its functional dependencies, and the primary key and unique columns, which
 * determine every column. Those of one determinant are one. For a column that nothing determines, the dependencies that it takes part in
 * are read backwards too.
 */
export function dependenciesOf(contract: Contract, columns: readonly string[]): Dependency[] {
  const has = new Set(columns);
  const merged = new Map<string, { determinant: readonly string[]; dependent: Set<string> }>();
  const add = (determinant: readonly string[], dependent: readonly string[]): void => {
    if (determinant.length === 0 || !determinant.every((name) => has.has(name))) return;
    const key = JSON.stringify([...determinant].sort());
    const known = merged.get(key) ?? { determinant, dependent: new Set<string>() };
    for (const name of dependent) if (has.has(name) && !determinant.includes(name)) known.dependent.add(name);
    merged.set(key, known);
  };
  for (const { determinant, dependent } of contract.dependencies) add(determinant, dependent);
  const keys = [primaryKey(contract).map(({ name }) => name), ...contract.properties.filter(({ unique }) => unique).map(({ name }) => [name])];
  for (const key of keys) add(key, columns);
  const forward = [...merged.values()]
    .filter(({ dependent }) => dependent.size > 0)
    .map(({ determinant, dependent }): Dependency => ({ determinant, dependent: [...dependent], backwards: false, learned: false }));
  const stated = new Set(contract.dependencies.flatMap(({ dependent }) => dependent));
  const keyColumns = new Set(keys.flat());
  const readable = contract.dependencies.filter(({ dependent }) => dependent.some((name) => has.has(name)));
  const backward = readable.flatMap(({ determinant, dependent }): Dependency[] =>
    determinant
      .filter((name) => has.has(name) && !stated.has(name) && !keyColumns.has(name))
      .map((name) => ({
        determinant: [...determinant.filter((other) => other !== name), ...dependent].filter((other) => has.has(other)),
        dependent: [name],
        backwards: true,
        learned: false,
      })),
  );
  return [...forward, ...backward.filter(({ determinant }) => determinant.length > 0)];
}
