import type { Contract } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { DataProduct } from '@skein/product';
import { cents, member, unread } from './json-member.ts';
import { EVENT_TYPES } from './source.ts';

const fault = (rule: string, value: string): string => `[{'column': 'charge_id', 'value': ${value}, 'rule': ${literal(rule)}}]`;

/** What is wrong with the log itself, each at its place: events that are missing, unknown, without a number, or told in two ways. A ledger that lacks an event is not published. */
const FAULTS = `SELECT _file, _row, ${fault('gap_in_log', `'events ' || (before + 1) || ' to ' || (seq - 1)`)} AS _invalid
    FROM (SELECT seq, min(_file) AS _file, min(_row) AS _row, lag(seq, 1, 0) OVER (ORDER BY seq) AS before FROM market_events WHERE seq IS NOT NULL GROUP BY seq)
    WHERE seq > before + 1
  UNION ALL SELECT _file, _row, ${fault('unknown_event', `coalesce(type, raw[:200])`)} FROM market_events
    WHERE type IS NULL OR type NOT IN (${EVENT_TYPES.map((type) => literal(type)).join(', ')})
  UNION ALL SELECT _file, _row, ${fault('no_number', `raw[:200]`)} FROM market_events WHERE seq IS NULL OR seq < 1
  UNION ALL SELECT min(_file), min(_row), ${fault('told_in_two_ways', `'event ' || seq`)} FROM market_events WHERE type = 'charge.made' GROUP BY seq HAVING count(DISTINCT raw) > 1`;

const line = (path: string) => member(path, 'line');

/** brokerage.royalty_ledger: the journal. Of each charge one debit of its buyer, and the credits of the products that earn by it. A charge without lines stays a line,
 * which the contract refuses: no amount goes missing. */
export function royaltyLedger(contract: Contract): DataProduct {
  return {
    id: 'brokerage.royalty_ledger',
    layer: 'silver',
    contract,
    step: {
      name: 'post_journal',
      from: ['market_events'],
      sql: `WITH lines AS (
          SELECT raw, happened_at, _file, _row, unnest(CASE WHEN ${member('charge.cents')} = '0' OR json_array_length(raw, '$.charge.lines') > 0 THEN CAST(json_extract(raw, '$.charge.lines') AS JSON[]) ELSE ['{}'::JSON] END) AS line FROM market_events WHERE type = 'charge.made')
        SELECT ${member('charge.id')} AS charge_id, TRY_CAST(${line('line')} AS BIGINT) AS line, ${member('charge.agreement')} AS agreement_id, ${member('charge.listing')} AS listing_id,
          ${member('charge.reason')} AS reason, ${line('account')} AS account, ${line('domain')} AS domain, ${line('product')} AS product, ${member('charge.currency')} AS currency,
          ${cents(line('debit'))} AS debit_cents, ${cents(line('credit'))} AS credit_cents, ${cents(member('charge.cents'))} AS charge_cents, happened_at AS booked_at, _file, _row, [] AS _repairs,
          ${unread(
            { column: 'debit_cents', text: line('debit'), read: cents(line('debit')) },
            { column: 'credit_cents', text: line('credit'), read: cents(line('credit')) },
            { column: 'charge_cents', text: member('charge.cents'), read: cents(member('charge.cents')) },
          )} AS _invalid
        FROM lines
        UNION ALL BY NAME SELECT _file, _row, [] AS _repairs, _invalid FROM (${FAULTS})`,
      dedupe: { by: ['charge_id', 'line'], keep: '_row' },
      lineage: Object.fromEntries(contract.properties.map(({ name }) => [name, [name === 'booked_at' ? 'market_events.happened_at' : 'market_events.raw']])),
    },
  };
}
