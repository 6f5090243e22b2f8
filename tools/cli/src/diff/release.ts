import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Finding } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { contractFiles, isSkipped, readText } from '../contract/contract-file.ts';
import { approvalsBeside } from './approvals-file.ts';
import { GitTree } from './git-tree.ts';
import { judgeStep, type JudgedStep } from './judge-step.ts';
import { bySemver } from './semver-order.ts';
import type { VersionText } from './pair.ts';

/** The folder beside a contract with every version that was released, to the letter: `released/1.2.0.yaml`. */
const FOLDER = 'released';
const RECORD = /^(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?)\.yaml$/;

export interface Releases {
  /** What is wrong, or new; a contract that stands as it was released has a step too. */
  readonly steps: readonly JudgedStep[];
  readonly contracts: number;
  /** Released versions that were looked at. */
  readonly versions: number;
  /** Records that were written. */
  readonly written: readonly string[];
  /** The commit whose records must stand unchanged, and how many it has; undefined where there is no history. */
  readonly base: { readonly ref: string; readonly versions: number } | undefined;
}

export interface ReleaseOptions {
  readonly cwd: string;
  readonly today: string;
  /** Write nothing: a version that is not recorded is refused. */
  readonly check: boolean;
  /** A commit; by default where this branch left the default one, or the parent commit. */
  readonly against?: string;
}

/**
 * Holds contracts against the versions recorded beside them, and records those that may follow. The records are committed, so
 * that a clone without history knows what was promised:
 *
 * - each recorded version must be allowed to follow the ones before it, or be approved;
 * - the contract must be the last of them; where it may follow it, it is recorded (or refused, with `check`);
 * - a draft that was never released promises nothing, and is not recorded;
 * - a contract that is gone while its records stand was retired, or its removal approved;
 * - where git knows an earlier commit, the records that stood there stand unchanged.
 */
export async function releases(targets: readonly string[], { cwd, today, check, against }: ReleaseOptions): Promise<Releases> {
  const contracts = await contractFiles(targets, cwd);
  const twice = contracts.find((file, at) => contracts.some((other, index) => index !== at && path.dirname(other) === path.dirname(file)));
  if (twice !== undefined)
    throw new SkeinError('SKEIN_USAGE', `${path.dirname(twice)} holds more than one contract`, {
      hint: 'Give each contract a folder of its own: its records stand there.',
    });
  const folders = [...new Set([...contracts.map((file) => path.dirname(file)), ...(await recordFolders(targets, cwd))])].sort();
  const steps: JudgedStep[] = [];
  const written: string[] = [];
  let versions = 0;
  for (const folder of folders) {
    const chain = await recordsOf(folder, steps);
    versions += chain.length;
    const contract = contracts.find((file) => path.dirname(file) === folder);
    const approvals = await approvalsBeside(path.join(folder, 'contract.odcs.yaml'));
    for (let at = 1; at < chain.length; at += 1) {
      const next = chain[at] as VersionText;
      const step = await judgeStep({ file: next.file, earlier: chain.slice(0, at), next, approvals }, { today });
      if (!step.allowed) steps.push(step);
    }
    const next = contract === undefined ? undefined : { file: contract, text: await readText(contract) };
    const step = await judgeStep({ file: contract ?? path.join(folder, 'contract.odcs.yaml'), earlier: chain, next, approvals }, { today });
    const isDraft = chain.length === 0 && (step.to?.status === 'draft' || step.to?.status === 'proposed');
    if (!step.allowed || !next || !step.to || step.kind === 'unchanged' || isDraft) steps.push(step);
    else if (check) steps.push({ ...step, allowed: false, faults: [missing(step)] });
    else {
      steps.push(step);
      written.push(await record(folder, step.to.version, next.text));
    }
  }
  const base = await rewritten(targets, cwd, against, steps);
  return { steps, contracts: contracts.length, versions, written, base };
}

/** Oldest first. A record whose name is not its version, or that is none, is a fault. */
async function recordsOf(folder: string, steps: JudgedStep[]): Promise<VersionText[]> {
  const names = (await readdir(path.join(folder, FOLDER)).catch(() => [])).filter((name) => name.endsWith('.yaml') || name.endsWith('.yml'));
  const records: { version: string; file: string; text: string }[] = [];
  for (const name of names) {
    const file = path.join(folder, FOLDER, name);
    const version = RECORD.exec(name)?.[1];
    const text = await readText(file);
    const stated = /^version[ \t]*:[ \t]*["']?([^"'\s#]+)/m.exec(text)?.[1];
    if (version === undefined || stated !== version)
      steps.push(
        faultyStep(file, 'release.name', `the record ${name} states version ${stated ?? 'none'}`, 'Name each record by its version, such as 1.2.0.yaml.'),
      );
    else records.push({ version, file, text });
  }
  return records.sort((a, b) => bySemver(a.version, b.version)).map(({ file, text }) => ({ file, text }));
}

function missing(step: JudgedStep): Finding {
  const { file, to } = step;
  return fault(
    file,
    'release.missing',
    `version ${to?.version} may be released, and is not recorded`,
    'Run skein contract release on its folder, and commit what it writes.',
  );
}

async function record(folder: string, version: string, text: string): Promise<string> {
  const file = path.join(folder, FOLDER, `${version}.yaml`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}.tmp`, text);
    await rename(`${file}.${process.pid}.tmp`, file);
  } catch (cause) {
    throw new SkeinError('SKEIN_USAGE', `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Check its permissions.',
      cause,
    });
  }
  return file;
}

/** Folders below the targets that hold records. */
async function recordFolders(targets: readonly string[], cwd: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || isSkipped(entry.name)) continue;
      const below = path.join(folder, entry.name);
      if (entry.name !== FOLDER) await walk(below);
      else if ((await readdir(below)).some((name) => RECORD.test(name))) found.push(folder);
    }
  };
  for (const target of targets) await walk(path.resolve(cwd, target));
  return found;
}

/** Records of an earlier commit that are gone or differ: who rewrites them could break what they promise unseen. */
async function rewritten(targets: readonly string[], cwd: string, against: string | undefined, steps: JudgedStep[]): Promise<Releases['base']> {
  const from = path.resolve(cwd, targets[0] ?? '.');
  const folder = (await readdir(from).catch(() => undefined)) ? from : path.dirname(from);
  const ref = against ?? (await GitTree.base(folder));
  if (ref === undefined) return undefined;
  const tree = await GitTree.at(folder, ref);
  const roots = await Promise.all(targets.map(async (target) => await tree.pathOf(path.resolve(cwd, target))));
  const isBelow = (file: string) =>
    roots.some((root) => root === '' || file.startsWith(`${root}/`) || path.posix.dirname(root) === path.posix.dirname(path.posix.dirname(file)));
  const records = [...tree.paths].filter(
    (file) => path.posix.basename(path.posix.dirname(file)) === FOLDER && RECORD.test(path.posix.basename(file)) && isBelow(file),
  );
  for (const one of records) {
    const file = path.join(tree.top, one);
    const now = await readText(file).catch(() => undefined);
    const then = await tree.read(one);
    if (now !== undefined && plain(now) === plain(then)) continue;
    const what = now === undefined ? 'is gone' : 'was rewritten';
    steps.push(
      faultyStep(
        file,
        'release.rewritten',
        `the record ${what} since ${ref.slice(0, 12)}`,
        'Put it back as it was: what was released stays. A change is a version of its own.',
      ),
    );
  }
  return { ref, versions: records.length };
}

function plain(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function faultyStep(file: string, rule: string, message: string, fix: string): JudgedStep {
  const none = { product: undefined, mode: undefined, from: undefined, to: undefined, version: undefined, findings: [], notices: [] };
  return { ...none, file, kind: 'faulty', allowed: false, faults: [fault(file, rule, message, fix)] };
}

function fault(file: string, rule: string, message: string, fix: string): Finding {
  return { severity: 'error', code: 'SKEIN_CONTRACT_INVALID', rule, message, fix, place: { file, line: 1, column: 1 }, frame: '' };
}
