import { stat } from 'node:fs/promises';
import path from 'node:path';
import { lintContract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { contractFiles, CONTRACT, isSkipped, readText } from '../contract/contract-file.ts';
import { approvalsBeside } from './approvals-file.ts';
import { GitTree } from './git-tree.ts';
import type { Pair, VersionText } from './pair.ts';

/**
 * Contracts of the working tree and what they were at a commit. A contract that has gone is named; one that moved, told by its
 * id and major version, is compared with what it was.
 */
export async function gitPairs(targets: readonly string[], ref: string, cwd: string): Promise<Pair[]> {
  const tree = await GitTree.at(await nearestFolder(path.resolve(cwd, targets[0] ?? '.')), ref);
  const now = new Map<string, string>();
  const gone = new Set<string>();
  for (const target of targets) {
    const absolute = path.resolve(cwd, target);
    const found = await stat(absolute).catch(() => undefined);
    const inTree = await tree.pathOf(absolute);
    const before = tree.paths.has(inTree)
      ? [inTree]
      : [...tree.paths].filter((one) => (inTree === '' || one.startsWith(`${inTree}/`)) && CONTRACT.test(one) && !one.split('/').some(isSkipped));
    // A folder may hold contracts at one of the two times only; what was at neither is a mistake.
    if (found?.isFile() || before.length === 0) for (const file of await contractFiles([target], cwd)) now.set(await tree.pathOf(file), file);
    else if (found) for (const file of await contractFiles([target], cwd).catch(() => [])) now.set(await tree.pathOf(file), file);
    for (const one of before) if (!now.has(one)) gone.add(one);
  }
  for (const one of now.keys()) gone.delete(one);
  const then = async (file: string): Promise<VersionText> => ({ file: `${ref}:${file}`, text: await tree.read(file) });
  const pairs: Pair[] = [];
  const moved = await moves(tree, gone, now);
  for (const [inTree, file] of now) {
    const origin = tree.paths.has(inTree) ? inTree : moved.get(inTree);
    if (origin !== undefined) gone.delete(origin);
    pairs.push({
      file,
      earlier: origin === undefined ? [] : [await then(origin)],
      next: { file, text: await readText(file) },
      approvals: await approvalsBeside(file),
    });
  }
  for (const one of gone) {
    const file = path.join(tree.top, one);
    pairs.push({ file, earlier: [await then(one)], next: undefined, approvals: await approvalsBeside(file) });
  }
  return pairs.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** New paths, and the path that went, where both name one id and one major version, and nothing else does. */
async function moves(tree: GitTree, gone: ReadonlySet<string>, now: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const added = [...now].filter(([inTree]) => !tree.paths.has(inTree));
  if (added.length === 0 || gone.size === 0) return new Map();
  const identity = (text: string) => {
    const { contract, partial } = lintContract(text, 'moved', 'skein');
    const known = contract ?? partial;
    return known && `${known.version.split('.')[0]} ${known.id}`;
  };
  const before = await grouped([...gone], async (file) => identity(await tree.read(file)));
  const after = await grouped(added, async ([, file]) => identity(await readText(file)));
  const found = new Map<string, string>();
  for (const [key, [one, ...others]] of after) {
    const [origin, ...more] = before.get(key) ?? [];
    if (one && origin !== undefined && others.length + more.length === 0) found.set(one[0], origin);
  }
  return found;
}

async function grouped<One>(all: readonly One[], keyOf: (one: One) => Promise<string | undefined>): Promise<Map<string, One[]>> {
  const groups = new Map<string, One[]>();
  for (const one of all) {
    const key = await keyOf(one);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

async function nearestFolder(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) return file;
  if (path.dirname(file) === file) throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `there is nothing at ${JSON.stringify(file)}`);
  return nearestFolder(path.dirname(file));
}
