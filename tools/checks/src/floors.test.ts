import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCycle } from './cycle.ts';
import { checkFloors } from './floors.ts';
import { staleReferences } from './references.ts';
import { readWorkspace } from './workspace.ts';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'skein-floors-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

interface Parts {
  readonly floor?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly exports?: Record<string, string>;
}

function addPackage(name: string, directory: string, parts: Parts): void {
  const { floor, dependencies = {}, devDependencies = {}, files = {}, exports = { '.': './src/index.ts' } } = parts;
  write(`${directory}/package.json`, { name, exports, dependencies, devDependencies, nx: { tags: floor ? [`floor:${floor}`] : [] } });
  write(`${directory}/tsconfig.json`, { include: ['src'], references: [] });
  for (const [file, text] of Object.entries({ 'index.ts': 'export {};\n', ...files })) write(`${directory}/src/${file}`, text);
}

/** A sound workspace: each test below breaks it in one way. */
function sound(): void {
  write('package.json', { workspaces: ['libs/*', 'domains/*', 'platform/*', 'tools/*'], devDependencies: { vitest: '1.0.0' } });
  write('tsconfig.json', { files: [], references: [] });
  addPackage('@skein/kernel', 'libs/kernel', { floor: 'kernel', files: { 'index.ts': 'export const one = 1;\n' } });
  addPackage('@skein/contract', 'libs/contract', {
    floor: 'pure',
    dependencies: { '@skein/kernel': '*' },
    files: { 'a.ts': "import type { one } from '@skein/kernel';\nexport type One = typeof one;\n" },
  });
  addPackage('@skein/ports', 'libs/ports', { floor: 'ports' });
  addPackage('@skein/adapter-duckdb', 'libs/duckdb', {
    floor: 'adapter',
    dependencies: { '@duckdb/node-api': '1.0.0' },
    files: { 'a.ts': "import '@duckdb/node-api';\n" },
  });
  addPackage('@skein/ga4', 'domains/ga4', { floor: 'domain' });
  addPackage('@skein/gateway', 'platform/gateway', { floor: 'platform' });
}

function faults(): string[] {
  return checkFloors(readWorkspace(root)).faults.map((fault) => `${fault.place}: ${fault.message}`);
}

describe('a sound workspace', () => {
  it('has no faults, and the report says what was looked at', () => {
    sound();
    expect(faults()).toEqual([]);
    expect(checkFloors(readWorkspace(root))).toMatchObject({ packages: 6, files: 8, imports: 2 });
  });

  it('is not found in an empty folder: nothing was looked at', () => {
    write('package.json', { workspaces: ['libs/*'] });
    expect(checkFloors(readWorkspace(root))).toMatchObject({ packages: 0, files: 0, imports: 0 });
  });
});

describe('broken twins', () => {
  beforeEach(sound);

  const cases: readonly (readonly [what: string, break_: () => void, fault: RegExp])[] = [
    [
      'an upward dependency',
      () =>
        addPackage('@skein/kernel', 'libs/kernel', { floor: 'kernel', dependencies: { '@skein/ports': '*' }, files: { 'a.ts': "import '@skein/ports';\n" } }),
      /libs\/kernel\/package\.json: @skein\/kernel \(kernel\) may not depend on @skein\/ports \(ports\): .*higher floor/,
    ],
    [
      'a dependency on the same floor',
      () =>
        addPackage('@skein/iceberg', 'libs/iceberg', {
          floor: 'pure',
          dependencies: { '@skein/contract': '*' },
          files: { 'a.ts': "import '@skein/contract';\n" },
        }),
      /@skein\/iceberg \(pure\) may not depend on @skein\/contract \(pure\): they stand on the same floor/,
    ],
    [
      'a domain that knows another',
      () => addPackage('@skein/sap', 'domains/sap', { floor: 'domain', dependencies: { '@skein/ga4': '*' }, files: { 'a.ts': "import '@skein/ga4';\n" } }),
      /@skein\/sap \(domain\) may not depend on @skein\/ga4/,
    ],
    [
      'a domain that knows the gateway',
      () =>
        addPackage('@skein/ga4', 'domains/ga4', { floor: 'domain', dependencies: { '@skein/gateway': '*' }, files: { 'a.ts': "import '@skein/gateway';\n" } }),
      /@skein\/ga4 \(domain\) may not depend on @skein\/gateway/,
    ],
    [
      'a gateway that knows a domain',
      () =>
        addPackage('@skein/gateway', 'platform/gateway', {
          floor: 'platform',
          dependencies: { '@skein/ga4': '*' },
          files: { 'a.ts': "import '@skein/ga4';\n" },
        }),
      /@skein\/gateway \(platform\) may not depend on @skein\/ga4 \(domain\)/,
    ],
    [
      'a client with server code',
      () =>
        addPackage('@skein/client', 'libs/client', { floor: 'client', dependencies: { '@skein/kernel': '*' }, files: { 'a.ts': "import '@skein/kernel';\n" } }),
      /@skein\/client \(client\) may not depend on @skein\/kernel/,
    ],
    [
      'a cycle among tools, which may share',
      () => {
        addPackage('@skein/x', 'tools/x', { floor: 'tool', dependencies: { '@skein/y': '*' }, files: { 'a.ts': "import '@skein/y';\n" } });
        addPackage('@skein/y', 'tools/y', { floor: 'tool', dependencies: { '@skein/x': '*' }, files: { 'a.ts': "import '@skein/x';\n" } });
      },
      /tools\/x\/package\.json: a cycle: @skein\/x → @skein\/y → @skein\/x/,
    ],
    ['a package without a floor', () => addPackage('@skein/lost', 'libs/lost', {}), /@skein\/lost has no known floor/],
    ['a floor that does not exist', () => addPackage('@skein/lost', 'libs/lost', { floor: 'attic' }), /@skein\/lost has no known floor/],
    [
      'a deep import',
      () => write('libs/contract/src/b.ts', "\nimport { one } from '@skein/kernel/src/one.ts';\nexport { one };\n"),
      /libs\/contract\/src\/b\.ts:2:21: .*deep import/,
    ],
    ['a path into another package', () => write('libs/contract/src/b.ts', "import '../../kernel/src/index.ts';\n"), /b\.ts:1:8: .*leaves the package/],
    ['a package that imports itself', () => write('libs/contract/src/b.ts', "import '@skein/contract';\n"), /b\.ts:1:8: .*imports itself/],
    [
      'an undeclared import',
      () => write('libs/contract/src/b.ts', "import 'yaml';\n"),
      /libs\/contract\/src\/b\.ts:1:8: yaml is not declared in libs\/contract\/package\.json/,
    ],
    [
      'an undeclared type import',
      () => write('libs/contract/src/b.ts', "import type { X } from 'yaml';\nexport type Y = X;\n"),
      /b\.ts:1:24: yaml is not declared/,
    ],
    ['an undeclared import in a type', () => write('libs/contract/src/b.ts', "export type X = import('yaml').Document;\n"), /b\.ts:1:24: yaml is not declared/],
    ['an undeclared dynamic import', () => write('libs/contract/src/b.ts', "export const x = () => import('yaml');\n"), /b\.ts:1:31: yaml is not declared/],
    ['an undeclared re-export', () => write('libs/contract/src/b.ts', "export { parse } from 'yaml';\n"), /b\.ts:1:23: yaml is not declared/],
    [
      'a test runner outside of tests',
      () => write('libs/contract/src/b.ts', "import { it } from 'vitest';\nexport { it };\n"),
      /b\.ts:1:20: vitest is not declared/,
    ],
    [
      'a devDependency outside of tests',
      () => addPackage('@skein/ports', 'libs/ports', { floor: 'ports', devDependencies: { yaml: '1.0.0' }, files: { 'a.ts': "import 'yaml';\n" } }),
      /yaml is a devDependency, and this file is not a test/,
    ],
    [
      'a dependency that nothing uses',
      () =>
        addPackage('@skein/ports', 'libs/ports', {
          floor: 'ports',
          dependencies: { '@skein/kernel': '*', yaml: '1.0.0' },
          files: { 'a.ts': "// 'yaml' in a comment\nimport '@skein/kernel';\n" },
        }),
      /libs\/ports\/package\.json: yaml is declared, and nothing in libs\/ports\/src uses it/,
    ],
    [
      'a version that floats',
      () => addPackage('@skein/ports', 'libs/ports', { floor: 'ports', dependencies: { yaml: '^1.0.0' }, files: { 'a.ts': "import 'yaml';\n" } }),
      /yaml is not pinned: "\^1\.0\.0"/,
    ],
    [
      'Nest below its floor',
      () =>
        addPackage('@skein/ports', 'libs/ports', {
          floor: 'ports',
          dependencies: { '@nestjs/common': '1.0.0' },
          files: { 'a.ts': "import '@nestjs/common';\n" },
        }),
      /Nest appears on the floors nest, domain, platform only/,
    ],
    [
      'a database client outside of adapters',
      () =>
        addPackage('@skein/ga4', 'domains/ga4', {
          floor: 'domain',
          files: { 'a.ts': "import { DatabaseSync } from 'node:sqlite';\nexport { DatabaseSync };\n" },
        }),
      /clients of databases, brokers and caches appear in adapters only/,
    ],
    ['input and output on a pure floor', () => write('libs/contract/src/b.ts', "import 'node:fs/promises';\n"), /a pure package does no input or output/],
    [
      'an adapter chosen by a machine',
      () =>
        addPackage('@skein/swarm', 'libs/swarm', {
          floor: 'machine',
          dependencies: { '@skein/adapter-duckdb': '*' },
          files: { 'a.ts': "import '@skein/adapter-duckdb';\n" },
        }),
      /adapters are chosen by composition roots/,
    ],
    [
      'the environment read below main.ts',
      () => write('libs/contract/src/b.ts', 'export const x = process.env;\n'),
      /b\.ts:1:18: the environment is read in main\.ts only/,
    ],
    ['the environment through globalThis', () => write('libs/contract/src/b.ts', "export const x = globalThis.process['env'];\n"), /the environment is read/],
    ['the environment, destructured', () => write('libs/contract/src/b.ts', 'export const { env: { X } } = process;\n'), /the environment is read/],
    [
      'the environment, imported',
      () => write('libs/contract/src/b.ts', "import { env as e } from 'node:process';\nexport { e };\n"),
      /the environment is read/,
    ],
    [
      'an index of more than 60 lines',
      () => write('libs/contract/src/index.ts', 'export const x = 1;\n'.replace('x', 'x') + '//\n'.repeat(60)),
      /at most 60 lines, and this one holds 61/,
    ],
    ['an index that exports by star', () => write('libs/contract/src/index.ts', "export * from './a.ts';\n"), /named exports only, not export \*/],
    [
      'a file that cannot be parsed, which is no file without imports',
      () => write('libs/contract/src/b.ts', 'import {{ from;\n'),
      /libs\/contract\/src\/b\.ts: cannot be parsed: /,
    ],
    ['an index that exports a default', () => write('libs/contract/src/index.ts', 'export default 1;\n'), /named exports only, not export default/],
  ];

  it.each(cases)('%s', (_what, break_, fault) => {
    break_();
    expect(faults()).toEqual([expect.stringMatching(fault)]);
  });
});

describe('what is allowed', () => {
  beforeEach(sound);

  it('tests use the test runner, devDependencies and clients', () => {
    addPackage('@skein/ports', 'libs/ports', {
      floor: 'ports',
      devDependencies: { yaml: '1.0.0', '@duckdb/node-api': '1.0.0' },
      files: { 'a.test.ts': "import 'vitest';\nimport 'yaml';\nimport '@duckdb/node-api';\nprocess.env['X'];\n" },
    });
    expect(faults()).toEqual([]);
  });

  it('an entry that a package exports by name, the verifier on its contract, the environment in main.ts', () => {
    addPackage('@skein/kernel', 'libs/kernel', { floor: 'kernel', exports: { '.': '', './conformance': '' } });
    addPackage('@skein/verifier', 'libs/verifier', {
      floor: 'pure',
      dependencies: { '@skein/contract': '*', '@skein/kernel': '*' },
      files: { 'a.ts': "import '@skein/contract';\nimport '@skein/kernel/conformance';\n" },
    });
    addPackage('@skein/ga4', 'domains/ga4', { floor: 'domain', files: { 'main.ts': "export const x = process.env['X'];\n" } });
    expect(faults()).toEqual([]);
  });

  it('decorators, generics and regular expressions do not hide an import', () => {
    write(
      'libs/contract/src/b.ts',
      "@f()\nexport class A { constructor(@g() private readonly x: Array<Array<string>>) {} }\nconst r = /from 'z'/;\nexport const y = <T>(a: T) => a as T & typeof r;\nimport 'yaml';\n",
    );
    expect(faults()).toEqual([expect.stringMatching(/b\.ts:5:8: yaml is not declared/)]);
  });
});

describe('project references', () => {
  it('are what the packages declare, for each project and for the root, and nothing is stale once they are written', () => {
    sound();
    const { stale, looked } = staleReferences(readWorkspace(root));
    expect(looked).toBe(7);
    expect(stale.map((config) => config.path).sort()).toEqual(['libs/contract/tsconfig.json', 'tsconfig.json']);
    for (const config of stale) write(config.path, config.text);
    expect(JSON.parse(stale.find((config) => config.path.startsWith('libs'))?.text ?? '')).toEqual({ include: ['src'], references: [{ path: '../kernel' }] });
    expect(staleReferences(readWorkspace(root)).stale).toEqual([]);
  });

  it('broken twin: a reference that no dependency justifies is stale', () => {
    sound();
    for (const config of staleReferences(readWorkspace(root)).stale) write(config.path, config.text);
    write('libs/kernel/tsconfig.json', { include: ['src'], references: [{ path: '../ports' }] });
    expect(staleReferences(readWorkspace(root)).stale.map((config) => config.path)).toEqual(['libs/kernel/tsconfig.json']);
  });
});

describe('findCycle', () => {
  it('names a cycle, also one that is not at the start, and none where paths only meet', () => {
    expect(
      findCycle([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ).toEqual(['b', 'c', 'b']);
    expect(findCycle([['a', ['a']]])).toEqual(['a', 'a']);
    expect(
      findCycle([
        ['a', ['b', 'c']],
        ['b', ['d']],
        ['c', ['d']],
        ['d', ['outside']],
      ]),
    ).toBeUndefined();
    expect(findCycle([])).toBeUndefined();
  });
});
