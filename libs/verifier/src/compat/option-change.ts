import { compareDecimal, exactNumber, isMultiple, TEXT_FORMATS, type ColumnType, type JsonSchema, type TypeOptions } from '@skein/contract';
import { compatible } from './compatible.ts';
import type { ContractRuleId } from './contract-rule.ts';
import { quoted } from './change.ts';

export interface OptionChange {
  readonly rule: ContractRuleId;
  readonly detail: string;
}

/** How what a column's values may be changed; the two have types that can be compared at all. */
export function optionChanges(oldType: ColumnType, type: ColumnType, oldOptions: TypeOptions, nextOptions: TypeOptions): OptionChange[] {
  const widths = oldType.kind === 'float' && type.kind === 'float' && oldType.bits !== type.bits;
  const [old, next] = widths ? [asHeld(oldType, oldOptions), asHeld(type, nextOptions)] : [oldOptions, nextOptions];
  return [
    ...boundChanges(type, old, next),
    ...sizeChanges(old, next),
    ...valueChanges(old, next),
    ...stepChanges(old, next),
    ...textChanges(old, next),
    ...((old.uniqueItems ?? false) === (next.uniqueItems ?? false)
      ? []
      : [
          next.uniqueItems
            ? { rule: 'unique_items.added' as const, detail: 'items must differ' }
            : { rule: 'unique_items.removed' as const, detail: 'items may repeat' },
        ]),
  ];
}

/** Bounds and codes as a float of the type holds them: 0.1 in 32 bits lies above 0.1 in 64. */
function asHeld(type: ColumnType & { kind: 'float' }, options: TypeOptions): TypeOptions {
  if (type.bits === 64) return options;
  const held = (text: string) => exactNumber(String(Math.fround(Number(text)))) ?? text;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, validValues } = options;
  const given = Object.entries({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, held(text)]],
  );
  return { ...options, ...Object.fromEntries(given), ...(validValues ? { validValues: validValues.map(held) } : {}) };
}

interface Bound {
  readonly value: string;
  readonly exclusive: boolean;
}

/** The tighter of the inclusive and the exclusive bound. */
function boundOf(type: ColumnType, inclusive: string | undefined, exclusive: string | undefined, side: 1 | -1): Bound | undefined {
  if (inclusive === undefined && exclusive === undefined) return undefined;
  if (inclusive === undefined) return { value: exclusive as string, exclusive: true };
  if (exclusive === undefined) return { value: inclusive, exclusive: false };
  return order(type, exclusive, inclusive) * side >= 0 ? { value: exclusive, exclusive: true } : { value: inclusive, exclusive: false };
}

function order(type: ColumnType, a: string, b: string): number {
  if (type.kind === 'int' || type.kind === 'decimal' || type.kind === 'float') return compareDecimal(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function shownBound(bound: Bound | undefined): string {
  return bound === undefined ? 'none' : bound.exclusive ? `${bound.value} (excluded)` : bound.value;
}

function boundChanges(type: ColumnType, old: TypeOptions, next: TypeOptions): OptionChange[] {
  const changes: OptionChange[] = [];
  for (const [side, tighter, looser] of [
    [1, 'lower_bound.raised', 'lower_bound.lowered'],
    [-1, 'upper_bound.lowered', 'upper_bound.raised'],
  ] as const) {
    const of = (options: TypeOptions) =>
      side === 1 ? boundOf(type, options.minimum, options.exclusiveMinimum, side) : boundOf(type, options.maximum, options.exclusiveMaximum, side);
    const [before, after] = [of(old), of(next)];
    const moved =
      before === undefined || after === undefined
        ? Number(after !== undefined) - Number(before !== undefined)
        : order(type, after.value, before.value) * side || Number(after.exclusive) - Number(before.exclusive);
    if (moved !== 0) changes.push({ rule: moved > 0 ? tighter : looser, detail: `from ${shownBound(before)} to ${shownBound(after)}` });
  }
  return changes;
}

function sizeChanges(old: TypeOptions, next: TypeOptions): OptionChange[] {
  const changes: OptionChange[] = [];
  const say = (a: number | undefined, b: number | undefined) => `from ${a ?? 'none'} to ${b ?? 'none'}`;
  for (const [key, name] of [
    ['minLength', 'min_length'],
    ['minItems', 'min_items'],
  ] as const) {
    const [before, after] = [old[key] ?? 0, next[key] ?? 0];
    if (before !== after) changes.push({ rule: `${name}.${after > before ? 'raised' : 'lowered'}`, detail: say(old[key], next[key]) });
  }
  for (const [key, name] of [
    ['maxLength', 'max_length'],
    ['maxItems', 'max_items'],
  ] as const) {
    const [before, after] = [old[key] ?? Infinity, next[key] ?? Infinity];
    if (before !== after) changes.push({ rule: `${name}.${after > before ? 'raised' : 'lowered'}`, detail: say(old[key], next[key]) });
  }
  return changes;
}

function valueChanges(old: TypeOptions, next: TypeOptions): OptionChange[] {
  const [before, after] = [old.validValues, next.validValues];
  const list = (codes: readonly string[]) => codes.slice(0, 8).map(quoted).join(', ') + (codes.length > 8 ? ', …' : '');
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ rule: 'values.removed', detail: `only ${list(after ?? [])} may stand` }];
  if (after === undefined) return [{ rule: 'values.added', detail: 'any value may stand' }];
  const gone = before.filter((code) => !after.includes(code));
  const come = after.filter((code) => !before.includes(code));
  return [
    ...(gone.length > 0 ? [{ rule: 'values.removed' as const, detail: `without ${list(gone)}` }] : []),
    ...(come.length > 0 ? [{ rule: 'values.added' as const, detail: `with ${list(come)}` }] : []),
  ];
}

function stepChanges(old: TypeOptions, next: TypeOptions): OptionChange[] {
  const [before, after] = [old.multipleOf, next.multipleOf];
  if (before === after) return [];
  const detail = `from ${before ?? 'none'} to ${after ?? 'none'}`;
  if (before === undefined || (after !== undefined && isMultiple(after, before))) return [{ rule: 'multiple_of.narrowed', detail }];
  if (after === undefined || isMultiple(before, after)) return [{ rule: 'multiple_of.widened', detail }];
  return [{ rule: 'multiple_of.changed', detail }];
}

const RE2 = { patterns: 're2' } as const;

/** Pattern and format together say which texts match; which of the two lets more through is decided by comparing the sets of texts. */
function textChanges(old: TypeOptions, next: TypeOptions): OptionChange[] {
  if (old.pattern === next.pattern && old.format === next.format) return [];
  const [before, after] = [textSchema(old), textSchema(next)];
  const [reads, isRead] = [compatible(before, after, RE2).compatible, compatible(after, before, RE2).compatible];
  const form = ({ pattern, format }: TypeOptions) =>
    [pattern === undefined ? [] : [`pattern ${pattern}`], format === undefined ? [] : [`format ${format}`]].flat().join(' and ') || 'any text';
  if (reads && isRead) return [];
  return [{ rule: reads ? 'pattern.widened' : isRead ? 'pattern.narrowed' : 'pattern.changed', detail: `from ${form(old)} to ${form(next)}` }];
}

export function textSchema({ pattern, format }: TypeOptions): JsonSchema {
  const patterns = [pattern, format === undefined ? undefined : TEXT_FORMATS[format]].filter((one) => one !== undefined);
  return { type: 'string', allOf: [{}, ...patterns.map((one) => ({ pattern: one }))] };
}
