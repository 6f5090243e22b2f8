import { signatureKey } from '@skein/pattern';
import { solveOnce, type Lease } from '@skein/ports';
import { samplePattern } from '@skein/ports/conformance';
import { joinRedisBoard } from './redis-board.ts';

/**
 * A member in a process of its own, told what to do by its parent. `work` publishes patterns of its own without end, and closes gaps that all members
 * race for, until `stop`; `hold` claims one gap and keeps it; `late` publishes under the lease that it held.
 */
const [url = '', prefix = '', agent = '', first = '0'] = process.argv.slice(2);
const board = await joinRedisBoard({ url, prefix, migration: 'soak', agent, patience: 30_000 });
const tell = (message: Record<string, unknown>): void => void process.send?.(message);
let stopping = false;
let lease: Lease | undefined;

async function work(): Promise<void> {
  const acknowledged: string[] = [];
  const solved: number[] = [];
  const waiting = new Set<Promise<void>>();
  for (let turn = 0; !stopping; turn += 1) {
    const pattern = samplePattern(Number(first) + turn, 0, agent);
    const published = board.publish(pattern).then(() => {
      acknowledged.push(pattern.id);
      tell({ acknowledged: acknowledged.length });
    });
    waiting.add(published);
    void published.finally(() => waiting.delete(published));
    if (turn % 5 === 0) {
      const gap = turn / 5;
      await solveOnce({
        board,
        signatureKey: signatureKey(samplePattern(gap).signature),
        ttl: 60_000,
        choose: (patterns) => patterns[0],
        solve: async () => {
          solved.push(gap);
          return samplePattern(gap, 0, agent);
        },
      });
    }
    await new Promise((next) => setTimeout(next, 4));
  }
  await Promise.all(waiting);
  tell({ done: true, acknowledged, solved, refused: board.counts().refused });
}

process.on('message', (order: string) => {
  if (order === 'stop') stopping = true;
  if (order === 'work') void work();
  if (order === 'hold') {
    void board.claim('gap', 2_000).then((claim) => {
      lease = typeof claim === 'string' || 'vain' in claim ? undefined : claim;
      tell({ claimed: lease?.token });
    });
  }
  if (order === 'late') {
    board.publish(samplePattern(7, 99, agent), lease).then(
      () => tell({ late: 'taken' }),
      (error: { code?: string }) => tell({ late: error.code }),
    );
  }
  if (order === 'leave') void board.close().then(() => process.disconnect());
});
tell({ joined: agent });
