import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import { soak } from '@skein/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directEngine, type DirectEngine } from './conformance/direct-engine.ts';
import { ANALYST, CANARY, goldenLines, publishedMesh, textOf } from './conformance/mesh-fixture.ts';
import { createFederation, type Federation } from './federation.ts';
import { gate, GOVERNED } from './gate.ts';
import { FUNCTIONS, BY_NAME_FUNCTIONS, WINDOW_FUNCTIONS } from './gate-functions.ts';
import { EXPRESSIONS, QUERIES, RELATIONS } from './gate-grammar.ts';
import { parseTree, printTree } from './syntax-tree.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A plain reading of a passed tree, written apart from the walker: what is wrong in it. */
function unlisted(tree: Json): string[] {
  const faults: string[] = [];
  const ctes = new Set<string>();
  const every = (value: Json, visit: (node: { [key: string]: Json }) => void): void => {
    if (value === null || typeof value !== 'object') return;
    if (!Array.isArray(value)) visit(value);
    for (const item of Array.isArray(value) ? value : Object.values(value)) every(item, visit);
  };
  every(tree, (node) => {
    if (typeof node['key'] === 'string' && node['value'] !== null && typeof node['value'] === 'object' && 'query' in node['value'])
      ctes.add(node['key'].toLowerCase());
  });
  every(tree, (node) => {
    if (typeof node['class'] === 'string' && !Object.hasOwn(EXPRESSIONS, node['class'])) faults.push(`class ${node['class']}`);
    if (typeof node['function_name'] === 'string') {
      const name = node['function_name'].toLowerCase();
      if (!FUNCTIONS.has(name) && !WINDOW_FUNCTIONS.has(name) && !BY_NAME_FUNCTIONS.has(name)) faults.push(`function ${name}`);
    }
    if ('from_table' in node && !Object.hasOwn(QUERIES, String(node['type']))) faults.push(`query ${String(node['type'])}`);
    if ('column_name_alias' in node && !Object.hasOwn(RELATIONS, String(node['type']))) faults.push(`relation ${String(node['type'])}`);
    if (
      node['type'] === 'BASE_TABLE' &&
      node['catalog_name'] !== GOVERNED &&
      !(node['catalog_name'] === '' && node['schema_name'] === '' && ctes.has(String(node['table_name']).toLowerCase()))
    )
      faults.push(`relation ${String(node['table_name'])}`);
    if ((node['at_clause'] ?? null) !== null || node['export_state'] === true) faults.push('a clause');
    if ('show_type' in node || 'storage' in node) faults.push('a statement');
  });
  return faults;
}

const STRANGE: readonly Json[] = [
  '',
  'SHOW_REF',
  'read_text',
  'stats',
  'BASE_TABLE',
  'TABLE_FUNCTION',
  'FUNCTION',
  'main',
  'governed',
  'hr',
  '__proto__',
  'constructor',
  null,
  true,
  false,
  -1,
  0,
  1e21,
  [],
  {},
  [[]],
  [null],
  { class: 'FUNCTION', type: 'FUNCTION', function_name: 'getenv', children: [] },
  { type: 'BASE_TABLE', schema_name: '', table_name: '/etc/passwd', catalog_name: '' },
  { type: 'SHOW_REF', show_type: 'DESCRIBE' },
  { error: true },
];

/** Small generator of numbers, so that a failure can be run again from its seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function places(value: Json, found: { holder: Json[] | { [key: string]: Json }; key: string | number }[] = []): typeof found {
  if (value === null || typeof value !== 'object') return found;
  for (const [key, item] of Object.entries(value)) {
    found.push({ holder: value, key });
    places(item, found);
  }
  return found;
}

function mutate(tree: Json, donor: Json, next: (below: number) => number): void {
  const all = places(tree);
  const place = all[next(all.length)];
  if (!place) return;
  const holder = place.holder as Record<string | number, Json>;
  const others = places(donor);
  const gift = others[next(others.length)];
  switch (next(6)) {
    case 0:
      delete holder[place.key];
      break;
    case 1:
      holder[place.key] = structuredClone(STRANGE[next(STRANGE.length)] as Json);
      break;
    case 2:
      holder[`${String(place.key)}x`] = structuredClone(STRANGE[next(STRANGE.length)] as Json);
      break;
    case 3:
      if (gift) holder[place.key] = structuredClone((gift.holder as Record<string | number, Json>)[gift.key] as Json);
      break;
    case 4:
      if (gift) holder[String(gift.key)] = structuredClone((gift.holder as Record<string | number, Json>)[gift.key] as Json);
      break;
    default: {
      const target = all[next(all.length)];
      if (target && typeof holder[place.key] === 'string') holder[place.key] = String((target.holder as Record<string | number, Json>)[target.key]);
    }
  }
}

describe('the gate under arbitrary input', () => {
  let made: Awaited<ReturnType<typeof publishedMesh>>;
  let engine: DirectEngine;
  let federation: Federation;
  const trees: string[] = [];

  beforeAll(async () => {
    made = await publishedMesh();
    engine = await directEngine();
    writeFileSync(made.mesh.canaryFile, `secret\n${CANARY}-file\n`);
    federation = await createFederation({
      store: made.mesh.store,
      sandbox: engine,
      catalog: made.catalog,
      clock: made.mesh.clock,
      pseudonymKey: new Uint8Array(32).fill(7),
      audit: made.mesh.audit,
    });
    for (const file of ['allowed.jsonl', 'attacks.jsonl'])
      for (const { sql } of goldenLines<{ sql: string }>(file)) if (sql.length < 5_000) trees.push(await engine.parse(sql));
  });
  afterAll(async () => {
    await federation.close();
    await engine.close();
    await made.mesh.close();
  });

  it('prints every tree of the corpus back in its own digits', () => {
    const whole = trees.filter((tree) => !tree.includes('Infinity'));
    for (const tree of whole) expect(printTree(parseTree(tree, 10_000_000))).toBe(tree);
    expect(whole.length).toBeGreaterThan(500);
    // the broken twin: JSON as JavaScript reads it loses digits
    expect(whole.filter((tree) => JSON.stringify(JSON.parse(tree)) !== tree).length).toBeGreaterThan(100);
  });

  it('changes nothing in a tree but the catalog of its reads', () => {
    let passed = 0;
    for (const tree of trees) {
      try {
        const { ast } = gate(tree);
        expect(ast.replaceAll(`"catalog_name":"${GOVERNED}"`, '"catalog_name":""')).toBe(tree);
        passed += 1;
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error;
      }
    }
    expect(passed).toBeGreaterThan(125);
  });

  it('refuses 10,000 mutated trees or passes what is listed, and never breaks', () => {
    const next = random(20_261_121);
    const parsed = trees
      .filter((tree) => !tree.includes('Infinity') && tree.length < 20_000)
      .map((tree) => JSON.parse(tree.replaceAll('18446744073709551615', '0')) as Json);
    let passed = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const tree = structuredClone(parsed[next(parsed.length)] as Json);
      for (let changes = 1 + next(4); changes > 0; changes -= 1) mutate(tree, parsed[next(parsed.length)] as Json, next);
      const text = JSON.stringify(tree);
      try {
        const { ast } = gate(text);
        passed += 1;
        const faults = unlisted(JSON.parse(ast) as Json);
        if (faults.length > 0) expect.fail(`round ${round} passes ${faults.join(', ')}: ${text.slice(0, 2_000)}`);
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error;
      }
    }
    expect(passed).toBeGreaterThan(200);
    expect(passed).toBeLessThan(9_000);
  });

  it('sees what an open gate would pass: the reading of passed trees has teeth', () => {
    const faulty = trees.filter((tree) => !tree.includes('Infinity') && unlisted(JSON.parse(tree) as Json).length > 0);
    expect(faulty.length).toBeGreaterThan(150);
  });

  it('keeps canary files whatever is named as a relation or a column', async () => {
    const before = readdirSync(made.mesh.folder.path).sort();
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '..',
        '../',
        '..%2f',
        '%2e%2e',
        '/etc/passwd',
        '*',
        '**',
        '?',
        '[a]',
        '\\',
        '\0',
        "'",
        '"',
        '""',
        ';',
        '--',
        '/*',
        '$$',
        '{files}',
        '{pseudonym:x}',
        'CON',
        '~',
        '|',
        'file:',
        made.mesh.canaryFile,
        'sap',
        'material',
        'hr',
        'salaries',
      ),
    );
    const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const shape = fc.constantFrom(
      (a: string) => `SELECT * FROM ${quoted(a)}`,
      (a: string) => `SELECT * FROM '${a.replaceAll("'", "''")}'`,
      (a: string, b: string) => `SELECT * FROM ${quoted(a)}.${quoted(b)}`,
      (a: string, b: string) => `SELECT * FROM sap.${quoted(a)}, ${quoted(b)}`,
      (a: string) => `SELECT ${quoted(a)} FROM sap.material`,
      (a: string, b: string) => `WITH ${quoted(a)} AS (SELECT 1) SELECT * FROM ${quoted(b)}`,
      (a: string) => `SELECT ${quoted(a)}(1)`,
      (a: string) => `SELECT * FROM ${quoted(a)}('x')`,
      (a: string) => `SELECT 1::${quoted(a)}`,
      (a: string) => `SELECT * FROM ${a}`,
      (a: string) => a,
    );
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(name, name, shape, async (a, b, make) => {
        tried += 1;
        const sql = make(a, b);
        try {
          const answer = await federation.query({ sql, format: 'json' }, ANALYST);
          expect(await textOf(answer.body)).not.toContain(`${CANARY}-file`);
        } catch (error) {
          if (!(error instanceof SkeinError)) throw error;
          expect(error.message.replaceAll(a, '').replaceAll(b, '')).not.toContain(CANARY);
        }
      }),
      { numRuns: soak(2_000), seed: 1_121 },
    );
    expect(tried).toBe(soak(2_000));
    expect(readFileSync(made.mesh.canaryFile, 'utf8')).toBe(`secret\n${CANARY}-file\n`);
    expect(readdirSync(made.mesh.folder.path).sort()).toEqual(before);
    expect(readdirSync(path.join(made.mesh.folder.path, 'tables')).sort()).toEqual(['ga4', 'hr', 'sap']);
  });
});
