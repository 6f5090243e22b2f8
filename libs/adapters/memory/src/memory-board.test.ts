import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { signatureKey } from '@skein/pattern';
import { patternBoardConformance, samplePattern } from '@skein/ports/conformance';
import type { Lease } from '@skein/ports';
import { describe, expect, it } from 'vitest';
import { BoardHub, type BoardRequest } from './board-hub.ts';
import { joinMemoryBoard, memoryBoard } from './memory-board.ts';
import { MemoryMember } from './memory-member.ts';

patternBoardConformance('memory', async () => {
  const board = memoryBoard();
  return { join: (agent) => board.join(agent), dispose: async () => board.close() };
});

patternBoardConformance('memory, through ports', async () => {
  const board = memoryBoard();
  return { join: (agent) => joinMemoryBoard(board.port(), agent), dispose: async () => board.close() };
});

describe('memory board across threads', () => {
  function member(board: ReturnType<typeof memoryBoard>, agent: string, mode: 'solve' | 'die', gaps = 0): Worker {
    const port = board.port();
    return new Worker(new URL('./board-thread.fixture.ts', import.meta.url), {
      workerData: { port, agent, gaps, mode },
      transferList: [port],
      execArgv: ['--conditions=@skein/source'],
    });
  }

  it('has each gap solved once by threads that race for it', async () => {
    const board = memoryBoard();
    const threads = Array.from({ length: 4 }, (_, index) => member(board, `t${index}`, 'solve', 100));
    const ends = threads.map((thread) => once(thread, 'exit'));
    const told = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as { solved: number; known: number }));
    expect(told.reduce((sum, { solved }) => sum + solved, 0)).toBe(100);
    expect(await Promise.all(ends)).toEqual(threads.map(() => [0]));
    const here = await board.join('here');
    expect(here.counts().patterns).toBe(100);
    await here.close();
    board.close();
  });

  it('hands the gap of a thread that died to another when its lease expires', async () => {
    const board = memoryBoard();
    const here = await board.join('here');
    const key = signatureKey(samplePattern(0).signature);
    const thread = member(board, 'mortal', 'die');
    await once(thread, 'message');
    expect(await here.claim(key, 1_000)).toBe('held');
    expect(await here.park(key)).toBe('free');
    expect(await here.claim(key, 1_000)).toEqual({ signatureKey: key, token: 2 });
    await here.close();
    board.close();
  });

  it('tells members that the hub has gone', async () => {
    const board = memoryBoard();
    const member = await joinMemoryBoard(board.port(), 'a');
    await member.claim('k', 60_000);
    const parked = member.park('k');
    board.close();
    expect(await parked).toBe('free');
    await expect(member.publish(samplePattern(1))).rejects.toMatchObject({ code: 'SKEIN_BOARD_UNAVAILABLE' });
  });
});

describe('fencing', () => {
  /** A holder is late, another was granted the lease: what the board says to the late one. */
  async function late(spoil: (request: BoardRequest) => BoardRequest): Promise<string> {
    const hub = new BoardHub();
    const join = (agent: string) =>
      MemoryMember.join(agent, (onEvent) => {
        const member = { tell: onEvent };
        return { ask: async (request) => hub.handle(member, spoil(request)), leave: () => void hub.handle(member, { ask: 'leave' }) };
      });
    const [slow, quick] = [await join('slow'), await join('quick')];
    const stale = (await slow.claim('k', 5)) as Lease;
    await quick.park('k');
    await quick.claim('k', 60_000);
    const answer = await slow.publish(samplePattern(1), stale).then(
      () => 'taken',
      () => 'refused',
    );
    hub.close();
    return answer;
  }

  it('refuses the late one, and would not, were its token left out', async () => {
    expect(await late((request) => request)).toBe('refused');
    expect(await late((request) => (request.ask === 'tell' ? { ...request, lease: undefined } : request))).toBe('taken');
  });
});
