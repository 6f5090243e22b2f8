import { shapeOf } from '@skein/pattern';
import type { EscalatedGap } from './escalation.ts';

/** A gap with shapes in the place of values in columns that are to be shown as if they were restricted. */
export function shownAsRestricted(escalated: EscalatedGap, columns: ReadonlySet<string>): EscalatedGap {
  if (columns.size === 0) return escalated;
  const { gap, message, rows } = escalated;
  const { column } = gap.context;
  const shown = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value !== null && columns.has(name) ? shapeOf(value) : value])),
  );
  if (!columns.has(column)) return { gap, message, rows: shown };
  const values = gap.values.map(({ value, count }) => ({ value: value === null ? null : shapeOf(value), count }));
  return { gap: { ...gap, values }, message: `${column} breaks ${gap.signature.rule}`, rows: shown };
}
