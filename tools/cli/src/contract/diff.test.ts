import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runApp } from '../run-app.fixture.ts';

let folder: TemporaryDirectory;
beforeEach(() => {
  folder = temporaryDirectory('skein diff ü ');
  vi.spyOn(process, 'cwd').mockReturnValue(folder.path);
});
afterEach(() => {
  vi.restoreAllMocks();
  folder[Symbol.dispose]();
});

interface Half {
  readonly version?: string;
  readonly domain?: string;
  readonly name?: string;
  readonly id?: string;
  readonly status?: string;
  readonly owner?: string;
  readonly mode?: string;
  readonly columns?: readonly string[];
}
const ID = '      - { id: o-id, name: id, logicalType: string, primaryKey: true }';
const PRICE = '      - { id: o-price, name: price, logicalType: integer, logicalTypeOptions: { maximum: 100 } }';
const STATE = '      - { id: o-state, name: state, logicalType: string }';

function contract(half: Half = {}): string {
  const {
    version = '1.0.0',
    domain = 'shop',
    name = 'orders',
    id = 'shop-orders',
    status = 'active',
    owner = 'shop-team',
    mode,
    columns = [ID, PRICE, STATE],
  } = half;
  const custom = mode === undefined ? '' : `customProperties: [{ property: compatibilityMode, value: ${mode} }]\n`;
  const team = owner === '' ? '' : `team: { name: ${owner} }\n`;
  return `apiVersion: v3.1.0\nkind: DataContract\nid: ${id}\nversion: ${version}\nstatus: ${status}\ndomain: ${domain}\n${custom}${team}schema:\n  - name: ${name}\n    properties:\n${columns.join('\n')}\n`;
}

function put(file: string, text: string | Uint8Array): string {
  mkdirSync(path.dirname(folder.file(file)), { recursive: true });
  writeFileSync(folder.file(file), text);
  return file;
}
const diff = (...args: string[]) => runApp('contract', 'diff', ...args);
/** Two files compared: the exit code and the document. */
async function compared(old: string, next: string, ...flags: string[]) {
  const ran = await diff(put('old.yaml', old), put('next.yaml', next), '--json', ...flags);
  return { ...ran, step: (JSON.parse(ran.stdout) as Report).steps[0] as Step };
}
interface Step {
  readonly file: string;
  readonly product: string;
  readonly kind: string;
  readonly allowed: boolean;
  readonly mode: string;
  readonly from?: { readonly version: string; readonly hash: string };
  readonly to?: { readonly version: string; readonly hash: string };
  readonly findings: readonly {
    readonly rule: string;
    readonly subject: string;
    readonly standing: string;
    readonly mustApprove: readonly string[];
    readonly place: object;
  }[];
  readonly faults: readonly { readonly rule: string; readonly place: { readonly file: string } }[];
  readonly version?: { readonly asked: string; readonly given: string; readonly suffices: boolean };
  readonly notices: readonly string[];
}
interface Report {
  readonly passed: boolean;
  readonly contracts: number;
  readonly refused: number;
  readonly steps: readonly Step[];
}

function git(...args: string[]): string {
  const own = ['-c', 'user.name=x', '-c', 'user.email=x@example.org', '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...own, ...args], { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
function commit(): void {
  git('add', '-A');
  git('commit', '-qm', 'as it was');
}

describe('two files', () => {
  it('read as the golden page says', async () => {
    const old = contract();
    const next = contract({
      version: '1.1.0',
      columns: [ID, PRICE.replace('maximum: 100', 'maximum: 50'), '      - { id: o-note, name: note, logicalType: string }'],
    });
    const { code, stdout } = await diff(put('old.yaml', old), put('new file ü.yaml', next));
    expect(code).toBe(1);
    await expect(stdout).toMatchFileSnapshot('golden/diff.txt');
    // What it says of the row holds: the price lies between the two bounds.
    expect(stdout).toMatch(/valid before: \{ "price": (?:5[1-9]|[6-9]\d|100), … \d more \}/);
  });

  it.each([
    ['nothing but comments', contract(), `# why\n${contract()}`, 0, 'unchanged'],
    [
      'a column more, with its version',
      contract(),
      contract({ version: '1.1.0', columns: [ID, PRICE, STATE, '      - { name: more, logicalType: string }'] }),
      0,
      'changed',
    ],
    [
      'a column more, with too small a version',
      contract(),
      contract({ version: '1.0.1', columns: [ID, PRICE, STATE, '      - { name: more, logicalType: string }'] }),
      1,
      'changed',
    ],
    ['a column less', contract(), contract({ version: '1.1.0', columns: [ID, PRICE] }), 1, 'changed'],
    ['a column less, in a new major version', contract(), contract({ version: '2.0.0', columns: [ID, PRICE] }), 0, 'changed'],
    ['a column less, below 1.0.0', contract({ version: '0.1.0' }), contract({ version: '0.2.0', columns: [ID, PRICE] }), 1, 'changed'],
    ['another mode under too small a version', contract(), contract({ version: '1.0.1', mode: 'BACKWARD' }), 1, 'changed'],
    ['another mode', contract(), contract({ version: '1.1.0', mode: 'BACKWARD' }), 0, 'changed'],
    ['a lower version', contract(), contract({ version: '0.9.0' }), 1, 'changed'],
    ['one version for two documents', contract(), contract({ owner: 'others' }), 1, 'changed'],
  ])('%s', async (_, old, next, code, kind) => {
    const ran = await compared(old, next);
    expect([ran.code, ran.step.kind, ran.step.allowed]).toEqual([code, kind, code === 0]);
  });

  it('are judged by the mode that the old one promised, not by one that the new one brings, unless --mode says otherwise', async () => {
    const less = { version: '1.1.0', columns: [ID, PRICE] };
    expect((await compared(contract(), contract({ ...less, mode: 'NONE' }))).step).toMatchObject({ mode: 'FULL', allowed: false });
    expect((await compared(contract(), contract({ ...less, mode: 'NONE' }))).step.notices.join()).toContain('the mode becomes NONE');
    expect((await compared(contract({ mode: 'BACKWARD' }), contract({ ...less, mode: 'BACKWARD' }))).step).toMatchObject({ mode: 'BACKWARD', allowed: true });
    expect((await compared(contract({ mode: 'BACKWARD' }), contract(less), '--mode', 'FORWARD')).step).toMatchObject({ mode: 'FORWARD', allowed: false });
  });

  it('tell of columns that are deprecated', async () => {
    const notice =
      '      - { id: o-state, name: state, logicalType: string, customProperties: [{ property: deprecated, value: true }, { property: removeAfter, value: 2001-01-31 }, { property: replacedBy, value: id }] }';
    const { step, code } = await compared(contract(), contract({ version: '1.1.0', columns: [ID, PRICE, notice] }));
    expect([code, step.notices]).toEqual([
      0,
      ['column state is deprecated: promised until 2001-01-31, which is past: the next major version may drop it; use id'],
    ]);
    // Its notice has run out, so no mode refuses the removal; it is a major version all the same.
    const gone = await compared(contract({ columns: [ID, PRICE, notice] }), contract({ version: '1.1.0', columns: [ID, PRICE] }));
    expect(gone.step).toMatchObject({
      allowed: false,
      version: { asked: 'major', suffices: false },
      findings: [{ rule: 'column.removed_after_notice', standing: 'allowed' }],
    });
  });

  it('show a rename for what it is, by the id of the column', async () => {
    const { step } = await compared(contract(), contract({ version: '1.1.0', columns: [ID, PRICE, STATE.replace('name: state', 'name: status')] }));
    expect(step.findings.map(({ rule, standing }) => [rule, standing])).toEqual([['column.renamed', 'refused']]);
  });

  it('are findings with their places where one is no sound contract, whichever it is', async () => {
    const faulty = contract().replace('logicalType: integer', 'logicalType: integr');
    for (const [old, next, file] of [
      [faulty, contract(), 'old.yaml'],
      [contract(), faulty, 'next.yaml'],
    ] as const) {
      const { code, step, stdout } = await compared(old, next);
      expect([code, step.kind, step.faults[0]?.place]).toEqual([1, 'faulty', { file, line: 12, column: 50 }]);
      expect(stdout).not.toContain('"rule": "type.changed"');
    }
    expect(
      (await compared(contract(), contract({ columns: ['      - { name: a, logicalType: string, logicalTypeOptions: { pattern: "(?=x)" } }'] }))).step.faults[0]
        ?.rule,
    ).toBe('pattern');
    const binary = Uint8Array.from({ length: 4096 }, (_, at) => (at * 37) % 256);
    expect((await diff(put('old.yaml', binary), put('next.yaml', contract()))).code).toBe(1);
    expect((await diff(put('old.yaml', ''), put('next.yaml', contract()))).code).toBe(1);
  });

  it('end with 2 where the command was wrong', async () => {
    put('a.yaml', contract());
    for (const args of [
      [],
      ['a.yaml'],
      ['a.yaml', 'a.yaml', 'a.yaml'],
      ['a.yaml', 'none.yaml'],
      ['a.yaml', 'a.yaml', '--token-file', 'x'],
      ['--against', 'HEAD'],
    ]) {
      const ran = await diff(...args);
      expect([args, ran.code, ran.stderr.includes('fix: ')]).toEqual([args, 2, true]);
    }
  });
});

describe('reports', () => {
  /** A name that XML, URIs and terminals would take for their own. */
  const NAME = 'a & <b> "c" ünï 50%.yaml';

  it('hold the same findings as JSON, JUnit and SARIF, with places in the file that exists', async () => {
    put('old.yaml', contract());
    put(NAME, contract({ version: '1.1.0', columns: [ID, PRICE.replace('maximum: 100', 'maximum: 50')] }));
    const json = JSON.parse((await diff('old.yaml', NAME, '--json')).stdout) as Report;
    const sarif = JSON.parse((await diff('old.yaml', NAME, '--sarif', '-')).stdout) as {
      runs: {
        results: {
          ruleId: string;
          kind: string;
          locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
          message: { text: string };
        }[];
      }[];
    };
    const results = sarif.runs[0]?.results ?? [];
    const refused = json.steps[0]?.findings.filter((one) => one.standing === 'refused').map((one) => one.rule) ?? [];
    expect(refused).toEqual(['column.removed', 'upper_bound.lowered']);
    expect(results.filter((one) => one.kind === 'fail').map((one) => one.ruleId)).toEqual([...refused, 'version']);
    for (const result of results) {
      const { artifactLocation, region } = result.locations[0]?.physicalLocation ?? {};
      expect(decodeURIComponent(artifactLocation?.uri ?? '')).toBe(NAME);
      expect(artifactLocation?.uri).toMatch(/^[\w%.~!*'()-]+$/);
      expect(region?.startLine).toBeGreaterThan(0);
    }
    expect(results[0]?.message.text).toContain('was at old.yaml:13:9');
    const junit = (await diff('old.yaml', NAME, '--junit', '-')).stdout;
    expect(junit.match(/<failure /g)).toHaveLength(refused.length + 1);
    expect(junit).toContain('file="a &amp; &lt;b&gt; &quot;c&quot; ünï 50%.yaml"');
    expect(junit.replaceAll(/&(?:amp|lt|gt|quot|#9|#10|#13);/g, '')).not.toContain('&');
    expect((await diff('old.yaml', NAME, '--json', '--sarif', '-')).code).toBe(2);
  });
});

describe('approvals', () => {
  const next = contract({ version: '1.1.0', columns: [ID, PRICE] });
  const sign = (hashes: { from?: string | undefined; to?: string | undefined }, more: object = {}) =>
    JSON.stringify({
      version: 1,
      approvals: [{ ...hashes, rule: 'column.removed', subject: 'column state', approvedBy: ['shop-team'], reason: 'Nobody reads it.', ...more }],
    });

  it('let pass the change that they were given for, and no other', async () => {
    const { step } = await compared(contract(), next);
    const hashes = { from: step.from?.hash, to: step.to?.hash };
    put('approvals.yaml', sign(hashes));
    const approved = await compared(contract(), next);
    expect([approved.code, approved.step.findings[0]]).toEqual([
      0,
      expect.objectContaining({ standing: 'approved', mustApprove: ['shop-team'], bump: 'minor' }),
    ]);
    for (const [text, wrong] of [
      [sign({ ...hashes, to: hashes.from }), 'another document'],
      [sign(hashes, { subject: 'column price' }), 'another column'],
      [sign(hashes, { rule: 'column.renamed' }), 'another rule'],
      [sign(hashes, { approvedBy: ['passer-by'] }), 'somebody else'],
    ] as const) {
      put('approvals.yaml', text);
      expect([wrong, (await compared(contract(), next)).code]).toEqual([wrong, 1]);
    }
    // An approval of the break is none of the version: it must still say that something changed.
    put('approvals.yaml', sign(hashes));
    expect((await compared(contract(), contract({ version: '1.0.1', columns: [ID, PRICE] }))).code).toBe(1);
    // Nor of one change more.
    expect((await compared(contract(), contract({ version: '1.1.0', columns: [ID] }))).code).toBe(1);
  });

  it('are asked of the owner as it was, so that nobody approves by becoming the owner', async () => {
    const usurped = contract({ version: '1.1.0', columns: [ID, PRICE], owner: 'usurper' });
    const { step } = await compared(contract(), usurped);
    put('approvals.yaml', sign({ from: step.from?.hash, to: step.to?.hash }, { approvedBy: ['usurper'] }));
    expect((await compared(contract(), usurped)).step.findings.find((one) => one.rule === 'column.removed')).toMatchObject({
      standing: 'refused',
      mustApprove: ['shop-team'],
    });
  });

  it('are printed ready to be signed, and are then read', async () => {
    const { stdout } = await diff(put('old.yaml', contract()), put('next.yaml', next));
    const stub = stdout.slice(stdout.indexOf('version: 1\n'), stdout.lastIndexOf('1 contract:'));
    expect(stub).toContain('approvedBy: []  # all of: shop-team');
    put('approvals.yaml', stub);
    // Unsigned, it is no approval but a fault.
    expect((await compared(contract(), next)).step.faults.map((one) => one.rule)).toEqual(['approvals.approvedBy', 'approvals.reason']);
    put('approvals.yaml', stub.replace('[]', '[shop-team]').replace('reason: ""', 'reason: agreed'));
    expect((await diff('old.yaml', 'next.yaml')).code).toBe(0);
  });

  it.each([
    ['no map', '[]', 'version'],
    ['no version', 'approvals: []', 'version'],
    ['no list', 'version: 1', 'approvals'],
    ['an unknown key', 'version: 1\napprovals: []\nall: true', 'approvals'],
    ['a short hash', sign({ from: 'abc', to: 'removed' }), 'approvals.from'],
    ['an unknown rule', sign({ from: 'a'.repeat(64), to: 'removed' }, { rule: 'constructor' }), 'approvals.rule'],
    ['nobody who approved', sign({ from: 'a'.repeat(64), to: 'removed' }, { approvedBy: [] }), 'approvals.approvedBy'],
    ['one name that is none', sign({ from: 'a'.repeat(64), to: 'removed' }, { approvedBy: ['shop-team', ''] }), 'approvals.approvedBy'],
    ['no YAML', '{', 'yaml'],
  ])('with %s are a fault', async (_, text, rule) => {
    put('approvals.yaml', text);
    const { code, step } = await compared(contract(), next);
    expect([code, step.kind, step.faults[0]?.rule, step.faults[0]?.place.file]).toEqual([1, 'faulty', rule, 'approvals.yaml']);
  });
});

describe('recorded queries from a file', () => {
  const use = (sql: string, columns: readonly string[], principal = 'planner') => ({
    queryHash: sql,
    sql,
    principal,
    purposes: [],
    reads: [{ product: 'shop.orders', major: 1, address: 'shop.orders', columns }],
    count: 2,
    firstSeen: 1,
    lastSeen: 2,
  });
  const next = contract({ version: '1.1.0', columns: [ID, PRICE] });

  it('say which queries break, are touched or are safe, and add their consumers to those who must approve', async () => {
    put(
      'uses.json',
      JSON.stringify([
        use('SELECT state FROM shop.orders', ['state']),
        use('SELECT * FROM shop.orders', ['*'], 'auditor'),
        use('SELECT id FROM shop.orders', ['id']),
      ]),
    );
    put('old.yaml', contract());
    put('next.yaml', next);
    const { code, stdout } = await diff('old.yaml', 'next.yaml', '--uses', 'uses.json');
    expect(code).toBe(1);
    expect(stdout).toContain('recorded queries: 1 break, 1 touched, 1 safe');
    expect(stdout).toMatch(/breaks: planner, 2 runs: SELECT state FROM shop\.orders \(/);
    expect(stdout).toContain('must be approved by shop-team, planner');
    // BACKWARD lets the column go, and the query that names it does not; a query that does not, lets it.
    expect((await diff('old.yaml', 'next.yaml', '--mode', 'BACKWARD', '--uses', 'uses.json')).code).toBe(1);
    put('uses.json', JSON.stringify({ uses: [use('SELECT id FROM shop.orders', ['id'])] }));
    expect((await diff('old.yaml', 'next.yaml', '--mode', 'BACKWARD', '--uses', 'uses.json')).code).toBe(0);
    // The owner alone is not enough while a query of somebody else breaks.
    put('uses.json', JSON.stringify([use('SELECT state FROM shop.orders', ['state'])]));
    const { step } = await compared(contract(), next);
    const sign = (...approvedBy: string[]) =>
      put(
        'approvals.yaml',
        JSON.stringify({
          version: 1,
          approvals: [{ from: step.from?.hash, to: step.to?.hash, rule: 'column.removed', subject: 'column state', approvedBy, reason: 'agreed' }],
        }),
      );
    sign('shop-team');
    expect((await diff('old.yaml', 'next.yaml', '--uses', 'uses.json')).code).toBe(1);
    sign('shop-team', 'planner');
    expect((await diff('old.yaml', 'next.yaml', '--uses', 'uses.json')).code).toBe(0);
  });

  it.each([
    ['no JSON', '['],
    ['no list', '{"uses": 1}'],
    ['an entry without a text', JSON.stringify([{ ...use('SELECT 1', ['id']), sql: 1 }])],
    ['an entry without a product', JSON.stringify([{ ...use('SELECT 1', ['id']), reads: [] }])],
    [
      'a column that is no text',
      JSON.stringify([{ ...use('SELECT 1', ['id']), reads: [{ product: 'shop.orders', major: 1, address: 'shop.orders', columns: [1] }] }]),
    ],
    ['a count that is none', JSON.stringify([{ ...use('SELECT 1', ['id']), count: '1' }])],
  ])('are refused with %s', async (_, text) => {
    put('old.yaml', contract());
    put('next.yaml', next);
    put('uses.json', text);
    const ran = await diff('old.yaml', 'next.yaml', '--uses', 'uses.json');
    expect([ran.code, ran.stderr.includes('--uses'), ran.stdout]).toEqual([2, true, '']);
  });
});

describe('against a commit of git', () => {
  const FILE = 'contracts/shop/orders/v1/contract.odcs.yaml';
  const against = async (...args: string[]) => {
    const ran = await diff(...args, '--json');
    return { ...ran, steps: (JSON.parse(ran.stdout) as Report).steps.map(({ file, kind, allowed }) => [file, kind, allowed]) };
  };
  beforeEach(() => {
    git('init', '-q', '-b', 'main');
    put(FILE, contract());
    put('contracts/other ü/b.odcs.yaml', contract({ id: 'b', name: 'b', domain: 'other' }));
    commit();
  });

  it('compares files and folders with what they were, names what is new and what is gone', async () => {
    expect((await against('contracts', '--against', 'HEAD')).steps).toEqual([
      ['contracts/other ü/b.odcs.yaml', 'unchanged', true],
      [FILE, 'unchanged', true],
    ]);
    put(FILE, contract({ version: '1.1.0', columns: [ID, PRICE] }));
    put('contracts/new/a.odcs.yaml', contract({ id: 'new', name: 'new' }));
    rmSync(folder.file('contracts/other ü'), { recursive: true });
    expect(await against('contracts', '--against', 'HEAD')).toMatchObject({
      code: 1,
      steps: [
        ['contracts/new/a.odcs.yaml', 'new', true],
        ['contracts/other ü/b.odcs.yaml', 'removed', false],
        [FILE, 'changed', false],
      ],
    });
    const { stdout } = await diff(FILE, '--against', 'HEAD');
    expect(stdout).toContain(`HEAD:${FILE}:13:9: error: column state: is gone.`);
    expect(stdout).toContain('13 |       - { id: o-state');
    expect((await against('contracts/other ü/b.odcs.yaml', '--against', 'HEAD')).steps).toEqual([['contracts/other ü/b.odcs.yaml', 'removed', false]]);
    expect((await against('contracts/new', '--against', 'HEAD')).code).toBe(0);
  });

  it('goes by the id of a contract that moved', async () => {
    mkdirSync(folder.file('contracts/shop/purchases/v1'), { recursive: true });
    renameSync(folder.file(FILE), folder.file('contracts/shop/purchases/v1/contract.odcs.yaml'));
    put('contracts/shop/purchases/v1/contract.odcs.yaml', contract({ name: 'purchases', version: '1.1.0' }));
    const ran = JSON.parse((await diff('contracts/shop', '--against', 'HEAD', '--json')).stdout) as Report;
    expect(ran.steps.map((step) => [step.kind, step.findings.map((one) => one.rule)])).toEqual([['changed', ['product.renamed']]]);
    // Another major version is no move: who reads the old one loses it.
    put('contracts/shop/purchases/v1/contract.odcs.yaml', '');
    rmSync(folder.file('contracts/shop/purchases'), { recursive: true });
    put('contracts/shop/orders/v2/contract.odcs.yaml', contract({ version: '2.0.0' }));
    expect((await against('contracts/shop', '--against', 'HEAD')).steps).toEqual([
      [FILE, 'removed', false],
      ['contracts/shop/orders/v2/contract.odcs.yaml', 'new', true],
    ]);
  });

  it('lets a contract go that was retired, or whose end was approved', async () => {
    put(FILE, contract({ status: 'retired' }));
    commit();
    rmSync(folder.file(FILE));
    expect((await against('contracts', '--against', 'HEAD')).code).toBe(0);
    const { steps } = JSON.parse((await diff('contracts', '--against', 'HEAD~1', '--json')).stdout) as Report;
    const gone = steps.find((step) => step.kind === 'removed');
    expect(gone).toMatchObject({ allowed: false });
    put(
      'contracts/shop/orders/v1/approvals.yaml',
      JSON.stringify({
        version: 1,
        approvals: [
          { from: gone?.from?.hash, to: 'removed', rule: 'contract.removed', subject: 'contract shop.orders', approvedBy: ['shop-team'], reason: 'x' },
        ],
      }),
    );
    expect((await against('contracts', '--against', 'HEAD~1')).code).toBe(0);
  });

  it('knows branches, tags and commits, and says of what it does not know', async () => {
    git('tag', 'v1');
    git('checkout', '-q', '-b', 'feature/x');
    put(FILE, contract({ version: '1.1.0', columns: [ID, PRICE] }));
    commit();
    for (const ref of ['main', 'v1', 'HEAD~1', git('rev-parse', 'main').trim(), 'refs/heads/main'])
      expect([ref, (await against(FILE, '--against', ref)).code]).toEqual([ref, 1]);
    expect((await against(FILE, '--against', 'feature/x')).code).toBe(0);
    for (const ref of ['nope', '', '--output=x', '-n', 'HEAD:contracts', 'a b', 'HEAD\n', 'HEAD~9']) {
      const ran = await diff(FILE, `--against=${ref}`);
      expect([ref, ran.code, ran.stdout]).toEqual([ref, 2, '']);
    }
    expect((await diff('contracts/none', '--against', 'HEAD')).code).toBe(2);
    expect((await diff('/', '--against', 'HEAD')).code).toBe(2);
  });

  it('runs no filter and no hook of the repository', async () => {
    put('.gitattributes', '*.yaml diff=evil filter=evil\n');
    commit();
    for (const key of ['diff.evil.textconv', 'filter.evil.smudge']) git('config', key, `touch '${folder.file('ran')}'; cat`);
    expect((await against('contracts', '--against', 'HEAD')).code).toBe(0);
    expect(existsSync(folder.file('ran'))).toBe(false);
    // Asked for it, git runs it.
    git('cat-file', '--textconv', `HEAD:${FILE}`);
    expect(existsSync(folder.file('ran'))).toBe(true);
  });

  it('says where there is no repository', async () => {
    rmSync(folder.file('.git'), { recursive: true });
    const ran = await diff(FILE, '--against', 'HEAD');
    expect([ran.code, ran.stderr.includes('fix: Run it inside a git repository')]).toEqual([2, true]);
  });

  it('compares 50 contracts at once', async () => {
    const name = (at: number) => `p${at}`;
    for (let at = 0; at < 50; at += 1) put(`contracts/many/${name(at)}/v1/contract.odcs.yaml`, contract({ id: name(at), name: name(at), domain: 'many' }));
    commit();
    for (let at = 0; at < 50; at += 2)
      put(
        `contracts/many/${name(at)}/v1/contract.odcs.yaml`,
        contract({ id: name(at), name: name(at), domain: 'many', version: '1.1.0', columns: [ID, STATE] }),
      );
    const { stdout, code } = await diff('contracts/many', '--against', 'HEAD', '--quiet');
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([1, '50 contracts: 25 refused; 25 changed, 0 new, 0 gone, 25 unchanged']);
    expect(stdout.match(/^REFUSED /gm)).toHaveLength(25);
    expect(stdout).not.toContain('ALLOWED');
  });
});
