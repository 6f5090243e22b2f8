import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { logger, type Tree } from '@nx/devkit';
import { formatError, SkeinError } from '@skein/kernel';
import { linkPackage, unlinkLost } from './packages.ts';

/** What a generator is about to change at a path: the text before and after in base64, null where nothing is. */
interface Change {
  readonly before: string | null;
  readonly after: string | null;
}
type Journal = Readonly<Record<string, Change>>;

const LOCK = 'node_modules/.skein-generate.lock';
const JOURNAL = 'node_modules/.skein-generate.json';
/** Files that Nx itself reads before it starts a generator: half written, none would start, and so none could take back. */
const READ_BY_NX = /(?:^|\/)(?:package|package-lock|tsconfig)\.json$/;

/**
 * Runs a generator so that the tree is whole or as it was. One at a time: a second one is refused while the first runs. What is to be
 * changed is written down before it is, so that what a stopped generator left half done is taken back by the next one. A dry run
 * writes nothing at all.
 *
 * `generate` writes to Nx's tree; `finish` runs when the tree's changes are on disk, and what it throws takes them back. Returns
 * what Nx is to call then.
 */
export async function guarded(tree: Tree, generate: () => Promise<void>, finish: () => void = () => undefined): Promise<() => void> {
  const { root } = tree;
  const dry = isDryRun();
  try {
    if (dry) {
      await generate();
      return () => undefined;
    }
    takeLock(root);
  } catch (error) {
    throw told(error);
  }
  try {
    recover(root);
    await generate();
    const journal: Record<string, Change> = {};
    for (const { path: changed, content } of tree.listChanges())
      for (const [name, before] of standing(root, changed)) journal[name] = { before, after: name === changed ? (content?.toString('base64') ?? null) : null };
    const aside = `${path.join(root, JOURNAL)}.tmp`;
    writeFileSync(aside, JSON.stringify(journal satisfies Journal), { flush: true });
    renameSync(aside, path.join(root, JOURNAL));
    settle(tree);
  } catch (error) {
    recover(root);
    release(root);
    throw told(error);
  }
  return () => {
    try {
      finish();
      rmSync(path.join(root, JOURNAL), { force: true });
    } catch (error) {
      recover(root);
      throw told(error);
    } finally {
      release(root);
    }
  };
}

/** Nx shows the message of an error and nothing else: it is to say what to do as well. */
export function told(error: unknown): unknown {
  if (error instanceof SkeinError) {
    const { place, message } = error;
    const whole = formatError(error);
    // Many a message begins with the file already.
    error.message = place !== undefined && message.includes(place.file) ? whole.slice(whole.indexOf(message)) : whole;
  }
  return error;
}

/** Puts what Nx reads in its place at once; the other files Nx writes one after the other. */
function settle(tree: Tree): void {
  for (const { path: name, type, content } of tree.listChanges()) {
    if (content === null || !READ_BY_NX.test(name)) continue;
    const file = path.join(tree.root, name);
    const aside = `${path.join(tree.root, JOURNAL)}.file`;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(aside, content);
    renameSync(aside, file);
    // It is as the tree has it: Nx has nothing to write there.
    tree.write(name, content);
    logger.info(`${type} ${name}`);
  }
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
  const own = `${file}.${process.pid}`;
  // With its content from the first moment: who finds it can tell whose it is.
  writeFileSync(own, String(process.pid));
  try {
    if (!linked(own, file)) {
      const holder = holderOf(file);
      if (holder !== undefined && (holder === process.pid || isAlive(holder)))
        throw new SkeinError('SKEIN_STORAGE_CONTENDED', `another generator (process ${holder}) is changing this tree`, {
          hint: 'Wait until it has ended, then run this one again: nothing was changed.',
        });
      putAside(file, holder);
      if (!linked(own, file))
        throw new SkeinError('SKEIN_STORAGE_CONTENDED', 'another generator began at the same moment', { hint: 'Run this one again: nothing was changed.' });
    }
    letGo ??= process.once('exit', () => releaseOwn(root));
  } finally {
    rmSync(own, { force: true });
  }
}

function linked(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function holderOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Takes away the lock of a process that is gone; if another took it meanwhile, it is given back. */
function putAside(file: string, gone: number | undefined): void {
  const aside = `${file}.${process.pid}.gone`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (holderOf(aside) !== gone) linked(aside, file);
  rmSync(aside, { force: true });
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

/** Takes back what an earlier generator left half done. What somebody changed since is theirs, and stays; it is named. */
export function recover(root: string): void {
  const journal = path.join(root, JOURNAL);
  if (!existsSync(journal)) return;
  const changes = JSON.parse(readFileSync(journal, 'utf8')) as Journal;
  const theirs: string[] = [];
  for (const [name, change] of Object.entries(changes)) {
    const file = path.join(root, name);
    const now = existsSync(file) ? readFileSync(file) : null;
    if (!isOurs(now, change)) {
      theirs.push(name);
      continue;
    }
    if (change.before !== null) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(change.before, 'base64'));
      continue;
    }
    rmSync(file, { force: true });
    removeEmpty(root, path.dirname(file));
  }
  for (const name of Object.keys(changes)) {
    const manifest = path.join(root, name);
    if (path.basename(name) !== 'package.json' || !existsSync(manifest)) continue;
    linkPackage(root, path.dirname(name), (JSON.parse(readFileSync(manifest, 'utf8')) as { name: string }).name);
  }
  unlinkLost(root);
  rmSync(journal, { force: true });
  process.stderr.write(`an earlier generator was stopped half-way: its ${Object.keys(changes).length - theirs.length} changes were taken back\n`);
  if (theirs.length > 0) process.stderr.write(`changed since, and left as they are: ${theirs.join(', ')}\n`);
}

/** Whether a file is as the generator found it, or as it wrote it, be it in part. */
function isOurs(now: Buffer | null, { before, after }: Change): boolean {
  if (now === null) return true;
  const [was, becomes] = [before, after].map((text) => (text === null ? undefined : Buffer.from(text, 'base64')));
  return was?.equals(now) === true || becomes?.subarray(0, now.length).equals(now) === true;
}

/** Folders that hold nothing, but what is built, up to the root. */
function removeEmpty(root: string, folder: string): void {
  for (let at = folder; at.startsWith(root) && at !== root; at = path.dirname(at)) {
    try {
      rmdirSync(at);
    } catch {
      return;
    }
  }
}
