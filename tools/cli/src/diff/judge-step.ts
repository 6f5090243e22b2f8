import { findingOf, frameAt, lintContract, ordered, type Contract, type Fault, type Finding } from '@skein/contract';
import { SkeinError, type Place } from '@skein/kernel';
import {
  bumpSuffices,
  compareContracts,
  givenBump,
  higherBump,
  promisedMode,
  readApprovals,
  REMOVED,
  weighFinding,
  type Approval,
  type Bump,
  type ContractFinding,
  type Mode,
  type Standing,
  type Witness,
} from '@skein/verifier/compat';
import { planFaults } from '../contract/plan-faults.ts';
import type { Operations, QueryImpact } from './operations.ts';
import type { Pair, VersionText } from './pair.ts';
import { wayOut } from './way-out.ts';

export interface JudgedFinding {
  readonly rule: ContractFinding['rule'] | typeof REMOVED;
  readonly subject: string;
  readonly direction: ContractFinding['direction'];
  /** Whether the mode refuses it. */
  readonly breaking: boolean;
  readonly bump: Bump;
  readonly reason: string;
  /** In the new file, or else in the old one. */
  readonly place: Place;
  readonly frame: string | undefined;
  readonly witness: Witness;
  readonly against: string;
  readonly standing: Standing;
  /** Owner of the product, and consumers whose queries break; empty where nobody need approve. */
  readonly mustApprove: readonly string[];
  readonly approvedBy: readonly string[];
  readonly impact: QueryImpact | undefined;
  readonly fix: string | undefined;
}

export interface VersionSide {
  readonly version: string;
  readonly status: string;
  readonly hash: string;
  readonly file: string;
}

/** What is to be said of one contract. */
export interface JudgedStep {
  readonly file: string;
  readonly product: string | undefined;
  readonly kind: 'new' | 'removed' | 'unchanged' | 'changed' | 'faulty';
  readonly allowed: boolean;
  readonly mode: Mode | undefined;
  readonly from: VersionSide | undefined;
  readonly to: VersionSide | undefined;
  /** What is wrong with one of the documents, or with the approvals. Nothing is compared then. */
  readonly faults: readonly Finding[];
  readonly findings: readonly JudgedFinding[];
  /** What the differences ask of the version number, what it gained, and where the number stands. */
  readonly version:
    | { readonly asked: Bump; readonly given: Bump | 'lower'; readonly suffices: boolean; readonly fix: string; readonly place: Place }
    | undefined;
  /** Announced removals. */
  readonly notices: readonly string[];
}

export interface JudgeOptions {
  /** By default what the version before promised. */
  readonly mode?: Mode;
  /** `YYYY-MM-DD` */
  readonly today: string;
  /** Recorded queries, where there are any. */
  readonly operations?: Operations;
}

/** Judges one step of a contract: by its mode, its version number, recorded queries and approvals. Faults are findings, never thrown. */
export async function judgeStep(pair: Pair, { mode: asked, today, operations }: JudgeOptions): Promise<JudgedStep> {
  const faults: Finding[] = [];
  const earlier = pair.earlier.map((one) => read(one, faults));
  const next = pair.next && read(pair.next, faults);
  const approvals = pair.approvals ? tryApprovals(pair.approvals, faults) : [];
  const last = earlier.at(-1);
  const mode = asked ?? (last && promisedMode(last));
  const base = {
    file: pair.file,
    product: next?.product ?? last?.product,
    mode,
    from: last && sideOf(last),
    to: next && sideOf(next),
    faults,
    findings: [],
    version: undefined,
    notices: next ? [...noticesOf(next, today), ...modeNotice(last, next)] : [],
  };
  if (faults.length > 0) return { ...base, kind: 'faulty', allowed: false };
  if (!last) return { ...base, kind: 'new', allowed: true };
  if (!next) return removedStep(base, last, pair, approvals);
  const versions = earlier.filter((one) => one !== undefined);
  if (last.hash === next.hash && (versions.length === 1 || !mode?.endsWith('_TRANSITIVE'))) return { ...base, kind: 'unchanged', allowed: true };

  const comparison = compareContracts(versions, next, { ...(mode ? { mode } : {}), today });
  const impactOf = operations === undefined ? undefined : await operations(last, next, comparison, pair.next?.text ?? '');
  const given = givenBump(last.version, next.version);
  // Below 1.0.0 a minor step counts as a major one, and yet takes the place of what it breaks: the mode holds.
  const newMajor = given.bump === 'major';
  const texts = new Map([...pair.earlier, ...(pair.next ? [pair.next] : [])].map((one) => [one.file, one.text]));
  const hashes = new Map(versions.map((one) => [one.version, one.hash]));
  const findings = comparison.findings.map((finding): JudgedFinding => {
    const impact = impactOf?.(finding);
    const { standing, mustApprove, approvedBy, bump } = weighFinding(finding, {
      ...{ last, from: hashes.get(finding.against) ?? last.hash, to: next.hash, approvals, concern: impact, newMajor },
      // What no mode refuses, and what a new major version lets pass, may still fail a query that somebody runs.
      fails: (impact?.counts.breaks ?? 0) > 0,
    });
    const place = finding.places.next ?? finding.places.old ?? { file: next.file };
    return {
      ...{ rule: finding.rule, subject: finding.subject, direction: finding.direction, breaking: finding.breaking, reason: finding.reason },
      ...{ witness: finding.witness, against: finding.against, standing, mustApprove, approvedBy, impact, place },
      bump,
      frame: place.line === undefined ? undefined : frameAt(texts.get(place.file) ?? '', place),
      fix: standing === 'refused' ? wayOut(finding.rule, Number(last.version.split('.')[0]) + 1) : undefined,
    };
  });
  const needed = findings
    .filter((one) => one.against === last.version)
    .reduce<Bump>((most, one) => higherBump(most, one.bump), promisedMode(last) === promisedMode(next) ? 'none' : 'minor');
  const suffices = given.bump !== 'lower' && bumpSuffices(given.counts, needed);
  return {
    ...base,
    kind: 'changed',
    allowed: suffices && findings.every((one) => one.standing !== 'refused'),
    findings,
    version: { asked: needed, given: given.bump, suffices, fix: versionFix(last.version, needed), place: versionPlace(pair.next) },
  };
}

function removedStep(base: Omit<JudgedStep, 'kind' | 'allowed'>, last: Contract, pair: Pair, approvals: readonly Approval[]): JudgedStep {
  const retired = last.status === 'retired';
  const subject = `contract ${last.product}`;
  const gone = { rule: REMOVED, subject, breaking: !retired, bump: 'major' } as const;
  const { standing, mustApprove, approvedBy } = weighFinding(gone, { last, from: last.hash, to: 'removed', approvals });
  const finding: JudgedFinding = {
    ...{ ...gone, direction: 'forward', against: last.version, impact: undefined, frame: undefined },
    reason: `${subject}: ${last.version} is gone${retired ? ', and had been retired' : ''}. Who reads it finds no such product.`,
    place: { file: pair.file },
    witness: { kind: 'statement', text: `FROM ${last.product} finds no such product` },
    ...{ standing, mustApprove, approvedBy, fix: standing === 'refused' ? wayOut(REMOVED, undefined) : undefined },
  };
  return { ...base, kind: 'removed', allowed: standing !== 'refused', findings: [finding] };
}

/** Reads one side; its errors, those of the compiler of checks included, are noted. */
function read({ text, file }: VersionText, faults: Finding[]): Contract | undefined {
  const { contract, findings } = lintContract(text, file, 'skein');
  const errors = ordered([...findings.filter((one) => one.severity === 'error'), ...(contract ? planFaults(contract, text) : [])]);
  faults.push(...errors);
  return errors.length === 0 ? contract : undefined;
}

function tryApprovals({ text, file }: VersionText, faults: Finding[]): Approval[] {
  try {
    return readApprovals(text, file);
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    const all = Array.isArray(error.context['faults']) ? (error.context['faults'] as Omit<Fault, 'frame'>[]) : [];
    if (all.length === 0) faults.push(findingOf(error, text, { file, line: 1, column: 1 }));
    for (const fault of all) faults.push({ ...fault, severity: 'error', frame: frameAt(text, fault.place) });
    return [];
  }
}

function sideOf({ version, status, hash, file }: Contract): VersionSide {
  return { version, status, hash, file };
}

function noticesOf(contract: Contract, today: string): string[] {
  return contract.properties.flatMap(({ name, deprecation }) => {
    if (!deprecation) return [];
    const { removeAfter, replacedBy } = deprecation;
    const until =
      removeAfter === undefined
        ? 'no day is named'
        : `promised until ${removeAfter}${removeAfter < today ? ', which is past: the next major version may drop it' : ''}`;
    return [`column ${name} is deprecated: ${until}${replacedBy === undefined ? '' : `; use ${replacedBy}`}`];
  });
}

/** Steps are judged by what stood before, so that a new mode counts from the next step on. */
function modeNotice(last: Contract | undefined, next: Contract): string[] {
  if (!last || promisedMode(last) === promisedMode(next)) return [];
  return [`the mode becomes ${promisedMode(next)} instead of ${promisedMode(last)}: it judges what comes after this version`];
}

function versionFix(last: string, asked: Bump): string {
  const [major = 0, minor = 0, patch = 0] = (last.split(/[-+]/)[0] ?? '').split('.').map(Number);
  if (asked === 'none') return `Write a version that is not below ${last}.`;
  if (asked === 'patch') return `Write version: ${major}.${minor}.${patch + 1}.`;
  if (asked === 'minor' || major === 0) return `Write version: ${major}.${minor + 1}.0.`;
  return `Publish it as version ${major + 1}.0.0 in a folder v${major + 1} of its own, beside this one.`;
}

function versionPlace({ file, text }: VersionText): Place {
  const at = /^version[ \t]*:[ \t]*/m.exec(text);
  return at ? { file, line: text.slice(0, at.index).split('\n').length, column: at[0].length + 1 } : { file, line: 1, column: 1 };
}
