import { memoryBoard } from '@skein/adapter-memory';
import { attachLibrary, sqlitePatternLibrary } from '@skein/adapter-sqlite';
import { earn, signatureKey } from '@skein/pattern';
import { samplePattern } from '@skein/ports/conformance';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './temporary-directory.ts';

const ARM = 'type DATE 9\u001fdate';
const [first, second] = [samplePattern(1), samplePattern(2)];

/** Here, and not beside the library: no adapter knows another. */
describe('pattern library on a board', () => {
  it('loads into a board at the start, and keeps what the board learns', async () => {
    using folder = temporaryDirectory();
    const file = folder.file('patterns.sqlite');
    const teach = await sqlitePatternLibrary({ file, run: 'r1' });
    teach.keep({
      patterns: [{ ...first, evidence: { a: { successes: 9, failures: 0 } } }, second],
      evidence: {},
      rejected: { [second.id]: 'the year is wrong' },
      rewards: { [ARM]: { a: { successes: 2.5, failures: 1 } } },
    });
    teach.close();

    const library = await sqlitePatternLibrary({ file, run: 'r2' });
    const hub = memoryBoard();
    const board = await hub.join('a');
    const stop = await attachLibrary(library, board, 10);
    const key = signatureKey(first.signature);
    expect(board.lookup(key)[0]?.evidence).toEqual({ library: { successes: 9, failures: 0 } });
    expect(board.rejection(second.id)).toBe('the year is wrong');
    expect(board.rewards()).toEqual({ [ARM]: { library: { successes: 2.5, failures: 1 } } });
    await board.reward(earn(board.rewards(), 'a', 'type DATE 9', 'date', 0.5));
    const third = samplePattern(3, 0, 'a');
    await board.publish(third);
    await board.evidence(first.id, 'a', { successes: 2, failures: 1 });
    await stop();
    library.close();
    await board.close();
    hub.close();

    const later = await sqlitePatternLibrary({ file, run: 'r3' });
    const { patterns, rewards } = later.load();
    expect(rewards).toEqual({ [ARM]: { library: { successes: 3, failures: 1.5 } } });
    expect(patterns.find(({ id }) => id === first.id)?.evidence).toEqual({ library: { successes: 11, failures: 1 } });
    expect(patterns.find(({ id }) => id === third.id)?.evidence).toEqual({ library: { successes: 1, failures: 0 } });
    later.close();
  });
});
