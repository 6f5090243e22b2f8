import { readContract, type Contract } from '@skein/contract';
import { SkeinError, type Clock } from '@skein/kernel';
import type { ContractRegistry, RegisteredVersion } from '@skein/ports';
import { tableOf } from '@skein/product';
import type { Approval, Bump, Concern, ContractFinding, Weighed } from '@skein/verifier/compat';
import { judgeStep, type Judgement } from './judge.ts';

export interface Registration {
  /** What stands in the registry now. */
  readonly version: RegisteredVersion;
  /** False where this very content was registered before. */
  readonly created: boolean;
  /** What the change asked of the version number; undefined for the first version of its major. */
  readonly asked: Bump | undefined;
  /** What breaks first, and no more than 100. */
  readonly findings: readonly JudgedFinding[];
}

/** A finding, and who approved it where the mode refuses it. */
export type JudgedFinding = ContractFinding & Partial<Pick<Weighed, 'standing' | 'mustApprove' | 'approvedBy'>>;

export interface RegisterOptions {
  readonly registry: ContractRegistry;
  readonly clock: Clock;
  readonly by: string;
  /** Looks at the newest version of the line, or of the line before where the contract begins one, before anything is judged. */
  readonly check?: (newest: RegisteredVersion | undefined) => void;
  /** Whether a major may be registered that does not follow the highest one. */
  readonly anyMajor?: boolean;
  /** Of any changes: each holds for the one that its hashes name. */
  readonly approvals?: readonly Approval[];
  /** What recorded queries say of findings, in their order. Asked where a break is approved by the owner, who may not be enough. */
  readonly concerns?: (last: Contract, next: Contract, findings: readonly ContractFinding[]) => Promise<readonly Concern[]>;
  /** How many judgements may wait; default: those of pushes. */
  readonly mostWaiting?: number;
}

const MOST_FINDINGS = 100;

/** Statuses in which a contract promises nothing yet: the registry keeps what was live. */
const NOT_YET: ReadonlySet<string> = new Set(['draft', 'proposed']);
const RELEASE = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/** Why a sound contract is not for the registry; undefined: it is. */
export function notForRegistry({
  version,
  status,
}: Contract): { readonly rule: 'version' | 'status'; readonly message: string; readonly fix: string } | undefined {
  if (NOT_YET.has(status))
    return { rule: 'status', message: `a contract of status ${status} promises nothing yet, and is not registered`, fix: 'Push it when it is active.' };
  if (!RELEASE.test(version))
    return {
      rule: 'version',
      message: `version ${version} is no release`,
      fix: 'Write major.minor.patch without - or +; what is not live yet has the status draft, and stays in its file.',
    };
  return undefined;
}

/**
 * Puts a contract behind the newest version of its major, if the mode of that version lets it follow, or what breaks was approved
 * by all whom it concerns, and its number says enough. Content that is registered already is not registered again, whoever else pushed meanwhile.
 *
 * Throws SKEIN_CONTRACT_INCOMPATIBLE with the findings, or SKEIN_CONTRACT_CONFLICT with the version that stands in the way.
 */
export async function registerContract(next: Contract, text: string, options: RegisterOptions): Promise<Registration> {
  const { registry, clock, by } = options;
  const line = tableOf(next);
  const versions = await registry.versions(line);
  const same = versions.find(({ hash }) => hash === next.hash);
  if (same) return { version: same, created: false, asked: undefined, findings: [] };
  const newest = versions.at(-1);
  options.check?.(newest ?? (await newestBefore(registry, next)));
  if (!newest && options.anyMajor !== true) await checkMajor(registry, next);
  const taken = versions.find(({ version }) => version === next.version);
  if (taken) throw takenVersion(next, taken);
  const judged = newest ? await judge(versions, newest, { contract: next, text }, options) : { asked: undefined, findings: [] };
  const { promisedMode } = await import('@skein/verifier/compat');
  const draft = { version: next.version, hash: next.hash, status: next.status, mode: promisedMode(next), text, publishedAt: clock.now(), publishedBy: by };
  try {
    return { version: await registry.append(line, draft, newest?.sequence ?? 0), created: true, ...judged };
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'SKEIN_CONTRACT_CONFLICT') throw error;
    // the other may have pushed the same
    const twin = (await registry.versions(line)).find(({ hash }) => hash === next.hash);
    if (!twin) throw error;
    return { version: twin, created: false, asked: undefined, findings: [] };
  }
}

/** A contract as it was registered. Its text was sound when it came; places name it by product and version. */
export async function registeredContract(registry: ContractRegistry, version: RegisteredVersion): Promise<Contract> {
  return readContract(await registry.text(version), nameOf(version));
}

function nameOf({ line, version }: RegisteredVersion): string {
  return `${line.domain}.${line.name}@${version}`;
}

async function newestBefore(registry: ContractRegistry, { domain, name }: Contract): Promise<RegisteredVersion | undefined> {
  const major = (await registry.majors(domain, name)).at(-1);
  return major === undefined ? undefined : (await registry.versions({ domain, name, major })).at(-1);
}

async function checkMajor(registry: ContractRegistry, next: Contract): Promise<void> {
  const highest = (await registry.majors(next.domain, next.name)).at(-1);
  const { major } = tableOf(next);
  if (highest === undefined || major === highest + 1) return;
  throw new SkeinError('SKEIN_CONTRACT_INCOMPATIBLE', `${next.product} has major version ${highest}, so the next one is ${highest + 1}, not ${major}`, {
    hint: `Push it as version ${highest + 1}.0.0.`,
    context: { product: next.product, version: next.version, findings: [] },
  });
}

function takenVersion({ product, version }: Contract, taken: RegisteredVersion): SkeinError {
  return new SkeinError('SKEIN_CONTRACT_CONFLICT', `version ${version} of ${product} is registered with other content, by ${taken.publishedBy}`, {
    hint: `A version never changes. Fetch GET /v1/contracts/${product}/versions/${version}, put the change on top of it, and raise the version.`,
    context: { product, version, hash: taken.hash },
  });
}

async function judge(
  versions: readonly RegisteredVersion[],
  newest: RegisteredVersion,
  next: { readonly contract: Contract; readonly text: string },
  options: RegisterOptions,
): Promise<Pick<Registration, 'asked' | 'findings'>> {
  const { mode } = newest;
  const { registry, clock, approvals = [], mostWaiting } = options;
  const named = async (version: RegisteredVersion) => ({ name: nameOf(version), text: await registry.text(version) });
  const judgement = await judgeStep(
    {
      earlier: mode.endsWith('_TRANSITIVE') ? await Promise.all(versions.slice(0, -1).map(named)) : [],
      last: await named(newest),
      next: { name: next.contract.file, text: next.text },
      mode,
      today: new Date(clock.now()).toISOString().slice(0, 10),
      // an approval is of one finding, so that more that break than these are not all approved
      most: Math.max(MOST_FINDINGS, approvals.length),
    },
    mostWaiting === undefined ? {} : { mostWaiting },
  );
  const { findings, asked, allowed } = approvals.length > 0 && judgement.breaking > 0 ? await weigh(judgement, versions, next.contract, options) : judgement;
  const told = { ...judgement, asked, findings: findings.slice(0, MOST_FINDINGS) };
  if (!allowed) throw incompatible(next.contract, newest, told);
  return told;
}

/** Weighs what breaks by its approvals: first the owner's, and where they are all there, those of whom recorded queries name. */
async function weigh(
  judgement: Judgement,
  versions: readonly RegisteredVersion[],
  next: Contract,
  { registry, approvals = [], concerns }: RegisterOptions,
): Promise<{ readonly findings: readonly JudgedFinding[]; readonly asked: Bump; readonly allowed: boolean }> {
  const { bumpSuffices, givenBump, higherBump, weighFinding } = await import('@skein/verifier/compat');
  const newest = versions.at(-1) as RegisteredVersion;
  const last = await registeredContract(registry, newest);
  const breaking = judgement.findings.filter((finding) => finding.breaking);
  const weighed = (by: readonly Concern[]) =>
    breaking.map((finding, at) => {
      const from = versions.find(({ version }) => version === finding.against)?.hash ?? newest.hash;
      return { ...finding, ...weighFinding(finding, { last, from, to: next.hash, approvals, concern: by[at] }) };
    });
  const isApproved = (all: readonly Weighed[]) => all.length === judgement.breaking && all.every(({ standing }) => standing === 'approved');
  const byOwner = weighed([]);
  const findings = concerns && isApproved(byOwner) ? weighed(await concerns(last, next, breaking)) : byOwner;
  const all = [...findings, ...judgement.findings.filter((finding) => !finding.breaking)];
  if (!isApproved(findings)) return { findings: all, asked: judgement.asked, allowed: false };
  const asked = findings.filter(({ against }) => against === newest.version).reduce<Bump>((so, { bump }) => higherBump(so, bump), judgement.askedBeside);
  const given = givenBump(newest.version, next.version);
  return { findings: all, asked, allowed: given.bump !== 'lower' && bumpSuffices(given.counts, asked) };
}

function incompatible(
  { product, version }: Contract,
  newest: RegisteredVersion,
  judgement: Omit<Judgement, 'findings'> & Pick<Registration, 'findings'>,
): SkeinError {
  const { findings, breaking, asked, given, modeChanged, total } = judgement;
  const first = findings.find((finding) => finding.breaking && finding.standing !== 'approved');
  const message = first
    ? `version ${version} breaks what ${newest.version} promised (mode ${newest.mode}): ${first.reason}${breaking > 1 ? ` And ${breaking - 1} more.` : ''}`
    : given === 'lower'
      ? `version ${version} of ${product} is below ${newest.version}, the newest one`
      : `version ${version} follows ${newest.version}, and the change asks for a ${asked} step${modeChanged ? ': what the next version may break is part of the promise' : ''}`;
  const missing = first?.mustApprove?.filter((name) => !first.approvedBy?.includes(name)) ?? [];
  const hint = first
    ? `Push it as version ${newest.line.major + 1}.0.0, leave out what breaks, or have it approved in approvals.yaml${missing.length > 0 ? `: ${missing.join(', ')} must yet agree` : ', as skein contract diff says'}.`
    : given === 'lower'
      ? `Raise the version above ${newest.version}.`
      : `Raise the ${asked} part of the version, from ${newest.version}.`;
  return new SkeinError('SKEIN_CONTRACT_INCOMPATIBLE', message, {
    hint,
    context: { product, version, newest: newest.version, hash: newest.hash, mode: newest.mode, asked, given, findings, total },
  });
}
