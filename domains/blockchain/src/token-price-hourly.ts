import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { eighteenths, huge, quotient } from './exact.ts';
import { KNOWN_TOKENS } from './dex-trades.ts';

/** Every trade from both sides: the price of what was bought in what was sold, and the other way round. */
const SIDES = `SELECT blockchain AS chain, token_bought AS token, token_sold AS quote, token_bought_amount_raw AS base_raw, token_sold_amount_raw AS quote_raw, block_time, block_number, evt_index
    FROM dex_trades WHERE token_bought IS NOT NULL AND token_sold IS NOT NULL
  UNION ALL
  SELECT blockchain, token_sold, token_bought, token_sold_amount_raw, token_bought_amount_raw, block_time, block_number, evt_index FROM dex_trades WHERE token_bought IS NOT NULL AND token_sold IS NOT NULL`;

/**
 * Prices are whole numbers of 10^-18 quote units for one base unit: raw quote ÷ raw base × 10^(18 + base decimals - quote decimals), cut off. The hours
 * of a pair run without a gap from its first trade to its last; in an hour without a trade there is no VWAP, and the TWAP is the price that stood.
 */
const SQL = `WITH ${KNOWN_TOKENS},
  sides AS (SELECT s.*, date_trunc('hour', block_time AT TIME ZONE 'UTC') AS hour, 18 + b.decimals - q.decimals AS digits, q.currency AS quote_currency, q.decimals AS quote_decimals, b.decimals AS base_decimals
    FROM (${SIDES}) s JOIN known b ON b.token = s.token JOIN known q ON q.token = s.quote WHERE b.decimals IS NOT NULL AND q.decimals IS NOT NULL),
  priced AS (SELECT *, ${quotient(huge('quote_raw'), huge('base_raw'), 'digits')} AS price FROM sides),
  hourly AS (SELECT chain, token, quote, any_value(quote_currency) AS quote_currency, hour, count(*) AS trades, sum(base_raw::BIGNUM)::VARCHAR AS base_volume_raw, sum(quote_raw::BIGNUM)::VARCHAR AS quote_volume_raw,
      any_value(digits) AS digits, arg_max(price, (block_number, evt_index)) AS last_price FROM priced GROUP BY chain, token, quote, hour),
  spans AS (SELECT chain, token, quote, any_value(quote_currency) AS quote_currency, unnest(generate_series(min(hour), max(hour), INTERVAL 1 HOUR)) AS hour FROM hourly GROUP BY chain, token, quote),
  filled AS (SELECT s.chain, s.token, s.quote, s.quote_currency, s.hour, coalesce(h.trades, 0) AS trades, coalesce(h.base_volume_raw, '0') AS base_volume_raw, coalesce(h.quote_volume_raw, '0') AS quote_volume_raw,
      ${quotient(huge('h.quote_volume_raw'), huge('h.base_volume_raw'), 'h.digits')} AS vwap,
      last_value(h.last_price IGNORE NULLS) OVER (PARTITION BY s.chain, s.token, s.quote ORDER BY s.hour ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS opening
    FROM spans s LEFT JOIN hourly h USING (chain, token, quote, hour)),
  -- What the price was from one moment of the hour to the next; several trades of one moment: the last of them.
  moments AS (
    SELECT chain, token, quote, hour, block_time AT TIME ZONE 'UTC' AS moment, arg_max(price, (block_number, evt_index)) AS price FROM priced WHERE price IS NOT NULL GROUP BY ALL
    UNION ALL SELECT chain, token, quote, hour, hour - INTERVAL 1 MICROSECOND, opening FROM filled WHERE opening IS NOT NULL),
  lasting AS (SELECT *, epoch(coalesce(lead(moment) OVER w, hour + INTERVAL 1 HOUR) - greatest(moment, hour))::BIGINT AS seconds FROM moments WINDOW w AS (PARTITION BY chain, token, quote, hour ORDER BY moment)),
  weighted AS (SELECT chain, token, quote, hour, sum(price * seconds::HUGEINT) // nullif(sum(seconds), 0)::HUGEINT AS twap
    FROM (SELECT * REPLACE (CASE WHEN price < 10000000000000000000000000000000000::HUGEINT THEN price END AS price) FROM lasting) GROUP BY ALL HAVING count(price) = count(*))
  SELECT f.chain, f.token, f.quote, f.quote_currency, f.hour AT TIME ZONE 'UTC' AS hour, ${eighteenths('f.vwap')} AS vwap, ${eighteenths('w.twap')} AS twap, f.trades, f.base_volume_raw, f.quote_volume_raw
  FROM filled f LEFT JOIN weighted w USING (chain, token, quote, hour)`;

const trades = (...columns: string[]) => columns.map((column) => `blockchain.dex_trades.${column}`);

/** blockchain.token_price_hourly: what a token cost in another, by hour: VWAP of the hour's trades, TWAP of the price that stood. */
export function tokenPriceHourly(contract: Contract): DataProduct {
  const amounts = [...trades('token_bought_amount_raw', 'token_sold_amount_raw'), 'tokens.decimals'];
  return {
    id: 'blockchain.token_price_hourly',
    layer: 'gold',
    contract,
    step: {
      name: 'price tokens by hour',
      from: ['dex_trades', 'tokens'],
      sql: SQL,
      lineage: {
        chain: trades('blockchain'),
        token: trades('token_bought', 'token_sold'),
        quote: trades('token_bought', 'token_sold'),
        quote_currency: ['tokens.currency'],
        hour: trades('block_time'),
        vwap: amounts,
        twap: [...amounts, ...trades('block_time')],
        trades: trades('tx_hash'),
        base_volume_raw: trades('token_bought_amount_raw', 'token_sold_amount_raw'),
        quote_volume_raw: trades('token_bought_amount_raw', 'token_sold_amount_raw'),
      },
    },
  };
}
