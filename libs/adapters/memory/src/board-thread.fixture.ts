import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { signatureKey } from '@skein/pattern';
import { solveOnce } from '@skein/ports';
import { samplePattern } from '@skein/ports/conformance';
import { joinMemoryBoard } from './memory-board.ts';

/** One member in a thread of its own: closes every gap once with the others, and tells how many it solved itself. */
const { port, agent, gaps, mode } = workerData as { port: MessagePort; agent: string; gaps: number; mode: 'solve' | 'die' };
const board = await joinMemoryBoard(port, agent);
if (mode === 'die') {
  await board.claim(signatureKey(samplePattern(0).signature), 2_000);
  parentPort?.postMessage('claimed');
  process.exit(1);
}
let solved = 0;
for (let index = 0; index < gaps; index += 1) {
  await solveOnce({
    board,
    signatureKey: signatureKey(samplePattern(index).signature),
    ttl: 60_000,
    choose: (patterns) => patterns[0],
    solve: async () => {
      solved += 1;
      return samplePattern(index, 0, agent);
    },
  });
}
parentPort?.postMessage({ solved, known: board.counts().patterns });
await board.close();
