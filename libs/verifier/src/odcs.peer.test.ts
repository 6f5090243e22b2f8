import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { inspectOdcs, readYaml, type Fault, type Tree } from '@skein/contract';
import { Ajv2019 } from 'ajv/dist/2019.js';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';

// Promise: what the released JSON Schema of ODCS 3.2.0 accepts we accept, and what it refuses we refuse, but for the differences named below.

const ROOT = path.resolve(import.meta.dirname, '../../..');
const CACHE = path.join(ROOT, '.cache/peers/odcs');
const SCHEMA = path.join(CACHE, 'open_data_contract_standard/schema.json');

/** The package that carries the released schema, fetched when it is first needed; why it is not there, or undefined. */
async function schemaMissing(): Promise<string | undefined> {
  if (existsSync(SCHEMA)) return undefined;
  const run = promisify(execFile);
  try {
    await mkdir(CACHE, { recursive: true });
    await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', CACHE, 'open-data-contract-standard==3.2.0'], { timeout: 60_000 });
    const wheel = readdirSync(CACHE).find((name) => name.endsWith('.whl'));
    await run('python3', ['-m', 'zipfile', '-e', path.join(CACHE, wheel ?? ''), CACHE]);
    return existsSync(SCHEMA) ? undefined : 'the package carries no schema.json';
  } catch {
    return 'the package open-data-contract-standard 3.2.0 cannot be fetched by pip';
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Map = { readonly [key: string]: Json };

function plain(node: Tree): Json {
  if (node.kind === 'list') return node.items.map(plain);
  if (node.kind === 'map') return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]));
  return node.value;
}

const isMap = (value: unknown): value is Map => value !== null && typeof value === 'object' && !Array.isArray(value);

function some(value: Json, holds: (map: Map) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => some(item, holds));
  return isMap(value) && (holds(value) || Object.values(value).some((item) => some(item, holds)));
}

/** Maps at which the schema's `properties`, `items`, `key` and `value` put a property. */
function anyProperty(document: Json, holds: (property: Map) => boolean): boolean {
  const visit = (property: Json | undefined): boolean =>
    isMap(property) &&
    (holds(property) ||
      [property['properties'] ?? []].flat().some(visit) ||
      visit(property['items']) ||
      (isMap(property['map']) && (visit(property['map']['key']) || visit(property['map']['value']))));
  const objects = isMap(document) && Array.isArray(document['schema']) ? document['schema'] : [];
  return objects.some((object) => isMap(object) && [object['properties'] ?? []].flat().some(visit));
}

interface Seen {
  readonly document: Json;
  readonly official: boolean;
  readonly faults: readonly Fault[];
}

/** Where we differ from the released schema, and mean to. Each is in docs/odcs-readings.md. */
const DIFFERENCES: Readonly<Record<string, (seen: Seen) => boolean>> = {
  'a property without logicalType is read by its physicalType; by an oversight, the schema asks it for everything that any type needs': ({
    document,
    official,
  }) => !official && anyProperty(document, (property) => property['logicalType'] === undefined),
  'a map may be said by physicalType MAP(…) alone': ({ document, official }) =>
    !official && anyProperty(document, (property) => property['logicalType'] === 'map' && property['map'] === undefined),
  'booleans and maps have no options beside those that are judged': ({ official, faults }) =>
    official && faults.every((fault) => fault.rule.includes('logicalTypeOptions') && /logicalType (?:boolean|map) /.test(fault.message)),
  'ODCS 3.0 called the metric of a rule `rule`': ({ document, official }) =>
    !official && some(document, (map) => map['rule'] !== undefined && map['metric'] === undefined),
  'a rule is of one type: text, SQL and custom rules have no metric': ({ document, official, faults }) =>
    official && faults.length > 0 && some(document, (map) => map['metric'] !== undefined && map['type'] !== undefined && map['type'] !== 'library'),
  'ODCS 3.0 and 3.1 let the schema of a DuckDB server be a number': ({ document, official }) =>
    !official && some(document, (map) => map['type'] === 'duckdb' && Number.isInteger(map['schema'])),
};

/** One document for each. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'a property without logicalType is read by its physicalType; by an oversight, the schema asks it for everything that any type needs':
    'schema: [{ name: p, properties: [{ name: a, physicalType: INT }] }]',
  'a map may be said by physicalType MAP(…) alone': 'schema: [{ name: p, properties: [{ name: a, logicalType: map, physicalType: "MAP(INT, INT)" }] }]',
  'booleans and maps have no options beside those that are judged':
    'schema: [{ name: p, properties: [{ name: a, logicalType: boolean, logicalTypeOptions: { x: 1 } }] }]',
  'ODCS 3.0 called the metric of a rule `rule`': 'schema: [{ name: p, quality: [{ type: library, rule: rowCount, mustBe: 1 }] }]',
  'a rule is of one type: text, SQL and custom rules have no metric':
    'schema: [{ name: p, quality: [{ type: sql, query: SELECT 1, metric: rowCount, mustBe: 1 }] }]',
  'ODCS 3.0 and 3.1 let the schema of a DuckDB server be a number': 'servers: [{ server: s, type: duckdb, database: d, schema: 1 }]',
};

function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * sides);
  };
}

const VALUES: readonly Json[] = [null, 'x', 5, 1.5, -1, 0, true, [], {}, ['a'], [1, 2], { a: 1 }, '2026-01-31', '2026-02-30', '2026-01-31T12:00:00Z'];
const WORDS: readonly Json[] = ['string', 'vector', 'map', 'array', 'object', 'number', 'kafka', 'iceberg', 'sql', 'library', 'foreignKey', 'a.b', 'float32'];
const KEYS = ['logicalTypeOptions', 'dimensions', 'metric', 'mustBe', 'enum', 'deprecated', 'vendor', 'encoding', 'port', 'map', 'items', 'x'];

/** Changes one place of the document: takes it away, names it anew, gives it another value, or puts a field beside it. */
function damage(document: Json, roll: (sides: number) => number): void {
  const places: { parent: Record<string, Json>; key: string }[] = [];
  const walk = (value: Json) => {
    if (value === null || typeof value !== 'object') return;
    for (const key of Object.keys(value)) {
      places.push({ parent: value as Record<string, Json>, key });
      walk((value as Record<string, Json>)[key] ?? null);
    }
  };
  walk(document);
  const [place, other] = [places[roll(places.length)], places[roll(places.length)]];
  if (!place || !other) return;
  const { parent, key } = place;
  const pick = <Value>(values: readonly Value[]) => values[roll(values.length)] as Value;
  const list = Array.isArray(parent);
  const way = roll(5);
  if (way === 0) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  } else if (way === 1 && !list) {
    parent[pick([`${key}x`, ...KEYS])] = parent[key] ?? null;
    delete parent[key];
  } else if (way === 2 && !list) parent[pick(KEYS)] = structuredClone(pick([...VALUES, ...WORDS]));
  else if (way === 3) parent[key] = structuredClone(other.parent[other.key] ?? null);
  else parent[key] = structuredClone(pick([...VALUES, ...WORDS]));
}

const missing = await schemaMissing();

describe.skipIf(missing !== undefined)(`the reader and the released schema of ODCS 3.2.0${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const ajv = new Ajv2019({ strict: false, logger: false });
  formats.default(ajv);
  const schema = missing === undefined ? ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object) : () => false;
  const folder = path.join(ROOT, 'libs/contract/src/golden/fields/odcs');
  const goldens = readdirSync(folder).flatMap((name) =>
    readFileSync(path.join(folder, name), 'utf8')
      .split(/^--- # /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return { name: part.slice(0, end), valid: part.slice(0, end).endsWith(': valid'), text: part.slice(end + 1) };
      }),
  );
  const judge = (document: Json, text: string): string | undefined => {
    const { faults } = inspectOdcs(text, 'x.odcs.yaml');
    const official = Boolean(schema(document));
    if (official === (faults.length === 0)) return undefined;
    const meant = Object.values(DIFFERENCES).some((holds) => holds({ document, official, faults }));
    return meant ? undefined : `the schema ${official ? 'accepts' : 'refuses'} it; ${faults[0]?.message ?? 'the reader accepts it'}: ${text.slice(0, 400)}`;
  };

  it('agree on every document of a field', () => {
    const apart = goldens.flatMap(({ name, text }) => judge(plain(readYaml(text, 'f').root), text)?.concat(` (${name})`) ?? []);
    expect(apart).toEqual([]);
    expect(goldens.length).toBeGreaterThan(1_000);
  });

  it('agree on thousands of changed documents', () => {
    const roll = dice(20_261_121);
    const seeds = goldens.filter((one) => one.valid).map((one) => plain(readYaml(one.text, 'f').root));
    const counts = { accepted: 0, refused: 0 };
    const apart: string[] = [];
    for (let round = 0; round < 8_000; round += 1) {
      const document = structuredClone(seeds[roll(seeds.length)] as Json);
      for (let changes = 1 + roll(2); changes > 0; changes -= 1) damage(document, roll);
      const difference = isMap(document) ? judge(document, JSON.stringify(document, undefined, 1)) : undefined;
      if (difference !== undefined) apart.push(difference);
      counts[schema(document) ? 'accepted' : 'refused'] += 1;
    }
    expect(apart).toEqual([]);
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(1_000);
  });

  it.each(Object.keys(DIFFERENCES))('differ in this: %s', (name) => {
    const text = `{ apiVersion: v3.2.0, kind: DataContract, id: x, version: 1.0.0, ${EXAMPLES[name]} }`;
    const document = plain(readYaml(text, 'f').root);
    const { faults } = inspectOdcs(text, 'f');
    const official = Boolean(schema(document));
    expect(official).toBe(faults.length > 0);
    expect(DIFFERENCES[name]?.({ document, official, faults })).toBe(true);
  });
});
