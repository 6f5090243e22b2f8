import { chmodSync, writeFileSync } from 'node:fs';
import { proposerConformance, SAMPLE_QUESTION, type ModelBehaviour } from '@skein/ports/conformance';
import { modelService, temporaryDirectory, type ModelAnswer, type ModelService } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { openaiProposer } from './openai-proposer.ts';

const GOOD = JSON.stringify({
  solutions: [{ transformation: `upper(regexp_replace({value}, '[^A-Za-z]', '', 'g'))`, preConditions: 'TRUE', postValidation: 'TRUE' }],
});
const BEHAVIOURS: Readonly<Record<ModelBehaviour, ModelAnswer>> = {
  solves: { content: GOOD },
  prose: { content: `Certainly! Here is the SQL:\n\`\`\`json\n${GOOD}\n\`\`\`` },
  half: { content: GOOD.slice(0, -9) },
  silent: 'silent',
  fails: { status: 500 },
  endless: 'endless',
  leaves: 'leaves',
};
const BUDGET = { calls: 50, tokens: 1_000_000 };

proposerConformance('openai', async (behaviour, budget) => {
  const service = await modelService(() => BEHAVIOURS[behaviour]);
  return {
    proposer: await openaiProposer({ address: service.address, model: 'stand-in', budget, timeoutMs: 500 }),
    asked: () => service.bodies.length,
    dispose: async () => service[Symbol.asyncDispose](),
  };
});

async function asking(
  answer: ModelAnswer,
  timeoutMs = 500,
): Promise<Awaited<ReturnType<ReturnType<Awaited<ReturnType<typeof openaiProposer>>['begin']>['ask']>>> {
  await using service = await modelService(() => answer);
  const proposer = await openaiProposer({ address: service.address, model: 'm', budget: BUDGET, timeoutMs });
  return await proposer.begin().ask(SAMPLE_QUESTION);
}

describe('openai proposer', () => {
  it('sends the question, the model and the key, and no more', async () => {
    await using service: ModelService = await modelService(() => ({ content: GOOD }));
    using folder = temporaryDirectory();
    writeFileSync(folder.file('key'), 'sk-canary\nsecond line\n');
    chmodSync(folder.file('key'), 0o600);
    const proposer = await openaiProposer({ address: `${service.address}/`, model: 'm', keyFile: folder.file('key'), budget: BUDGET });
    const run = proposer.begin();
    expect(await run.ask(SAMPLE_QUESTION)).toMatchObject({ kind: 'solutions' });
    expect(service.headers[0]?.authorization).toBe('Bearer sk-canary');
    const body = JSON.parse(service.bodies[0] ?? '') as { model: string; messages: { role: string; content: string }[] };
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model', 'response_format', 'temperature']);
    expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(JSON.parse(body.messages[1]?.content ?? '')).toEqual(SAMPLE_QUESTION);
    expect(run.spent).toEqual({ calls: 1, tokens: 300 });
  });

  it.each([301, 302, 307, 308])('does not follow a redirect (%i), to this host or another', async (status) => {
    await using other = await modelService(() => ({ content: GOOD }));
    await using service = await modelService(() => ({ status, location: `${other.address}/chat/completions` }));
    const proposer = await openaiProposer({ address: service.address, model: 'm', budget: BUDGET });
    expect(await proposer.begin().ask(SAMPLE_QUESTION)).toMatchObject({ kind: 'refused', why: expect.stringContaining('redirect') as string });
    expect([service.bodies.length, other.bodies.length]).toEqual([1, 0]);
  });

  it.each([
    ['429', { status: 429 }, 'failed'],
    ['a page', 'prose', 'refused'],
    ['an answer that never ends', 'slow', 'silent'],
    ['no list', { content: '{"solutions": {}}' }, 'refused'],
    ['more than was asked for', { content: GOOD.replace('{"solutions"', '{"note": 1, "solutions"') }, 'refused'],
    [
      'too many',
      { content: JSON.stringify({ solutions: Array.from({ length: 4 }, () => (JSON.parse(GOOD) as { solutions: unknown[] }).solutions[0]) }) },
      'refused',
    ],
    ['a number for SQL', { content: '{"solutions": [{"transformation": 1, "preConditions": "TRUE", "postValidation": "TRUE"}]}' }, 'refused'],
    ['a part too many', { content: GOOD.replace('"preConditions"', '"run": "rm", "preConditions"') }, 'refused'],
    ['SQL without end', { content: GOOD.replace('TRUE', `TRUE OR ${'1 = 1 OR '.repeat(1_000)}FALSE`) }, 'refused'],
    ['nothing', { content: '{"solutions": []}' }, 'solutions'],
  ] as const)('takes %s as no proposal', async (_, answer, kind) => {
    const said = await asking(answer);
    expect(said.kind).toBe(kind);
    if (said.kind === 'solutions') expect(said.solutions).toEqual([]);
    // What a reason says may be shown to anyone: nothing of an answer is in it.
    else expect(said.why).not.toMatch(/regexp_replace|rm|glad/);
  });

  it('believes no usage that would give back what was not taken', async () => {
    for (const usage of [{ total_tokens: -1_000_000 }, { total_tokens: 0 }, { total_tokens: 1e12 }, { total_tokens: '7' }, null, 'none']) {
      await using service = await modelService(() => ({ content: GOOD, usage }));
      const run = (await openaiProposer({ address: service.address, model: 'm', budget: BUDGET })).begin();
      await run.ask(SAMPLE_QUESTION);
      expect(run.spent.tokens).toBeGreaterThan(1_000);
      expect(run.spent.tokens).toBeLessThan(10_000);
    }
  });

  it('refuses addresses, keys and budgets that cannot be meant', async () => {
    using folder = temporaryDirectory();
    writeFileSync(folder.file('empty'), '\n');
    writeFileSync(folder.file('key'), 'sk-1');
    const bad = { code: 'SKEIN_CONFIG_INVALID' };
    const good = { address: 'https://127.0.0.1:1/v1', model: 'm', budget: BUDGET };
    for (const wrong of [
      { address: 'file:///etc/passwd' },
      { address: 'ftp://models.example.org' },
      { address: 'models.example.org' },
      { address: 'https://user:secret@models.example.org/v1' },
      { address: 'https://models.example.org/v1?key=secret' },
      { address: 'http://models.example.org/v1', keyFile: folder.file('key') },
      { keyFile: folder.file('none') },
      { keyFile: folder.file('empty') },
      { model: '' },
      { budget: { calls: 0, tokens: 1 } },
      { budget: { calls: 1, tokens: Number.POSITIVE_INFINITY } },
      { timeoutMs: 0 },
    ])
      await expect(openaiProposer({ ...good, ...wrong })).rejects.toMatchObject(bad);
    await expect(openaiProposer({ ...good, address: 'http://127.0.0.1:1/v1', keyFile: folder.file('key') })).resolves.toBeDefined();
  });
});
