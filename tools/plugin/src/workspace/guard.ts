import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { SkeinError } from '@skein/kernel';

/** What stood at a path before a generator changed it: the text in base64, or null where nothing did. */
type Before = Readonly<Record<string, string | null>>;

const LOCK = 'node_modules/.skein-generate.lock';
const JOURNAL = 'node_modules/.skein-generate.json';

/**
 * Runs a generator so that the tree is whole or as it was. One at a time: a second one is refused while the first runs. What is to be
 * changed is written down before it is, so that what a stopped generator left half done is taken back by the next one. A dry run
 * writes nothing at all.
 *
 * `generate` writes to Nx's tree; `finish` runs when the tree's changes are on disk, and what it throws takes them back. Returns
 * what Nx is to call then.
 */
export async function guarded(tree: Tree, generate: () => Promise<void>, finish: () => void = () => undefined): Promise<() => void> {
  if (isDryRun()) {
    await generate();
    return () => undefined;
  }
  const { root } = tree;
  takeLock(root);
  try {
    recover(root);
    await generate();
    const before: Record<string, string | null> = {};
    for (const change of tree.listChanges()) for (const [name, text] of standing(root, change.path)) before[name] = text;
    const aside = `${path.join(root, JOURNAL)}.tmp`;
    writeFileSync(aside, JSON.stringify(before satisfies Before), { flush: true });
    renameSync(aside, path.join(root, JOURNAL));
  } catch (error) {
    release(root);
    throw error;
  }
  return () => {
    try {
      finish();
      rmSync(path.join(root, JOURNAL), { force: true });
    } catch (error) {
      recover(root);
      throw error;
    } finally {
      release(root);
    }
  };
}

/** The files at a path as they are now: of a folder, all below it. */
function standing(root: string, name: string): [string, string | null][] {
  const file = path.join(root, name);
  if (!existsSync(file)) return [[name, null]];
  if (!statSync(file).isDirectory()) return [[name, readFileSync(file).toString('base64')]];
  return readdirSync(file).flatMap((child) => (child === 'node_modules' || child === 'dist' ? [] : standing(root, `${name}/${child}`)));
}

/** Nx does not tell a generator; it is what stands on the command line. */
function isDryRun(): boolean {
  return process.argv.some((argument) => /^(?:-d|--dry-?run)(?:=true)?$/i.test(argument));
}

let letGo: NodeJS.Process | undefined;

function takeLock(root: string): void {
  const file = path.join(root, LOCK);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      letGo ??= process.once('exit', () => releaseOwn(root));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid === process.pid || isAlive(pid))
      throw new SkeinError('SKEIN_STORAGE_CONTENDED', `another generator (process ${pid}) is changing this tree`, {
        hint: 'Wait until it has ended, then run this one again: nothing was changed.',
      });
    rmSync(file, { force: true });
  }
  throw new SkeinError('SKEIN_STORAGE_CONTENDED', 'another generator began at the same moment', { hint: 'Run this one again: nothing was changed.' });
}

function release(root: string): void {
  rmSync(path.join(root, LOCK), { force: true });
}

/** A generator that Nx ends before its last call still lets go; what it wrote stays in the journal. */
function releaseOwn(root: string): void {
  const file = path.join(root, LOCK);
  if (existsSync(file) && readFileSync(file, 'utf8') === String(process.pid)) rmSync(file, { force: true });
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

/** Takes back what an earlier generator left half done. */
export function recover(root: string): void {
  const journal = path.join(root, JOURNAL);
  if (!existsSync(journal)) return;
  const before = JSON.parse(readFileSync(journal, 'utf8')) as Before;
  for (const [name, text] of Object.entries(before)) {
    const file = path.join(root, name);
    if (text !== null) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(text, 'base64'));
      continue;
    }
    rmSync(file, { force: true });
    for (let folder = path.dirname(file); folder.startsWith(root) && folder !== root; folder = path.dirname(folder)) {
      try {
        rmdirSync(folder);
      } catch {
        break;
      }
    }
  }
  rmSync(journal, { force: true });
  process.stderr.write(`an earlier generator was stopped half-way: its ${Object.keys(before).length} changes were taken back\n`);
}
