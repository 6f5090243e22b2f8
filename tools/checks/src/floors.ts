import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { findCycle } from './cycle.ts';
import { readSource, type Source } from './source.ts';
import { peersOf, type Package, type Workspace } from './workspace.ts';

/** A departure from docs/architecture.md. `place` is `file` or `file:line:column`, relative to the root. */
export interface Fault {
  readonly place: string;
  readonly message: string;
}

export interface FloorReport {
  readonly faults: readonly Fault[];
  readonly packages: number;
  readonly files: number;
  readonly imports: number;
}

/**
 * The floors by their tag: where docs/architecture.md lists their packages, and how high they stand. A package may depend
 * on lower ones only; those of equal height stand side by side.
 */
export const FLOORS: Readonly<Record<string, { readonly label: string; readonly height: number }>> = {
  contracts: { label: 'cellar', height: 0 },
  kernel: { label: 'F0', height: 0 },
  pure: { label: 'F1', height: 1 },
  product: { label: 'F2', height: 2 },
  ports: { label: 'F3', height: 3 },
  adapter: { label: 'F4', height: 4 },
  machine: { label: 'F5', height: 5 },
  nest: { label: 'F6', height: 7 },
  local: { label: 'F6', height: 7 },
  domain: { label: 'F7', height: 8 },
  platform: { label: 'F7', height: 9 },
  client: { label: 'aside', height: 1 },
  testing: { label: 'aside', height: 6 },
  tool: { label: 'aside', height: 10 },
  e2e: { label: 'roof', height: 11 },
};

/** Dependencies that the heights forbid, or would not decide, with the reason why they are right. */
const ALLOWED: readonly (readonly [from: string, to: string, why: string])[] = [
  ['@skein/verifier', '@skein/contract', 'the verifier judges by what the contract says'],
  ['@skein/pattern', '@skein/contract', 'a repair is looked for in what the contract asks of the column'],
  ['@skein/local', '@skein/nest', 'composition: a domain as a process is Nest on the adapters of one machine'],
  ['@skein/mesh', '@skein/gateway', 'composition: the one process hosts the gateway'],
  ['@skein/mesh', '@skein/demo', 'composition: the first run writes the demo sources'],
  ['client', '@skein/contracts', 'generated product types; no code at run time'],
  ['tool', 'tool', 'tools may share tools; cycles are refused apart'],
];

/** Dependencies that the heights would permit, and that are wrong all the same. */
const REFUSED: readonly (readonly [from: string, to: string, why: string])[] = [
  ['gateway', 'domain', 'the gateway knows domains by their products only'],
  ['client', '*', 'a consumer installs the client alone: it has no server code'],
  ['nest', 'testing', 'libs/testing serves tests'],
  ['domain', 'testing', 'libs/testing serves tests'],
  ['platform', 'testing', 'libs/testing serves tests'],
];

const NEST = /^(@nestjs\/|nestjs-)/;
const NEST_FLOORS = ['nest', 'domain', 'platform'];
const CLIENTS =
  /^(@duckdb\/|duckdb|ioredis|redis|kafkajs|@platformatic\/kafka|pg|postgres|mysql2|better-sqlite3|node:sqlite|mongodb|snowflake-sdk|@google-cloud\/|@aws-sdk\/|@clickhouse\/)/;
const INPUT_OUTPUT = /^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster|inspector)(\/|$)/;
const ADAPTER_FLOORS = new Set(['adapter', 'testing', 'local', 'domain', 'platform', 'tool', 'e2e']);
const INDEX_LINES = 60;

/** The files besides main.ts that read the environment, with the reason. */
const ENVIRONMENT_READERS = new Set(['libs/testing/src/environment.ts']);

/** Checks what the packages declare: floors, directions, cycles and pins. Reads no source. */
export function checkDeclarations(workspace: Workspace): Fault[] {
  const byName = new Map(workspace.packages.map((one) => [one.name, one]));
  const faults = workspace.packages.flatMap((one) => checkManifest(one, byName));
  const cycle = findCycle(workspace.packages.map((one) => [one.name, one.dependencies.map((dependency) => dependency.name)]));
  if (cycle) faults.push({ place: manifestOf(byName.get(cycle[0] ?? '')), message: `a cycle: ${cycle.join(' → ')}` });
  return faults;
}

/** Checks what the packages declare, and every import of every source file against it. */
export function checkFloors(workspace: Workspace): FloorReport {
  const faults = checkDeclarations(workspace);
  const byName = new Map(workspace.packages.map((one) => [one.name, one]));
  const counted = { files: 0, imports: 0 };
  for (const one of workspace.packages) {
    const used = new Set<string>();
    for (const file of one.sources) {
      counted.files++;
      const source = tryRead(workspace.root, file);
      if (source instanceof Error) {
        faults.push({ place: file, message: source.message });
        continue;
      }
      counted.imports += source.imports.length;
      for (const text of source.strings) used.add(text);
      faults.push(...checkFile(file, source), ...checkImports(one, file, source, byName, workspace.rootDependencies, used));
    }
    faults.push(...checkUnused(workspace, one, used));
  }
  return { faults, packages: workspace.packages.length, ...counted };
}

function tryRead(root: string, file: string): Source | Error {
  try {
    return readSource(file, readFileSync(join(root, file), 'utf8'));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function checkManifest(one: Package, byName: ReadonlyMap<string, Package>): Fault[] {
  const place = manifestOf(one);
  if (one.floor === undefined || FLOORS[one.floor] === undefined) {
    return [
      {
        place,
        message: `${one.name} has no known floor: give it one nx tag of ${Object.keys(FLOORS)
          .map((floor) => `floor:${floor}`)
          .join(', ')}`,
      },
    ];
  }
  return one.dependencies.flatMap((dependency): Fault[] => {
    const target = byName.get(dependency.name);
    if (!target) return checkPin(place, dependency.name, dependency.version);
    const reason = refusal(one, target, dependency.dev);
    return reason === undefined ? [] : [{ place, message: `${one.name} (${one.floor}) may not depend on ${target.name} (${target.floor}): ${reason}` }];
  });
}

function checkPin(place: string, name: string, version: string): Fault[] {
  if (/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) return [];
  return [{ place, message: `${name} is not pinned: ${JSON.stringify(version)} is not one exact version` }];
}

/** Why `from` may not depend on `to`, or undefined when it may. */
function refusal(from: Package, to: Package, dev: boolean): string | undefined {
  const matches = ([one, other]: readonly [string, string, string]): boolean =>
    (one === from.name || one === from.floor || `@skein/${one}` === from.name) && (other === '*' || other === to.name || other === to.floor);
  if (ALLOWED.some(matches)) return undefined;
  if (dev && to.floor === 'testing') return undefined;
  const refused = REFUSED.find(matches);
  if (refused) return refused[2];
  const [height, below] = [FLOORS[from.floor ?? '']?.height ?? 0, FLOORS[to.floor ?? '']?.height ?? 0];
  if (height > below) return undefined;
  return height === below ? 'they stand on the same floor' : 'it stands on a higher floor';
}

function checkFile(file: string, source: Source): Fault[] {
  const faults: Fault[] = [];
  const at = ({ line, column }: { line: number; column: number }): string => `${file}:${line}:${column}`;
  if (file.endsWith('/src/index.ts')) {
    if (source.lines > INDEX_LINES) faults.push({ place: file, message: `an index holds at most ${INDEX_LINES} lines, and this one holds ${source.lines}` });
    for (const one of source.unnamedExports) faults.push({ place: at(one), message: `an index holds named exports only, not ${one.what}` });
  }
  const reader = file.endsWith('.test.ts') || file.startsWith('e2e/') || posix.basename(file) === 'main.ts' || ENVIRONMENT_READERS.has(file);
  if (!reader) {
    for (const one of source.environment) faults.push({ place: at(one), message: 'the environment is read in main.ts only: take a setting instead' });
  }
  return faults;
}

function checkImports(
  one: Package,
  file: string,
  source: Source,
  byName: ReadonlyMap<string, Package>,
  rootDependencies: readonly string[],
  used: Set<string>,
): Fault[] {
  const test = isTest(file);
  const declared = new Map(one.dependencies.map((dependency) => [dependency.name, dependency]));
  return source.imports.flatMap(({ specifier, line, column }): Fault[] => {
    const fault = (message: string): Fault[] => [{ place: `${file}:${line}:${column}`, message }];
    if (!test) {
      const misplaced = checkTechnology(one, file, specifier, byName);
      if (misplaced !== undefined) return fault(misplaced);
    }
    if (isBuiltin(specifier)) return [];
    if (specifier.startsWith('.')) {
      const target = posix.join(dirname(file), specifier);
      return target.startsWith(`${one.directory}/`) ? [] : fault(`${specifier} leaves the package: import it by the other package's name`);
    }
    if (specifier.startsWith('/') || specifier.startsWith('#')) return fault(`${specifier} is not the name of a package`);
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    used.add(name);
    const target = byName.get(name);
    if (target && target !== one) {
      const entry = specifier === name ? '.' : `.${specifier.slice(name.length)}`;
      if (!target.entries.includes(entry)) return fault(`${specifier} is a deep import: ${name} does not offer ${entry}`);
    }
    if (target === one) return fault(`${name} imports itself by its name: use a relative path`);
    const dependency = declared.get(name);
    if (dependency && (test || !dependency.dev)) return [];
    if (dependency) return fault(`${name} is a devDependency, and this file is not a test`);
    if (test && rootDependencies.includes(name)) return [];
    return fault(`${name} is not declared in ${manifestOf(one)}`);
  });
}

/** Frameworks and technologies have their floors; tests may use what they need. */
function checkTechnology(one: Package, file: string, specifier: string, byName: ReadonlyMap<string, Package>): string | undefined {
  const floor = one.floor ?? '';
  if (NEST.test(specifier) && !NEST_FLOORS.includes(floor)) return `${specifier}: Nest appears on the floors ${NEST_FLOORS.join(', ')} only`;
  if (CLIENTS.test(specifier) && floor !== 'adapter' && one.directory !== 'tools/bench') {
    return `${specifier}: clients of databases, brokers and caches appear in adapters only`;
  }
  if (INPUT_OUTPUT.test(specifier) && floor === 'pure') return `${specifier}: a pure package does no input or output`;
  if (byName.get(specifier)?.floor === 'adapter' && !ADAPTER_FLOORS.has(floor)) {
    return `${specifier}: adapters are chosen by composition roots; take the port instead (${file} may import it only in a test)`;
  }
  return undefined;
}

function checkUnused(workspace: Workspace, one: Package, used: ReadonlySet<string>): Fault[] {
  const needed = new Set(used);
  for (const dependency of one.dependencies) {
    if (used.has(dependency.name)) for (const peer of peersOf(workspace.root, one.directory, dependency.name)) needed.add(peer);
  }
  return one.dependencies
    .filter((dependency) => !needed.has(dependency.name) && !dependency.name.startsWith('@types/'))
    .map((dependency) => ({ place: manifestOf(one), message: `${dependency.name} is declared, and nothing in ${one.directory}/src uses it` }));
}

/** Tests, and the suites that tests call: they may use the test runner and whatever shows the real thing at work. */
function isTest(file: string): boolean {
  return (
    file.endsWith('.test.ts') || file.endsWith('.fixture.ts') || file.includes('/conformance/') || file.startsWith('e2e/') || file.startsWith('libs/testing/')
  );
}

function manifestOf(one: Package | undefined): string {
  return one ? `${one.directory}/package.json` : 'package.json';
}
