import type { BronzeTable, Source } from '@skein/product';

const FILE = /(?:^|\/)market[_-][^/]*\.(?:ndjson|jsonl)$/i;

/** The log of the marketplace as it is exported: one event a line, in any number of files. */
export const marketLog: Source = {
  name: 'market',
  describes: 'market_*.ndjson, events of the marketplace',
  shape: 'json',
  tableOf: (file) => (FILE.test(file) ? 'market_events' : undefined),
};

/** Every event by its place in the log; the whole of it stays in `raw`. */
export const marketEvents: BronzeTable = {
  name: 'market_events',
  source: 'market',
  sql: `SELECT _file, _row, _sequence, raw, TRY_CAST(json_extract_string(raw, '$.seq') AS BIGINT) AS seq, json_extract_string(raw, '$.type') AS type,
    make_timestamp(TRY_CAST(json_extract_string(raw, '$.at') AS BIGINT) * 1000) AS happened_at FROM landing`,
  lineage: { seq: ['landing:market.seq'], type: ['landing:market.type'], happened_at: ['landing:market.at'], raw: ['landing:market'] },
};

/** Types of events that the products know: by another one a newer market tells something that they would leave out. */
export const EVENT_TYPES: readonly string[] = [
  ...['listing.drafted', 'listing.checked', 'listing.live', 'listing.withdrawn', 'price.set', 'agreement.requested', 'agreement.moved'],
  ...['entitlement.granted', 'entitlement.ended', 'usage.reserved', 'usage.released', 'usage.charged', 'charge.made', 'privacy.spent', 'privacy.answered'],
];
