import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Contract, Property } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import type { QueryEngine } from '@skein/ports';
import type { Check } from '@skein/verifier';
import { dataFiles } from './data-file.ts';
import { typedRelation } from './typed-relation.ts';

/** Data files of products that the judged one refers to, and the contracts by which they are read. */
export interface ReferenceOptions {
  /** Files by product, `<domain>.<product>`. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** By product. One that is not here is read as the referring columns are typed. */
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly cwd: string;
}

/** How `{ref:…}` of a check reads: as a relation, or why it cannot. */
export type Reference = { readonly relation: string } | { readonly error: string };

/** `domain.product=FILE` of the command line, files of one product together. */
export function referenceFiles(given: readonly string[]): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const text of given) {
    const [, product, file] = /^([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)=(.+)$/s.exec(text) ?? [];
    if (product === undefined || file === undefined)
      throw new SkeinError('SKEIN_USAGE', `--ref ${JSON.stringify(text)} is no product and file`, { hint: 'Write --ref crm.customers=customers.parquet.' });
    files.set(product, [...(files.get(product) ?? []), file]);
  }
  return files;
}

/** The products of `options` as relations, typed. Each has only the columns that are referred to. `folder` keeps what has to be read once. */
export async function referenceRelations(
  engine: QueryEngine,
  contract: Contract,
  { files, contracts, cwd }: ReferenceOptions,
  folder: string,
): Promise<Map<string, Reference>> {
  const referred = new Map<string, Map<string, Property>>();
  for (const property of contract.properties) {
    for (const { product, column } of property.references) {
      const columns = referred.get(product) ?? new Map<string, Property>();
      referred.set(product, columns.set(column, columns.get(column) ?? property));
    }
  }
  const relations = new Map<string, Reference>();
  for (const [product, targets] of files) {
    const columns = referred.get(product);
    if (!columns || product === contract.product)
      throw new SkeinError('SKEIN_USAGE', `${contract.product} does not refer to ${product}`, {
        hint: `It refers to ${[...referred.keys()].filter((name) => name !== contract.product).join(', ') || 'no other product'}.`,
      });
    relations.set(product, await read(engine, targetContract(product, columns, contract, contracts.get(product)), targets, cwd, path.join(folder, product)));
  }
  return relations;
}

/** The part of the product's contract that is referred to, or what the referring columns say of it. */
function targetContract(product: string, columns: ReadonlyMap<string, Property>, referring: Contract, own: Contract | undefined): Contract {
  const properties = [...columns].flatMap(([name, by]) => (own ? own.properties.filter((property) => property.name === name) : [{ ...by, name }]));
  return { ...(own ?? referring), product, properties };
}

async function read(engine: QueryEngine, target: Contract, targets: readonly string[], cwd: string, folder: string): Promise<Reference> {
  const { format, files } = await dataFiles(targets, cwd);
  await mkdir(folder);
  // A session of its own: what reading leaves in a session is named by the position of a file.
  const session = await engine.open();
  try {
    const { relation, offered, malformed } = await typedRelation(session, target, format, files, { absentAsNull: false, folder });
    const missing = target.properties.map((property) => property.name).filter((name) => !offered.includes(name));
    if (missing.length > 0) return { error: `the data of ${target.product} has no column ${missing.join(', ')}` };
    if (malformed > 0n) return { error: `${malformed} lines of ${target.product} are no records: a row that is referred to may be among them` };
    return { relation };
  } finally {
    await session.close();
  }
}

/** The check with its reference resolved, or why it is not judged. */
export function resolved(check: Check, relations: ReadonlyMap<string, Reference>): Check | { readonly skipped: string } | { readonly error: string } {
  const product = /\{ref:([a-z0-9_.]+)\}/.exec(check.sql)?.[1];
  if (product === undefined) return check;
  const reference = relations.get(product);
  if (!reference) return { skipped: `${product} is not at hand: give its data with --ref ${product}=FILE` };
  return 'error' in reference ? reference : { ...check, sql: check.sql.replaceAll(`{ref:${product}}`, () => reference.relation) };
}
