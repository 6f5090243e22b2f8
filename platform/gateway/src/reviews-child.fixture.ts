import { join } from 'node:path';
import { memoryBoard } from '@skein/adapter-memory';
import { sqliteReviewDesk, sqliteStateStore } from '@skein/adapter-sqlite';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import { reviewSwarm } from './reviews/review-swarm.ts';
import { AMBIGUOUS, catalog, gapOf, ledger, orders } from './reviews-gaps.fixture.ts';

/** Escalates one gap in a process of its own, tells the review, and waits to be killed. */
const directory = process.argv[2] ?? '';
const { meta } = await reviewSwarm({
  desk: sqliteReviewDesk({ file: join(directory, 'reviews', 'reviews.sqlite') }),
  state: sqliteStateStore({ file: join(directory, 'reviews', 'escalations.sqlite') }),
  handedOver: sqliteStateStore({ file: join(directory, 'reviews', 'handed-over.sqlite') }),
  board: await memoryBoard().join('first'),
  catalog,
  contracts: [orders, ledger],
  store: localSnapshotStore({ root: join(directory, 'tables'), clock: systemClock }),
  clock: systemClock,
  log: { error: (error) => process.stderr.write(`${String(error)}\n`), warn: (text) => process.stderr.write(`${text}\n`) },
});
const considered = await meta?.consider([gapOf('day', AMBIGUOUS)]);
process.stdout.write(`${considered?.waiting[0] ?? ''}\n`);
setInterval(() => undefined, 1_000);
