import { SkeinError } from '@skein/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directEngine, type DirectEngine } from './conformance/direct-engine.ts';
import { goldenLines, PRODUCTS } from './conformance/mesh-fixture.ts';
import { brokenGate, type Patch } from './conformance/twin.ts';
import { gate } from './gate.ts';

interface Attack {
  readonly group: string;
  readonly sql: string;
}

const GATE = 'gate.ts';
const skipped = (slot: string): Patch => ({
  file: GATE,
  find: `      case '${slot}':\n`,
  replace: `      case '${slot}':\n        if (1 + 1 === 2) return;\n`,
});

/** What is removed, and an attack that then has to come through. */
const TWINS: readonly { readonly without: string; readonly patches: readonly Patch[]; readonly lets: string }[] = [
  {
    without: 'the count of statements',
    patches: [{ file: GATE, find: 'statements.length !== 1', replace: 'statements.length < 1' }],
    lets: 'SELECT 1; SELECT 2',
  },
  {
    without: 'the scope of unqualified names',
    patches: [{ file: GATE, find: '!inScope(scope, lower(table))', replace: 'false' }],
    lets: "SELECT * FROM 'data.parquet'",
  },
  {
    without: 'the order of CTEs',
    patches: [
      {
        file: GATE,
        find: "if (key === 'query') this.#statement(member, scope);",
        replace: "if (key === 'query') this.#statement(member, { name, outer: scope });",
      },
    ],
    lets: 'WITH a AS (SELECT * FROM a) SELECT * FROM a',
  },
  {
    without: 'the end of a CTE’s scope',
    patches: [
      {
        file: GATE,
        find: "const inner = this.#ctes(node['cte_map'], scope);",
        replace: "const inner = this.#ctes(node['cte_map'], scope); if (inner) scope = Object.assign(scope ?? {}, inner);",
      },
      { file: GATE, find: 'this.#statement(statements[0], undefined);', replace: "this.#statement(statements[0], { name: '', outer: undefined });" },
    ],
    lets: 'SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a',
  },
  {
    without: 'the branch of a recursive CTE',
    patches: [{ file: GATE, find: "type === 'RECURSIVE_CTE_NODE' && key === 'right'", replace: "type === 'RECURSIVE_CTE_NODE'" }],
    lets: 'WITH RECURSIVE a AS (SELECT * FROM a UNION ALL SELECT 1) SELECT * FROM a',
  },
  {
    without: 'the check of catalogs',
    patches: [{ file: GATE, find: 'catalog !== this.#catalog', replace: 'false' }],
    lets: 'SELECT * FROM memory.sap.material',
  },
  {
    without: 'folding of ASCII letters only',
    patches: [
      { file: 'gate-checks.ts', find: '/[A-Z]/.test(text) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text', replace: 'text.toLowerCase()' },
    ],
    lets: 'WITH k AS (SELECT 1) SELECT * FROM \u212a',
  },
  {
    without: 'the list of functions',
    patches: [{ file: GATE, find: 'if (allowed.has(name)) return;', replace: 'return;' }],
    lets: 'SELECT stats(cost) FROM sap.material',
  },
  {
    without: 'the list of table functions',
    patches: [
      { file: GATE, find: '!TABLE_FUNCTIONS.has(lower(name))', replace: 'false' },
      { file: GATE, find: 'if (allowed.has(name)) return;', replace: 'return;' },
    ],
    lets: 'SELECT * FROM duckdb_views()',
  },
  {
    without: 'the check of functions called by name',
    patches: [{ file: GATE, find: "typeof called !== 'string' || !AGGREGATE_FUNCTIONS.has(lower(called))", replace: 'false' }],
    lets: "SELECT list_aggregate([1], 'sleep_ms')",
  },
  {
    without: 'the check of schemas of functions',
    patches: [{ file: 'gate-checks.ts', find: "value === '' || value === 'main'", replace: 'true' }],
    lets: "SELECT x.upper() FROM (SELECT 'a' AS x)",
  },
  {
    without: 'the list of relations',
    patches: [{ file: GATE, find: 'if (slots === undefined) throw unlistedRelation(type, node);', replace: 'if (slots === undefined) return;' }],
    lets: 'SUMMARIZE sap.material',
  },
  {
    without: 'the check of AT',
    patches: [{ file: 'gate-checks.ts', find: "case 'null':\n        return value === null;", replace: "case 'null':\n        return true;" }],
    lets: 'SELECT * FROM sap.material AT (VERSION => 1)',
  },
  {
    without: 'the check of EXPORT_STATE',
    patches: [{ file: 'gate-checks.ts', find: "case 'no':\n        return value === false;", replace: "case 'no':\n        return true;" }],
    lets: 'SELECT sum(n) EXPORT_STATE FROM sap.material',
  },
  {
    without: 'the list of joins',
    patches: [{ file: 'gate-grammar.ts', find: "'CROSS', 'ASOF'", replace: "'CROSS', 'ASOF', 'POSITIONAL'" }],
    lets: 'SELECT * FROM sap.material POSITIONAL JOIN ga4.events',
  },
  {
    without: 'the list of type names',
    patches: [{ file: 'gate-constant.ts', find: '!NAMED_TYPES.has(', replace: 'NAMED_TYPES.has(' }],
    lets: "SELECT 'x'::regclass",
  },
  {
    without: 'the check of aliased types',
    patches: [{ file: 'gate-constant.ts', find: 'if (slots === undefined || ', replace: 'if (slots === undefined) return; if (' }],
    lets: "SELECT 'x'::GEOMETRY",
  },
  {
    without: 'the check of bare keywords',
    patches: [{ file: GATE, find: 'VALUE_KEYWORDS_REFUSED.has(lower(only))', replace: 'false' }],
    lets: 'SELECT current_catalog',
  },
  {
    without: 'the limit of depth',
    patches: [{ file: 'gate-depth.ts', find: 'this.#depth > this.#limits.maxDepth', replace: 'false' }],
    lets: `SELECT ${'upper('.repeat(150)}'x'${')'.repeat(150)}`,
  },
  {
    without: 'the limit of nodes',
    patches: [{ file: 'gate-depth.ts', find: 'this.#nodes > this.#limits.maxNodes', replace: 'false' }],
    lets: `SELECT ${Array.from({ length: 25_000 }, () => '1').join(',')}`,
  },
  { without: 'optional expressions', patches: [skipped('expression?')], lets: "SELECT 1 WHERE EXISTS (SELECT * FROM glob('/etc/*'))" },
  { without: 'rows of VALUES', patches: [skipped('expressionRows')], lets: "VALUES ((SELECT content FROM read_text('{canary}')))" },
  { without: 'branches of CASE', patches: [skipped('cases')], lets: "SELECT CASE WHEN true THEN (SELECT content FROM read_text('{canary}')) END" },
  { without: 'ORDER BY', patches: [skipped('orders')], lets: 'SELECT sum(n) OVER (ORDER BY stats(n)) FROM sap.material' },
  { without: 'ORDER BY of aggregates', patches: [skipped('orderModifier')], lets: 'SELECT any_value(n ORDER BY random()) FROM sap.material' },
  { without: 'modifiers', patches: [skipped('modifiers')], lets: "SELECT * FROM sap.material LIMIT (SELECT size FROM read_blob('{canary}'))" },
  { without: 'subqueries', patches: [skipped('statement')], lets: "SELECT (SELECT content FROM read_text('{canary}'))" },
  { without: 'REPLACE', patches: [skipped('replacements')], lets: "SELECT * REPLACE ((SELECT content FROM read_text('{canary}')) AS n) FROM sap.material" },
  { without: 'types', patches: [skipped('sqlType')], lets: 'SELECT 1::my_type' },
  { without: 'window functions', patches: [skipped('windowFunction')], lets: 'SELECT stats(n) OVER () FROM sap.material' },
];

describe('the gate without one of its checks', () => {
  let engine: DirectEngine;
  const trees = new Map<string, string>();
  const granted = new Set(Object.keys(PRODUCTS).filter((product) => product !== 'hr.salaries'));

  /** Whether the text comes through a gate, with every read granted. */
  const passes = (one: typeof gate, sql: string): boolean => {
    try {
      return one(trees.get(sql) ?? '').reads.every(({ schema, table }) => granted.has(`${schema}.${table}`));
    } catch (error) {
      if (error instanceof SkeinError) return false;
      throw error;
    }
  };

  beforeAll(async () => {
    engine = await directEngine();
    for (const { sql } of goldenLines<Attack>('attacks.jsonl')) trees.set(sql, await engine.parse(sql));
  });
  afterAll(() => engine.close());

  it.each(TWINS)('without $without lets an attack of the corpus through', async ({ patches, lets }) => {
    expect(trees.has(lets), 'the attack stands in the corpus').toBe(true);
    using twin = await brokenGate(patches);
    expect(passes(gate, lets)).toBe(false);
    expect(passes(twin.gate, lets)).toBe(true);
  });
});
