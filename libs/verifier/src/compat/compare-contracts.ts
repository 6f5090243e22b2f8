import { COMPATIBILITY_MODES, type CompatibilityMode, type Contract } from '@skein/contract';
import { SkeinError, type Place } from '@skein/kernel';
import type { Change, Versions } from './change.ts';
import { quoted } from './change.ts';
import { columnChanges } from './column-change.ts';
import { bumpSuffices, CONTRACT_RULES, higherBump, type Bump, type ContractRuleId, type Direction } from './contract-rule.ts';
import { qualityChanges } from './quality-change.ts';
import { serviceChanges } from './service-change.ts';
import { givenBump } from './version.ts';
import { WitnessMaker, type Witness } from './witness.ts';

export const MODES = COMPATIBILITY_MODES;
export type Mode = CompatibilityMode;

/**
 * The mode by which a step is judged: what the version before it promised, so that no version lifts a promise by the change that
 * breaks it. FULL where the contract is silent.
 */
export function promisedMode(before: Contract): Mode {
  return before.compatibilityMode ?? 'FULL';
}

export interface ContractFinding {
  readonly rule: ContractRuleId;
  readonly direction: Direction;
  /** Whether the mode refuses it. */
  readonly breaking: boolean;
  /** What this finding asks of the version. */
  readonly bump: Bump;
  /** `column price`, `quality not_empty`, `service level freshness` … */
  readonly subject: string;
  readonly reason: string;
  readonly places: { readonly old?: Place; readonly next?: Place };
  readonly witness: Witness;
  /** The version of the old contract. */
  readonly against: string;
}

export interface CompareOptions {
  /** By default what the last version promised (`promisedMode`). */
  readonly mode?: Mode;
  /** `YYYY-MM-DD`, from the caller's clock: whether the notice of a removal has run out. Where silent, no notice has. */
  readonly today?: string;
}

export interface Comparison {
  readonly mode: Mode;
  /** Whether the mode lets the new version follow the old ones. What the version number says is apart: see `versionSuffices`. */
  readonly compatible: boolean;
  /** Breaking findings first, then in the order of the contract. */
  readonly findings: readonly ContractFinding[];
  /** What the differences to the last version ask of the version number. */
  readonly asked: Bump;
  /** What the version number gained; `lower` where it fell. */
  readonly given: Bump | 'lower';
  readonly versionSuffices: boolean;
}

/**
 * Compares a contract with the version, or versions (oldest first), before it: every difference by a rule of
 * `CONTRACT_RULES`, with its direction, a reason, its places in both files, and a witness that was checked.
 *
 * Readers are taken as open (they ignore columns that they do not know) and as naming the columns they read.
 *
 * @throws SkeinError SKEIN_USAGE for an empty list of versions.
 */
export function compareContracts(old: Contract | readonly Contract[], next: Contract, options: CompareOptions = {}): Comparison {
  const versions = 'properties' in old ? [old] : old;
  const last = versions.at(-1);
  if (!last) throw new SkeinError('SKEIN_USAGE', 'there is no version to compare the contract with');
  const { mode = promisedMode(last), today } = options;
  const findings: ContractFinding[] = [];
  let asked: Bump = 'none';
  for (const version of mode.endsWith('_TRANSITIVE') ? versions : [last]) {
    const found = compareTwo({ old: version, next }, mode, today);
    if (version === last) for (const finding of found) asked = higherBump(asked, finding.bump);
    // Of the versions before the last, only what the mode refuses is news.
    findings.push(...(version === last ? found : found.filter((finding) => finding.breaking)));
  }
  const given = givenBump(last.version, next.version);
  return {
    mode,
    compatible: !findings.some((finding) => finding.breaking),
    findings: findings.toSorted((a, b) => Number(b.breaking) - Number(a.breaking)),
    asked,
    given: given.bump,
    versionSuffices: given.bump !== 'lower' && bumpSuffices(given.counts, asked),
  };
}

function compareTwo(versions: Versions, mode: Mode, today: string | undefined): ContractFinding[] {
  if (versions.old.hash === versions.next.hash) return [];
  const changes = [...documentChanges(versions), ...columnChanges(versions, today), ...qualityChanges(versions), ...serviceChanges(versions)];
  if (changes.length === 0 && versions.old.version === versions.next.version) {
    const places = { old: { file: versions.old.file }, next: { file: versions.next.file } };
    changes.push({
      rule: 'document.changed',
      subject: 'document',
      detail: `version ${versions.next.version} stands for two documents`,
      ...places,
      show: { by: 'words', words: 'no value is judged otherwise' },
    });
  }
  const witnesses = new WitnessMaker(versions.old, versions.next);
  return changes.map((change) => {
    const { direction, bump, why } = CONTRACT_RULES[change.rule];
    const breaking = breaks(direction, mode);
    return {
      rule: change.rule,
      direction,
      breaking,
      bump: breaking ? 'major' : bump,
      subject: change.subject,
      reason: `${change.subject}: ${change.detail}. ${why}`,
      places: { ...(change.old ? { old: change.old } : {}), ...(change.next ? { next: change.next } : {}) },
      witness: witnesses.make(change, direction),
      against: versions.old.version,
    };
  });
}

function breaks(direction: Direction, mode: Mode): boolean {
  if (direction === 'none' || mode === 'NONE') return false;
  if (direction === 'both' || mode.startsWith('FULL')) return true;
  return mode.toLowerCase().startsWith(direction);
}

function documentChanges({ old, next }: Versions): Change[] {
  const changes: Change[] = [];
  const add = (rule: ContractRuleId, subject: string, detail: string, words: string) =>
    void changes.push({ rule, subject, detail, old: { file: old.file }, next: { file: next.file }, show: { by: 'words', words } });
  if (old.product !== next.product) add('product.renamed', 'product', `${old.product} became ${next.product}`, `FROM ${old.product} finds no such product`);
  if (old.id !== next.id) add('contract.id_changed', 'contract', `the id ${quoted(old.id)} became ${quoted(next.id)}`, 'the data is the same');
  if (old.owner !== next.owner) add('owner.changed', 'owner', `${quoted(old.owner)} became ${quoted(next.owner)}`, 'the data is the same');
  if (old.description !== next.description) add('docs.changed', 'description', 'the description changed', 'the data is the same');
  if (old.status !== next.status) {
    const live = (status: string) => status === 'active' || status === 'deprecated';
    const rule = next.status === 'retired' ? 'status.retired' : live(old.status) && !live(next.status) ? 'status.withdrawn' : 'status.changed';
    add(rule, 'status', `${old.status} became ${next.status}`, 'the rows are the same; whether more will come is not');
  }
  return changes;
}
