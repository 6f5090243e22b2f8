import { readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { NODE_MAJOR } from '@skein/kernel';
import { fail, ok, warn, type Finding } from './finding.ts';

/** The version that runs, against the one that is needed and the one that `.nvmrc` names. */
export async function nodeCheck(root: string, version = process.versions.node): Promise<Finding> {
  const pinned = (await readFile(path.join(root, '.nvmrc'), 'utf8').catch(() => '')).trim();
  if (Number.parseInt(version, 10) < NODE_MAJOR)
    return fail('node', `Node ${version} runs, and Skein needs ${NODE_MAJOR}`, 'Run it by npx skein, or install the version in .nvmrc.');
  if (pinned !== '' && pinned.split('.')[0] !== version.split('.')[0])
    return warn('node', `Node ${version} runs, and Skein is tested with ${pinned}`, `Install Node ${pinned} where something behaves oddly.`);
  return ok('node', `Node ${version}${pinned === '' || pinned === version ? '' : ` (tested with ${pinned})`}`);
}

/** Whether every package is built, and none is older than its sources. Looks at packages that stand as links in `node_modules`. */
export async function buildCheck(root: string): Promise<Finding> {
  const packages = await workspacePackages(root);
  if (packages.length === 0) return warn('build', `${root} has no packages to build`, 'Run skein in a clone of the repository.');
  const missing: string[] = [];
  const stale: string[] = [];
  await Promise.all(
    packages.map(async ({ name, folder }) => {
      const [written, built] = await Promise.all([
        newest(path.join(folder, 'src'), /(?<!\.test|\.fixture|\.gen)\.ts$/),
        stat(path.join(folder, 'dist', '.tsbuildinfo')).catch(() => undefined),
      ]);
      if (written === 0) return;
      if (built === undefined) missing.push(name);
      else if (written > built.mtimeMs) stale.push(name);
    }),
  );
  if (missing.length > 0) return fail('build', `${few(missing)} ${missing.length === 1 ? 'is' : 'are'} not built`, 'Run npm run build.');
  if (stale.length > 0)
    return warn(
      'build',
      `${few(stale)} changed since ${stale.length === 1 ? 'it was' : 'they were'} built`,
      'Run npm run build; until then the older state runs.',
    );
  return ok('build', `${packages.length} packages are built, and none is older than its sources`);
}

async function workspacePackages(root: string): Promise<{ name: string; folder: string }[]> {
  const globs = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8').catch(() => '{}')) as { workspaces?: string[] };
  const folders = await Promise.all(
    (globs.workspaces ?? []).map(async (glob) => {
      if (!glob.endsWith('/*')) return [path.join(root, glob)];
      const parent = path.join(root, glob.slice(0, -2));
      return (await readdir(parent, { withFileTypes: true }).catch(() => []))
        .filter((entry) => entry.isDirectory())
        .map((entry) => path.join(parent, entry.name));
    }),
  );
  const found = folders.flat();
  const present = await Promise.all(
    found.map(async (folder) =>
      (await stat(path.join(folder, 'tsconfig.json')).catch(() => undefined)) ? [{ name: path.relative(root, folder), folder }] : [],
    ),
  );
  return present.flat();
}

async function newest(folder: string, wanted: RegExp): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const times = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && wanted.test(entry.name))
      .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name)).catch(() => undefined))?.mtimeMs ?? 0),
  );
  return Math.max(0, ...times);
}

/** What a generator that was stopped has left. */
export function lockCheck(root: string): Finding {
  const [lock, journal] = ['lock', 'json'].map((end) => textOf(path.join(root, 'node_modules', `.skein-generate.${end}`)));
  const pid = Number(lock ?? Number.NaN);
  if (lock !== undefined && isAlive(pid)) return ok('locks', `a generator (process ${pid}) is at work`);
  if (journal !== undefined)
    return fail(
      'locks',
      'a generator was stopped half-way, and its changes stand',
      'Run any generator, for instance npx nx g @skein/plugin:domain --help: it takes them back first.',
    );
  if (lock !== undefined)
    return warn(
      'locks',
      `the lock of a generator that is gone (process ${lock.trim()}) was left`,
      'Delete node_modules/.skein-generate.lock, or run a generator: it takes the lock over.',
    );
  return ok('locks', 'no generator left anything behind');
}

/** Contracts that cannot be read, with the place of the first fault of each. */
export async function contractsCheck(directory: string): Promise<Finding> {
  const [{ readContractFiles }, { lintContract }] = await Promise.all([import('@skein/adapter-storage'), import('@skein/contract')]);
  try {
    const files = await readContractFiles(directory);
    const broken = files.flatMap(({ contract: { file, text } }) => {
      const { findings } = lintContract(text, file, 'skein');
      const first = findings.find(({ severity }) => severity === 'error');
      return first === undefined ? [] : [`${first.place.file}:${first.place.line}:${first.place.column} ${first.message}`];
    });
    if (broken.length > 0)
      return fail(
        'contracts',
        `${broken.length} of ${files.length} contracts cannot be read: ${broken.slice(0, 3).join('; ')}`,
        'Run skein contract lint contracts: it shows each fault with its fix.',
      );
    return ok('contracts', `${files.length} contracts can be read`);
  } catch (error) {
    return fail('contracts', error instanceof Error ? error.message : String(error), 'Restore contracts/ from version control.');
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function few(names: readonly string[]): string {
  const sorted = names.toSorted();
  return `${sorted.slice(0, 4).join(', ')}${sorted.length > 4 ? ` and ${sorted.length - 4} more` : ''}`;
}
