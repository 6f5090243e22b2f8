import { engineType, sameType, type ColumnType, type StructField } from '@skein/contract';
import type { ContractRuleId } from './contract-rule.ts';

export interface TypeChange {
  readonly rule: Extract<ContractRuleId, `type.${string}` | `field.${string}`>;
  /** Names of fields, and `element`, `key`, `value`, from the column inwards. */
  readonly path: readonly string[];
  readonly detail: string;
}

/**
 * How a column's type changed. Wider are what Iceberg promotes in place (int to long, float to double, decimals of more digits
 * and the same scale: Iceberg table spec, Schema Evolution); everything else that is not equal is another type.
 */
export function typeChanges(old: ColumnType, next: ColumnType, path: readonly string[] = []): TypeChange[] {
  if (old.kind === 'struct' && next.kind === 'struct') return fieldChanges(old.fields, next.fields, path);
  if (old.kind === 'list' && next.kind === 'list') return typeChanges(old.element, next.element, [...path, 'element']);
  if (old.kind === 'map' && next.kind === 'map')
    return [...typeChanges(old.key, next.key, [...path, 'key']), ...typeChanges(old.value, next.value, [...path, 'value'])];
  if (sameType(old, next)) return [];
  const rule = promotes(old, next) ? 'type.widened' : promotes(next, old) ? 'type.narrowed' : 'type.changed';
  return [{ rule, path, detail: `${engineType(old)} became ${engineType(next)}` }];
}

/** Whether values and stored files of one type are read as the other without loss. */
export function promotes(from: ColumnType, to: ColumnType): boolean {
  if (from.kind === 'int' && to.kind === 'int') return from.bits < to.bits;
  if (from.kind === 'float' && to.kind === 'float') return from.bits < to.bits;
  return from.kind === 'decimal' && to.kind === 'decimal' && from.scale === to.scale && from.precision < to.precision;
}

/** Nested fields have no id of their own in a contract: they are told apart by their names. */
function fieldChanges(old: readonly StructField[], next: readonly StructField[], path: readonly string[]): TypeChange[] {
  const changes: TypeChange[] = [];
  for (const before of old) {
    const after = next.find((field) => field.name === before.name);
    const inner = [...path, before.name];
    if (!after) {
      changes.push({ rule: 'field.removed', path: inner, detail: `${engineType(before.type)} is gone` });
      continue;
    }
    if (before.required !== after.required)
      changes.push({
        rule: after.required ? 'field.required_added' : 'field.required_removed',
        path: inner,
        detail: after.required ? 'null is refused' : 'null is accepted',
      });
    changes.push(...typeChanges(before.type, after.type, inner));
  }
  for (const after of next) {
    if (old.some((field) => field.name === after.name)) continue;
    changes.push({ rule: after.required ? 'field.added_required' : 'field.added', path: [...path, after.name], detail: `${engineType(after.type)} is new` });
  }
  return changes;
}
