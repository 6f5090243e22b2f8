import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspectOdcs, type Tree } from '@skein/contract';
import { Ajv2019 } from 'ajv/dist/2019.js';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';

/**
 * The contract reader has a table of its own of the standard. Here it is held against the official JSON Schemas, over
 * thousands of documents with one thing changed. Ajv stands in this package, so the test does too.
 */
const DATA = fileURLToPath(new URL('../../../../shared/data/odcs/', import.meta.url));
const there = existsSync(DATA);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const VALUES: readonly Json[] = [null, 'x', 5, 1.5, -1, true, [], {}, ['a'], { a: 1 }, '2020-01-01', 'string', 'foreignKey', 'error'];

/** A small generator with a seed: the same documents on every machine. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * sides);
  };
}

/** Changes one place of the document, and says how. */
function damage(document: Json, roll: (sides: number) => number): string {
  const places: { parent: Record<string, Json>; key: string; path: string }[] = [];
  const walk = (value: Json, path: string) => {
    if (value === null || typeof value !== 'object') return;
    for (const key of Object.keys(value)) {
      const at = `${path}/${Array.isArray(value) ? '*' : key}`;
      places.push({ parent: value as Record<string, Json>, key, path: at });
      walk((value as Record<string, Json>)[key] ?? null, at);
    }
  };
  walk(document, '');
  const place = places[roll(places.length)];
  const other = places[roll(places.length)];
  if (!place || !other) return 'nothing';
  const { parent, key, path } = place;
  switch (roll(4)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return `delete ${path}`;
    case 1:
      if (Array.isArray(parent)) return 'nothing';
      parent[`${key}x`] = parent[key] ?? null;
      delete parent[key];
      return `rename ${path}`;
    case 2: {
      const value = VALUES[roll(VALUES.length)] ?? null;
      parent[key] = structuredClone(value);
      return `set ${path} to ${JSON.stringify(value)}`;
    }
    default:
      parent[key] = structuredClone(other.parent[other.key] ?? null);
      return `copy ${other.path} to ${path}`;
  }
}

function plain(node: Tree): Json {
  if (node.kind === 'list') return node.items.map(plain);
  if (node.kind === 'map') return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]));
  return node.value;
}

describe.skipIf(!there)('the reader and the official schemas (../shared/data/odcs, skipped where it is absent)', () => {
  const compile = (name: string) => {
    const ajv = new Ajv2019({ strict: false, logger: false });
    formats.default(ajv);
    return ajv.compile(JSON.parse(readFileSync(`${DATA}schema/${name}`, 'utf8')) as object);
  };
  const schemas = there
    ? readdirSync(`${DATA}schema`)
        .filter((name) => !name.includes('v3.0'))
        .map(compile)
    : [];
  const valid = `${DATA}v3.1.0-main/valid/`;
  // The largest file has 68 tables that are all alike.
  const documents = there
    ? readdirSync(valid)
        .filter((name) => !name.startsWith('postgresql'))
        .map((name) => plain(inspectOdcs(readFileSync(valid + name, 'utf8'), name).root))
    : [];

  it('agree on what is a contract', () => {
    const roll = dice(20_261_120);
    const differences: string[] = [];
    const counts = { accepted: 0, refused: 0 };
    for (let round = 0; round < 3_000; round++) {
      const document = structuredClone(documents[roll(documents.length)] ?? {});
      const change = damage(document, roll);
      // JSON is YAML, so the changed document needs no printer of its own.
      const { faults } = inspectOdcs(JSON.stringify(document, undefined, 1), 'x.yaml');
      const official = schemas.some((schema) => schema(document));
      counts[official ? 'accepted' : 'refused'] += 1;
      if (official !== (faults.length === 0))
        differences.push(`${change}: the schemas ${official ? 'accept' : 'refuse'} it; ${faults[0]?.message ?? 'the reader accepts it'}`);
    }
    expect(differences).toEqual([]);
    expect(counts.accepted).toBeGreaterThan(500);
    expect(counts.refused).toBeGreaterThan(500);
  });
});
