import { readYaml, throwFaults, type Fault, type Tree, type TreeMap, type YamlText } from '@skein/contract';
import { SkeinError, type Place } from '@skein/kernel';
import { CONTRACT_RULES } from './contract-rule.ts';

/** The rule of a contract that is gone: no comparison of two contracts can find it. */
export const REMOVED = 'contract.removed';

/** One finding of one exact change that those whom it concerns let pass. */
export interface Approval {
  /** Hash of the contract before. */
  readonly from: string;
  /** Hash of the contract after, or `removed`. */
  readonly to: string;
  readonly rule: string;
  readonly subject: string;
  readonly approvedBy: readonly string[];
  readonly reason: string;
  readonly place: Place;
}

const KEYS = ['from', 'to', 'rule', 'subject', 'approvedBy', 'reason'] as const;
const HASH = /^[0-9a-f]{64}$/;
const FORMAT = 'Write version: 1 and approvals: a list of { from, to, rule, subject, approvedBy, reason }.';

/**
 * Reads `approvals.yaml`, which stands beside a contract and is reviewed as code is:
 *
 * ```yaml
 * version: 1
 * approvals:
 *   - from: <hash of the contract before>
 *     to: <hash of the contract after, or removed>
 *     rule: column.removed
 *     subject: column price
 *     approvedBy: [sap-domain, planning]
 *     reason: Nobody has asked for it since March.
 * ```
 *
 * An approval goes by both hashes, so that it holds for this change and for no other.
 * @throws SkeinError SKEIN_APPROVAL_INVALID with place and frame of the first fault; `context.faults` lists all.
 */
export function readApprovals(text: string, file: string): Approval[] {
  const { source, root, faults: found } = parse(text, file);
  const faults: Fault[] = found.map((fault) => ({ ...fault, code: 'SKEIN_APPROVAL_INVALID' as const }));
  const fault = (rule: string, at: number, message: string, fix: string): void =>
    void faults.push(source.fault('SKEIN_APPROVAL_INVALID', rule, at, message, fix));
  const list = root.kind === 'map' ? root.entries.get('approvals')?.node : undefined;
  const version = root.kind === 'map' ? root.entries.get('version')?.node : undefined;
  if (version?.kind !== 'scalar' || version.text !== '1') fault('version', version?.at ?? root.at, 'the version of the approvals must be 1', FORMAT);
  if (list?.kind !== 'list') fault('approvals', list?.at ?? root.at, 'there is no list of approvals', FORMAT);
  if (root.kind === 'map')
    for (const [key, entry] of root.entries)
      if (key !== 'version' && key !== 'approvals') fault('approvals', entry.at, `${JSON.stringify(key)} is not known here`, FORMAT);
  const approvals = list?.kind === 'list' ? list.items.flatMap((item) => readApproval(item, source, fault) ?? []) : [];
  throwFaults(faults);
  return approvals;
}

type Note = (rule: string, at: number, message: string, fix: string) => void;

function readApproval(item: Tree, source: YamlText, fault: Note): Approval | undefined {
  if (item.kind !== 'map') {
    fault('approvals', item.at, 'an approval is a map', FORMAT);
    return undefined;
  }
  for (const [key, entry] of item.entries)
    if (!KEYS.includes(key as (typeof KEYS)[number])) fault('approvals', entry.at, `${JSON.stringify(key)} is not known here`, `Known: ${KEYS.join(', ')}.`);
  const text = (key: (typeof KEYS)[number], sound: (value: string) => boolean, fix: string): string => {
    const node = item.entries.get(key)?.node;
    const value = node?.kind === 'scalar' ? node.text.trim() : '';
    if (value === '' || !sound(value)) fault(`approvals.${key}`, node?.at ?? item.at, `${key} is ${value === '' ? 'missing' : JSON.stringify(value)}`, fix);
    return value;
  };
  return {
    from: text('from', (value) => HASH.test(value), 'Write the hash of the contract before, as skein contract diff prints it.'),
    to: text('to', (value) => HASH.test(value) || value === 'removed', 'Write the hash of the contract after, or removed.'),
    rule: text('rule', (value) => value === REMOVED || Object.hasOwn(CONTRACT_RULES, value), 'Name the rule of the finding, such as column.removed.'),
    subject: text('subject', () => true, 'Write what the finding is about, such as column price.'),
    approvedBy: names(item, fault),
    reason: text('reason', () => true, 'Say why the change may pass.'),
    place: source.place(item.at),
  };
}

function names(item: TreeMap, fault: Note): string[] {
  const node = item.entries.get('approvedBy')?.node;
  const items = node?.kind === 'list' ? node.items : [];
  const found = items.flatMap((one) => (one.kind === 'scalar' && one.text.trim() !== '' ? one.text.trim() : []));
  if (found.length === 0 || found.length < items.length)
    fault('approvals.approvedBy', node?.at ?? item.at, 'approvedBy does not name who approved', 'Write approvedBy: [owner, consumer].');
  return found;
}

function parse(text: string, file: string): ReturnType<typeof readYaml> {
  try {
    return readYaml(text, file);
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    throw new SkeinError('SKEIN_APPROVAL_INVALID', error.message.replace('the contract', 'the file of approvals'), {
      ...(error.place ? { place: error.place } : {}),
      ...(error.frame === undefined ? {} : { frame: error.frame }),
      hint: error.hint,
      context: { rule: 'yaml' },
      cause: error,
    });
  }
}
