import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { langgraphEscalations } from '@skein/adapter-langgraph';
import { memoryBoard } from '@skein/adapter-memory';
import { sqliteReviewDesk, sqliteStateStore } from '@skein/adapter-sqlite';
import { systemClock } from '@skein/kernel';
import { columnJudge, metaSwarmlet } from '@skein/swarm';
import { AMBIGUOUS, gapOf, orders } from './reviews-gaps.fixture.ts';

/**
 * Brings one gap as far as it comes: escalates it, approves the review, carries it out. `argv[3]` names the call in which the process kills itself, as
 * `<call>:<before or after>:<which of its calls>`. What is put on the board stands in a file, since the board goes with the process.
 */
const [directory = '', at = ''] = process.argv.slice(2);
const calls = new Map<string, number>();
function mortal<Args extends unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return async (...args) => {
    const count = (calls.get(name) ?? 0) + 1;
    calls.set(name, count);
    if (at === `${name}:before:${count}`) process.kill(process.pid, 'SIGKILL');
    const result = await call(...args);
    if (at === `${name}:after:${count}`) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}

const desk = sqliteReviewDesk({ file: join(directory, 'reviews.sqlite') });
const state = sqliteStateStore({ file: join(directory, 'escalations.sqlite') });
const board = await memoryBoard().join('child');
const meta = metaSwarmlet({
  desk: {
    open: mortal('open', (request) => desk.open(request)),
    applied: mortal('applied', (id) => desk.applied(id)),
    decide: (id, decision) => desk.decide(id, decision),
    get: (id) => desk.get(id),
    list: (options) => desk.list(options),
    covering: (key) => desk.covering(key),
    unapplied: () => desk.unapplied(),
    close: () => desk.close(),
  },
  board: new Proxy(board, {
    get(target, name: keyof typeof board) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      if (name !== 'publish') return (member as (...args: unknown[]) => unknown).bind(target);
      return mortal('publish', async (pattern: Parameters<typeof board.publish>[0]) => {
        await target.publish(pattern);
        appendFileSync(join(directory, 'board.txt'), `${pattern.id}\n`);
      });
    },
  }),
  clock: systemClock,
  name: 'meta-swarmlet',
  escalations: (steps) => langgraphEscalations({ steps, state }),
  facts: mortal('facts', async ({ column }) => columnJudge(orders, column)),
  groupOf: () => 'all',
  approvals: () => 1,
  downstream: async () => [],
});
const decide = mortal('decide', async (id: string, choice: string) =>
  desk.decide(id, { id: 'once', decision: 'approve', by: 'ann', reason: 'day first', at: 1, choice }),
);

let [review] = await desk.list();
if (review === undefined || review.status === 'open') {
  await meta.consider([gapOf('day', AMBIGUOUS)]);
  [review] = await desk.list();
}
if (review?.status === 'open') await decide(review.id, review.alternatives[0]?.id ?? '');
await meta.recover();
process.stdout.write(JSON.stringify(await desk.list()));
await meta.close();
await state.close();
await desk.close();
process.exit(0);
