import { duckdbEngine } from '@skein/adapter-duckdb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEMAND_INDEX, RECEIPTS_AGAINST_RECEIVABLES, ROYALTIES_BY_LINEAGE, SETTLEMENT_DRIFT } from './recipes.ts';

// Promise: the recipes answer where there is nothing to answer, at the borders of hours and amounts, and whatever strangers send to an address.

const TO = '0x5e771ed0000000000000000000000000000000c0';
const TABLES = [
  `CREATE TABLE blockchain.transfers (chain VARCHAR, block_number BIGINT, tx_id VARCHAR, log_index BIGINT, token VARCHAR, to_address VARCHAR, kind VARCHAR,
    finality VARCHAR, block_time TIMESTAMPTZ, amount_raw VARCHAR, decimals INTEGER, amount DECIMAL(38, 18))`,
  'CREATE TABLE blockchain.logs (chain VARCHAR, block_number BIGINT, transaction_hash VARCHAR, log_index BIGINT, address VARCHAR, topic0 VARCHAR, topic3 VARCHAR)',
  `CREATE TABLE blockchain.token_price_hourly (chain VARCHAR, token VARCHAR, quote VARCHAR, quote_currency VARCHAR, hour TIMESTAMPTZ, vwap DECIMAL(38, 18),
    base_volume_raw VARCHAR, quote_volume_raw VARCHAR)`,
  'CREATE TABLE sap.open_receivables (payment_reference VARCHAR, currency VARCHAR, customer_key VARCHAR, amount DECIMAL(18, 2))',
  'CREATE TABLE sap.material (matnr_ext VARCHAR, matkl VARCHAR)',
  'CREATE TABLE ga4.purchases (event_date DATE, event_key VARCHAR, client_key VARCHAR)',
  'CREATE TABLE ga4.events (event_key VARCHAR, items STRUCT(item_id VARCHAR, quantity BIGINT)[])',
  ...['ga4', 'sap', 'brokerage'].map(
    (domain) => `CREATE TABLE ${domain}.lineage (product VARCHAR, input_name VARCHAR, input_kind VARCHAR, column_name VARCHAR)`,
  ),
  'CREATE TABLE brokerage.listings (listing_id VARCHAR, product VARCHAR)',
  `CREATE TABLE brokerage.royalty_ledger (charge_id VARCHAR, listing_id VARCHAR, domain VARCHAR, product VARCHAR, currency VARCHAR, credit_cents DECIMAL(28, 0),
    debit_cents DECIMAL(28, 0))`,
];

describe('the recipes', () => {
  const engine = duckdbEngine({});
  let session: Awaited<ReturnType<typeof engine.open>>;
  beforeAll(async () => {
    session = await engine.open();
  });
  beforeEach(async () => {
    for (const domain of ['blockchain', 'sap', 'ga4', 'brokerage']) {
      await session.rows(`DROP SCHEMA IF EXISTS ${domain} CASCADE`);
      await session.rows(`CREATE SCHEMA ${domain}`);
    }
    for (const table of TABLES) await session.rows(table);
  });
  afterAll(async () => {
    await session.close();
    await engine.close();
  });

  it('answer nothing where there is nothing', async () => {
    for (const sql of [RECEIPTS_AGAINST_RECEIVABLES, SETTLEMENT_DRIFT, DEMAND_INDEX, ROYALTIES_BY_LINEAGE]) expect(await session.rows(sql)).toEqual([]);
    await session.rows("INSERT INTO sap.open_receivables VALUES ('R1', 'EUR', 'c', 10.00)");
    expect(await session.rows(RECEIPTS_AGAINST_RECEIVABLES)).toMatchObject([{ payment_reference: 'R1', standing: 'open', receipts: 0n }]);
  });

  describe('settlement drift', () => {
    const price = (token: string, hour: string, vwap: string, quote = 'usd-a', volume = '1') =>
      session.rows(`INSERT INTO blockchain.token_price_hourly VALUES ('c', '${token}', '${quote}', 'USD', '2026-03-29 ${hour}+00', ${vwap}, '${volume}', '1')`);
    const receipt = (token: string, at: string, amount: string, id: string) =>
      session.rows(
        `INSERT INTO blockchain.transfers VALUES ('c', 1, '${id}', 1, '${token}', '${TO}', 'erc20', 'finalized', '2026-03-29 ${at}+00', '1', 18, ${amount})`,
      );
    const drift = async () =>
      (await session.rows(`SELECT tx_id, price_in::VARCHAR AS low, price_out::VARCHAR AS high, drift_usd::VARCHAR AS drift FROM (${SETTLEMENT_DRIFT})`)).map(
        (row) => Object.values(row).map(String).join(' '),
      );

    it('takes an hour for known from its end on, also over the change to summer time', async () => {
      for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
        await session.rows('TRUNCATE blockchain.transfers');
        await session.rows('TRUNCATE blockchain.token_price_hourly');
        await session.rows(`SET TimeZone = '${zone}'`);
        for (const hour of [0, 1, 2, 3, 4, 5, 6, 7, 8]) await price('t', `0${hour}:00:00`, `${hour + 1}`);
        await receipt('t', '01:00:00', '1', 'border');
        await receipt('t', '00:59:59.999999', '1', 'before');
        await receipt('t', '03:00:00', '1', 'last');
        await receipt('t', '03:00:00.000001', '1', 'later');
        // the price of the first hour is known at one, and that of the seventh at seven; before one there was none, and after nine there is none yet
        expect([zone, await drift()]).toEqual([zone, ['border 1.00000000 7.00000000 6.00000000000000000', 'last 3.00000000 9.00000000 6.00000000000000000']]);
      }
      await session.rows("SET TimeZone = 'UTC'");
    });

    it('is one price an hour where several dollars are quoted: of the one that most was traded in', async () => {
      for (const hour of ['00', '06']) {
        await price('t', `${hour}:00:00`, '2', 'usd-b', '9');
        await price('t', `${hour}:00:00`, '3', 'usd-a', '10');
        await price('t', `${hour}:00:00`, '4', 'usd-c', '2');
      }
      await receipt('t', '01:00:00', '1', 'one');
      expect(await drift()).toEqual(['one 3.00000000 3.00000000 0.00000000000000000']);
    });

    it('is told of the rest where strangers send, or trade at, what does not fit', async () => {
      for (const hour of ['00', '06']) {
        await price('t', `${hour}:00:00`, '2');
        await price('dear', `${hour}:00:00`, '99999999999999999999');
      }
      await receipt('t', '01:00:00', '1', 'one');
      await receipt('t', '01:00:00', '99999999999999999999', 'two');
      await receipt('unpriced', '01:00:00', '99999999999999999999', 'spam');
      await receipt('dear', '01:00:00', '1', 'three');
      expect((await drift()).sort()).toEqual(['one 2.00000000 2.00000000 0.00000000000000000', 'three null null null', 'two 2.00000000 2.00000000 null']);
    });
  });
});
