import { literal } from '@skein/kernel';
import type { BronzeTable } from '@skein/product';

/** A record type of the export: leaf, record or repeated record. */
type Shape = 'text' | { readonly [field: string]: Shape } | readonly [Shape];

const VALUE: Shape = { string_value: 'text', int_value: 'text', float_value: 'text', double_value: 'text' };

/**
 * The fields of the export that the products use, by the schema that Google documents ("[GA4] BigQuery Export schema"). Fields that
 * came later (privacy_info 06/2021, collected_traffic_source 05/2023, batch_* and session_traffic_source_last_click 07/2024) are
 * NULL in older tables; fields that are not here are left in the landed record.
 *
 * Every leaf is text: INT64 comes as a number or as text, by the way of export, and one parameter drifts between int, double and string.
 */
export const EVENT: { readonly [field: string]: Shape } = {
  event_date: 'text',
  event_timestamp: 'text',
  event_name: 'text',
  event_params: [{ key: 'text', value: VALUE }],
  user_id: 'text',
  user_pseudo_id: 'text',
  privacy_info: { analytics_storage: 'text' },
  device: { category: 'text', web_info: { hostname: 'text' } },
  geo: { country: 'text' },
  collected_traffic_source: { manual_campaign_name: 'text', manual_source: 'text', manual_medium: 'text', gclid: 'text' },
  session_traffic_source_last_click: {
    manual_campaign: { campaign_name: 'text', source: 'text', medium: 'text' },
    cross_channel_campaign: { campaign_name: 'text', source: 'text', medium: 'text', primary_channel_group: 'text' },
  },
  stream_id: 'text',
  platform: 'text',
  event_dimensions: { hostname: 'text' },
  ecommerce: { purchase_revenue: 'text', refund_value: 'text', shipping_value: 'text', tax_value: 'text', transaction_id: 'text' },
  items: [{ item_id: 'text', item_name: 'text', price: 'text', quantity: 'text', item_revenue: 'text', item_refund: 'text' }],
  batch_page_id: 'text',
  batch_ordering_id: 'text',
  batch_event_index: 'text',
};

const REPEATED = Object.entries(EVENT)
  .filter(([, shape]) => Array.isArray(shape))
  .map(([field]) => field);

/** What from_json takes for a structure. */
function structure(shape: Shape): unknown {
  if (shape === 'text') return 'VARCHAR';
  if (isRepeated(shape)) return [structure(shape[0])];
  return Object.fromEntries(Object.entries(shape).map(([field, inner]) => [field, structure(inner)]));
}

function isRepeated(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

/** Lines that are no records are taken out by the swarm; TRY, since the engine is free to test for that after this. */
const fromJson = (shape: unknown): string => `TRY(from_json(raw, ${literal(JSON.stringify(shape))}))`;

/**
 * A repeated field that from_json could not read, since it gives NULL for another shape as for an absent field: tried
 * again as Parquet writers without list annotations leave it, `{"list": [{"element": …}]}`, or `item` for `element`. Entries of
 * another name would all be NULL: then the field is NULL, and counts as misshapen. Whole records are searched for
 * rows without the field only; a search of all of them would cost a third of the parsing.
 */
function repeated(field: string): string {
  const [element] = (EVENT[field] as readonly [Shape]).map(structure);
  const unwrapped = `list_transform(${fromJson({ [field]: { list: [{ element, item: element }] } })}.${field}.list, lambda entry: coalesce(entry.element, entry.item))`;
  return `CASE WHEN r.${field} IS NULL AND contains(raw, ${literal(`"${field}":{"list":[`)})
    THEN list_transform([${unwrapped}], lambda entries: CASE WHEN len(entries) = list_count(entries) THEN entries END)[1] ELSE r.${field} END`;
}

/** What stands where a list of records should: the row is refused with it, since dropping it would change the event in silence. */
const misshapen = (field: string): string =>
  `CASE WHEN ${field} IS NULL AND contains(raw, ${literal(`"${field}"`)}) AND TRY(json_type(raw, ${literal(`$.${field}`)})) <> 'NULL'
    THEN left(TRY(json_extract(raw, ${literal(`$.${field}`)}))::VARCHAR, 200) END`;

/** Typed rows of the export: the fields of EVENT, and `_misshapen_<field>` for the repeated ones. */
export const eventsRaw: BronzeTable = {
  name: 'events_raw',
  source: 'export',
  sql: `SELECT * EXCLUDE (raw), ${REPEATED.map((field) => `${misshapen(field)} AS _misshapen_${field}`).join(', ')}
    FROM (SELECT _file, _row, _sequence, raw, r.* REPLACE (${REPEATED.map((field) => `${repeated(field)} AS ${field}`).join(', ')})
      FROM (SELECT _file, _row, _sequence, raw, ${fromJson(structure(EVENT))} AS r FROM landing))`,
  // An export comes by day and stream; rows whose date no calendar has are a partition of their own.
  partition: [
    { name: 'event_date', value: `try_strptime(event_date, '%Y%m%d')::DATE`, temporal: true },
    { name: 'stream_id', value: `nullif(trim(stream_id), '')`, temporal: false },
  ],
  quotes: Object.fromEntries(REPEATED.map((field) => [`_misshapen_${field}`, field])),
  lineage: Object.fromEntries(Object.keys(EVENT).map((field) => [field, [`landing:export.${field}`]])),
};
