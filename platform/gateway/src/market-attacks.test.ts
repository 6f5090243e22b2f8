import type { MarketEvent } from '@skein/market';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, marketGateway, PEOPLE, people, publishSales, secretSales, wages, type MarketGateway, type Reply } from './market.fixture.ts';

const folder = temporaryDirectory('skein-market-attacks-');
const root = folder.path;
let one: MarketGateway;
let two: MarketGateway;
const seller = client(() => one, root, 'steward');
const buyer = client(() => one, root, 'buyer');
const buyerAtTwo = client(() => two, root, 'buyer');
const stranger = client(() => two, root, 'stranger');

beforeAll(async () => {
  await publishSales(root);
  one = await marketGateway(root);
  two = await marketGateway(root);
});
afterAll(async () => {
  await one?.close();
  await two?.close();
  folder[Symbol.dispose]();
});

const FREE = { unit: 'Open-data', currency: 'EUR' };
const list = (id: string, product: string, more: object): Promise<Reply> => seller.post('/v1/market/listings', { id, product, title: id, plan: FREE, ...more });
async function take(id: string, by = buyer, more: object = {}): Promise<string> {
  const { status, body } = await by.post('/v1/market/offers', { listing: id, ...more });
  expect([status, body['state']]).toEqual([201, 'FINALIZED']);
  return String(body['id']);
}
const events = async (): Promise<readonly MarketEvent[]> => one.parts.market.events(0);
const code = async (reply: Promise<Reply>): Promise<unknown> => (await reply).body.error?.code;

describe('answers with noise', () => {
  const privacy = {
    person: 'person',
    by: ['region'],
    sums: { income: { low: '0', high: '1099.50' } },
    partitionsPerPerson: 1,
    rowsPerPartition: 1,
    cost: { epsilon: '1', delta: '0.000001' },
    budget: { epsilon: '3', delta: '0.00001' },
  };
  interface Told {
    readonly groups: readonly { readonly by: readonly string[]; readonly value: string }[];
  }
  const ask = (who: typeof buyer, agreement: string, key: string, more: object = {}): Promise<Reply> =>
    who.post('/v1/market/answers', { agreement, ...more }, { 'idempotency-key': key });
  const spent = async (): Promise<number> => (await events()).filter(({ type }) => type === 'privacy.spent').length;

  it('are all that such a listing gives, are the same for one key at every gateway, and end with the budget', async () => {
    expect((await list('people-noise', 'shop.people', { plan: { unit: 'Pay-per-use', currency: 'EUR', price: '300' }, privacy })).body).toMatchObject({
      state: 'live',
      columns: ['income', 'region'],
      preview: [],
      privacy: { left: 3 },
    });
    const agreement = await take('people-noise');
    for (const sql of ['SELECT * FROM shop.people', 'SELECT region FROM shop.people', 'SELECT * FROM market.people_noise'])
      expect(await code(buyer.sql(sql))).toBe('SKEIN_PRODUCT_UNKNOWN');
    expect(await code(buyer.sql('SELECT 1 AS one', { 'skein-agreement': agreement }))).toBe('SKEIN_MARKET_UNKNOWN');

    expect((await buyer.post('/v1/market/answers', { agreement })).status).toBe(400);
    expect(await code(ask(stranger, agreement, 'k'))).toBe('SKEIN_MARKET_UNKNOWN');
    for (const wrong of [{ by: ['age'] }, { by: ['person'] }, { by: [] }, { by: ["region') --"] }, { sum: 'score' }, { sum: 'person' }, { epsilon: '100' }])
      expect([wrong, await code(ask(buyer, agreement, 'wrong', wrong))]).toEqual([wrong, 'SKEIN_REQUEST_INVALID']);
    expect(await spent()).toBe(0);

    // the same key from everywhere at once: one draw, one cost, one charge
    const storm = await Promise.all(Array.from({ length: 6 }, (_, index) => ask(index % 2 ? buyer : buyerAtTwo, agreement, 'count')));
    expect(new Set(storm.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1);
    const { groups } = (storm[0] as Reply).body as unknown as Told;
    expect(groups.map(({ by }) => by)).toEqual([['north'], ['south']]);
    // of a thousand each, within forty times the scale of the noise
    for (const { value } of groups) expect(Math.abs(Number(value) - (PEOPLE - 3) / 2)).toBeLessThan(80);
    expect(await spent()).toBe(1);
    expect(await code(ask(buyer, agreement, 'count', { sum: 'income' }))).toBe('SKEIN_MARKET_CONFLICT');

    const summed = (await ask(buyerAtTwo, agreement, 'sum', { sum: 'income' })).body as unknown as Told & { readonly scale: string };
    // half of epsilon goes into telling which groups there are
    expect(summed.scale).toBe('2199');
    for (const { value } of summed.groups) {
      expect(value).toMatch(/^\d+\.\d\d$/);
      expect(Math.abs(Number(value) - 1_049.5 * ((PEOPLE - 3) / 2))).toBeLessThan(90_000);
    }
    expect((await ask(buyer, agreement, 'again')).status).toBe(200);
    expect(await code(ask(buyer, agreement, 'beyond'))).toBe('SKEIN_BUDGET_EXHAUSTED');
    // what was paid for is told again, and what was refused has cost nothing
    expect((await ask(buyerAtTwo, agreement, 'count')).body).toEqual(storm[0]?.body);
    expect(await spent()).toBe(3);
    const charged = (await events()).flatMap((event) => (event.type === 'charge.made' && event.charge.agreement === agreement ? [event.charge.cents] : []));
    expect(charged).toEqual(['300', '300', '300']);
    // another listing of the same dataset spends of what is left of the same budget
    await list('people-noise-too', 'shop.people', { privacy });
    expect((await seller.get('/v1/market/listings/people-noise-too')).body['privacy']).toMatchObject({ left: 0, beside: [] });
    expect(await code(ask(buyer, await take('people-noise-too'), 'other'))).toBe('SKEIN_BUDGET_EXHAUSTED');
    expect((await events()).some((event) => JSON.stringify(event).includes('islet'))).toBe(false);
  });

  it('have a plan that fits the product', async () => {
    for (const wrong of [
      { person: 'nobody' },
      { sums: { score: { low: '0', high: '1' } } },
      { sums: { income: { low: '-0.4', high: '-0.5' } } },
      { cost: { epsilon: 1, delta: '0.1' } },
    ])
      expect(await code(list('people-wrong', 'shop.people', { privacy: { ...privacy, ...wrong } }))).toBe('SKEIN_REQUEST_INVALID');
    expect(await code(list('people-wrong', 'shop.people', { privacy, release: { quasi: ['age'], k: 5 } }))).toBe('SKEIN_REQUEST_INVALID');
    expect(await code(list('people-wrong', 'shop.people', { privacy, columns: ['illness'] }))).toBe('SKEIN_REQUEST_INVALID');
  });
});

describe('a release', () => {
  it('that shows a confidential column as it is asks for l or t, and keeps them where values are missing', async () => {
    const release = { quasi: ['age', 'region'], sensitive: ['illness'], k: 5 };
    const refused = await list('people-k', 'shop.people', { release });
    expect([refused.status, refused.body.error?.code]).toEqual([422, 'SKEIN_MARKET_RELEASE']);
    expect(await code(seller.get('/v1/market/listings/people-k'))).toBe('SKEIN_MARKET_UNKNOWN');
    expect((await list('people-l', 'shop.people', { release: { ...release, l: 2 } })).body).toMatchObject({ state: 'live', release: { k: 5, l: 2 } });
    await take('people-l');
    const { rows } = (
      await buyer.sql("SELECT age, region, count(*) AS n, count(DISTINCT coalesce(illness, 'none')) AS kinds FROM market.people_l GROUP BY ALL")
    ).body as {
      rows: { n: string; kinds: string }[];
    };
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ n, kinds }) => Number(n) < 5 || Number(kinds) < 2)).toEqual([]);
  });

  it('does not stand beside another of the same people, unless its owner has judged both', async () => {
    const release = { quasi: ['age'], k: 7 };
    const joined = await list('people-join', 'shop.people', { release });
    expect([joined.status, joined.body.error?.code]).toEqual([422, 'SKEIN_MARKET_RELEASE']);
    expect(joined.body.error?.message).toContain('people-l');
    // what the budget of the answers with noise does not count, and k neither
    const beside = async (who: typeof buyer, id: string, of: string): Promise<unknown> =>
      ((await who.get(`/v1/market/listings/${id}`)).body[of] as { beside: unknown }).beside;
    expect(await beside(buyer, 'people-noise', 'privacy')).toEqual(['people-l']);
    expect(await beside(buyer, 'people-l', 'release')).toEqual(['people-noise', 'people-noise-too']);
    const agreements = (await buyer.get('/v1/market/agreements')).body['agreements'] as { id: string; listing: string }[];
    const agreement = agreements.find(({ listing }) => listing === 'people-noise')?.id ?? '';
    expect((await buyer.post('/v1/market/answers', { agreement }, { 'idempotency-key': 'count' })).body['beside']).toEqual(['people-l']);
    await seller.post('/v1/market/listings/people-l', { action: 'withdraw', reason: 'to get around it' });
    expect([await beside(buyer, 'people-noise', 'privacy'), await beside(seller, 'people-noise', 'privacy')]).toEqual([[], ['people-l']]);
    expect(await code(list('people-join', 'shop.people', { release }))).toBe('SKEIN_MARKET_RELEASE');
    expect((await list('people-join', 'shop.people', { release: { ...release, beside: ['people-l'] } })).body['state']).toBe('live');
  });

  it('is what was counted, whatever is listed under its id at the same time', async () => {
    const asks = [3, 60].map((k) => list('wages-race', 'shop.wages', { release: { quasi: ['amount'], k } }));
    const made = await Promise.all(asks);
    expect(made.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
    await take('wages-race');
    const { k } = (await buyer.get('/v1/market/listings/wages-race')).body['release'] as { k: number };
    const smallest = await buyerAtTwo.sql('SELECT min(n) AS n FROM (SELECT count(*) AS n FROM market.wages_race GROUP BY amount)');
    expect(made.find(({ status }) => status === 201)?.body['release']).toMatchObject({ k });
    const [row] = smallest.body['rows'] as { n: string }[];
    expect(Number(row?.n)).toBeGreaterThanOrEqual(k);
    expect(Number(row?.n)).toBeLessThan(2 * k);
  });

  it('counts persons where it is known whose a row is, and tells nothing by the order of its rows', async () => {
    // whose a row is, is known from the listing of answers with noise; another column may be named, of which each value stands for some twenty rows
    expect((await seller.get('/v1/market/listings/people-l')).body['release']).toMatchObject({ persons: PEOPLE });
    const beside = ['people-l', 'people-join'];
    const ask = (id: string, k: number): Promise<Reply> => list(id, 'shop.people', { release: { quasi: ['age', 'region'], k, person: 'income', beside } });
    expect(await code(ask('people-crowd', 101))).toBe('SKEIN_PRIVACY_UNSAFE');
    const made = await ask('people-crowd', 40);
    expect(made.body).toMatchObject({ state: 'live', columns: ['age', 'region'], release: { k: 40, rows: PEOPLE, persons: 100 } });
    await take('people-crowd');
    const { rows } = (await buyer.sql('SELECT age, region FROM market.people_crowd')).body as { rows: { age: string; region: string }[] };
    expect(rows.length).toBe(PEOPLE);
    const reads = rows.map(({ age, region }) =>
      JSON.stringify([
        ['age', age],
        ['region', region],
      ]),
    );
    expect(reads).toEqual(reads.toSorted());
    // the product's own rows, put into the classes again: 1000 + i % 100 is whose row i is
    const classes = new Map<string, Set<number>>();
    for (let i = 0; i < PEOPLE; i += 1) {
      const [age, region] = [20 + (i % 60), i < 3 ? 'islet' : i % 2 === 0 ? 'north' : 'south'];
      const found = [...new Set(reads)].filter((text) => {
        const one = Object.fromEntries(JSON.parse(text) as [string, string][]);
        const [low = 0, high = low] = String(one['age']).replace(/[[\]]/g, '').split(', ').map(Number);
        return age >= low && age <= high && String(one['region']).replace(/[{}]/g, '').split(', ').includes(region);
      });
      expect(found.length).toBe(1);
      classes.set(found[0] as string, (classes.get(found[0] as string) ?? new Set()).add(i % 100));
    }
    expect(classes.size).toBe(new Set(reads).size);
    expect(Math.min(...[...classes.values()].map(({ size }) => size))).toBeGreaterThanOrEqual(40);
    for (const wrong of [{ person: 'nobody' }, { person: 7 }, { person: 'age' }])
      expect(await code(list('people-wrong', 'shop.people', { release: { quasi: ['age'], k: 2, beside, ...wrong } }))).toMatch(
        /^SKEIN_(REQUEST|PRIVACY)_INVALID$/,
      );
  });

  it('of some rows only shows these, and tells of which', async () => {
    const made = await list('people-south', 'shop.people', {
      rows: [{ column: 'region', operator: 'equals', values: ['south'] }],
      release: { quasi: ['age', 'score'], k: 5, beside: ['people-l', 'people-join', 'people-crowd'] },
    });
    expect(made.body).toMatchObject({ state: 'live', release: { rows: 1_000, where: [{ column: 'region', values: ['south'] }] } });
    await take('people-south');
    const { rows } = (await buyer.sql('SELECT age, score, count(*) AS n FROM market.people_south GROUP BY ALL')).body as { rows: { n: string }[] };
    // who lacks a score, or has one that is no number, is left out, and that is said
    const { suppressed } = made.body['release'] as { suppressed: number };
    expect(suppressed).toBeGreaterThan(200);
    expect(rows.reduce((sum, { n }) => sum + Number(n), suppressed)).toBe(1_000);
    expect(rows.filter(({ n }) => Number(n) < 5)).toEqual([]);
    // decimals that no float tells apart are told digit by digit
    const long = { release: { quasi: ['balance'], k: 5, beside: ['people-l', 'people-join', 'people-crowd', 'people-south'] } };
    expect((await list('people-balance', 'shop.people', long)).body).toMatchObject({ state: 'live', release: { rows: PEOPLE } });
    await take('people-balance');
    const ranges = (await buyer.sql('SELECT balance, count(*) AS n FROM market.people_balance GROUP BY ALL')).body as {
      rows: { balance: string; n: string }[];
    };
    const units = (text: string): bigint[] =>
      text
        .replace(/[[\].]/g, '')
        .split(', ')
        .map(BigInt);
    const told = ranges.rows.map(({ balance, n }) => ({ ends: units(balance), n: Number(n) })).sort((a, b) => ((a.ends[0] ?? 0n) < (b.ends[0] ?? 0n) ? -1 : 1));
    let first = -1_000n;
    for (const { ends, n } of told) {
      expect(ends).toEqual([first * 900_719_925_474_099_300_000_001n, (first + BigInt(n) - 1n) * 900_719_925_474_099_300_000_001n]);
      first += BigInt(n);
    }
    expect([Number(first), told.length > 100]).toEqual([PEOPLE - 1_000, true]);
    // one row, or none, is no crowd
    for (const values of [['p-5'], ['nobody']]) {
      const few = {
        rows: [{ column: 'person', operator: 'equals', values }],
        release: { quasi: ['age'], k: 2, beside: ['people-l', 'people-join', 'people-crowd', 'people-south', 'people-balance'] },
      };
      expect((await list('people-few', 'shop.people', few)).status).toBeGreaterThanOrEqual(400);
    }
    expect(await code(seller.get('/v1/market/listings/people-few'))).toBe('SKEIN_MARKET_UNKNOWN');
  });
});

describe('a price', () => {
  it('that follows demand is drawn, recorded, and not taken unseen', async () => {
    const listing = { plan: { unit: 'Pay-per-use', currency: 'EUR' }, columns: ['id'], demand: { floor: '100', ceiling: '900' } };
    const made = await list('sales-demand', 'shop.sales', listing);
    const { price } = made.body['plan'] as { price: string };
    expect([Number(price) >= 100, Number(price) <= 900]).toEqual([true, true]);
    // sent again, it is the same listing
    expect((await list('sales-demand', 'shop.sales', listing)).status).toBe(201);
    expect(await code(list('sales-demand-two', 'shop.sales', { ...listing, plan: { ...listing.plan, price: '5' } }))).toBe('SKEIN_REQUEST_INVALID');
    expect(await code(seller.post('/v1/market/listings/sales-demand', { action: 'price', plan: { ...listing.plan, price: '500' } }))).toBe(
      'SKEIN_MARKET_CONFLICT',
    );
    expect(await code(buyer.post('/v1/market/offers', { listing: 'sales-demand', price: '99' }))).toBe('SKEIN_MARKET_CONFLICT');
    const agreement = await take('sales-demand', buyer, { price });
    for (let other = 0; other < 12; other += 1) {
      const asked = await client(() => (other % 2 ? one : two), root, `haggler_${other}`).post('/v1/market/offers', {
        listing: 'sales-demand',
        terms: { plan: { ...listing.plan, price: '100' }, quota: 1 },
      });
      expect(['REQUESTED', 'FINALIZED']).toContain(asked.body['state']);
    }
    const { prices } = (await seller.get('/v1/market/listings/sales-demand')).body as unknown as { prices: { plan: { price: string } }[] };
    expect(prices.length).toBeGreaterThan(1);
    expect(prices.filter(({ plan }) => Number(plan.price) < 100 || Number(plan.price) > 900)).toEqual([]);
    await buyer.sql('SELECT count(*) AS n FROM shop.sales', { 'skein-agreement': agreement });
    const charges = (await events()).flatMap((event) => (event.type === 'charge.made' && event.charge.agreement === agreement ? [event.charge.cents] : []));
    expect(charges).toEqual([price]);
  });

  it('of a part follows what the whole costs', async () => {
    const listing = { plan: { unit: 'Data-volume', currency: 'EUR' }, demand: { floor: '100', ceiling: '900' } };
    await list('sales-whole', 'shop.sales', { ...listing, columns: ['id', 'region', 'amount'], demand: { floor: '100', ceiling: '120' } });
    const part = (await list('sales-part', 'shop.sales', { ...listing, columns: ['id'] })).body['plan'] as { price: string };
    const whole = (await buyer.get('/v1/market/listings/sales-whole')).body['plan'] as { price: string };
    expect(Number(part.price)).toBeLessThanOrEqual(Number(whole.price));
    expect(await code(list('sales-dear', 'shop.sales', { ...listing, columns: ['id'], demand: { floor: '500', ceiling: '900' } }))).toBe('SKEIN_PRICE_INVALID');
  });
});

it('withdraws from sale what its contract no longer lets be sold, preview and all, and shows none of it to who has bought', async () => {
  await list('sales-before', 'shop.sales', { columns: ['id', 'amount'] });
  await list('sales-draft', 'shop.sales', { columns: ['id', 'amount'], draft: true });
  const who = client(() => two, root, 'early');
  const agreement = await take('sales-before', who);
  expect((await who.sql('SELECT amount FROM shop.sales LIMIT 1', { 'skein-agreement': agreement })).status).toBe(200);
  const later = await marketGateway(root, undefined, [secretSales, wages, people]);
  try {
    const [then, owner, late] = [client(() => later, root, 'early'), client(() => later, root, 'steward'), client(() => later, root, 'late')];
    const [gone, absent] = [await late.get('/v1/market/listings/sales-before'), await late.get('/v1/market/listings/sales-absent')];
    expect(JSON.stringify(gone).replace('sales-before', 'sales-absent')).toBe(JSON.stringify(absent));
    expect((await late.get('/v1/market/listings')).body).toEqual({ listings: expect.not.arrayContaining([expect.objectContaining({ id: 'sales-before' })]) });
    expect(await code(late.post('/v1/market/offers', { listing: 'sales-before' }))).toBe('SKEIN_MARKET_UNKNOWN');
    expect(await code(owner.post('/v1/market/listings/sales-draft', { action: 'publish' }))).toBe('SKEIN_MARKET_RELEASE');
    expect(await code(then.sql('SELECT amount FROM shop.sales LIMIT 1'))).toBe('SKEIN_QUERY_UNKNOWN_COLUMN');
    expect((await then.sql('SELECT id FROM shop.sales ORDER BY id LIMIT 1')).body['rows']).toEqual([{ id: '0' }]);
    expect(later.errors).toEqual([]);
  } finally {
    await later.close();
  }
});
