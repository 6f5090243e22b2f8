import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { MarketEvent } from '@skein/market';
import { chargesOf } from '@skein/market';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { client, marketGateway, publishSales, SALES_ROWS, type MarketGateway } from './market.fixture.ts';

const folder = temporaryDirectory('skein-market-');
let offset = 0;
const clock = { now: () => Date.now() + offset };
let one: MarketGateway;
let two: MarketGateway;
const root = folder.path;
const as = (subject: string, at: () => MarketGateway) => client(at, root, subject, ['planning'], clock);
const seller = as('steward', () => one);
const buyer = as('buyer', () => one);
const buyerAtTwo = as('buyer', () => two);
const stranger = as('stranger', () => two);
const DAY = 86_400_000;

beforeAll(async () => {
  await publishSales(root);
  one = await marketGateway(root, clock);
  two = await marketGateway(root, clock);
});
afterAll(async () => {
  await one?.close();
  await two?.close();
  folder[Symbol.dispose]();
});

afterEach(async () => {
  // what a failed test leaves behind must not feed the next
  const { agreements } = (await seller.get('/v1/market/agreements')).body as unknown as {
    agreements: { id: string; entitlement: { ended: string | null } | null }[];
  };
  for (const { id, entitlement } of agreements) if (entitlement?.ended === null) await end(id);
});

let numbered = 0;
async function listing(more: object = {}): Promise<string> {
  const id = `sales-${(numbered += 1)}`;
  const made = await seller.post('/v1/market/listings', {
    id,
    product: 'shop.sales',
    title: 'Sales',
    columns: ['id', 'amount', 'region'],
    plan: { unit: 'Pay-per-use', currency: 'EUR', price: '125' },
    ...more,
  });
  expect(made.body).toMatchObject({ id, state: 'live' });
  return id;
}
/** A listing that the buyer has taken, and that ends with the test. */
async function bought(more: object = {}, by = buyer): Promise<string> {
  const { status, body } = await by.post('/v1/market/offers', { listing: await listing(more) });
  expect([status, body['state']]).toEqual([201, 'FINALIZED']);
  return String(body['id']);
}
const end = (agreement: string) => seller.post('/v1/market/agreements', { agreement, action: 'end', reason: 'over' });
const COUNT = 'SELECT count(*) AS n FROM shop.sales';
async function charges(agreement?: string) {
  const events: MarketEvent[] = [];
  for (let page = await one.parts.market.events(0); page.length > 0; page = await one.parts.market.events(events.length)) events.push(...page);
  return chargesOf(events).filter((charge) => agreement === undefined || charge.agreement === agreement);
}

describe('the market at the gateway', () => {
  it('lets who has an entitlement read, at every gateway at once, and nobody else', async () => {
    const before = await buyer.sql(COUNT);
    expect(before).toMatchObject({ status: 404, body: { error: { code: 'SKEIN_PRODUCT_UNKNOWN' } } });
    const agreement = await bought();
    for (const who of [buyer, buyerAtTwo]) expect((await who.sql(COUNT)).body['rows']).toEqual([{ n: String(SALES_ROWS) }]);
    expect(await stranger.sql(COUNT)).toMatchObject({ status: 404, body: { error: { code: 'SKEIN_PRODUCT_UNKNOWN' } } });
    // subjects are compared as they are
    expect((await as('buyers', () => two).sql(COUNT)).status).toBe(404);
    expect((await as('steward', () => two).sql(COUNT)).status).toBe(200);
    expect(await charges(agreement)).toHaveLength(2);
    await end(agreement);
    const after = await buyerAtTwo.sql(COUNT);
    const words = ({ body }: typeof after) => ({ ...body.error, queryId: '', context: '' });
    expect(words(after)).toEqual(words(before));
    expect(await charges(agreement)).toHaveLength(2);
  });

  it('shows the columns and rows that were sold, and no others, whatever the query does', async () => {
    const agreement = await bought({ columns: ['id', 'amount'], rows: [{ column: 'region', operator: 'equals', values: ["north' OR '1'='1"] }] });
    expect((await buyer.sql(COUNT)).body['rows']).toEqual([{ n: '0' }]);
    await end(agreement);
    const north = await bought({ columns: ['id', 'amount'], rows: [{ column: 'region', operator: 'equals', values: ['north'] }] });
    expect((await buyer.sql(COUNT)).body['rows']).toEqual([{ n: String(SALES_ROWS / 2) }]);
    for (const sql of ['SELECT region FROM shop.sales', 'SELECT pad FROM shop.sales', 'SELECT s.region FROM shop.sales_v1 s'])
      expect((await buyer.sql(sql)).body.error?.code).toBe('SKEIN_QUERY_UNKNOWN_COLUMN');
    expect((await buyer.sql('SELECT * FROM shop.sales_v1 ORDER BY id LIMIT 1')).body['rows']).toEqual([{ id: '0', amount: '0.00' }]);
    expect((await buyer.sql('SELECT * FROM shop.wages')).status).toBe(404);
    await end(north);
  });

  it('asks for the purpose of the licence', async () => {
    const agreement = await bought({ licence: { purposes: ['planning'] } });
    expect((await buyer.sql(COUNT)).status).toBe(404);
    expect((await buyer.sql(COUNT, { 'skein-purpose': 'planning' })).status).toBe(200);
    expect((await buyer.sql(COUNT, { 'skein-purpose': 'resale' })).body.error?.code).toBe('SKEIN_AUTH_FORBIDDEN');
    await end(agreement);
  });

  it('ends with its time, and does not come back when a clock goes backwards', async () => {
    const agreement = await bought({ plan: { unit: 'Trial', currency: 'EUR' }, days: 1 });
    expect((await buyerAtTwo.sql(COUNT)).status).toBe(200);
    offset = DAY - 60_000;
    expect((await buyerAtTwo.sql(COUNT)).status).toBe(200);
    offset = DAY + 1_000;
    expect((await buyerAtTwo.sql(COUNT)).status).toBe(404);
    expect((await buyer.get(`/v1/market/agreements/${agreement}`)).body).toMatchObject({ state: 'FINALIZED', entitlement: { answered: 2 } });
    // anything that is written at that time
    await listing();
    offset = 0;
    expect((await buyer.sql(COUNT)).status).toBe(404);
    offset = 2 * DAY;
  });

  it('charges each answered query once, and a repetition under the same key not again', async () => {
    const agreement = await bought();
    const key = { 'idempotency-key': 'retry-1' };
    const [first, again] = [await buyer.sql(COUNT, key), await buyerAtTwo.sql(COUNT, key)];
    expect([first.body['rows'], again.body['rows']]).toEqual([[{ n: String(SALES_ROWS) }], [{ n: String(SALES_ROWS) }]]);
    expect(await charges(agreement)).toHaveLength(1);
    expect((await buyer.sql('SELECT id FROM shop.sales LIMIT 1', key)).body.error?.code).toBe('SKEIN_MARKET_CONFLICT');
    expect((await buyer.sql(COUNT, key, { maxRows: 7 })).body.error?.code).toBe('SKEIN_MARKET_CONFLICT');
    // the key of another principal is another key, and gives nothing
    expect((await stranger.sql(COUNT, key)).body.error?.code).toBe('SKEIN_PRODUCT_UNKNOWN');
    const other = as('another_buyer', () => two);
    const theirs = await bought({}, other);
    expect((await other.sql(COUNT, key)).status).toBe(200);
    expect(await charges(theirs)).toHaveLength(1);
    expect((await buyer.sql(COUNT, { 'idempotency-key': 'x'.repeat(201) })).status).toBe(400);
    await Promise.all(Array.from({ length: 6 }, (_, index) => (index % 2 ? buyer : buyerAtTwo).sql(COUNT, { 'idempotency-key': 'storm' })));
    expect(await charges(agreement)).toHaveLength(2);
    // what fails costs nothing
    expect((await buyer.sql('SELECT CAST(region AS INTEGER) FROM shop.sales', { 'idempotency-key': 'bad' })).status).toBe(422);
    expect((await buyer.sql('SELECT nothing FROM shop.sales')).status).toBe(400);
    expect(await charges(agreement)).toHaveLength(2);
    await end(agreement);
    await end(theirs);
  });

  it('charges a repetition to the agreement that was charged first, though its quota is used up and another has queries left', async () => {
    const [first, second] = [await bought({ quota: 1 }), await bought({ quota: 1 })];
    const key = { 'idempotency-key': 'last-of-quota' };
    for (const who of [buyer, buyerAtTwo, buyer]) expect((await who.sql(COUNT, key)).status).toBe(200);
    expect([await charges(first), await charges(second)].map(({ length }) => length)).toEqual([1, 0]);
    // another query, and one without that key, goes to the second
    expect((await buyer.sql('SELECT 1 AS one FROM shop.sales LIMIT 1', key)).body.error?.code).toBe('SKEIN_MARKET_CONFLICT');
    expect((await buyer.sql(COUNT)).status).toBe(200);
    expect([await charges(first), await charges(second)].map(({ length }) => length)).toEqual([1, 1]);
    for (const agreement of [first, second]) await end(agreement);
  });

  it('takes an offer that is sent again for the same one, and refuses another under its key', async () => {
    const [id, other] = [await listing(), await listing()];
    const key = { 'idempotency-key': 'offer-1' };
    const offers = '/v1/market/offers';
    const asked = { listing: id, terms: { columns: ['region', 'id'], quota: 3 } };
    const [first, again] = [await buyer.post(offers, asked, key), await buyerAtTwo.post(offers, { key: 'offer-1', ...asked })];
    expect([first.status, again]).toEqual([201, first]);
    for (const [name, body] of Object.entries({
      quota: { ...asked, terms: { ...asked.terms, quota: 4 } },
      columns: { listing: id },
      price: { ...asked, price: '125' },
      listing: { ...asked, listing: other },
    })) {
      const { status, body: answered } = await buyer.post(offers, body, key);
      expect([name, status, answered.error?.code]).toEqual([name, 409, 'SKEIN_MARKET_CONFLICT']);
      expect(answered.error?.message).toContain(name);
    }
    await seller.post(`/v1/market/listings/${id}`, { action: 'withdraw', reason: 'gone' });
    expect(await buyer.post(offers, asked, key)).toEqual(first);
    expect((await stranger.post(offers, asked, key)).body.error?.code).toBe('SKEIN_MARKET_UNKNOWN');
  });

  it('gives the last query of a quota to one of eight buyers at two gateways', async () => {
    const agreement = await bought({ quota: 2 });
    expect((await buyer.sql(COUNT)).status).toBe(200);
    const race = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 ? buyer : buyerAtTwo).sql(COUNT)));
    expect(race.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(race.filter(({ body }) => body.error?.code === 'SKEIN_MARKET_QUOTA')).toHaveLength(7);
    expect(await charges(agreement)).toHaveLength(2);
    await end(agreement);
  });

  it('breaks off what runs within a second of the end of its agreement, and does not charge it', async () => {
    const agreement = await bought({ columns: ['id', 'amount', 'region', 'pad'] });
    const response = await buyer.send('/v1/sql', { sql: 'SELECT * FROM shop.sales a, shop.sales b' }, { accept: 'application/x-ndjson' });
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    const started = performance.now();
    await end(agreement);
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow(/terminated|aborted|socket/i);
    expect(performance.now() - started).toBeLessThan(5_000);
    await wait(100);
    expect(await charges(agreement)).toEqual([]);
  });

  it('charges an answer that its consumer cut off, once, and repeats it', async () => {
    const agreement = await bought({ columns: ['id', 'pad'] });
    const left = new AbortController();
    const key = { 'idempotency-key': 'cut' };
    const ask = { sql: 'SELECT * FROM shop.sales' };
    const response = await buyer.send('/v1/sql', ask, { ...key, accept: 'application/x-ndjson' });
    await response.body?.getReader().read();
    void left;
    await response.body?.cancel().catch(() => undefined);
    // the socket goes with its reader
    await wait(50);
    const again = await buyer.send('/v1/sql', ask, { ...key, accept: 'application/x-ndjson' });
    expect((await again.text()).trim().split('\n')).toHaveLength(SALES_ROWS);
    expect(await charges(agreement)).toHaveLength(1);
    await end(agreement);
  });

  it('does not charge who may read by policy, unless they name their agreement', async () => {
    const analyst = as('analyst', () => one);
    const agreement = await bought({ columns: ['id'] }, analyst);
    expect((await analyst.sql('SELECT pad FROM shop.sales LIMIT 1')).status).toBe(200);
    expect(await charges(agreement)).toHaveLength(0);
    const named = { 'skein-agreement': agreement };
    expect((await analyst.sql('SELECT * FROM shop.sales ORDER BY id LIMIT 1', named)).body['rows']).toEqual([{ id: '0' }]);
    expect(await charges(agreement)).toHaveLength(1);
    expect((await buyer.sql(COUNT, named)).body.error?.code).toBe('SKEIN_MARKET_UNKNOWN');
    await end(agreement);
  });

  it('lets owners list, and shows what is withdrawn, hidden or absent alike', async () => {
    const draft = { id: 'stolen', product: 'shop.sales', title: 'Sales', plan: { unit: 'Open-data', currency: 'EUR' } };
    expect((await buyer.post('/v1/market/listings', draft)).body.error?.code).toBe('SKEIN_PRODUCT_UNKNOWN');
    expect((await seller.post('/v1/market/listings', { ...draft, product: 'shop.nothing' })).body.error?.code).toBe('SKEIN_PRODUCT_UNKNOWN');
    const id = await listing();
    expect((await buyer.get(`/v1/market/listings/${id}`)).body).toMatchObject({
      id,
      product: 'shop.sales',
      plan: { unit: 'Pay-per-use', price: '125' },
      dictionary: [{ name: 'id' }, { name: 'region' }, { name: 'amount' }],
      preview: [{ id: '0', region: 'north', amount: '0.00' }, {}, {}, {}, {}],
    });
    expect((await buyer.get(`/v1/market/listings/${id}`)).body['royalties']).toBeUndefined();
    expect((await seller.post('/v1/market/offers', { listing: id })).body.error?.code).toBe('SKEIN_AUTH_FORBIDDEN');
    expect((await buyer.post(`/v1/market/listings/${id}`, { action: 'withdraw', reason: 'mine' })).body.error?.code).toBe('SKEIN_AUTH_FORBIDDEN');
    expect((await seller.post(`/v1/market/listings/${id}`, { action: 'withdraw', reason: 'sold out' })).body['state']).toBe('withdrawn');
    const [withdrawn, absent] = [await buyer.get(`/v1/market/listings/${id}`), await buyer.get('/v1/market/listings/sales-x')];
    expect(JSON.stringify(withdrawn).replace(id, 'sales-x')).toBe(JSON.stringify(absent));
    expect((await buyer.post('/v1/market/offers', { listing: id })).body.error?.code).toBe('SKEIN_MARKET_UNKNOWN');
    expect((await buyer.get('/v1/market/listings')).body).toEqual({ listings: expect.not.arrayContaining([expect.objectContaining({ id })]) });
  });

  it.each([
    ['a negative price', { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '-1' } }],
    ['a price of nothing', { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '0' } }],
    ['a price that overflows', { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '9'.repeat(30) } }],
    ['a price that is a number', { plan: { unit: 'Pay-per-use', currency: 'EUR', price: 1.5 } }],
    ['a plan that no meter can price', { plan: { unit: 'Value-based', currency: 'EUR', price: '1' } }],
    ['a negative quota', { quota: -1 }],
    ['a quota of nothing', { quota: 0 }],
    ['an id in other letters', { id: 'ſales-одно' }],
    ['a column that is not there', { columns: ['id', 'secret'] }],
    ['a row filter that is SQL', { rows: [{ column: 'region', operator: "= 'north' OR 1=1 --", values: ['x'] }] }],
    ['a row filter on SQL', { rows: [{ column: 'region) OR (1=1', operator: 'equals', values: ['x'] }] }],
    ['a row filter of another type', { rows: [{ column: 'id', operator: 'equals', values: ['1 OR 1=1'] }] }],
    ['a royalty to a stranger', { royalties: [{ product: 'sap.material', weight: 1 }] }],
    ['a member that means nothing', { discount: '10' }],
  ])('refuses a listing with %s', async (_name, more) => {
    const { status, body } = await seller.post('/v1/market/listings', {
      id: 'refused',
      product: 'shop.sales',
      title: 'Sales',
      columns: ['id'],
      plan: { unit: 'Pay-per-use', currency: 'EUR', price: '125' },
      ...more,
    });
    expect([status, body.error?.code]).toEqual([400, 'SKEIN_REQUEST_INVALID']);
    expect((await seller.get('/v1/market/listings/refused')).status).toBe(404);
  });

  it('does not sell a product with confidential columns without a checked release', async () => {
    const { status, body } = await seller.post('/v1/market/listings', {
      id: 'wages',
      product: 'shop.wages',
      title: 'Wages',
      columns: ['id'],
      plan: { unit: 'Open-data', currency: 'EUR' },
    });
    expect([status, body.error?.code]).toEqual([422, 'SKEIN_MARKET_RELEASE']);
    expect((await seller.get('/v1/market/listings/wages')).status).toBe(404);
  });

  it('sells a checked release of such a product, and never the product', async () => {
    const ask = (id: string, release: object, more: object = {}) =>
      seller.post('/v1/market/listings', { id, product: 'shop.wages', title: 'Wages', plan: { unit: 'Open-data', currency: 'EUR' }, release, ...more });
    const made = await ask('wages-k50', { quasi: ['amount', 'region'], k: 50 });
    expect(made).toMatchObject({
      status: 201,
      body: { state: 'live', address: 'market.wages_k50', columns: ['amount', 'region'], release: { k: 50, rows: SALES_ROWS, suppressed: 0 } },
    });
    const agreement = String((await buyer.post('/v1/market/offers', { listing: 'wages-k50' })).body['id']);
    for (const who of [buyer, buyerAtTwo]) {
      const classes = await who.sql('SELECT amount, region, count(*) AS n FROM market.wages_k50 GROUP BY ALL ORDER BY n');
      expect(classes.status).toBe(200);
      const sizes = (classes.body['rows'] as { n: string }[]).map(({ n }) => Number(n));
      expect([Math.min(...sizes) >= 50, sizes.reduce((sum, n) => sum + n, 0)]).toEqual([true, SALES_ROWS]);
    }
    expect((await buyer.sql('SELECT * FROM shop.wages')).body.error?.code).toBe('SKEIN_PRODUCT_UNKNOWN');
    expect((await stranger.sql('SELECT * FROM market.wages_k50')).body.error?.code).toBe('SKEIN_PRODUCT_UNKNOWN');
    await end(agreement);
    expect((await buyerAtTwo.sql('SELECT * FROM market.wages_k50')).body.error?.code).toBe('SKEIN_PRODUCT_UNKNOWN');

    for (const [id, code, release] of [
      ['wages-k', 'SKEIN_PRIVACY_UNSAFE', { quasi: ['amount', 'region'], k: SALES_ROWS + 1 }],
      ['wages-l', 'SKEIN_PRIVACY_UNSAFE', { quasi: ['amount'], sensitive: ['region'], k: 2, l: 3 }],
      ['wages-id', 'SKEIN_REQUEST_INVALID', { quasi: ['nobody'], k: 5 }],
      ['wages-one', 'SKEIN_REQUEST_INVALID', { quasi: ['amount'], k: 1 }],
      ['wages-t', 'SKEIN_REQUEST_INVALID', { quasi: ['amount'], sensitive: ['region'], k: 5, t: 2 }],
    ] as const) {
      expect([id, (await ask(id, release)).body.error?.code]).toEqual([id, code]);
      expect((await seller.get(`/v1/market/listings/${id}`)).status).toBe(404);
    }
    expect((await ask('wages-k50', { quasi: ['amount'], k: 2 })).body.error?.code).toBe('SKEIN_MARKET_CONFLICT');
  });

  it('negotiates other terms word by word, and each side says its own', async () => {
    const id = await listing();
    const asked = await buyer.post('/v1/market/offers', { listing: id, terms: { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '50' }, quota: 5 } });
    expect(asked.body).toMatchObject({ state: 'REQUESTED', entitlement: null });
    const agreement = String(asked.body['id']);
    const say = (who: typeof buyer, action: string, more: object = {}) => who.post('/v1/market/agreements', { agreement, action, ...more });
    expect((await buyer.sql(COUNT)).status).toBe(404);
    expect((await say(buyer, 'agree')).body.error?.code).toBe('SKEIN_AUTH_FORBIDDEN');
    expect((await say(stranger, 'agree')).body.error?.code).toBe('SKEIN_MARKET_UNKNOWN');
    expect((await say(seller, 'finalize')).body.error?.code).toBe('SKEIN_MARKET_CONFLICT');
    expect((await say(seller, 'offer', { terms: { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '90' } } })).body['state']).toBe('OFFERED');
    for (const [who, action, state] of [
      [buyer, 'accept', 'ACCEPTED'],
      [seller, 'agree', 'AGREED'],
      [buyer, 'verify', 'VERIFIED'],
      [seller, 'finalize', 'FINALIZED'],
    ] as const)
      expect((await say(who, action)).body['state']).toBe(state);
    expect((await buyer.sql(COUNT)).status).toBe(200);
    expect((await charges(agreement)).map(({ cents }) => cents)).toEqual(['90']);
    expect((await buyer.post('/v1/market/offers', { listing: id, terms: { columns: ['id', 'pad'] } })).status).toBe(400);
    await end(agreement);
  });

  it('states what is owed and earned, to the cent, and writes everything down', async () => {
    const agreement = await bought({ plan: { unit: 'One-time-payment', currency: 'USD', price: '1001' } });
    await buyer.sql(COUNT);
    const mine = (await buyer.get('/v1/market/statement')).body as { charges: { agreement: string; cents: string }[]; owed: unknown[]; royalties: unknown[] };
    expect(mine.charges.filter((charge) => charge.agreement === agreement).map(({ cents }) => cents)).toEqual(['1001', '0']);
    expect(mine.royalties).toEqual([]);
    const all = await charges();
    const sum = (side: 'debit' | 'credit') => all.flatMap(({ lines }) => lines).reduce((total, line) => total + BigInt(line[side]), 0n);
    expect(sum('debit')).toBe(sum('credit'));
    expect(sum('debit')).toBe(all.reduce((total, { cents }) => total + BigInt(cents), 0n));
    expect((await seller.get('/v1/market/statement')).body['earned']).toContainEqual({
      account: 'royalty:shop.sales',
      currency: 'USD',
      debit: '0',
      credit: '1001',
    });
    const audit = readdirSync(`${root}/audit`).flatMap((file) =>
      readFileSync(`${root}/audit/${file}`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
    expect(audit.filter(({ agreements }) => (agreements as string[] | undefined)?.includes(agreement))).toHaveLength(1);
    expect(audit.some(({ market, decision }) => String(market).startsWith('offer:') && decision === 'allowed')).toBe(true);
    expect([...one.errors, ...two.errors]).toEqual([]);
    await end(agreement);
  });
});
