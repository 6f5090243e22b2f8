import { readdirSync, readFileSync } from 'node:fs';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract, type Property } from '@skein/contract';
import {
  bindExpression,
  checkSolution,
  evaluate,
  propose,
  signatureOf,
  solutionQueries,
  type Expression,
  type Outcome,
  type SourceFacts,
} from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import { recordValidator } from '@skein/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The golden tables of the families, with the real contract as judge and the engine applying the solutions: what a table says of
 * its cells holds in JavaScript and in SQL, and every solution passes the allow-list that strangers' solutions must pass.
 */
interface Table {
  readonly title: string;
  readonly type: string;
  readonly name?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly accepted?: readonly string[];
  readonly source?: SourceFacts;
  readonly examples?: readonly (readonly [string, string])[];
  readonly outcome?: Outcome['kind'];
  readonly cells: readonly (readonly [string, string | null | false])[];
}

let session: EngineSession;
const engine = duckdbEngine();
beforeAll(async () => {
  session = await engine.open();
});
afterAll(async () => {
  await session.close();
  await engine.close();
});

const LOGICAL: Readonly<Record<string, string>> = {
  int: 'logicalType: integer, physicalType: BIGINT',
  decimal: 'logicalType: number, physicalType: "DECIMAL(18,6)"',
  timestamp: 'logicalType: timestamp, physicalType: TIMESTAMP',
};

function columnOf(table: Table): { property: Property; accepts: (value: string | null) => boolean } {
  const name = table.name ?? 'c';
  const { validValues, ...options } = table.options ?? {};
  const listed =
    validValues === undefined
      ? ''
      : `, quality: [{ type: library, metric: invalidValues, arguments: { validValues: ${JSON.stringify(validValues)} }, mustBe: 0 }]`;
  const contract = readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: e2e\nversion: 1.0.0\nstatus: active\ndomain: e2e\nschema:\n  - name: cells\n    properties:\n      - { name: ${name}, ${LOGICAL[table.type] ?? `logicalType: ${table.type}`}${Object.keys(options).length === 0 ? '' : `, logicalTypeOptions: ${JSON.stringify(options)}`}${listed} }\n`,
    'contract.odcs.yaml',
  );
  const validate = recordValidator(contract);
  const [property] = contract.properties;
  if (property === undefined) throw new Error('no property');
  const record = (value: string | null): unknown =>
    value === null
      ? null
      : table.type === 'boolean'
        ? value === 'true'
          ? true
          : value === 'false'
            ? false
            : value
        : table.type === 'timestamp'
          ? value.replace(' ', 'T')
          : value;
  return { property, accepts: (value) => validate({ [name]: record(value) }).length === 0 };
}

async function allowed(expression: Expression): Promise<void> {
  const asts: string[] = [];
  for (const query of solutionQueries(expression)) {
    const [row] = await session.rows<{ ast: string }>(`SELECT CAST(json_serialize_sql('${query.replaceAll("'", "''")}') AS VARCHAR) AS ast`);
    asts.push(row?.ast ?? '');
  }
  checkSolution(expression, asts, []);
}

const folder = new URL('../../libs/pattern/src/golden/families/', import.meta.url);
let solutions = 0;

describe.each(readdirSync(folder))('%s', (file) => {
  const tables = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Table[];
  it.each(tables.map((table) => [table.title, table] as const))('%s', async (_, table) => {
    const { property, accepts } = columnOf(table);
    const examples = (table.examples ?? []).map(([input, output]) => ({ input, output }));
    const values = [...new Set([...table.cells.map(([value]) => value), ...examples.map(({ input }) => input)])].map((value) => ({ value, count: 1 }));
    const gap = {
      context: { domain: 'e2e', product: 'e2e.cells', column: property.name },
      signature: signatureOf('type', property, values),
      cells: values.length,
      values,
    };
    const facts = { property, accepts, accepted: (table.accepted ?? []).map((value) => ({ value, count: 2 })), ...(table.source && { source: table.source }) };
    const outcome = propose(gap, facts, examples);
    expect(outcome.kind).toBe(table.outcome ?? 'solutions');
    const ranked = outcome.kind === 'solutions' ? outcome.ranked : [];
    const outputs: (string | null | false)[] = table.cells.map(() => false);
    const list = table.cells.map(([value]) => `'${value.replaceAll("'", "''")}'`).join(', ');
    for (const { solution, program } of [...ranked].reverse()) {
      if (solution.kind !== 'expression') throw new Error('no expression');
      await allowed(solution);
      const { touches, repaired } = bindExpression(solution, 'v', (name) => `"${name}"`);
      const rows = await session.rows<{ touched: boolean; out: string | null }>(
        `SELECT ${touches} AS touched, ${repaired} AS out FROM (SELECT unnest([${list}]) AS v)`,
      );
      expect(rows).toHaveLength(table.cells.length);
      for (const [index, [value]] of table.cells.entries()) {
        const row = rows[index];
        const said = evaluate(program, { value });
        expect({ value, touched: row?.touched, out: row?.touched === true ? row.out : value }).toEqual({ value, touched: said.touched, out: said.value });
        if (row?.touched === true && accepts(row.out)) outputs[index] = row.out;
      }
      solutions += 1;
    }
    expect(table.cells.map(([value], index) => [value, outputs[index]])).toEqual(table.cells);
  });
});

it('ran solutions in the engine', () => {
  expect(solutions).toBeGreaterThan(50);
});

describe('a hostile solution', () => {
  const fine = { kind: 'expression', transformation: 'trim({value})', preConditions: "{column:a%20b} = 'x'", postValidation: 'TRUE' } as const;
  const check = async (part: Partial<Expression>, columns = ['a b']): Promise<void> => {
    const expression: Expression = { ...fine, ...part };
    const asts: string[] = [];
    for (const query of solutionQueries(expression)) {
      const [row] = await session.rows<{ ast: string }>(`SELECT CAST(json_serialize_sql('${query.replaceAll("'", "''")}') AS VARCHAR) AS ast`);
      asts.push(row?.ast ?? '');
    }
    checkSolution(expression, asts, columns);
  };

  it('is told from a plain one', async () => {
    await expect(check({})).resolves.toBeUndefined();
    await expect(check({}, [])).rejects.toMatchObject({ code: 'SKEIN_QUERY_REFUSED' });
    // It may grow, and be nested, within reason.
    for (const transformation of [
      "replace(replace(lower({value}), 'ä', 'ae'), 'ö', 'oe')",
      'hex(encode({value}))',
      `${'lower('.repeat(150)}{value}${')'.repeat(150)}`,
    ])
      await expect(check({ transformation })).resolves.toBeUndefined();
  });

  it.each([
    "(SELECT content FROM read_text('/etc/passwd'))",
    '(SELECT 1)',
    "read_text('x')",
    "getenv('HOME')",
    'random()',
    'now()',
    'current_date',
    'current_user',
    "current_setting('home_directory')",
    "nextval('s')",
    'pg_sleep(10)',
    "query('SELECT 1')",
    'secret_column',
    't.value',
    '*',
    'COLUMNS(*)',
    'sum(1)',
    'row_number() OVER ()',
    '$1',
    '?',
    "lpad({value}, 2000000000, 'x')",
    "lpad({value}, length({value}) * 1000000, 'x')",
    "printf('%1000000000d', 1)",
    "repeat('x', 1000000000)",
    'range(1000000000)',
    'regexp_matches({value}, {value})',
    "'{value}'",
    '"{column:a%20b}x"',
    '{column:secret}',
    '{value} -- {column:a%20b}',
    '{value} /* x */',
    '{value}; DROP TABLE t',
    '{value}) OR (TRUE',
    "{value}), ('x'",
    '{value} FROM t',
    '{value} AS x',
    '{value}, {value}',
    '{value} UNION SELECT 1',
    '{value} LIMIT 1',
    '{value}::STRUCT(a INTEGER)',
    'TRY_CAST({value} AS JSON)',
    'list_transform([1], lambda "{value}": 1)',
    '$$ {value} $$',
    "getvariable('x')",
    "error('x')",
    '',
    // What a SELECT takes and an expression does not: refused here, not by the engine in the middle of a run.
    '{value} WINDOW w AS ()',
    'ALL {value}',
    // Texts that grow by each call, or by each element of a list.
    `${'hex('.repeat(20)}{value}${')'.repeat(20)}`,
    `replace(replace(replace({value}, '0', '${'0'.repeat(300)}'), '0', '${'0'.repeat(300)}'), '0', '00')`,
    `${'regexp_replace('.repeat(8)}{value}${", '.', '\\0\\0\\0\\0', 'g')".repeat(8)}`,
    `${'list_transform(['.repeat(12)}{value}${'], lambda x: x || x)[1]'.repeat(12)}`,
    "array_to_string(string_split(array_to_string(string_split({value}, ''), repeat_of), ''), '--------------------------------')".replace(
      'repeat_of',
      `'${'-'.repeat(100)}'`,
    ),
    `length(${'hex('.repeat(20)}{value}${')'.repeat(20)})`,
    'lpad({value}, length(hex(hex(hex(hex(hex(hex(hex(hex(hex(hex(hex({value})))))))))))), {value})',
    'list_transform([1], lambda a: list_transform([1], lambda b: list_transform([1], lambda c: list_transform([1], lambda d: d))))',
    `${'CAST(encode('.repeat(12)}{value}${') AS VARCHAR)'.repeat(12)}`,
  ])('%s', async (sql) => {
    for (const part of ['transformation', 'preConditions', 'postValidation'] as const) {
      await expect(check({ [part]: sql })).rejects.toMatchObject({ code: 'SKEIN_QUERY_REFUSED' });
    }
  });
});
