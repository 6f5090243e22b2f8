import { quote } from './check-shape.ts';
import type { Finding } from './lint.ts';
import { LIMITS } from './yaml-tree.ts';
import type { OdcsDocument } from './odcs.ts';
import { booleanAt, mapAt, mapsAt, nodeAt, offsetOf, textAt } from './reading.ts';
import type { TreeMap } from './yaml-tree.ts';

const STATUSES = ['proposed', 'draft', 'active', 'deprecated', 'retired'];

/** Words in column names that often stand over personal data. */
const PERSONAL =
  /(?:^|_)(?:e_?mail|phone|mobile|fax|ssn|iban|passport|birth(?:day|date)?|dob|first_?name|last_?name|surname|full_?name|address|street|ip(?:_address)?|tax_id|user_?id)(?:_|$)/i;

/** What is allowed and yet makes a contract hard to use, to trust or to keep: one warning each, with its place. */
export function lintAdvice({ root, source }: OdcsDocument): Finding[] {
  const findings: Finding[] = [];
  const warn = (rule: string, at: number, message: string, fix: string) => {
    if (findings.length < LIMITS.faults * 4) findings.push({ ...source.fault('SKEIN_CONTRACT_INVALID', rule, at, message, fix), severity: 'warning' });
  };
  const objects = mapsAt(root, 'schema');
  const description = mapAt(root, 'description');
  const described = (map: TreeMap | undefined, ...names: string[]) => map !== undefined && names.some((name) => (textAt(map, name) ?? '').trim() !== '');

  if (!described(description, 'purpose', 'usage') && !objects.some((object) => described(object, 'description')))
    warn('advice.description', offsetOf(root, 'description'), 'the contract does not say what its data is for', 'Add description: { purpose: … }.');
  if (!hasOwner(root)) warn('advice.owner', offsetOf(root, 'team'), 'the contract names no owner', 'Add team: { name: … }, or a member with role: Owner.');
  const status = textAt(root, 'status');
  if (status !== undefined && !STATUSES.includes(status))
    warn('advice.status', offsetOf(root, 'status'), `status ${quote(status)} is none of those that ODCS suggests`, `Use ${STATUSES.join(', ')}.`);
  if (objects.length > 0 && !mapsAt(root, 'slaProperties').some((level) => /freshness|latency|frequency/i.test(textAt(level, 'property') ?? '')))
    warn(
      'advice.freshness',
      offsetOf(root, 'slaProperties'),
      'the contract does not say how fresh its data is',
      'Add slaProperties: [{ property: freshness, value: 24, unit: h }].',
    );

  for (const object of objects) {
    const properties = mapsAt(object, 'properties');
    if (properties.length > 0 && !properties.some((property) => booleanAt(property, 'primaryKey') === true))
      warn(
        'advice.key',
        offsetOf(object, 'name'),
        `${quote(textAt(object, 'name') ?? '')} has no primary key: its rows have no identity`,
        'Mark the columns that identify a row with primaryKey: true.',
      );
    for (const rule of mapsAt(object, 'quality')) unjudged(rule, warn);
    for (const property of properties) adviseProperty(property, described, warn);
  }
  return findings;
}

type Warn = (rule: string, at: number, message: string, fix: string) => void;

function adviseProperty(property: TreeMap, described: (map: TreeMap | undefined, ...names: string[]) => boolean, warn: Warn): void {
  const name = textAt(property, 'name') ?? '';
  const at = offsetOf(property, 'name');
  if (!described(property, 'description', 'businessName'))
    warn('advice.property.description', at, `${quote(name)} is not described`, 'Add description: what one value means, and its unit.');
  if (!property.entries.has('id'))
    warn(
      'advice.property.id',
      at,
      `${quote(name)} has no stable id: a rename would read as one column dropped and another added`,
      'Add id, and never change it.',
    );
  if (PERSONAL.test(name) && !property.entries.has('classification'))
    warn(
      'advice.classification',
      at,
      `${quote(name)} sounds like personal data, and without a classification it is public`,
      'Add classification: confidential, restricted, or public if it is meant.',
    );
  const options = mapAt(property, 'logicalTypeOptions');
  if (textAt(property, 'logicalType') === 'timestamp' && !property.entries.has('physicalType') && !(options && options.entries.has('timezone')))
    warn(
      'advice.timezone',
      offsetOf(property, 'logicalType'),
      `${quote(name)} does not say whether it is an instant or a wall-clock time; it is read as a wall-clock time`,
      'Add logicalTypeOptions: { timezone: true } or physicalType: TIMESTAMP.',
    );
  if (textAt(property, 'logicalType') === 'vector' && options) adviseVector(options, name, warn);
  for (const rule of mapsAt(property, 'quality')) unjudged(rule, warn);
}

function adviseVector(options: TreeMap, name: string, warn: Warn): void {
  if (!options.entries.has('embeddingModel'))
    warn(
      'advice.vector.model',
      options.at,
      `${quote(name)} does not say which model made its vectors, and vectors of two models cannot be compared`,
      'Add embeddingModel, and embeddingModelVersion where the model has versions.',
    );
  if (booleanAt(options, 'normalized') === true)
    warn(
      'advice.unjudged',
      offsetOf(options, 'normalized'),
      `that the vectors of ${quote(name)} have the length 1 is judged by no check: the standard names no tolerance`,
      'Write a SQL rule with the tolerance that you mean.',
    );
}

function unjudged(rule: TreeMap, warn: Warn): void {
  const type = textAt(rule, 'type');
  if (type !== 'text' && type !== 'custom') return;
  warn(
    'advice.unjudged',
    rule.at,
    `a rule of type ${type} is judged by no machine of Skein: the verdict lists it as skipped`,
    'Write it as a library metric or as a SQL rule, if it can be.',
  );
}

function hasOwner(root: TreeMap): boolean {
  const team = nodeAt(root, 'team');
  if (team?.kind === 'list') return team.items.length > 0;
  return team?.kind === 'map' && ((textAt(team, 'name') ?? '') !== '' || mapsAt(team, 'members').length > 0);
}
