import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { RedisProgram } from './redis-process.ts';

const run = promisify(execFile);
/** How long a failure is believed before it is tried again: a run without a network meets it once, not in every test file. */
const BELIEVED_MS = 5 * 60_000;
const QUICK = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15', '-o', 'Acquire::https::Timeout=15'];

/**
 * Debian's or Ubuntu's own packages of Redis, fetched and unpacked below `cache` without root, with those of its libraries that the system
 * lacks. The folder appears in one rename: processes that start at once may both fetch, and none sees half of it.
 * @returns the program, or in words why there is none.
 */
export async function redisFromPackages(cache: string): Promise<RedisProgram | string> {
  const home = path.join(cache, `redis-${process.arch}-${release()}`);
  const failed = path.join(cache, 'redis-failed');
  if (!existsSync(home)) {
    if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < BELIEVED_MS) return readFileSync(failed, 'utf8');
    try {
      await unpack(cache, home);
      rmSync(failed, { force: true });
    } catch (error) {
      const reason = `the packages could not be fetched: ${error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error)}`;
      writeFileSync(failed, reason);
      return reason;
    }
  }
  const command = path.join(home, 'usr/bin/redis-server');
  const libraries = [path.join(home, 'usr/lib'), path.join(home, 'lib')].flatMap(withSubfolders);
  return { command, libraries, origin: `the packages of ${release()}` };
}

async function unpack(cache: string, home: string): Promise<void> {
  const work = path.join(cache, `fetch-${process.pid}-${Math.trunc(performance.now() * 1_000)}`);
  const packages = path.join(work, 'packages');
  const root = path.join(work, 'root');
  mkdirSync(packages, { recursive: true });
  try {
    const own = await download(work, packages, ['redis-server', 'redis-tools']);
    const wanted = await missingLibraries(own);
    if (wanted.length > 0) await download(work, packages, wanted, own);
    for (const file of readdirSync(packages)) await run('dpkg', ['-x', path.join(packages, file), root], { timeout: 60_000 });
    if (!existsSync(path.join(root, 'usr/bin/redis-server'))) throw new Error('they hold no usr/bin/redis-server');
    try {
      renameSync(root, home);
    } catch (error) {
      if (!existsSync(home)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads by the system's package lists; where those are absent or old, by lists of its own. Returns the options that worked. */
async function download(work: string, packages: string, names: readonly string[], options: readonly string[] = []): Promise<readonly string[]> {
  const fetch = (more: readonly string[]): Promise<unknown> =>
    run('apt-get', ['download', '-q', ...QUICK, ...more, ...names], { cwd: packages, timeout: 120_000 });
  try {
    await fetch(options);
    return options;
  } catch (error) {
    if (options.length > 0) throw error;
    const own = ['-o', `Dir::State::Lists=${path.join(work, 'lists')}`, '-o', `Dir::Cache=${path.join(work, 'archives')}`];
    mkdirSync(path.join(work, 'lists', 'partial'), { recursive: true });
    mkdirSync(path.join(work, 'archives', 'archives', 'partial'), { recursive: true });
    await run('apt-get', ['update', '-q', ...QUICK, ...own], { timeout: 180_000 });
    await fetch(own);
    return own;
  }
}

/** The libraries that the programs depend on, and that are not installed. The C library itself is always there. */
async function missingLibraries(options: readonly string[]): Promise<string[]> {
  const { stdout } = await run('apt-cache', [...options, 'depends', '--important', 'redis-tools', 'redis-server'], { timeout: 60_000 });
  const names = [...stdout.matchAll(/Depends: (l(?:ib|ua)[\w.+-]+)/g)]
    .map((match) => match[1] as string)
    .filter((name) => name !== 'libc6' && name !== 'lsb-base');
  const installed = await Promise.all(
    [...new Set(names)].map(async (name) => {
      const state = await run('dpkg-query', ['-W', '-f=${Status}', name], { timeout: 60_000 }).catch(() => ({ stdout: '' }));
      return [name, state.stdout.includes('install ok installed')] as const;
    }),
  );
  return installed.filter(([, there]) => !there).map(([name]) => name);
}

/** A folder and those one below it: libraries stand in `usr/lib/<machine>`. */
function withSubfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.map((entry) => path.join(folder, entry.name))];
}

function release(): string {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const of = (name: string): string => new RegExp(`^${name}="?([\\w.-]+)"?$`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${of('ID')}-${of('VERSION_ID')}`;
}
