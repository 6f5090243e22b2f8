import { compareDecimal, type Contract, type Property, type QualityRule } from '@skein/contract';
import { canonicalJson } from '@skein/kernel';
import { mustBeNone } from '../quality-check.ts';
import type { Change, Showing, Versions } from './change.ts';
import type { ContractRuleId } from './contract-rule.ts';

/** The changes of quality rules and of the share of rows that may be refused. Rules are told apart by their ids within a column. */
export function qualityChanges({ old, next }: Versions): Change[] {
  const changes = listChanges(old.quality, next.quality, undefined, undefined);
  for (const before of old.properties) {
    const after = partnerOf(before, next);
    changes.push(...listChanges(before.quality, after?.quality ?? [], before, after));
  }
  for (const after of next.properties)
    if (!old.properties.some((before) => partnerOf(before, next) === after)) changes.push(...listChanges([], after.quality, undefined, after));
  return [...changes, ...toleranceChanges(old, next)];
}

function partnerOf(property: Property, next: Contract): Property | undefined {
  return next.properties.find((one) => one.id === property.id) ?? next.properties.find((one) => one.name === property.name);
}

function listChanges(old: readonly QualityRule[], next: readonly QualityRule[], before: Property | undefined, after: Property | undefined): Change[] {
  const column = before?.name ?? after?.name;
  const changes: Change[] = [];
  const about = (rule: QualityRule): Showing => {
    if (before && after && rule.type === 'library' && mustBeNone(rule) && rule.metric !== 'duplicateValues') return { by: 'row', old: before, next: after };
    return { by: 'words', words: `no single row shows it: ${measureOf(rule)} is measured over the whole product` };
  };
  const add = (rule: ContractRuleId, of: QualityRule, detail: string, places: { old?: QualityRule; next?: QualityRule }) =>
    void changes.push({
      rule,
      subject: `${column === undefined ? '' : `column ${column}, `}quality ${of.id}`,
      detail,
      ...(places.old ? { old: places.old.place } : {}),
      ...(places.next ? { next: places.next.place } : {}),
      show: stops(of) ? about(of) : { by: 'words', words: 'it stops no publication' },
    });
  for (const was of old) {
    const is = next.find((rule) => rule.id === was.id);
    if (!is) {
      // With its column goes its rule; the column's own removal says so.
      if (before && !after) continue;
      add(stops(was) ? 'quality.removed' : 'quality.advice_changed', was, `${measureOf(was)} is not judged any more`, { old: was });
      continue;
    }
    const places = { old: was, next: is };
    if (stops(was) !== stops(is)) {
      add(stops(is) ? 'quality.severity_raised' : 'quality.severity_lowered', stops(is) ? is : was, `severity ${was.severity} became ${is.severity}`, places);
      continue;
    }
    if (same(was, is)) continue;
    const detail = `${limitOf(was)} became ${limitOf(is)}`;
    if (!stops(was)) add('quality.advice_changed', is, detail, places);
    else add(direction(was, is), is, detail, places);
  }
  for (const is of next) {
    if (old.some((rule) => rule.id === is.id)) continue;
    add(stops(is) ? 'quality.added' : 'quality.advice_changed', is, limitOf(is), { next: is });
  }
  return changes;
}

/** Whether the rule's gate can stop a publication. */
function stops(rule: QualityRule): boolean {
  return rule.severity === 'error' && (rule.type === 'library' || rule.type === 'sql');
}

function measureOf(rule: QualityRule): string {
  return rule.metric ?? (rule.type === 'sql' ? 'the SQL figure' : `the ${rule.type} rule`);
}

function limitOf(rule: QualityRule): string {
  return `${measureOf(rule)}${rule.operator === undefined ? '' : ` ${rule.operator} ${rule.operands.join(' and ')}${rule.unit === 'percent' ? ' percent' : ''}`}`;
}

function same(a: QualityRule, b: QualityRule): boolean {
  return canonicalJson(essence(a)) === canonicalJson(essence(b));
}

function essence(rule: QualityRule): unknown {
  const { place: _place, description: _description, dimension: _dimension, ...rest } = rule;
  return rest;
}

function direction(was: QualityRule, is: QualityRule): 'quality.tightened' | 'quality.loosened' | 'quality.changed' {
  const figure = ({ operator: _operator, operands: _operands, severity: _severity, ...rest }: QualityRule) => canonicalJson(essence(rest as QualityRule));
  if (figure(was) !== figure(is)) return 'quality.changed';
  const [before, after] = [accepted(was), accepted(is)];
  if (!before || !after) return 'quality.changed';
  if (within(after, before)) return 'quality.tightened';
  return within(before, after) ? 'quality.loosened' : 'quality.changed';
}

/** The figures that a rule accepts, as ranges. */
interface Range {
  readonly low?: string;
  readonly lowOut?: boolean;
  readonly high?: string;
  readonly highOut?: boolean;
}

function accepted({ operator, operands: [first = '0', second = first] }: QualityRule): readonly Range[] | undefined {
  switch (operator) {
    case 'mustBe':
      return [{ low: first, high: first }];
    case 'mustNotBe':
      return [
        { high: first, highOut: true },
        { low: first, lowOut: true },
      ];
    case 'mustBeGreaterThan':
      return [{ low: first, lowOut: true }];
    case 'mustBeGreaterOrEqualTo':
      return [{ low: first }];
    case 'mustBeLessThan':
      return [{ high: first, highOut: true }];
    case 'mustBeLessOrEqualTo':
      return [{ high: first }];
    case 'mustBeBetween':
      return [{ low: first, high: second }];
    case 'mustNotBeBetween':
      return [
        { high: first, highOut: true },
        { low: second, lowOut: true },
      ];
    default:
      return undefined;
  }
}

/** Whether each range lies within one of the others. */
function within(inner: readonly Range[], outer: readonly Range[]): boolean {
  return inner.every((a) =>
    outer.some((b) => {
      const low = b.low === undefined || (a.low !== undefined && (compareDecimal(a.low, b.low) || Number(a.lowOut ?? false) - Number(b.lowOut ?? false)) >= 0);
      const high =
        b.high === undefined || (a.high !== undefined && (compareDecimal(a.high, b.high) || Number(b.highOut ?? false) - Number(a.highOut ?? false)) <= 0);
      return low && high;
    }),
  );
}

function toleranceChanges(old: Contract, next: Contract): Change[] {
  const [was, is] = [old.tolerance, next.tolerance];
  if (was.unit === is.unit && was.max === is.max) return [];
  // No row at all is the same in either unit.
  const rule =
    was.unit !== is.unit && was.max !== 0 && is.max !== 0
      ? 'tolerance.changed'
      : is.max > was.max
        ? 'tolerance.raised'
        : is.max < was.max
          ? 'tolerance.lowered'
          : undefined;
  if (rule === undefined) return [];
  const detail = `from ${was.max} ${was.unit} to ${is.max} ${is.unit}`;
  return [
    {
      rule,
      subject: 'quarantineTolerance',
      detail,
      old: { file: old.file },
      next: { file: next.file },
      show: { by: 'words', words: 'no single row shows it: the share of refused rows decides' },
    },
  ];
}
