import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import { literal } from '@skein/kernel';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { runApp } from '../run-app.fixture.ts';

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const EVENTS = at('contracts/ga4/events/v1/contract.odcs.yaml');
const folder = temporaryDirectory();
afterAll(() => folder[Symbol.dispose]());
const put = (name: string, text: string) => {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
};

const BROKEN = `apiVersion: v3.1.0
kind: DataContract
id: "x]]> & <y>"
version: 1.0.0
domain: d
schema:
  - name: p
    properties:
      - { name: a, logicalType: strin }
      - { name: b, logicalType: string, logicalTypeOptions: { pattern: "(?=x)" } }
      - { name: "\\e[31mred", logicalType: string }
`;

describe('lint', () => {
  it('ends with 0 for sound contracts, 1 for findings, 2 for a wrong command', async () => {
    expect(await runApp('contract', 'lint', at('contracts'), '--strict', '--quiet')).toMatchObject({ code: 1 });
    expect(await runApp('contract', 'lint', EVENTS, '--strict')).toMatchObject({ code: 0, stdout: '1 contract: 0 errors, 0 warnings\n', stderr: '' });
    expect((await runApp('contract', 'lint', put('broken.odcs.yaml', BROKEN))).code).toBe(1);
    for (const args of [
      ['lint'],
      ['lint', folder.file('nothing')],
      ['lint', EVENTS, '--json', '--sarif', '-'],
      ['lint', EVENTS, '--junit', folder.file('no/such/folder.xml')],
    ]) {
      const ran = await runApp('contract', ...args);
      expect([args, ran.code, ran.stderr.includes('fix: ')]).toEqual([args, 2, true]);
    }
  });

  it('shows every fault with place, line, caret, fix and rule, and makes control characters visible', async () => {
    const { stdout } = await runApp('contract', 'lint', put('broken.odcs.yaml', BROKEN));
    expect(stdout).toContain('broken.odcs.yaml:9:33: error: logicalType is "strin"');
    expect(stdout).toContain('      - { name: a, logicalType: strin }\n    |                                 ^\n  fix: Did you mean "string"?');
    expect(stdout).toContain('broken.odcs.yaml:10:9: error: the pattern "(?=x)" is not RE2');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/1 contract: \d errors, \d+ warnings\n$/);
  });

  it('walks folders, and says where there is nothing', async () => {
    mkdirSync(folder.file('tree/deep/node_modules'), { recursive: true });
    put('tree/deep/a.odcs.yaml', readFileSync(EVENTS, 'utf8'));
    put('tree/deep/node_modules/b.odcs.yaml', BROKEN);
    put('tree/other.yaml', BROKEN);
    expect(await runApp('contract', 'lint', folder.file('tree'))).toMatchObject({ code: 0, stdout: '1 contract: 0 errors, 0 warnings\n' });
    mkdirSync(folder.file('empty'));
    expect((await runApp('contract', 'lint', folder.file('empty'))).code).toBe(2);
  });

  it('reports as JSON, JUnit and SARIF the same findings', async () => {
    const file = put('broken.odcs.yaml', BROKEN);
    const json = JSON.parse((await runApp('contract', 'lint', file, '--json')).stdout) as {
      passed: boolean;
      errors: number;
      warnings: number;
      contracts: { findings: { rule: string; place: { line: number; column: number } }[] }[];
    };
    const findings = json.contracts[0]?.findings ?? [];
    expect([json.passed, json.errors + json.warnings]).toEqual([false, findings.length]);
    const sarif = JSON.parse((await runApp('contract', 'lint', file, '--sarif', '-')).stdout) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: {
          ruleId: string;
          ruleIndex: number;
          level: string;
          locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number; startColumn: number } } }[];
        }[];
      }[];
    };
    const run = sarif.runs[0];
    expect(sarif.version).toBe('2.1.0');
    expect(run?.results.map((result) => [result.ruleId, result.locations[0]?.physicalLocation.region.startLine])).toEqual(
      findings.map(({ rule, place }) => [rule, place.line]),
    );
    for (const result of run?.results ?? []) {
      expect(run?.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
      expect(['error', 'warning']).toContain(result.level);
      expect(result.locations[0]?.physicalLocation.artifactLocation.uri).toMatch(/^(?:file:\/\/\/|(?!\/))/);
    }
    await runApp('contract', 'lint', file, '--junit', folder.file('junit.xml'));
    const xml = readFileSync(folder.file('junit.xml'), 'utf8');
    expect(xml.match(/<testcase /g)).toHaveLength(findings.length);
    expect(xml.match(/<failure /g)).toHaveLength(json.errors);
    expect(xml).toContain(`tests="${findings.length}" failures="${json.errors}"`);
    expect(xml.replaceAll(/&(?:amp|lt|gt|quot|#9|#10|#13);/g, '')).not.toContain('&');
    // eslint-disable-next-line no-control-regex
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    expect(balanced(xml)).toBe(true);
    expect(balanced(xml.replace('</testsuite>', ''))).toBe(false);
  });
});

/** Whether every element of an XML text is closed where it should be. */
function balanced(xml: string): boolean {
  const open: string[] = [];
  for (const [, close, name, self] of xml.matchAll(/<(\/?)([a-z-]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g)) {
    if (close) {
      if (open.pop() !== name) return false;
    } else if (!self) open.push(name ?? '');
  }
  return open.length === 0 && !/<(?![?/a-z])/.test(xml);
}

describe('test', () => {
  const contract = put(
    'orders.odcs.yaml',
    `apiVersion: v3.1.0\nkind: DataContract\nid: o\nversion: 1.0.0\ndomain: shop\nschema:\n  - name: orders\n    properties:\n      - { name: id, logicalType: string, primaryKey: true }\n      - { name: mail, logicalType: string, classification: restricted, logicalTypeOptions: { pattern: "@" } }\n      - { name: state, logicalType: string, quality: [{ id: known, metric: invalidValues, arguments: { validValues: [A] }, mustBe: 0, severity: warning }] }\n`,
  );
  const good = put('good.ndjson', '{"id":"a","mail":"x@y","state":"A"}\n');
  const bad = put('bad.csv', 'id,mail,state,more\na,private-person,B,1\na,x@y,A,2\n');

  it('ends with 0 where the contract is kept, 1 where it is not, 2 where nothing could be judged', async () => {
    const passed = await runApp('contract', 'test', '--contract', contract, good);
    expect([passed.code, passed.stdout.includes('PASSED shop.orders: 1 rows')]).toEqual([0, true]);
    expect((await runApp('contract', 'test', '--contract', contract, bad)).code).toBe(1);
    for (const args of [[], ['/nowhere.csv'], [good, bad], [put('data.bin', 'x')], [good, '--samples', '1.5'], [put('broken.parquet', 'x')]])
      expect([args, (await runApp('contract', 'test', '--contract', contract, ...args)).code]).toEqual([args, 2]);
    expect((await runApp('contract', 'test', '--contract', put('broken.odcs.yaml', BROKEN), good)).code).toBe(1);
  });

  it('says gates, scores, samples and unknown columns, and no restricted value, in every form', async () => {
    const args = ['contract', 'test', '--contract', contract, bad];
    const human = (await runApp(...args)).stdout;
    const json = (await runApp(...args, '--json')).stdout;
    const junit = (await runApp(...args, '--junit', '-')).stdout;
    const sarif = (await runApp(...args, '--sarif', '-')).stdout;
    for (const text of [human, json, junit, sarif]) {
      expect(text).toContain('mail');
      expect(text).toContain('the column is restricted');
      expect(text).not.toContain('private-person');
    }
    expect(human).toContain('the contract has no column "more": it was not judged');
    expect(human).toMatch(/FAILED shop\.orders: 2 rows, 1 with a violation/);
    const report = JSON.parse(json) as {
      passed: boolean;
      rows: string;
      scores: Record<string, number>;
      gates: { check: string; outcome: string; failed?: string }[];
      unknownColumns: string[];
    };
    expect(report).toMatchObject({ passed: false, rows: '2', unknownColumns: ['more'], scores: { uniqueness: 0 } });
    expect(report.gates.filter(({ outcome }) => outcome === 'failed').map(({ check, failed }) => [check, failed])).toEqual([
      ['mail.pattern', '1'],
      ['state.quality.known', '1'],
      ['primary_key', '2'],
    ]);
    expect(balanced(junit)).toBe(true);
    // The broken rule of severity warning fails nothing.
    expect(junit).toContain('failures="2"');
  });
});

describe('export, import and docs', () => {
  it('write what was asked, say what was lost, and refuse what makes no sense', async () => {
    for (const format of ['json-schema', 'typescript', 'ddl-duckdb', 'ddl-postgres', 'avro', 'dbt', 'arrow', 'iceberg']) {
      const { code, stdout } = await runApp('contract', 'export', '--format', format, EVENTS);
      expect([format, code, stdout.includes('event_key'), stdout.endsWith('\n')]).toEqual([format, 0, true, true]);
    }
    expect((await runApp('contract', 'export', '--format', 'ddl-duckdb', EVENTS)).stderr).toContain('note: the rules of event_key stay with the contract');
    expect((await runApp('contract', 'export', '--format', 'avro', '--open', EVENTS)).code).toBe(2);
    expect((await runApp('contract', 'export', '--format', 'avro', put('broken.odcs.yaml', BROKEN))).code).toBe(1);
  });

  it('draft a contract from Parquet, which lint accepts and the file passes', async () => {
    const engine = duckdbEngine({ threads: 1 });
    const session = await engine.open();
    const data = folder.file('Order Lines.parquet');
    await session.run(
      `COPY (SELECT 1::BIGINT AS id, 2::UTINYINT AS small, 3::HUGEINT AS huge, 1.5::DECIMAL(9,2) AS price, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS at, TIMESTAMP_NS '2026-01-01 00:00:00' AS ns, [{'a b': 'x', c: MAP {1: DATE '2026-01-01'}}] AS parts, 'x'::ENUM('x', 'y') AS code, uuid() AS u, '\\xAA'::BLOB AS raw, 'z' AS _hidden) TO ${literal(data)} (FORMAT parquet)`,
    );
    await engine.close();
    const draft = folder.file('draft.odcs.yaml');
    const ran = await runApp('contract', 'import', '--format', 'parquet', '--id', 'lines', '--domain', 'shop', '--out', draft, data);
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('11 columns, ')]);
    const contract = readContract(readFileSync(draft, 'utf8'), draft);
    expect([contract.product, contract.status, contract.properties.at(-1)?.name]).toEqual(['shop.order_lines', 'draft', 'hidden']);
    expect(contract.properties.map(({ type }) => type.kind)).toEqual([
      'int',
      'int',
      expect.any(String),
      'decimal',
      'timestamp',
      'timestamp',
      'list',
      'string',
      'string',
      'binary',
      'string',
    ]);
    expect((await runApp('contract', 'lint', draft)).code).toBe(0);
    const judged = JSON.parse((await runApp('contract', 'test', '--contract', draft, data, '--json')).stdout) as {
      gates: { check: string; outcome: string }[];
    };
    expect(
      judged.gates
        .filter(({ outcome }) => outcome !== 'passed')
        .map(({ check }) => check)
        .filter((check) => !check.startsWith('hidden')),
    ).toEqual([]);
  });

  it('draft from what was exported', async () => {
    for (const [written, read] of [
      ['json-schema', 'json-schema'],
      ['avro', 'avro'],
      ['ddl-duckdb', 'ddl'],
      ['ddl-postgres', 'ddl'],
      ['dbt', 'dbt'],
    ] as const) {
      const file = folder.file(`again.${written}`);
      await runApp('contract', 'export', '--format', written, '--out', file, EVENTS);
      const { code, stdout, stderr } = await runApp('contract', 'import', '--format', read, '--id', 'i', '--domain', 'ga4', '--name', 'events', file);
      expect([written, code, stderr.includes('0 faults')]).toEqual([written, 0, true]);
      expect(readContract(stdout, 'again').properties).toHaveLength(40);
    }
    const script = put('persons.sql', 'CREATE TYPE home AS (street text, city text); CREATE TABLE p (email text, lives home, amount int CHECK (amount >= 0));');
    const { stdout } = await runApp('contract', 'import', '--format', 'ddl', '--id', 'i', '--domain', 'd', script);
    expect(readContract(stdout, 'p').properties.map(({ name, classification }) => [name, classification])).toEqual([
      ['email', 'restricted'],
      ['lives', 'restricted'],
      ['amount', 'internal'],
    ]);
    expect(stdout).toContain('# personal: the name street in it tells of persons');
    expect(stdout).toContain('minimum: 0');
    expect((await runApp('contract', 'import', '--format', 'avro', '--id', 'i', '--domain', 'Not A Name', EVENTS)).code).toBe(2);
    expect((await runApp('contract', 'import', '--format', 'parquet', '--id', 'i', '--domain', 'd', EVENTS)).code).toBe(2);
  });

  it('write the dictionary of a folder of contracts', async () => {
    const out = folder.file('dictionary');
    expect(await runApp('contract', 'docs', at('contracts'), '--out', out)).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(`${out}/ga4/events-v1.md`)).toBe(true);
    const domains = readdirSync(at('contracts'), { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !['dist', 'node_modules'].includes(entry.name),
    );
    expect(readdirSync(out).sort()).toEqual([...domains.map(({ name }) => name), 'index.html', 'index.md'].sort());
    expect(readFileSync(`${out}/index.html`, 'utf8').includes('<section id="sap.material-v1">')).toBe(true);
  });
});

describe('set', () => {
  it('changes one value in the file, and writes nothing that would be unsound', async () => {
    const text = readFileSync(EVENTS, 'utf8');
    const file = put('set.odcs.yaml', text);
    const path = 'schema.0.properties.name=platform.classification';
    expect((await runApp('contract', 'set', file, path, 'internal')).code).toBe(0);
    const lines = text.split('\n');
    expect(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line, index) => line !== lines[index]),
    ).toEqual(['        classification: internal']);
    const refused = await runApp('contract', 'set', file, path, 'secret');
    expect([refused.code, refused.stderr.includes('nothing was written'), readFileSync(file, 'utf8').includes('secret')]).toEqual([1, true, false]);
    expect((await runApp('contract', 'set', file, 'schema.name=nope.name', 'x')).code).toBe(2);
  });
});

describe('contract test --ref and --at', () => {
  const contract = put(
    'ref.odcs.yaml',
    `apiVersion: v3.1.0\nkind: DataContract\nid: r\nversion: 1.0.0\ndomain: shop\nschema:\n  - name: orders\n    properties:\n      - { name: customer, logicalType: string, relationships: [{ to: crm.customers.id }] }\n      - { name: day, logicalType: date }\nslaProperties: [{ property: freshness, value: 1, unit: mo, element: day }]\n`,
  );
  const data = put('orders.csv', 'customer,day\na,2026-01-31\nb,2026-01-01\n');
  const run = (...flags: string[]) => runApp('contract', 'test', '--contract', contract, ...flags, data);

  it('judge references and service levels', async () => {
    const customers = put('customers.csv', 'id\na\n');
    const before = await run('--at', '2026-02-28');
    expect([before.code, before.stdout]).toEqual([0, expect.stringContaining('--ref crm.customers=FILE') as string]);
    const lacking = await run('--ref', `crm.customers=${customers}`, '--at', '2026-02-28T00:00:00.001Z', '--json');
    expect(lacking.code).toBe(1);
    const { gates } = JSON.parse(lacking.stdout) as { gates: { check: string; outcome: string }[] };
    expect(Object.fromEntries(gates.map(({ check, outcome }) => [check, outcome]))).toMatchObject({
      'customer.reference': 'failed',
      'sla.freshness.day': 'failed',
    });
    const whole = await run('--ref', `crm.customers=${customers}`, '--ref', `crm.customers=${put('more.csv', 'id\nb\n')}`, '--at', '2026-02-28');
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining(' 0 skipped') as string]);
  });

  it('are refused where they make no sense', async () => {
    for (const flags of [
      ['--at', 'noon'],
      ['--at', '2026-02-30T00:00'],
      ['--ref', 'customers.csv'],
      ['--ref', `shop.other=${data}`],
    ])
      expect((await run(...flags)).code, flags.join(' ')).toBe(2);
  });
});
