import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { soaking } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMAND_INDEX as ASKED_BY_BROKERAGE, demandIndexFile } from '@skein/brokerage';
import { recipeMesh, type RecipeMesh } from './recipe-mesh.ts';
import { DEMAND_INDEX } from './recipes.ts';

// Promise: what the brokerage domain makes of other domains' products comes through the mesh, tells of no group that too few bought, and can be sold.

interface Answer {
  readonly week: unknown;
  readonly material_group: string;
  readonly purchasers: unknown;
  readonly units: unknown;
  readonly demand_index: unknown;
}
interface Cell {
  readonly week: string;
  readonly group: string;
  readonly purchasers: number;
  readonly units: bigint;
}
interface RoyaltyLine {
  readonly product: string | null;
  readonly domain: string | null;
  readonly credit: string;
}
const K = 10;
const lines = (rows: readonly Answer[]): string[] =>
  rows.map(({ week, material_group: group, purchasers, units, demand_index: index }) =>
    [week instanceof Date ? week.toISOString().slice(0, 10) : String(week).slice(0, 10), group, purchasers, units, index].join(' '),
  );

/** Every cell, told or not, by another way: rows as they were published, walked through in plain code. */
async function cells(mesh: RecipeMesh): Promise<Cell[]> {
  const sold = await mesh.rows<{ day: string; client: string | null; event: string }>(
    'ga4.purchases',
    'SELECT event_date::VARCHAR AS day, client_key AS client, event_key AS event FROM t',
  );
  const items = new Map(
    (
      await mesh.rows<{ event: string; items: string }>('ga4.events', 'SELECT event_key AS event, to_json(items)::VARCHAR AS items FROM t WHERE len(items) > 0')
    ).map(({ event, items: text }) => [event, JSON.parse(text) as { item_id: string | null; quantity: number | null }[]]),
  );
  const groups = new Map<string, string>();
  for (const { material, group } of await mesh.rows<{ material: string; group: string | null }>(
    'sap.material',
    'SELECT matnr_ext AS material, matkl AS group FROM t ORDER BY matkl DESC',
  ))
    if (group !== null) groups.set(material, group);
  const found = new Map<string, { clients: Set<string>; units: bigint }>();
  for (const { day, client, event } of sold) {
    const date = new Date(`${day}T00:00:00Z`);
    date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    for (const { item_id: item, quantity } of items.get(event) ?? []) {
      const group = item === null ? undefined : groups.get(item);
      if (group === undefined) continue;
      const key = `${date.toISOString().slice(0, 10)} ${group}`;
      const cell = found.get(key) ?? { clients: new Set<string>(), units: 0n };
      if (client !== null) cell.clients.add(client);
      found.set(key, { clients: cell.clients, units: cell.units + BigInt(quantity ?? 1) });
    }
  }
  return [...found].map(([key, { clients, units }]) => ({ week: key.slice(0, 10), group: key.slice(11), purchasers: clients.size, units }));
}

function expected(all: readonly Cell[], least: number): string[] {
  const told = all.filter(({ purchasers }) => purchasers >= least);
  return told
    .map(({ week, group, purchasers, units }) => {
      const same = told.filter((one) => one.week === week);
      const sum = same.reduce((total, one) => total + one.units, 0n);
      const tenths = (2000n * units * BigInt(same.length) + sum) / (2n * sum);
      return `${week} ${group} ${purchasers} ${units} ${tenths / 10n}.${tenths % 10n}`;
    })
    .sort();
}

/** Volumes at which a group of a week has just nine purchasers. */
const VOLUMES = [
  [1, 4_300],
  [2, 5_200],
] as const;

// Another seed, the same claim: a mesh each, so that the second one is left to the long tests.
describe.each(soaking ? VOLUMES : VOLUMES.slice(0, 1))('the demand index, seed %d', (seed, rows) => {
  let mesh: RecipeMesh;
  let all: Cell[];
  let directory: string;
  const file = (): string => path.join(directory, 'demand_index.ndjson');
  const ask = async (as: string, address: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${mesh.gateway.url}${address}`, {
      headers: { authorization: `Bearer ${await mesh.token(as)}`, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  beforeAll(async () => {
    mesh = await recipeMesh(seed, rows, ['ga4', 'sap']);
    directory = path.join(mesh.directory, 'sources', 'brokerage');
    all = await cells(mesh);
  });
  afterAll(() => mesh?.[Symbol.asyncDispose]());

  it('answers as plain code over the published rows does, and keeps silent about nine', async () => {
    expect(DEMAND_INDEX).toBe(ASKED_BY_BROKERAGE);
    const answer = lines([...(await (await mesh.as('analyst')).query<Answer>(DEMAND_INDEX))]);
    expect(answer).toEqual(expected(all, K));
    expect(answer.length).toBeGreaterThan(1);
    expect(all.filter(({ purchasers }) => purchasers === K - 1).length).toBeGreaterThan(0);
  });

  it('becomes a product with its lineage by way of the gateway, and a second landing of the same answer changes nothing', async () => {
    expect(await demandIndexFile({ gateway: mesh.gateway.url, token: await mesh.token('analyst'), directory })).toBe(expected(all, K).length);
    await mesh.run('brokerage', directory);
    const sql = 'SELECT week, material_group, purchasers, units, demand_index FROM brokerage.demand_index ORDER BY week, material_group';
    expect(lines([...(await (await mesh.as('analyst')).query<Answer>(sql))])).toEqual(expected(all, K));
    const made = await (
      await mesh.as('analyst')
    ).query<{ input_name: string }>(
      "SELECT DISTINCT input_name FROM brokerage.lineage WHERE product = 'brokerage.demand_index' AND input_kind = 'product' ORDER BY 1",
    );
    expect([...made].map(({ input_name: name }) => name)).toEqual(['ga4.events', 'ga4.purchases', 'sap.material']);
    await demandIndexFile({ gateway: mesh.gateway.url, token: await mesh.token('analyst'), directory });
    expect((await mesh.run('brokerage', directory)).get('brokerage.demand_index')).toBe('unchanged');
    expect(await mesh.replays('brokerage.demand_index')).toBe(true);
    await expect(demandIndexFile({ gateway: mesh.gateway.url, token: await mesh.token('public'), directory })).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_UNAVAILABLE',
    });
  });

  it('is listed with a price, bought, and read under the entitlement, and pays all that it is made of', async () => {
    const listed = await ask('steward', '/v1/market/listings', {
      id: 'demand-index',
      product: 'brokerage.demand_index',
      title: 'Demand for groups of materials',
      plan: { unit: 'Pay-per-use', currency: 'EUR', price: '1001' },
    });
    expect([listed.status, listed.body['state']]).toEqual([201, 'live']);
    const sql = 'SELECT week, material_group, purchasers, units, demand_index FROM brokerage.demand_index ORDER BY week, material_group';
    const query = (as: string, headers = {}) => ask(as, '/v1/sql', { sql }, headers);
    expect((await query('buyer')).status).toBe(404);
    expect((await ask('buyer', '/v1/market/offers', { listing: 'demand-index' })).body['state']).toBe('FINALIZED');
    const first = await query('buyer', { 'idempotency-key': 'first' });
    expect(lines(first.body['rows'] as Answer[])).toEqual(expected(all, K));
    expect((await query('buyer', { 'idempotency-key': 'first' })).body['rows']).toEqual(first.body['rows']);
    expect((await query('stranger')).status).toBe(404);
    const { events } = (await ask('steward', '/v1/market/events?after=0')).body as {
      events: { type: string; charge?: { cents: string; lines: RoyaltyLine[] } }[];
    };
    const charges = events.filter(({ type }) => type === 'charge.made');
    expect(charges.map(({ charge }) => charge?.cents)).toEqual(['1001']);
    // 1001 cents by four equal weights: 250 each, and the one that is left to the first.
    const earned = charges.flatMap(({ charge }) => charge?.lines ?? []).filter(({ domain }) => domain !== null);
    expect(earned.map(({ product, credit }) => `${product} ${credit}`).sort()).toEqual([
      'brokerage.demand_index 251',
      'ga4.events 250',
      'ga4.purchases 250',
      'sap.material 250',
    ]);
  });

  it.each([
    ['nine purchasers are enough', '>= 10', '>= 9'],
    ['transactions for purchasers', 'count(DISTINCT l.client_key) AS purchasers', 'count(*) AS purchasers'],
    ['a week that begins on Sunday', "date_trunc('week', p.event_date)::DATE", "(date_trunc('week', p.event_date + 1)::DATE - 1)"],
  ])('would notice: %s', async (_name, from, to) => {
    const twin = DEMAND_INDEX.replaceAll(from, to);
    expect(twin).not.toBe(DEMAND_INDEX);
    expect(lines([...(await (await mesh.as('analyst')).query<Answer>(twin))])).not.toEqual(expected(all, K));
  });

  it('is not published with a group of nine, whoever asked', async () => {
    const told = readFileSync(file(), 'utf8');
    const [first = ''] = told.split('\n');
    const few = { ...(JSON.parse(first) as Answer), material_group: 'FEW', purchasers: '9' };
    writeFileSync(file(), `${told}${JSON.stringify(few)}\n`);
    await expect(mesh.run('brokerage', directory)).rejects.toThrow(/demand_index refused/);
  });
});
