/** Test support: records as the export writes them. */

type Value = {
  readonly string_value?: string | null;
  readonly int_value?: string | number | null;
  readonly float_value?: number | null;
  readonly double_value?: number | string | null;
};
export type ExportRecord = { readonly [field: string]: unknown };

/** A parameter value in the column that GA4 would choose: text, whole number, fraction; or as given. */
export function params(values: Readonly<Record<string, string | number | Value>>): { key: string; value: Value }[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'object'
        ? value
        : typeof value === 'string'
          ? { string_value: value }
          : Number.isInteger(value)
            ? { int_value: String(value) }
            : { double_value: value },
  }));
}

/** Microseconds since the epoch, as text, of an instant; `plus` in microseconds. */
export function micros(instant: string, plus = 0): string {
  return String(BigInt(Date.parse(instant)) * 1000n + BigInt(plus));
}

/** A page view by one client on 2026-08-28 at noon UTC, changed as the test wants it; undefined leaves a field out. */
export function event(changes: ExportRecord = {}): ExportRecord {
  return {
    event_date: '20260828',
    event_timestamp: micros('2026-08-28T12:00:00Z'),
    event_name: 'page_view',
    event_params: params({ ga_session_id: 1787918400, page_location: 'https://shop.example/' }),
    user_pseudo_id: 'A.1',
    privacy_info: { analytics_storage: 'Yes', ads_storage: 'Yes', uses_transient_token: 'No' },
    user_properties: [],
    device: { category: 'desktop', web_info: { hostname: 'shop.example' } },
    geo: { country: 'Germany' },
    stream_id: '77',
    platform: 'WEB',
    items: [],
    ...changes,
  };
}

/** Events of other clients in a stream of their own, so that a few faulty rows stay within the tolerance of the contract. */
export function crowd(count = 300): ExportRecord[] {
  return Array.from({ length: count }, (_, index) =>
    event({
      stream_id: 'crowd',
      user_pseudo_id: `crowd.${index}`,
      event_timestamp: micros('2026-08-28T10:00:00Z', index),
      items: [{ item_id: 'crowd', quantity: '1' }],
      event_name: 'view_item',
    }),
  );
}

export function ndjson(records: readonly (ExportRecord | string)[]): string {
  return records.map((record) => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`).join('');
}
