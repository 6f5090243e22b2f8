import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { channelGroup } from './channel.ts';
import { sourceCategory } from './source-category.ts';

/** GA4 ends a session after this long without an event; used only where events carry no ga_session_id. */
const INACTIVITY_US = 30n * 60n * 1_000_000n;

/** How far back a direct visit looks for the campaign that brought its visitor. */
const LOOKBACK_US = 90n * 86_400n * 1_000_000n;

/** What a session takes from single events. */
const TAKEN = 'event_date, stream_id, ga_session_id, ga_session_number, page_location_scrubbed, hostname, country, device_category';

/**
 * Events with the key of their session. GA4's own id where there is one: it is the second in which the session began, so it is unique only
 * together with the client. Else the visits of a client are told apart by inactivity. `turn` orders events of equal time without chance.
 */
const KEYED = `SELECT session_key, client_key, event_ts_us, event_name, engagement_ms, session_engaged, is_final, source, medium, campaign,
      last_click_source, last_click_medium, last_click_campaign, ${TAKEN}, ${turn()} AS turn
    FROM events WHERE session_key IS NOT NULL
    UNION ALL BY NAME
    SELECT * EXCLUDE (visit), md5(client_key || '|inactivity|' || min(event_ts_us) OVER (PARTITION BY client_key, visit)) AS session_key
    FROM (SELECT * EXCLUDE (fresh), sum(fresh::INTEGER) OVER (PARTITION BY client_key ORDER BY turn) AS visit
      FROM (SELECT client_key, event_ts_us, event_name, engagement_ms, session_engaged, is_final, source, medium, campaign,
            last_click_source, last_click_medium, last_click_campaign, ${TAKEN}, ${turn()} AS turn,
            coalesce(event_ts_us - lag(event_ts_us) OVER (PARTITION BY client_key ORDER BY ${turn()}) > ${INACTIVITY_US}, true) AS fresh
          FROM events WHERE session_key IS NULL AND client_key IS NOT NULL))`;

function turn(): string {
  return `(event_ts_us::HUGEINT * 1000 + coalesce(batch_event_index, 999) % 1000) * 4294967296 + hash(event_key) % 4294967296`;
}

/** session_start and first_visit are GA4's own; they carry the traffic source of the user, not of the visit. */
const BROUGHT = `source IS NOT NULL AND source <> '(direct)' AND event_name NOT IN ('session_start', 'first_visit')`;

const GROUPED = `SELECT session_key, any_value(client_key) AS client_key, min(event_ts_us) AS started_us, max(event_ts_us) AS ended_us,
      arg_min({${TAKEN.split(', ')
        .map((column) => `'${column}': ${column}`)
        .join(', ')}}, turn) AS first_event,
      arg_min(page_location_scrubbed, turn) FILTER (WHERE page_location_scrubbed IS NOT NULL) AS landing_page,
      arg_min({'source': source, 'medium': medium, 'campaign': campaign}, turn) FILTER (WHERE ${BROUGHT}) AS brought,
      arg_min({'source': last_click_source, 'medium': last_click_medium, 'campaign': last_click_campaign}, turn) FILTER (WHERE last_click_source IS NOT NULL) AS last_click,
      sum(engagement_ms)::BIGINT AS engagement_ms, count(*) AS events, count(*) FILTER (WHERE event_name IN ('page_view', 'screen_view')) AS page_views,
      count(*) FILTER (WHERE event_name = 'purchase') AS purchase_events, bool_or(session_engaged) AS marked_engaged, bool_and(is_final) AS is_final
    FROM (${KEYED}) GROUP BY session_key`;

/** The newest campaign of the client up to and including this visit, and when it was. */
const ATTRIBUTED = `SELECT *, last_value(brought IGNORE NULLS) OVER earlier AS newest, last_value(CASE WHEN brought IS NOT NULL THEN started_us END IGNORE NULLS) OVER earlier AS newest_us
    FROM (${GROUPED}) WINDOW earlier AS (PARTITION BY client_key ORDER BY started_us, session_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;

const SQL = `SELECT session_key, client_key, first_event.stream_id AS stream_id, first_event.ga_session_id AS ga_session_id, first_event.ga_session_number AS ga_session_number,
    first_event.event_date AS session_date, make_timestamp(started_us)::TIMESTAMPTZ AS started_at, make_timestamp(ended_us)::TIMESTAMPTZ AS ended_at,
    ((ended_us - started_us) // 1000)::BIGINT AS duration_ms,
    -- GA4's definition: longer than ten seconds, or two pages, or what its own tag says.
    coalesce(marked_engaged, false) OR coalesce(engagement_ms, 0) >= 10000 OR page_views >= 2 AS engaged,
    coalesce(engagement_ms, 0) AS engagement_ms, events, page_views, purchase_events, landing_page, first_event.hostname AS hostname,
    coalesce(brought.source, '(direct)') AS source, CASE WHEN brought IS NULL THEN '(none)' ELSE brought.medium END AS medium, brought.campaign AS campaign,
    ${channelGroup('brought.source', 'brought.medium', 'brought.campaign', 'own_category')} AS channel_last_click,
    ${channelGroup('credited.source', 'credited.medium', 'credited.campaign', 'credited_category')} AS channel_last_non_direct,
    first_event.country AS country, first_event.device_category AS device_category, is_final
  FROM (SELECT *, ${sourceCategory('brought.source')} AS own_category, ${sourceCategory('credited.source')} AS credited_category
    FROM (SELECT *, CASE WHEN brought IS NOT NULL THEN brought WHEN last_click IS NOT NULL THEN last_click WHEN newest_us >= started_us - ${LOOKBACK_US} THEN newest END AS credited
      FROM (${ATTRIBUTED})))`;

const from = (...columns: string[]) => columns.map((column) => `ga4.events.${column}`);

/**
 * ga4.sessions: one row for each visit of a client who consented to be told apart; pings without consent belong to no visit.
 *
 * A visit over midnight is one row, dated by its first event. `channel_last_click` judges the visit by itself;
 * `channel_last_non_direct` gives a direct visit to Google's own attribution where the export has it, else to the client's newest campaign
 * of the last 90 days.
 */
export function sessions(contract: Contract): DataProduct {
  return {
    id: 'ga4.sessions',
    layer: 'gold',
    contract,
    step: {
      name: 'group events to sessions',
      from: ['events'],
      sql: SQL,
      lineage: {
        session_key: from('session_key', 'client_key', 'event_ts_us'),
        client_key: from('client_key'),
        stream_id: from('stream_id'),
        ga_session_id: from('ga_session_id'),
        ga_session_number: from('ga_session_number'),
        session_date: from('event_date', 'event_ts_us'),
        started_at: from('event_ts_us'),
        ended_at: from('event_ts_us'),
        duration_ms: from('event_ts_us'),
        engaged: from('session_engaged', 'engagement_ms', 'event_name'),
        engagement_ms: from('engagement_ms'),
        events: from('event_key'),
        page_views: from('event_name'),
        purchase_events: from('event_name'),
        landing_page: from('page_location_scrubbed'),
        hostname: from('hostname'),
        source: from('source'),
        medium: from('medium'),
        campaign: from('campaign'),
        channel_last_click: from('source', 'medium', 'campaign'),
        channel_last_non_direct: from('source', 'medium', 'campaign', 'last_click_source', 'last_click_medium', 'last_click_campaign'),
        country: from('country'),
        device_category: from('device_category'),
        is_final: from('is_final'),
      },
    },
  };
}
