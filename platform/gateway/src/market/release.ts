import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract, type Contract, type Property } from '@skein/contract';
import { soldView, type CatalogEntry } from '@skein/federation';
import { canonicalJson, ident, literal, sha256, SkeinError } from '@skein/kernel';
import { members, noStrange, readCount, shown, type DictionaryColumn, type Listing, type ReleaseEvidence } from '@skein/market';
import { readHierarchy, release as makeRelease, rowsOfTable, type Table } from '@skein/privacy';
import type { Snapshot } from '@skein/product';
import { inUnits, wholeUnits } from './decimal-units.ts';
import { dictionaryOf, type DraftParts } from './draft.ts';

export interface ReleaseRequest {
  readonly listing: Omit<Listing, 'state' | 'release'>;
  readonly entry: CatalogEntry;
  readonly snapshot: Snapshot;
  readonly release: unknown;
  /** The column that a listing of answers with noise says is whose a row is: what the release counts, unless it names another. */
  readonly person: string | undefined;
  /** Ids of listings that sell, or have sold, other releases of the product. */
  readonly earlier: readonly string[];
}

/** An extract that may be sold, and what is shown of it. */
export interface Released {
  readonly evidence: ReleaseEvidence;
  readonly columns: readonly string[];
  readonly dictionary: readonly DictionaryColumn[];
  readonly preview: readonly Readonly<Record<string, string | null>>[];
}

export interface ReleaseParts extends DraftParts {
  /** Where the released rows lie for the moment between their recheck and their publication. */
  readonly scratch: string;
}

interface Ask {
  readonly quasi: readonly string[];
  readonly sensitive: readonly string[];
  readonly person: string | undefined;
  readonly k: number;
  readonly l: number | undefined;
  readonly t: number | undefined;
  readonly hierarchies: Readonly<Record<string, string>>;
  readonly beside: readonly string[];
}

/** Domain of the extracts; they are no products of a domain of the mesh. */
const EXTRACTS = 'market';
const MOST_ROWS = 1_000_000;
const READ_MS = 120_000;
const PREVIEW_ROWS = 5;

/**
 * Makes a release of the product, has it counted by whom it was not made, and publishes it as a table of its own: that is what is
 * sold, never the product. Throws SKEIN_MARKET_RELEASE, and what the anonymiser throws: SKEIN_PRIVACY_INVALID, SKEIN_PRIVACY_UNSAFE where k, l or t cannot be kept.
 */
export async function releaseOf(parts: ReleaseParts, { listing, entry, snapshot, release, person: known, earlier }: ReleaseRequest): Promise<Released> {
  const { contract } = entry;
  if (release === undefined)
    throw unreleased(
      `${contract.product} has confidential or restricted columns, and is sold as a checked release only`,
      'Send release with quasi, sensitive and k.',
    );
  const ask = readAsk(release, contract, known);
  const columns = [...ask.quasi, ...ask.sensitive].sort();
  const name = listing.id.replaceAll('-', '_');
  if (parts.catalog.entries.has(`${EXTRACTS}.${name}`)) throw unreleased(`${EXTRACTS}.${name} is a product of the mesh already`, 'Choose another id.');
  const { l, t, k, quasi, sensitive, person } = ask;
  const { table, places } = await readTable(parts, entry, snapshot, { ...listing.terms, columns: person === undefined ? columns : [...columns, person] }, ask);
  const made = makeRelease(table, {
    quasi,
    sensitive,
    ...(person === undefined ? {} : { person }),
    k,
    ...(l === undefined ? {} : { l: { kind: 'distinct', l } as const }),
    ...(t === undefined ? {} : { t: { t, distance: 'equal' } as const }),
    hierarchies: Object.fromEntries(Object.entries(ask.hierarchies).map(([column, text]) => [column, readHierarchy(text)])),
  });
  const joined = earlier.find((id) => !ask.beside.includes(id));
  if (joined !== undefined)
    throw unreleased(
      `${contract.product} is released already as ${joined}: whoever holds both can join them, and tell apart whom neither tells apart`,
      'What was sold stays with its buyers. Name it in release.beside where you have judged that.',
    );
  const text = contractText(name, contract, ask, columns);
  const extract = readContract(text, `${EXTRACTS}/${name}/contract.odcs.yaml`);
  // by what they read: the order of the product's rows would tell which of them are neighbours there, and whose the first ones are
  const rows = rowsOfTable(made.release)
    .map((row) => columns.map((column) => [column, row[column] === null ? null : shownAs(String(row[column]), places.get(column))] as const))
    .map((row) => ({ row: Object.fromEntries(row), reads: JSON.stringify(row) }))
    .sort((a, b) => (a.reads < b.reads ? -1 : a.reads > b.reads ? 1 : 0))
    .map(({ row }) => row);
  // a table for each release: nothing that is made later can take the place of what was counted
  const of = `release_${sha256(canonicalJson([entry.id, snapshot.version, ask, listing.terms.rows, text])).slice(0, 32)}`;
  const published = await publish(parts, of, extract, rows, { entry, snapshot, recheck: sha256(canonicalJson(figures(made.verdict))) });
  return {
    columns,
    dictionary: dictionaryOf(extract, columns),
    preview: rows.slice(0, PREVIEW_ROWS),
    evidence: {
      table: { domain: EXTRACTS, name: of, major: 1 },
      contract: text,
      ...(listing.terms.rows.length === 0 ? {} : { where: listing.terms.rows }),
      ...(ask.beside.length === 0 ? {} : { beside: ask.beside }),
      sourceVersion: snapshot.version,
      snapshot: published.id.toString(),
      quasi,
      sensitive,
      ...(person === undefined ? {} : { person }),
      ...(made.report.persons === undefined ? {} : { persons: made.report.persons }),
      k,
      ...(l === undefined ? {} : { l }),
      ...(t === undefined ? {} : { t }),
      rows: made.report.rows,
      suppressed: made.report.suppressed,
      ncp: made.report.ncp.toFixed(6),
      recheck: sha256(canonicalJson(figures(made.verdict))),
    },
  };
}

function readAsk(value: unknown, { properties, product }: Contract, known: string | undefined): Ask {
  const { quasi, sensitive = [], person = known, k, l, t, hierarchies = {}, beside = [], ...strange } = members(value, 'a release');
  noStrange(strange, 'a release');
  const columns = new Map(properties.map((property) => [property.name, property]));
  const names = (given: unknown, what: string): string[] => {
    if (!Array.isArray(given) || !given.every((one) => typeof one === 'string' && columns.has(one)))
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${what} must be columns of ${product}, not ${shown(given)}`);
    return given as string[];
  };
  const ask = {
    quasi: names(quasi, 'quasi'),
    sensitive: names(sensitive, 'sensitive'),
    person: person === undefined ? undefined : names([person], 'person')[0],
    k: readCount(k, 'k', 2, 1_000_000),
    l: l === undefined ? undefined : readCount(l, 'l', 2, 1_000),
    t: t === undefined ? undefined : t,
    hierarchies: members(hierarchies, 'hierarchies') as Readonly<Record<string, string>>,
    beside: beside as readonly string[],
  };
  if (!Array.isArray(beside) || beside.length > 1_000 || !beside.every((id) => typeof id === 'string'))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `beside must be ids of listings, not ${shown(beside)}`);
  if (ask.t !== undefined && !(typeof ask.t === 'number' && ask.t > 0 && ask.t < 1))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `t lies between 0 and 1, not ${shown(ask.t)}`);
  if (Object.values(ask.hierarchies).some((text) => typeof text !== 'string')) throw new SkeinError('SKEIN_REQUEST_INVALID', 'hierarchies are texts by column');
  for (const name of [...ask.quasi, ...ask.sensitive, ...(ask.person === undefined ? [] : [ask.person])]) {
    const { type, unique, keyPosition, classification } = columns.get(name) as Property;
    if (ask.sensitive.includes(name) && !['public', 'internal'].includes(classification) && ask.l === undefined && ask.t === undefined)
      throw unreleased(`${name} is ${classification}, and k alone does not hide it: all rows of a class may share one value`, 'Ask for l, or t.');
    if (type.kind === 'struct' || type.kind === 'list' || type.kind === 'map' || type.kind === 'binary')
      throw unreleased(`${name} holds no single values`, 'Leave it out.');
    if (ask.sensitive.includes(name) && (unique || keyPosition !== undefined))
      throw unreleased(`${name} tells rows apart, and cannot be released as it is`, 'Leave it out.');
  }
  return ask as Ask;
}

/**
 * Rows of the product as they are: numbers that are quasi-identifiers as numbers, so that ranges are made of them; all else as text. Decimals that no float
 * keeps are counted in units of their last place; `places` says which these are.
 */
async function readTable(
  { sandbox }: DraftParts,
  entry: CatalogEntry,
  snapshot: Snapshot,
  terms: Listing['terms'],
  { quasi, hierarchies }: Ask,
): Promise<{ readonly table: Table; readonly places: ReadonlyMap<string, number> }> {
  const view = soldView(entry, { terms }, snapshot, true);
  if (!view) throw new SkeinError('SKEIN_REQUEST_INVALID', 'the row filter does not fit the contract');
  const result = await sandbox.execute({
    catalog: { key: `release ${sha256(canonicalJson(view))}`, views: [view] },
    sql: `SELECT * FROM governed.${ident(view.schema)}.${ident(view.name)}`,
    parameters: [],
    format: 'json',
    deadlineMs: READ_MS,
    maxRows: MOST_ROWS,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of result.body) chunks.push(chunk);
  if ((await result.outcome).truncated) throw unreleased(`the product has more than ${MOST_ROWS} rows`, 'List fewer of them by a row filter.');
  const { rows } = JSON.parse(Buffer.concat(chunks).toString()) as { rows: readonly Readonly<Record<string, string | number | boolean | null>>[] };
  const places = new Map<string, number>();
  const table = Object.fromEntries(
    terms.columns.map((name) => {
      const type = entry.contract.properties.find((property) => property.name === name)?.type;
      const kind = type?.kind;
      const values = rows.map((row) => row[name] ?? null);
      // what is released as it is stays text, digit by digit
      if (kind === 'int' && quasi.includes(name)) return [name, values.map((value) => (value === null ? null : BigInt(value)))];
      if (
        type?.kind === 'decimal' &&
        quasi.includes(name) &&
        hierarchies[name] === undefined &&
        values.some((value) => value !== null && isLong(String(value)))
      ) {
        places.set(name, type.scale);
        return [name, values.map((value) => (value === null ? null : wholeUnits(String(value), type.scale)))];
      }
      if ((kind === 'decimal' || kind === 'float') && quasi.includes(name))
        return [name, Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))];
      return [name, values.map((value) => (value === null ? null : String(value)))];
    }),
  );
  return { table, places };
}

/** Whether a decimal has more digits than every float keeps. */
const isLong = (text: string): boolean => text.replace(/\D/g, '').replace(/^0+/, '').length > 15;

/** A value, or a range, of units as decimals. */
const shownAs = (units: string, places: number | undefined): string =>
  places === undefined ? units : units.replace(/-?\d+/g, (one) => inUnits(BigInt(one), places));

/** All columns as text: a range of numbers is no number. */
function contractText(name: string, { product, version }: Contract, { quasi }: Ask, columns: readonly string[]): string {
  return JSON.stringify({
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: `market-${name}`,
    version: '1.0.0',
    status: 'active',
    domain: EXTRACTS,
    description: { purpose: `A release of ${product} ${version} for sale.` },
    schema: [
      {
        name,
        logicalType: 'object',
        properties: columns.map((column) => ({
          id: column,
          name: column,
          logicalType: 'string',
          classification: 'public',
          description: quasi.includes(column) ? 'Generalised, so that no combination stands for few.' : 'As it is.',
        })),
      },
    ],
  });
}

async function publish(
  { store, scratch }: ReleaseParts,
  name: string,
  extract: Contract,
  rows: readonly object[],
  { entry, snapshot, recheck }: { entry: CatalogEntry; snapshot: Snapshot; recheck: string },
): Promise<Snapshot> {
  const table = { domain: extract.domain, name, major: 1 };
  const folder = join(scratch, randomUUID());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const engine = duckdbEngine({ tempDirectory: join(folder, 'tmp') });
  try {
    const file = join(folder, 'rows.ndjson');
    await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'), { mode: 0o600 });
    const staging = await store.begin(
      table,
      extract.properties.map(({ id, name, type, required }) => ({ propertyId: id, name, type, required })),
    );
    const session = await engine.open();
    try {
      const types = extract.properties.map(({ name }) => `${literal(name)}: 'VARCHAR'`).join(', ');
      const names = extract.properties.map(({ name }) => ident(name)).join(', ');
      const query = `SELECT ${names} FROM read_json(${literal(file)}, format = 'newline_delimited', columns = {${types}})`;
      const files = await session.writeParquet(query, staging.directory, staging.fields);
      return await store.commit(staging, {
        files,
        contractHash: extract.hash,
        contractVersion: extract.version,
        verdictHash: recheck,
        inputHash: sha256(`${entry.id}@${snapshot.version} ${recheck}`),
        lineage: {
          run: recheck,
          inputs: [{ kind: 'product', name: entry.contract.product, version: snapshot.version }],
          columns: extract.properties.map(({ name }) => ({ column: name, from: [`${entry.contract.product}.${name}`] })),
        },
        verdict: { passed: true, rows: String(rows.length), refused: '0', gates: [] },
      });
    } finally {
      await session.close();
    }
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The recheck as plain JSON: floats are written out. */
function figures(verdict: object): Readonly<Record<string, unknown>> {
  return JSON.parse(
    JSON.stringify(verdict, (_name, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? value.toString() : value)),
  ) as Record<string, unknown>;
}

function unreleased(message: string, hint: string): SkeinError {
  return new SkeinError('SKEIN_MARKET_RELEASE', message, { hint });
}
