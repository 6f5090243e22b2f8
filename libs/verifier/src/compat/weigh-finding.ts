import type { Contract } from '@skein/contract';
import type { Approval, REMOVED } from './approval.ts';
import type { Bump, ContractRuleId } from './contract-rule.ts';

/** How a finding stands: nothing against it; let pass by those whom it concerns, or by a new major version; refused. */
export type Standing = 'allowed' | 'approved' | 'new major' | 'refused';

/** A finding, as far as its standing depends on it. */
export interface Weighable {
  readonly rule: ContractRuleId | typeof REMOVED;
  readonly subject: string;
  /** Whether the mode refuses it. */
  readonly breaking: boolean;
  readonly bump: Bump;
}

/** What recorded queries say of a finding. */
export interface Concern {
  /** Who asked the queries that break. */
  readonly consumers: readonly string[];
  /** Who must agree beside them and the owner: owners of what is made from the product. */
  readonly approvers: readonly string[];
}

export interface Weighed {
  readonly standing: Standing;
  /** Empty where nobody need approve. */
  readonly mustApprove: readonly string[];
  readonly approvedBy: readonly string[];
  /** What the finding asks of the version: a break that was approved asks for a minor step. */
  readonly bump: Bump;
}

export interface Step {
  /** The version that was promised; its owner must approve, so that nobody becomes the owner by the change that needs one. */
  readonly last: Pick<Contract, 'owner' | 'product'>;
  /** Hash of the version that the finding is held against. */
  readonly from: string;
  /** Hash of the contract after, or `removed`. */
  readonly to: string;
  readonly approvals: readonly Approval[];
  /** Undefined where no queries are known. */
  readonly concern?: Concern | undefined;
  /** Whether queries fail, whatever the mode says. */
  readonly fails?: boolean;
  /** Whether the version stands beside the old one, in a major of its own. */
  readonly newMajor?: boolean;
}

/**
 * The one rule of approvals, for the command and the registry alike: what the mode refuses, or queries fail on, passes when the
 * owner and every consumer whose queries break have approved this finding of this very change.
 */
export function weighFinding(finding: Weighable, { last, from, to, approvals, concern, fails = false, newMajor = false }: Step): Weighed {
  const { rule, subject, breaking, bump } = finding;
  const stands = breaking || fails;
  const spared = newMajor && !fails;
  const mustApprove =
    stands && !spared ? [...new Set([last.owner ?? `owner of ${last.product}`, ...(concern?.consumers ?? []), ...(concern?.approvers ?? [])])] : [];
  const fitting = approvals.filter((one) => one.from === from && one.to === to && one.rule === rule && one.subject === subject);
  const approvedBy = [...new Set(fitting.flatMap((one) => one.approvedBy))];
  const approved = mustApprove.length > 0 && mustApprove.every((name) => approvedBy.includes(name));
  const standing = !stands ? 'allowed' : spared ? 'new major' : approved ? 'approved' : 'refused';
  return { standing, mustApprove, approvedBy, bump: approved && bump === 'major' ? 'minor' : bump };
}
