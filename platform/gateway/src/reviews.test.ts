import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { memoryBoard } from '@skein/adapter-memory';
import { signatureKey, type Pattern } from '@skein/pattern';
import { boardShows, sampleReview } from '@skein/ports/conformance';
import type { PatternBoard } from '@skein/ports';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueDevToken } from './auth/dev-keys.ts';
import { AMBIGUOUS, gapOf } from './reviews-gaps.fixture.ts';
import { reviewGateway, type ReviewGateway } from './reviews.fixture.ts';

const folder = temporaryDirectory('skein-reviews-');
const board = memoryBoard();
let member: PatternBoard;
let peer: PatternBoard;
let gateway: ReviewGateway;

interface View {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly settled?: boolean;
  readonly applied: boolean;
  readonly rows: readonly { before: Record<string, string | null>; after: Record<string, string | null> }[];
  readonly alternatives: readonly { id: string; why?: string; category: string; test: { cells: number; passed: number } }[];
  readonly maskedColumns: readonly string[];
  readonly evidence: { values: readonly { value: string }[] };
  readonly blast: { cells: number };
  readonly error?: { code: string; message: string };
  readonly [name: string]: unknown;
}

async function ask(path: string, as: string, body?: unknown, at = folder.path): Promise<{ status: number; view: View }> {
  const authorization = `Bearer ${await issueDevToken({ dir: `${at}/keys`, as, purposes: [] })}`;
  const response = await fetch(`${gateway.url}/v1/reviews${path}`, {
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, view: (await response.json()) as View };
}
const decide = (id: string, body: unknown, as = 'steward') => ask(`/${id}/decisions`, as, body);
async function escalate(...gaps: Parameters<NonNullable<typeof gateway.parts.reviews.meta>['consider']>[0]): Promise<string> {
  const { waiting } = await (gateway.parts.reviews.meta as NonNullable<typeof gateway.parts.reviews.meta>).consider(gaps);
  expect(waiting).toHaveLength(1);
  return waiting[0] as string;
}
const dayFirst = (view: View): string => view.alternatives.find(({ why }) => why?.includes('day before month') === true)?.id ?? '';

beforeAll(async () => {
  [member, peer] = [await board.join('gateway'), await board.join('worker')];
  gateway = await reviewGateway(folder.path, member);
});
afterAll(async () => {
  await gateway.close();
  await member.close();
  await peer.close();
  board.close();
  folder[Symbol.dispose]();
});

describe('reviews', () => {
  it('show the owners what is disputed, with rows before and after, and others what they show of reviews that are not there', async () => {
    const gap = gapOf('day', AMBIGUOUS);
    const id = await escalate(gap);
    const { status, view } = await ask(`/${id}`, 'steward');
    expect(status).toBe(200);
    expect(view).toMatchObject({
      kind: 'repair',
      status: 'open',
      product: 'shop.orders',
      column: 'day',
      rule: 'type',
      blast: { cells: 5 },
      maskedColumns: ['secret'],
    });
    expect(view.alternatives).toHaveLength(2);
    expect(new Set(Object.values(view.rows[0]?.after ?? {}))).toEqual(new Set(['2025-03-04', '2025-04-03']));
    expect(((await ask('?status=open', 'steward')).view['reviews'] as View[]).map((one) => one.id)).toContain(id);
    expect((await ask('', 'analyst')).view).toEqual({ reviews: [] });
    const [hidden, absent] = [await ask(`/${id}`, 'analyst'), await ask(`/${'0'.repeat(64)}`, 'analyst')];
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(JSON.stringify(hidden.view).replaceAll(id, '0'.repeat(64))).toBe(JSON.stringify(absent.view));
    expect((await decide(id, { decision: 'approve', reason: 'x' }, 'analyst')).status).toBe(404);
    expect((await fetch(`${gateway.url}/v1/reviews`)).status).toBe(401);
  });

  it('give one effect to approvers that race and to double clicks, and every worker hears of it within a second', async () => {
    const gap = gapOf('day', AMBIGUOUS);
    const { waiting, covered } = (await gateway.parts.reviews.meta?.consider([gap])) ?? { waiting: [], covered: 0 };
    expect({ waiting, covered }).toEqual({ waiting: [], covered: 1 });
    const [{ id }] = ((await ask('?status=open', 'steward')).view['reviews'] as [View]) ?? [];
    const choice = dayFirst((await ask(`/${id}`, 'steward')).view);
    const key = signatureKey(gap.gap.signature);
    const started = performance.now();
    const heard = boardShows(peer, () => peer.lookup(key).length > 0).then(() => performance.now() - started);
    const body = { decision: 'approve', reason: 'the shop is in Munich', choice };
    const said = await Promise.all(['steward', 'second', 'steward', 'second', 'steward'].map((as) => decide(id, body, as)));
    expect(said.filter(({ view }) => view.settled === true)).toHaveLength(1);
    // A second on a quiet machine; a busy one is given more.
    expect(await heard).toBeLessThan(10_000);
    const winner = said.find(({ view }) => view.settled === true)?.view;
    expect(winner).toMatchObject({ status: 'approved', chosen: choice, applied: true });
    for (const { status, view } of said) expect(status === 200 || view.error?.code === 'SKEIN_REVIEW_DECIDED').toBe(true);
    expect(peer.lookup(key)).toMatchObject([{ category: 'review', context: { product: 'shop.orders', column: 'day' }, test: { cells: 5, passed: 5 } }]);
    // both names are in the audit, with what became of them
    const audit = readdirSync(folder.file('audit')).flatMap((file) => readFileSync(folder.file('audit', file), 'utf8').trim().split('\n'));
    const records = audit.map((line) => JSON.parse(line) as { review?: string; decision: string }).filter(({ review }) => review === `${id}:approve`);
    expect(records.map(({ decision }) => decision).sort()).toEqual(said.map(({ status }) => (status === 200 ? 'allowed' : 'refused')).sort());
  });

  it('refuse approval of what one proposed, and ask two persons where policy says so', async () => {
    const id = await escalate(gapOf('day', AMBIGUOUS, { product: 'shop.ledger' }));
    const choice = dayFirst((await ask(`/${id}`, 'steward')).view);
    const first = await decide(id, { decision: 'approve', reason: 'day first', choice });
    expect(first.view).toMatchObject({ settled: false, status: 'open', approvals: 2 });
    expect((await decide(id, { id: 'again', decision: 'approve', reason: 'day first', choice })).view.error?.code).toBe('SKEIN_REVIEW_DECIDED');
    const examples = AMBIGUOUS.slice(0, 3).map((input) => ({ input, output: `${input.slice(6)}-${input.slice(0, 2)}-${input.slice(3, 5)}` }));
    const amended = await decide(id, { decision: 'amend', reason: 'they are American', examples }, 'second');
    expect(amended.view).toMatchObject({ settled: false, status: 'open' });
    const mine = (amended.view['decisions'] as { choice: string }[])[1]?.choice;
    expect((await decide(id, { decision: 'approve', reason: 'mine', choice: mine }, 'second')).view.error?.code).toBe('SKEIN_REVIEW_DECIDED');
    expect((await decide(id, { decision: 'approve', reason: 'then so be it', choice: mine })).view).toMatchObject({ settled: true, applied: true });
    const { by: proposedBy } = (first.view['decisions'] as [{ by: string }])[0];
    const own = sampleReview(1, { product: 'shop.orders', products: ['shop.orders'], column: 'day', proposedBy });
    await gateway.parts.reviews.desk.open(own);
    for (const decision of ['approve', 'reject'])
      expect((await decide(own.id, { decision, reason: 'r', ...(decision === 'approve' ? { choice: own.alternatives[0]?.id } : {}) })).view.error?.code).toBe(
        'SKEIN_AUTH_FORBIDDEN',
      );
    // the twin: another owner may
    expect((await decide(own.id, { decision: 'reject', reason: 'r' }, 'second')).view.settled).toBe(true);
    await gateway.parts.reviews.desk.applied(own.id);
  });

  it('learn a program from example rows, which replays', async () => {
    const values = ['1234-AB', '9876-XY', '4444-QQ', '1111-ZZ', '5555-KL'];
    const gap = gapOf('code', values, { rule: 'pattern', message: 'code has not the form AA-0000' });
    const { waiting } = await (gateway.parts.reviews.meta as NonNullable<typeof gateway.parts.reviews.meta>).consider([gap]);
    const [id = ''] = waiting;
    const wrong = await decide(id, { decision: 'amend', reason: 'r', examples: [{ input: '1234-AB', output: 'not so' }] });
    expect(wrong).toMatchObject({ status: 422, view: { error: { code: 'SKEIN_REVIEW_AMENDMENT' } } });
    const examples = values.slice(0, 3).map((input) => ({ input, output: `${input.slice(5)}-${input.slice(0, 4)}` }));
    const { status, view } = await decide(id, { decision: 'amend', reason: 'the parts are swapped', examples });
    expect([status, view.status, view.applied]).toEqual([200, 'amended', true]);
    const [pattern] = peer.lookup(signatureKey(gap.gap.signature)) as [Pattern];
    expect(pattern).toMatchObject({ category: 'review', test: { cells: 5, passed: 5 } });
    expect(pattern.solution.kind).toBe('expression');
  });

  it('take SQL of a person only from the allow-list, and only where the contract accepts what it says', async () => {
    const gap = gapOf('code', ['ab 1234', 'cd 5678', 'ef 9012'], { rule: 'pattern', message: 'code has other marks' });
    const { waiting } = await (gateway.parts.reviews.meta as NonNullable<typeof gateway.parts.reviews.meta>).consider([gap]);
    const [id = ''] = waiting;
    const amend = (transformation: string, more: object = {}) => decide(id, { decision: 'amend', reason: 'r', solution: { transformation, ...more } });
    for (const hostile of [
      "read_text('/etc/passwd')",
      '(SELECT 1)',
      "{value}); COPY (SELECT 1) TO '/tmp/x'; --",
      "getenv('HOME')",
      '{column:other}',
      "repeat('x', 1000000000)",
      "'{value}'",
      'secret',
    ]) {
      const { status, view } = await amend(hostile);
      expect([400, 403, 422]).toContain(status);
      expect(['SKEIN_QUERY_REFUSED', 'SKEIN_QUERY_SYNTAX']).toContain(view.error?.code);
    }
    expect((await amend("'nonsense'")).view.error?.code).toBe('SKEIN_REVIEW_AMENDMENT');
    expect((await amend('upper({value})', { preConditions: 'FALSE' })).view.error?.code).toBe('SKEIN_REVIEW_AMENDMENT');
    expect((await ask(`/${id}`, 'steward')).view.status).toBe('open');
    const good = await amend("replace(upper({value}), ' ', '-')");
    expect(good.view).toMatchObject({ status: 'amended', applied: true });
    expect(good.view.alternatives.at(-1)?.test).toEqual({ cells: 3, passed: 3 });
  });

  it('never propose again what was rejected', async () => {
    const days = ['02/03/2021', '04/05/2021', '06/07/2021', '08/09/2021', '10/11/2021'].map((day) => day.replaceAll('/', '.').concat(' '));
    const id = await escalate(gapOf('day', days));
    const before = (await ask(`/${id}`, 'steward')).view;
    expect((await decide(id, { decision: 'reject', reason: 'these are no days' })).view).toMatchObject({ status: 'rejected', applied: true });
    expect(await gateway.parts.reviews.meta?.consider([gapOf('day', days)])).toEqual({ waiting: [], settled: 0, covered: 1 });
    // The same values in another product: asked, but not with the rejected solutions.
    const elsewhere = await escalate(gapOf('day', days, { product: 'shop.ledger' }));
    const { view } = await ask(`/${elsewhere}`, 'steward');
    const shared = before.alternatives.filter((one) => view.alternatives.some((other) => other.id === one.id));
    expect([before.alternatives.length > 0, shared]).toEqual([true, []]);
  });

  it('ask nobody where the values of the cluster decide, unless the gap comes again', async () => {
    const days = Array.from({ length: 12 }, (_, at) => `${13 + at}|04|2025`);
    const gap = gapOf(
      'day',
      days.map((day) => day.replaceAll('|', '.')),
    );
    expect(await gateway.parts.reviews.meta?.consider([gap])).toEqual({ waiting: [], settled: 1, covered: 0 });
    expect(peer.lookup(signatureKey(gap.gap.signature))).toMatchObject([{ category: 'date', evidence: {} }]);
    const id = await escalate(gap);
    expect((await ask(`/${id}`, 'steward')).view.alternatives).toHaveLength(1);
  });

  it('make three reviews of a thousand gaps of three causes', async () => {
    const gaps = Array.from({ length: 1_000 }, (_, at) => {
      const [rule, message, values] = [
        ['cause-a', 'the day has a comment behind it', [`03/04/20${10 + (at % 80)} see note ${at}`]],
        ['cause-b', 'the day is a week of the plant calendar', [`KW${at % 53} shift ${at}`]],
        ['cause-c', 'the day is said in words', [`about ${at} days ago`]],
      ][at % 3] as [string, string, string[]];
      const one = gapOf('day', values, { rule, message });
      return {
        ...one,
        gap: { ...one.gap, signature: { ...one.gap.signature, shapes: [...one.gap.signature.shapes, rule], target: `${one.gap.signature.target} ${at}` } },
      };
    });
    const started = performance.now();
    const { waiting, settled } = (await gateway.parts.reviews.meta?.consider(gaps)) ?? { waiting: [], settled: 0 };
    expect([waiting.length, settled]).toEqual([3, 0]);
    const views = await Promise.all(waiting.map(async (id) => (await ask(`/${id}`, 'steward')).view));
    expect(views.reduce((sum, { blast }) => sum + blast.cells, 0)).toBe(1_000);
    expect(await gateway.parts.reviews.meta?.consider(gaps)).toMatchObject({ waiting: [], settled: 0, covered: 1_000 });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('hide values of columns that the reader may not see, in every part', async () => {
    const values = ['03/04/1971', '05/06/1972', '07/08/1973', '01/02/1974', '11/12/1975'];
    const id = await escalate(gapOf('secret', values));
    const { view } = await ask(`/${id}`, 'steward');
    expect(view.maskedColumns).toEqual(['secret']);
    expect(view.evidence.values[0]?.value).toBe('9/9/9');
    expect(JSON.stringify(view)).not.toMatch(/197[1-5]/);
    // nor do words that an agent found for the gap, nor refusals of what the reader tries
    const quoting = await escalate(gapOf('secret', ['canary-1', 'canary-2'], { rule: 'odd', message: 'canary-1 is no day' }));
    expect(JSON.stringify((await ask(`/${quoting}`, 'steward')).view)).not.toMatch(/canary/);
    const probes = [
      { solution: { transformation: "{value} || '!'" } },
      { solution: { transformation: "'x'", preConditions: "{value} LIKE 'canary%'" } },
      { examples: [{ input: 'a', output: '2020-01-01' }] },
    ];
    for (const probe of probes) {
      const { status, view: said } = await decide(quoting, { decision: 'amend', reason: 'r', ...probe });
      expect(status).toBe(422);
      expect(JSON.stringify(said)).not.toMatch(/canary/);
    }
    // the twin: of a column that the reader may see, the refusal says which value it was
    const seen = await escalate(gapOf('day', ['canary-3', 'canary-4'], { rule: 'odd', message: 'canary-3 is no day' }));
    expect(JSON.stringify((await decide(seen, { decision: 'amend', reason: 'r', solution: { transformation: "{value} || '!'" } })).view)).toMatch(/canary/);
    // the twin: they are there
    expect(JSON.stringify(await gateway.parts.reviews.desk.get(id))).toMatch(/1971/);
  });

  it('ask whether a column with personal data is hidden, and tell bronze by a pattern of the column', async () => {
    const mails = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'].map((name) => ({ value: `${name}@example.org`, count: 1 }));
    const context = { domain: 'shop', product: 'shop.orders', column: 'mail' };
    const numbers = {
      context: { ...context, column: 'id' },
      values: ['100001', '100002', '100003', '100004', '100005'].map((value) => ({ value, count: 1 })),
      rows: [],
    };
    const ids = (await gateway.parts.reviews.meta?.considerPersonal([{ context, values: mails, rows: [{ mail: 'ann@example.org' }] }, numbers])) ?? [];
    expect(ids).toHaveLength(1);
    const { view } = await ask(`/${ids[0]}`, 'steward');
    expect(view.kind).toBe('masking');
    const clear = view.alternatives.find((one) => view.rows[0]?.after[one.id] === null)?.id;
    expect((await decide(view.id, { decision: 'approve', reason: 'nobody needs it', choice: clear })).view.applied).toBe(true);
    const { maskingSignature } = await import('@skein/swarm');
    expect(peer.lookup(signatureKey(maskingSignature(context)))).toMatchObject([{ category: 'masking', solution: { transformation: 'NULL' } }]);
  });

  it('refuse hostile bodies with the error form, and stay open', async () => {
    const { waiting } = await (gateway.parts.reviews.meta as NonNullable<typeof gateway.parts.reviews.meta>).consider([gapOf('day', ['9/9/99 ?', '8/8/88 ?'])]);
    const [id = ''] = waiting;
    const odd = '🧵\u202e"; DROP TABLE review; --';
    for (const [body, status] of [
      ['[', 400],
      ['[]', 400],
      [{ decision: 'approve' }, 400],
      [{ decision: 'destroy', reason: 'x' }, 400],
      [{ decision: 'reject', reason: 'x'.repeat(5_000) }, 400],
      [{ decision: 'reject', reason: 'x'.repeat(300_000) }, 413],
      [{ decision: 'reject', reason: 'x', by: 'someone else' }, 400],
      [{ decision: 'reject', reason: 'x', id: odd }, 400],
      [{ decision: 'approve', reason: 'x', choice: odd }, 409],
      [{ decision: 'amend', reason: 'x' }, 400],
      [{ decision: 'amend', reason: 'x', examples: Array.from({ length: 21 }, () => ({ input: 'a', output: 'b' })) }, 400],
      [{ decision: 'amend', reason: 'x', examples: [{ input: 'a'.repeat(2_000), output: 'b' }] }, 400],
      ['{"decision":"reject","reason":"x","__proto__":{"settled":true}}', 400],
    ] as const) {
      const { status: got, view } = await decide(id, body);
      expect({ body: JSON.stringify(body).slice(0, 80), got, code: typeof view.error?.code }).toEqual({
        body: JSON.stringify(body).slice(0, 80),
        got: status,
        code: 'string',
      });
    }
    for (const forged of [odd, '..%2f..', `${id}x`, id.toUpperCase().replace(/[0-9]/g, 'A'), 'x'.repeat(5_000)])
      expect((await decide(encodeURIComponent(forged), { decision: 'reject', reason: 'x' })).status).toBe(404);
    expect((await ask(`/${id}`, 'steward')).view.status).toBe('open');
    const { view } = await decide(id, { decision: 'reject', reason: odd });
    expect(view).toMatchObject({ status: 'rejected', decisions: [{ reason: odd }] });
    expect(gateway.errors).toEqual([]);
  });
});

describe('a gateway that is killed', () => {
  it('between the question and the decision carries the decision out once it is back: exactly one pattern', async () => {
    const own = temporaryDirectory('skein-reviews-killed-');
    const child = spawn(process.execPath, ['--conditions=@skein/source', fileURLToPath(new URL('./reviews-child.fixture.ts', import.meta.url)), own.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'close');
    const id = line.toString().trim();
    const before = gateway;
    const later = memoryBoard();
    const heir = await later.join('heir');
    try {
      // Decided while there is no board: it waits on the desk.
      gateway = await reviewGateway(own.path);
      const { view } = await ask(`/${id}`, 'steward', undefined, own.path);
      const said = await ask(`/${id}/decisions`, 'steward', { decision: 'approve', reason: 'day first', choice: dayFirst(view) }, own.path);
      expect(said.view).toMatchObject({ settled: true, applied: false });
      await gateway.close();
      gateway = await reviewGateway(own.path, heir);
      await expect.poll(() => heir.counts().patterns).toBe(1);
      await expect.poll(async () => (await ask(`/${id}`, 'steward', undefined, own.path)).view.applied).toBe(true);
      const again = await ask(`/${id}/decisions`, 'steward', { decision: 'approve', reason: 'day first', choice: dayFirst(view) }, own.path);
      expect(again.view).toMatchObject({ settled: false, status: 'approved' });
      await gateway.parts.reviews.meta?.carryOut(id);
      expect(heir.counts().patterns).toBe(1);
      expect(gateway.errors).toEqual([]);
    } finally {
      await gateway.close();
      gateway = before;
      await heir.close();
      later.close();
      own[Symbol.dispose]();
    }
  });
});

describe('a gateway whose board is away', () => {
  it('closes all the same, and carries out at its next start what it could not tell', async () => {
    const own = temporaryDirectory('skein-reviews-away-');
    const [before, hub] = [gateway, memoryBoard()];
    const heir = await hub.join('heir');
    let abandon: (error: Error) => void = () => undefined;
    const away = new Proxy(heir, {
      get(target, name: keyof PatternBoard) {
        if (name === 'publish') return () => new Promise((_resolve, reject) => (abandon = reject));
        const member = target[name];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    try {
      gateway = await reviewGateway(own.path, away);
      const id = await escalate(gapOf('day', AMBIGUOUS));
      const { view } = await ask(`/${id}`, 'steward', undefined, own.path);
      const said = await ask(`/${id}/decisions`, 'steward', { decision: 'approve', reason: 'day first', choice: dayFirst(view) }, own.path);
      expect(said.view).toMatchObject({ settled: true, applied: false });
      await gateway.close();
      abandon(new Error('the board is closed'));
      expect(heir.counts().patterns).toBe(0);
      expect(gateway.errors).toEqual([]);
      gateway = await reviewGateway(own.path, heir);
      await expect.poll(async () => (await ask(`/${id}`, 'steward', undefined, own.path)).view.applied).toBe(true);
      expect(heir.counts().patterns).toBe(1);
      expect(gateway.errors).toEqual([]);
    } finally {
      await gateway.close();
      gateway = before;
      await heir.close();
      hub.close();
      own[Symbol.dispose]();
    }
  });
});
