import { literal } from '@skein/kernel';

const LEAF = ['string_value', 'int_value', 'float_value', 'double_value'].map((name) => `"${name}":"VARCHAR"`).join(',');
const STRUCTURE = `{"event_date":"VARCHAR","event_timestamp":"VARCHAR","event_name":"VARCHAR","event_params":[{"key":"VARCHAR","value":{${LEAF}}}],
  "user_id":"VARCHAR","user_pseudo_id":"VARCHAR","privacy_info":{"analytics_storage":"VARCHAR"},"device":{"category":"VARCHAR","web_info":{"hostname":"VARCHAR"}},
  "geo":{"country":"VARCHAR"},"collected_traffic_source":{"manual_campaign_name":"VARCHAR","manual_source":"VARCHAR","manual_medium":"VARCHAR","gclid":"VARCHAR"},
  "stream_id":"VARCHAR","platform":"VARCHAR",
  "ecommerce":{"purchase_revenue":"VARCHAR","refund_value":"VARCHAR","shipping_value":"VARCHAR","tax_value":"VARCHAR","transaction_id":"VARCHAR"},
  "items":[{"item_id":"VARCHAR","item_name":"VARCHAR","price":"VARCHAR","quantity":"VARCHAR","item_revenue":"VARCHAR","item_refund":"VARCHAR"}],
  "batch_page_id":"VARCHAR","batch_ordering_id":"VARCHAR","batch_event_index":"VARCHAR"}`;

const EMAIL = String.raw`[^\s\x1f/?&=#:;,<>"()@]+(@|%(25)*40)[^\s\x1f/?&=#:;,<>"()@]+`;
const PHONE = String.raw`((phone|tel|mobile)=)[^\x1f&#]+`;
const set = (text: string): string => `CASE WHEN ${text} NOT IN ('(not set)', '') THEN ${text} END`;

/**
 * What a person who knows the export, the data and the engine would write to get from files to the four GA4 products, once: no contract, no
 * report of repairs, no feedback, no lineage, no versions, no checksums, no fsync. `files` are NDJSON, as to table and part already chosen;
 * products go to `directory` as zstd Parquet. One statement each; runs on a connection in UTC.
 */
export function ga4Floor(files: readonly string[], directory: string): { land: string[]; build: string[] } {
  const to = (name: string) => literal(`${directory}/${name}.parquet`);
  const land = files.map((file, index) =>
    `COPY (SELECT raw FROM read_csv(${literal(file)}, columns = {raw: 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false, auto_detect = false,
      strict_mode = false, max_line_size = 33554432)) TO ${to(`landing-${String(index).padStart(3, '0')}`)} (FORMAT parquet, COMPRESSION snappy)`.replace(
      'chr(1)',
      `'\x01'`,
    ),
  );
  const newest =
    files
      .map((file) => /events_(?:intraday_)?(\d{4})(\d\d)(\d\d)/.exec(file)?.slice(1).join('-') ?? '')
      .sort()
      .at(-1) ?? '';
  const build = [
    `CREATE OR REPLACE TEMP TABLE typed AS
      WITH parsed AS (
        SELECT file_index, file_row_number, from_json(raw, ${literal(STRUCTURE)}) AS r
        FROM read_parquet(${literal(`${directory}/landing-*.parquet`)}, file_row_number = true) WHERE json_valid(raw)
      ), texts AS (
        SELECT file_index, file_row_number, r.*,
          list_transform(r.event_params, lambda p: {'key': p.key, 'value': coalesce(p.value.string_value, p.value.int_value, p.value.double_value, p.value.float_value)}) AS kv,
          array_to_string(list_sort(list_transform(r.event_params, lambda p: p.key || coalesce('=' || p.value.string_value, '#' || coalesce(p.value.int_value, p.value.double_value)))), chr(31)) AS kv_text
        FROM parsed
      ), clean AS (
        SELECT *, map_from_entries(CASE WHEN regexp_matches(kv_text, '@|%(25)*40|(phone|tel|mobile)=')
          THEN list_transform(list_zip(list_transform(kv, lambda e: e.key),
            string_split(regexp_replace(regexp_replace(array_to_string(list_transform(kv, lambda e: coalesce(e.value, '')), chr(31)), ${literal(EMAIL)}, '(email)', 'g'), ${literal(PHONE)}, '\\1(phone)', 'g'), chr(31))),
            lambda pair: {'key': pair[1], 'value': pair[2]})
          ELSE kv END) AS params
        FROM texts
      ), picked AS (
        SELECT *, TRY_CAST(event_timestamp AS BIGINT) AS us, try_strptime(event_date, '%Y%m%d')::DATE AS day, params['page_location'] AS location,
          TRY_CAST(params['ga_session_id'] AS BIGINT) AS session_id, nullif(upper(params['currency']), '') AS cur,
          CASE WHEN regexp_full_match(event_name, '[a-z_]+') THEN event_name ELSE lower(regexp_replace(trim(event_name), '([a-z])([A-Z])', '\\1_\\2', 'g')) END AS name,
          CASE WHEN privacy_info.analytics_storage <> 'No' THEN md5(user_pseudo_id || '|' || coalesce(stream_id, '')) END AS client,
          nullif(coalesce(ecommerce.transaction_id, params['transaction_id']), '(not set)') AS tx, TRY_CAST(ecommerce.purchase_revenue AS DECIMAL(18, 6)) AS revenue,
          collected_traffic_source.gclid IS NOT NULL AND coalesce(collected_traffic_source.manual_source, params['source'], 'google') = 'google' AS paid,
          CASE WHEN len(items) > 0 THEN list_transform(items, lambda i: {'item_id': CASE WHEN i.item_id[1] = '0' THEN ltrim(i.item_id, '0') ELSE i.item_id END, 'item_name': i.item_name, 'quantity': TRY_CAST(i.quantity AS BIGINT),
            'price': TRY_CAST(i.price AS DECIMAL(18, 6)), 'item_revenue': TRY_CAST(i.item_revenue AS DECIMAL(18, 6)), 'item_refund': TRY_CAST(i.item_refund AS DECIMAL(18, 6))}) ELSE [] END AS lines
        FROM clean
      )
      SELECT md5(concat_ws(chr(31), coalesce(stream_id, ''), coalesce(user_pseudo_id, ''), coalesce(user_id, ''), coalesce(event_name, ''), coalesce(event_timestamp, ''), coalesce(batch_page_id, ''),
          coalesce(batch_ordering_id, ''), coalesce(batch_event_index, ''), coalesce(kv_text, ''),
          CASE WHEN len(items) > 0 THEN array_to_string(list_transform(items, lambda i: concat(i.item_id, '|', i.quantity, '|', i.price, '|', i.item_revenue)), chr(30)) ELSE '' END)) AS event_key,
        day AS event_date, us AS event_ts_us, make_timestamp(us)::TIMESTAMPTZ AS event_ts, datediff('day', day, make_timestamp(us)::DATE) AS date_offset_days, 'Europe/Berlin' AS property_tz, name AS event_name,
        TRY_CAST(batch_event_index AS BIGINT) AS batch_event_index, stream_id, upper(platform) AS platform, client AS client_key, md5(client || '|' || session_id) AS session_key, session_id AS ga_session_id,
        TRY_CAST(params['ga_session_number'] AS BIGINT) AS ga_session_number, sha256(user_id) AS user_key, privacy_info.analytics_storage <> 'No' AS analytics_consent,
        location AS page_location_scrubbed, params['page_referrer'] AS page_referrer_scrubbed, device.web_info.hostname AS hostname,
        CASE WHEN paid THEN 'google' ELSE coalesce(collected_traffic_source.manual_source, params['source']) END AS source,
        CASE WHEN paid THEN 'cpc' ELSE coalesce(collected_traffic_source.manual_medium, params['medium']) END AS medium,
        coalesce(collected_traffic_source.manual_campaign_name, params['campaign']) AS campaign, ${set('geo.country')} AS country, device.category AS device_category,
        TRY_CAST(params['engagement_time_msec'] AS BIGINT) AS engagement_ms, params['session_engaged'] = '1' AS session_engaged, TRY_CAST(params['value'] AS DECIMAL(18, 6)) AS value, cur AS currency,
        tx AS transaction_id, revenue AS purchase_revenue, TRY_CAST(ecommerce.refund_value AS DECIMAL(18, 6)) AS refund_value, TRY_CAST(ecommerce.tax_value AS DECIMAL(18, 6)) AS tax_value,
        TRY_CAST(ecommerce.shipping_value AS DECIMAL(18, 6)) AS shipping_value, list_min(list_transform(lines, lambda i: i.quantity)) AS min_item_quantity, lines AS items, params,
        day < DATE ${literal(newest)} - 3 AS is_final, file_index, file_row_number, ecommerce.purchase_revenue IS NOT NULL AND revenue IS NULL AS unreadable
      FROM picked`,
    // Not a WHERE above: the engine would push it down and work out parameters and items twice, for half as long again.
    `DELETE FROM typed WHERE event_name IS NULL OR event_ts_us IS NULL OR event_date IS NULL OR date_offset_days NOT BETWEEN -1 AND 1 OR length(currency) <> 3 OR unreadable OR min_item_quantity < 0`,
    `DELETE FROM typed WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER (PARTITION BY event_key ORDER BY file_index, file_row_number) AS n
        FROM typed WHERE event_key IN (SELECT event_key FROM typed GROUP BY event_key HAVING count(*) > 1)) WHERE n > 1)`,
    `COPY (SELECT * EXCLUDE (unreadable) FROM typed) TO ${to('events')} (FORMAT parquet, COMPRESSION zstd)`,
    `CREATE OR REPLACE TEMP TABLE session AS
      WITH grouped AS (
        SELECT session_key, any_value(client_key) AS client_key, min(event_ts_us) AS started_us, max(event_ts_us) AS ended_us,
          arg_min({'d': event_date, 's': stream_id, 'i': ga_session_id, 'n': ga_session_number, 'p': page_location_scrubbed, 'h': hostname, 'c': country, 'k': device_category}, event_ts_us * 1000 + batch_event_index) AS f,
          arg_min({'source': source, 'medium': medium, 'campaign': campaign}, event_ts_us * 1000 + batch_event_index)
            FILTER (WHERE source <> '(direct)' AND event_name NOT IN ('session_start', 'first_visit')) AS brought,
          sum(engagement_ms)::BIGINT AS engagement_ms, count(*) AS events, count(*) FILTER (WHERE event_name = 'page_view') AS page_views, count(*) FILTER (WHERE event_name = 'purchase') AS purchase_events,
          bool_or(session_engaged) AS marked, bool_and(is_final) AS is_final
        FROM typed WHERE session_key IS NOT NULL GROUP BY session_key
      ), credited AS (
        SELECT *, coalesce(brought, CASE WHEN last_value(CASE WHEN brought IS NOT NULL THEN started_us END IGNORE NULLS) OVER w >= started_us - 7776000000000 THEN last_value(brought IGNORE NULLS) OVER w END) AS credit
        FROM grouped WINDOW w AS (PARTITION BY client_key ORDER BY started_us, session_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
      )
      SELECT session_key, client_key, f.s AS stream_id, f.i AS ga_session_id, f.n AS ga_session_number, f.d AS session_date, make_timestamp(started_us)::TIMESTAMPTZ AS started_at, make_timestamp(ended_us)::TIMESTAMPTZ AS ended_at,
        (ended_us - started_us) // 1000 AS duration_ms, coalesce(marked, false) OR coalesce(engagement_ms, 0) >= 10000 OR page_views >= 2 AS engaged, coalesce(engagement_ms, 0) AS engagement_ms, events, page_views, purchase_events,
        f.p AS landing_page, f.h AS hostname, coalesce(brought.source, '(direct)') AS source, CASE WHEN brought IS NULL THEN '(none)' ELSE brought.medium END AS medium, brought.campaign AS campaign,
        ${channel('brought')} AS channel_last_click, ${channel('credit')} AS channel_last_non_direct, f.c AS country, f.k AS device_category, is_final
      FROM credited`,
    `COPY (SELECT * FROM session) TO ${to('sessions')} (FORMAT parquet, COMPRESSION zstd)`,
    `CREATE OR REPLACE TEMP TABLE purchase AS
      SELECT stream_id, transaction_id, event_key, event_ts AS purchased_at, event_date, client_key, session_key, coalesce(purchase_revenue, value) AS revenue, currency, tax_value AS tax, shipping_value AS shipping,
        coalesce(refund, 0)::DECIMAL(18, 6) AS refund, len(items) AS item_lines, list_sum(list_transform(items, lambda i: i.quantity))::BIGINT AS item_quantity, list_sum(list_transform(items, lambda i: i.item_revenue)) AS items_revenue,
        coalesce(purchase_revenue, value) - list_sum(list_transform(items, lambda i: i.item_revenue)) AS items_difference, is_final
      FROM typed LEFT JOIN (SELECT stream_id, transaction_id, sum(refund_value) AS refund FROM typed WHERE event_name = 'refund' GROUP BY ALL) USING (stream_id, transaction_id)
      WHERE event_name = 'purchase' AND transaction_id IS NOT NULL QUALIFY row_number() OVER (PARTITION BY stream_id, transaction_id ORDER BY event_ts, event_key) = 1`,
    `COPY (SELECT * FROM purchase) TO ${to('purchases')} (FORMAT parquet, COMPRESSION zstd)`,
    `COPY (SELECT event_date, item.item_id AS item_id, coalesce(sum(item.quantity) FILTER (WHERE sold), 0)::BIGINT AS units, coalesce(sum(item.item_revenue) FILTER (WHERE sold), 0)::DECIMAL(38, 6) AS revenue,
          count(DISTINCT event_key) FILTER (WHERE sold) AS purchases, count(*) FILTER (WHERE event_name = 'add_to_cart') AS cart_additions, count(*) FILTER (WHERE event_name = 'view_item') AS views, bool_and(is_final) AS is_final
        FROM (SELECT t.event_date, t.event_key, t.event_name, t.is_final, p.event_key IS NOT NULL AS sold, unnest(items) AS item FROM typed t LEFT JOIN purchase p ON p.event_key = t.event_key
          WHERE len(items) > 0 AND event_name IN ('purchase', 'view_item', 'add_to_cart')) GROUP BY ALL) TO ${to('item_demand_daily')} (FORMAT parquet, COMPRESSION zstd)`,
  ];
  return { land, build };
}

/** The channels that the demo's campaigns fall into. */
function channel(from: string): string {
  return `CASE WHEN ${from} IS NULL THEN 'Direct'
    WHEN ${from}.source IN ('google', 'bing') THEN CASE WHEN ${from}.medium = 'cpc' THEN 'Paid Search' ELSE 'Organic Search' END
    WHEN ${from}.source IN ('facebook', 'instagram.com') THEN CASE WHEN ${from}.medium LIKE 'paid%' THEN 'Paid Social' ELSE 'Organic Social' END
    WHEN ${from}.source = 'youtube.com' THEN 'Organic Video' WHEN ${from}.medium = 'email' THEN 'Email' WHEN ${from}.medium = 'referral' THEN 'Referral' ELSE 'Unassigned' END`;
}
