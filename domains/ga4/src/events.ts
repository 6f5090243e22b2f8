import type { Contract } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { DataProduct } from '@skein/product';
import { articleNumber, date, decimal, integer, integerInList, invalidWhere, namesWhere, present, trimmed, zeroPadded } from './conform.ts';
import { eventName } from './event-name.ts';
import { mayHoldPersonalData, scrubbed } from './scrub.ts';

export interface EventsOptions {
  /** Time zone of the property, an IANA name: exports do not tell it. */
  readonly timeZone?: string | undefined;
}

/** Days after which Google no longer rewrites a daily table: 72 hours after the end of the day. */
const REWRITTEN_DAYS = 3;

/** Unit and record separators: they do not occur in parameters, so texts joined by them tell where each one ends. */
const UNIT = 'chr(31)';
const RECORD = 'chr(30)';

const text = (column: string): string => `coalesce(${column}, '')`;

/** Value of a parameter, whichever of its four columns it is in. */
const VALUE = 'coalesce(param.value.string_value, param.value.int_value, param.value.double_value, param.value.float_value)';

/** Everything that is read straight from the record. */
const RECORDS = `SELECT _file, _row, event_name, nullif(event_date, '') AS date_text, nullif(event_timestamp, '') AS ts_text,
    nullif(stream_id, '') AS stream_id, nullif(user_pseudo_id, '') AS pseudo_id, ${present('user_id')} AS user_id,
    privacy_info.analytics_storage AS storage, nullif(platform, '') AS platform, ${present('geo.country')} AS country,
    ${present('device.category')} AS device_category, ${present('coalesce(device.web_info.hostname, event_dimensions.hostname)')} AS hostname,
    collected_traffic_source AS collected, session_traffic_source_last_click AS last_click, ecommerce, items,
    batch_page_id, batch_ordering_id, batch_event_index, _misshapen_event_params, _misshapen_items,
    list_transform(event_params, lambda param: {'key': param.key, 'value': ${VALUE}}) AS params,
    -- '=' marks a string_value and '#' a number: which column held a value is part of what was sent, and shows drift.
    array_to_string(list_sort(list_transform(event_params, lambda param:
      param.key || coalesce('=' || param.value.string_value, '#' || coalesce(param.value.int_value, param.value.double_value, param.value.float_value)))), ${UNIT}) AS params_text
  FROM events_raw`;

/** Stands for a parameter without a value while texts are joined. */
const NOTHING = 'chr(26)';

/** Parameters scrubbed where there is something to scrub; `params_text` stays as it was, since it identifies the event. */
const SCRUBBED = `SELECT *, CASE WHEN suspicious
      THEN list_transform(list_zip(list_transform(params, lambda param: param.key), string_split(${scrubbed(`array_to_string(list_transform(params, lambda param: coalesce(replace(param.value, ${UNIT}, ' '), ${NOTHING})), ${UNIT})`)}, ${UNIT})),
        lambda pair: {'key': pair[1], 'value': nullif(pair[2], ${NOTHING})})
      ELSE params END AS clean_params
  FROM (SELECT *, ${mayHoldPersonalData('params_text')} AS suspicious FROM (${RECORDS}))`;

/** Keys must be unique in a map: of a key that stands twice, the first counts, as in GA4's own reports. */
const MAPPED = `SELECT *, coalesce(TRY(map_from_entries(clean_params)),
      map_from_entries(list_filter(clean_params, lambda param, position: param.key IS NOT NULL
        AND list_position(list_transform(clean_params, lambda other: other.key), param.key) = position)),
      CASE WHEN _misshapen_event_params IS NULL THEN MAP {}::MAP(VARCHAR, VARCHAR) END) AS params_map
  FROM (${SCRUBBED})`;

const param = (key: string): string => `params_map[${literal(key)}]`;

/** A value in the string column although it is a number. */
const drifted = (key: string, value: string): string =>
  `CASE WHEN ${value} IS NOT NULL THEN (contains(params_text, ${UNIT} || ${literal(`${key}=`)}) OR starts_with(params_text, ${literal(`${key}=`)})) END`;

const CONSENTED = `coalesce(storage, '') NOT IN ('No', 'DENIED', 'denied', 'false')`;

/** Also stands in `ecommerce` where the tag sent the id as a parameter alone. */
const UNKNOWN_TRANSACTION = (text: string): string => `lower(${text}) IN ('(not set)', 'null', 'undefined', '(data deleted)')`;

const PICKED = `SELECT *, ${param('page_location')} AS page_location, ${param('page_referrer')} AS page_referrer,
    ${param('ga_session_id')} AS session_text, ${trimmed(param('currency'))} AS currency_text, ${param('value')} AS value_text,
    ${param('engagement_time_msec')} AS engagement_text, ${param('ga_session_number')} AS number_text,
    ${eventName('event_name')} AS name, ${integer('ts_text')} AS ts, ${date('date_text')} AS day,
    ${trimmed(`coalesce(CASE WHEN ${UNKNOWN_TRANSACTION('ecommerce.transaction_id')} THEN NULL ELSE nullif(ecommerce.transaction_id, '') END, ${param('transaction_id')}, ecommerce.transaction_id)`)} AS transaction_text,
    nullif(trim(ecommerce.purchase_revenue), '') AS revenue_text, nullif(trim(ecommerce.refund_value), '') AS refund_text,
    CASE WHEN ${CONSENTED} THEN md5(pseudo_id || '|' || coalesce(stream_id, '')) END AS client_key,
    coalesce(collected.manual_source, ${param('source')}) AS source_text, coalesce(collected.manual_medium, ${param('medium')}) AS medium_text,
    coalesce(collected.manual_campaign_name, ${param('campaign')}) AS campaign_text,
    coalesce(nullif(collected.gclid, ''), CASE WHEN contains(${param('page_location')}, 'gclid=') THEN nullif(regexp_extract(${param('page_location')}, '[?&]gclid=([^&#]+)', 1), '') END) AS gclid,
    CASE WHEN len(items) > 0 THEN list_transform(items, lambda item: {
      'item_id': ${articleNumber(trimmed(present('item.item_id')))}, 'item_name': ${present('item.item_name')}, 'quantity': ${integerInList('item.quantity')},
      'price': ${decimal('item.price')}, 'item_revenue': ${decimal('item.item_revenue')}, 'item_refund': ${decimal('item.item_refund')}}) ELSE [] END AS typed_items
  FROM (${MAPPED})`;

/** Instants that DuckDB, Iceberg and Arrow all hold: the years 1 to 9999, of which GA4 knows those from 1970. */
const IN_RANGE = 'ts BETWEEN 0 AND 253402300799999999';

const TYPED = `SELECT *, ${integer('session_text')} AS session_id, ${decimal('value_text')} AS value, ${decimal('revenue_text')} AS revenue, ${decimal('refund_text')} AS refund,
    upper(${present('currency_text')}) AS currency, CASE WHEN ${IN_RANGE} THEN make_timestamp(ts) END AS instant,
    CASE WHEN ${UNKNOWN_TRANSACTION('transaction_text')} THEN NULL ELSE transaction_text END AS transaction_id,
    -- An ad click known by its gclid is Google's, whatever a tag made of it.
    gclid IS NOT NULL AND coalesce(source_text, 'google') IN ('google', '(not set)', '(direct)') AS paid_click
  FROM (${PICKED})`;

const itemsText = `CASE WHEN len(items) > 0 THEN array_to_string(list_transform(items, lambda item: concat(item.item_id, '|', item.quantity, '|', item.price, '|', item.item_revenue)), ${RECORD}) ELSE '' END`;

/** Within items, numbers that cannot be read: `quantity=two`. */
const badItems = `CASE WHEN len(items) > 0 THEN array_to_string(list_transform(items, lambda item: concat(${(
  [
    ['quantity', integerInList],
    ['price', decimal],
    ['item_revenue', decimal],
    ['item_refund', decimal],
  ] as const
)
  .map(([field, read]) => `CASE WHEN nullif(item.${field}, '') IS NOT NULL AND ${read(`item.${field}`)} IS NULL THEN '${field}=' || item.${field} || ' ' END`)
  .join(', ')})), '') ELSE '' END`;

const elsewhere = (mark: string): string =>
  `len(list_filter(clean_params, lambda param: param.key <> 'page_location' AND contains(param.value, ${literal(mark)}))) > 0`;

// CASE instead of AND: outside a WHERE, AND works out both of its sides for every row.
const REPAIRS = namesWhere([
  ['event_name:trimmed', `CASE WHEN name <> event_name THEN name = ${trimmed('event_name')} END`],
  ['event_name:case', `CASE WHEN name <> event_name THEN name <> ${trimmed('event_name')} END`],
  ['platform:case', 'platform <> upper(platform)'],
  ['currency:case', `currency <> currency_text`],
  ['transaction_id:not-set', `CASE WHEN transaction_text IS NOT NULL THEN transaction_id IS NULL AND name IN ('purchase', 'refund') END`],
  ['ga_session_id:type', drifted('ga_session_id', 'session_id')],
  ['value:type', drifted('value', 'value')],
  ['page_location:email-removed', `CASE WHEN suspicious THEN contains(page_location, '(email)') END`],
  ['page_location:phone-removed', `CASE WHEN suspicious THEN contains(page_location, '(phone)') END`],
  ['params:email-removed', `CASE WHEN suspicious THEN ${elsewhere('(email)')} END`],
  ['params:phone-removed', `CASE WHEN suspicious THEN ${elsewhere('(phone)')} END`],
  ['params:key-twice', 'len(clean_params) > cardinality(params_map)'],
  ['items:item-id-zeros', `CASE WHEN len(items) > 0 THEN len(list_filter(items, lambda item: ${zeroPadded('trim(item.item_id)')})) > 0 END`],
]);

const INVALID = invalidWhere([
  { column: 'event_date', rule: 'type', raw: 'date_text', when: 'date_text IS NOT NULL AND day IS NULL' },
  { column: 'event_ts_us', rule: 'type', raw: 'ts_text', when: 'ts_text IS NOT NULL AND instant IS NULL' },
  { column: 'params', rule: 'type', raw: '_misshapen_event_params', when: '_misshapen_event_params IS NOT NULL' },
  { column: 'items', rule: 'type', raw: '_misshapen_items', when: '_misshapen_items IS NOT NULL' },
  { column: 'items', rule: 'number', raw: `left(trim(${badItems}), 200)`, when: `${badItems} <> ''` },
  { column: 'purchase_revenue', rule: 'type', raw: 'revenue_text', when: 'revenue_text IS NOT NULL AND revenue IS NULL' },
  { column: 'refund_value', rule: 'type', raw: 'refund_text', when: 'refund_text IS NOT NULL AND refund IS NULL' },
]);

function sql(timeZone: string | undefined): string {
  return `SELECT
    md5(concat_ws(${UNIT}, ${['stream_id', 'pseudo_id', 'user_id', 'event_name', 'ts_text', 'batch_page_id', 'batch_ordering_id', 'batch_event_index', 'params_text'].map(text).join(', ')}, ${itemsText})) AS event_key,
    day AS event_date,
    CASE WHEN instant IS NOT NULL THEN ts END AS event_ts_us,
    instant::TIMESTAMPTZ AS event_ts,
    datediff('day', day, instant::DATE)::INTEGER AS date_offset_days,
    ${timeZone === undefined ? 'NULL::VARCHAR' : literal(timeZone)} AS property_tz,
    name AS event_name,
    TRY_CAST(batch_event_index AS BIGINT) AS batch_event_index,
    stream_id,
    upper(platform) AS platform,
    client_key,
    md5(client_key || '|' || coalesce(session_id::VARCHAR, ${present('session_text')})) AS session_key,
    session_id AS ga_session_id,
    ${integer('number_text')} AS ga_session_number,
    sha256(user_id) AS user_key,
    CASE WHEN storage IS NOT NULL THEN ${CONSENTED} END AS analytics_consent,
    page_location AS page_location_scrubbed,
    page_referrer AS page_referrer_scrubbed,
    coalesce(hostname, nullif(regexp_extract(page_location, '^https?://([^/?#:]+)', 1), '')) AS hostname,
    CASE WHEN paid_click THEN 'google' ELSE ${present('source_text')} END AS source,
    CASE WHEN paid_click THEN 'cpc' ELSE ${present('medium_text')} END AS medium,
    ${present('campaign_text')} AS campaign,
    ${present('coalesce(last_click.cross_channel_campaign.source, last_click.manual_campaign.source)')} AS last_click_source,
    ${present('coalesce(last_click.cross_channel_campaign.medium, last_click.manual_campaign.medium)')} AS last_click_medium,
    ${present('coalesce(last_click.cross_channel_campaign.campaign_name, last_click.manual_campaign.campaign_name)')} AS last_click_campaign,
    country, device_category,
    ${integer('engagement_text')} AS engagement_ms,
    ${param('session_engaged')} IN ('1', 'true') AS session_engaged,
    value, currency, transaction_id,
    revenue AS purchase_revenue,
    refund AS refund_value,
    ${decimal('ecommerce.tax_value')} AS tax_value,
    ${decimal('ecommerce.shipping_value')} AS shipping_value,
    CASE WHEN len(items) > 0 THEN list_min(list_transform(typed_items, lambda item: item.quantity)) END AS min_item_quantity,
    typed_items AS items,
    params_map AS params,
    coalesce(day < newest_day - ${REWRITTEN_DAYS}, false) AS is_final,
    _file, _row,
    ${REPAIRS} AS _repairs,
    ${INVALID} AS _invalid
  FROM (${TYPED}), (SELECT max(try_strptime(regexp_extract(_file, '(?i).*events_(?:intraday_|fresh_)?([0-9]{8})', 1), '%Y%m%d')::DATE) AS newest_day FROM (SELECT DISTINCT _file FROM events_raw))`;
}

const LINEAGE: Readonly<Record<string, readonly string[]>> = {
  event_key: [
    'stream_id',
    'user_pseudo_id',
    'user_id',
    'event_name',
    'event_timestamp',
    'batch_page_id',
    'batch_ordering_id',
    'batch_event_index',
    'event_params',
    'items',
  ],
  event_date: ['event_date'],
  event_ts_us: ['event_timestamp'],
  event_ts: ['event_timestamp'],
  date_offset_days: ['event_date', 'event_timestamp'],
  event_name: ['event_name'],
  batch_event_index: ['batch_event_index'],
  stream_id: ['stream_id'],
  platform: ['platform'],
  client_key: ['user_pseudo_id', 'stream_id', 'privacy_info'],
  session_key: ['user_pseudo_id', 'stream_id', 'privacy_info', 'event_params'],
  ga_session_id: ['event_params'],
  ga_session_number: ['event_params'],
  user_key: ['user_id'],
  analytics_consent: ['privacy_info'],
  page_location_scrubbed: ['event_params'],
  page_referrer_scrubbed: ['event_params'],
  hostname: ['device', 'event_dimensions', 'event_params'],
  source: ['collected_traffic_source', 'event_params'],
  medium: ['collected_traffic_source', 'event_params'],
  campaign: ['collected_traffic_source', 'event_params'],
  last_click_source: ['session_traffic_source_last_click'],
  last_click_medium: ['session_traffic_source_last_click'],
  last_click_campaign: ['session_traffic_source_last_click'],
  country: ['geo'],
  device_category: ['device'],
  engagement_ms: ['event_params'],
  session_engaged: ['event_params'],
  value: ['event_params'],
  currency: ['event_params'],
  transaction_id: ['ecommerce', 'event_params'],
  purchase_revenue: ['ecommerce'],
  refund_value: ['ecommerce'],
  tax_value: ['ecommerce'],
  shipping_value: ['ecommerce'],
  min_item_quantity: ['items'],
  items: ['items'],
  params: ['event_params'],
  is_final: ['event_date'],
};

/**
 * ga4.events: one row for each event that happened, whatever number of times it was delivered.
 *
 * An event is known by its stream, client, name, time, place in its batch, parameters (in any order) and items (after dbt-ga4's key,
 * and by batch where the export has it: events of one batch share their time).
 */
export function events(contract: Contract, options: EventsOptions = {}): DataProduct {
  return {
    id: 'ga4.events',
    layer: 'silver',
    contract,
    step: {
      name: 'clean events',
      from: ['events_raw'],
      sql: sql(options.timeZone),
      repairable: ['currency'],
      dedupe: { by: ['event_key'], keep: '_file, _row' },
      lineage: Object.fromEntries(Object.entries(LINEAGE).map(([column, from]) => [column, from.map((field) => `ga4.events_raw.${field}`)])),
    },
  };
}
