import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimeNSValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBUnionValue,
  DuckDBVariantValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { EngineValue } from '@skein/ports';
import { dateText, intervalText, timestampText, timeText, zonedTimeText } from './iso-text.ts';

/**
 * One value of a result, exactly: BIGINT and wider as bigint, DECIMAL, UUID and BIT as DuckDB's text, dates,
 * times and intervals as ISO 8601, BLOB as base64, LIST and ARRAY as arrays, STRUCT as an object, MAP as `[{ key, value }]` (keys need not
 * be text), UNION as `{ [tag]: value }`.
 */
export function engineValue(value: DuckDBValue): EngineValue {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros, 6, false);
  if (value instanceof DuckDBTimestampTZValue) return timestampText(value.micros, 6, true);
  if (value instanceof DuckDBTimestampSecondsValue) return timestampText(value.seconds, 0, false);
  if (value instanceof DuckDBTimestampMillisecondsValue) return timestampText(value.millis, 3, false);
  if (value instanceof DuckDBTimestampNanosecondsValue) return timestampText(value.nanos, 9, false);
  if (value instanceof DuckDBDateValue) return dateText(value.days);
  if (value instanceof DuckDBTimeValue) return timeText(value.micros, 6);
  if (value instanceof DuckDBTimeNSValue) return timeText(value.nanos, 9);
  if (value instanceof DuckDBTimeTZValue) return zonedTimeText(value.micros, value.offset);
  if (value instanceof DuckDBIntervalValue) return intervalText(value.months, value.days, value.micros);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(engineValue);
  // fromEntries defines own properties, so that a field named __proto__ stays a field
  if (value instanceof DuckDBStructValue) return Object.fromEntries(Object.entries(value.entries).map(([name, part]) => [name, engineValue(part)]));
  if (value instanceof DuckDBMapValue) return value.entries.map((entry) => ({ key: engineValue(entry.key), value: engineValue(entry.value) }));
  if (value instanceof DuckDBUnionValue) return Object.fromEntries([[value.tag, engineValue(value.value)]]);
  if (value instanceof DuckDBVariantValue) return engineValue(value.value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength).toString('base64');
  return value.toString();
}
