import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** How a node fails its connector, where it is asked for what blocks hold. */
export type NodeFault = 'gone' | 'cut' | 'limited' | 'other-form' | 'untrue';

/** A connector over an empty folder, and the node that it reads: real, on this machine, and in the hands of the suite. */
export interface ChainUnderTest {
  /** Attempts that it makes at what may pass. */
  readonly attempts: number;
  /** Takes what is new, in ranges of five blocks, as a connector that is begun anew on the folder. */
  bring(signal?: AbortSignal): Promise<unknown>;
  /** The chain has so many blocks more. */
  grow(blocks: number): Promise<void>;
  /** After `spared` more answers that hold blocks the node fails so, `times` times. */
  fail(fault: NodeFault, times: number, spared?: number): void;
  /** Blocks that were asked for by number since the last call, those asked for again counted again. */
  asked(): readonly number[];
  /** Identities of the blocks that the node has, and of those that the folder holds, from the lowest. */
  truth(): Promise<readonly string[]>;
  held(): Promise<readonly string[]>;
  /** The same at an address that it must not reach. */
  outside(): Promise<unknown>;
  dispose(): Promise<void>;
}

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/**
 * What the port of connectors promises, for what comes block by block: the suite of the port itself brings records of any tenant, which no chain has. A chain's
 * "tenant" is the chain, and that one is told from another is in the tests of each connector; so is that it is killed. Checks throw.
 */
export const CHAIN_CHECKS: Readonly<Record<string, (made: ChainUnderTest) => Promise<void>>> = {
  'brings all that the chain has, and is as it was when nothing is new': async (made) => {
    await made.grow(12);
    await made.bring();
    expect(await made.held()).toEqual(await made.truth());
    expect((await made.held()).length).toBeGreaterThanOrEqual(12);
    await made.bring();
    expect(await made.held()).toEqual(await made.truth());
  },
  'follows the chain': async (made) => {
    await made.grow(12);
    await made.bring();
    await made.grow(7);
    await made.bring();
    expect(await made.held()).toEqual(await made.truth());
  },
  ...Object.fromEntries(
    (['gone', 'cut', 'limited', 'other-form', 'untrue'] as const).map((fault) => [
      `tries again within bounds when the node is ${fault}, and leaves what stands`,
      async (made: ChainUnderTest) => {
        await made.grow(6);
        await made.bring();
        const before = await made.held();
        await made.grow(4);
        made.fail(fault, Number.POSITIVE_INFINITY);
        const code = { 'other-form': 'SKEIN_SOURCE_ANSWER', untrue: 'SKEIN_SOURCE_UNTRUE' }[fault as string] ?? 'SKEIN_SOURCE_UNAVAILABLE';
        made.asked();
        expect(await thrown(made.bring())).toMatchObject({ code, context: expect.anything() as object });
        const counts = new Map<number, number>();
        for (const block of made.asked()) counts.set(block, (counts.get(block) ?? 0) + 1);
        // a range is asked for again as a whole, and each of its requests by itself
        expect(Math.max(0, ...counts.values())).toBeLessThanOrEqual(made.attempts * made.attempts);
        const held = await made.held();
        expect(held.slice(0, before.length)).toEqual(before);
        expect(held).toEqual((await made.truth()).slice(0, held.length));
        made.fail(fault, made.attempts - 1);
        await made.bring();
        expect(await made.held()).toEqual(await made.truth());
      },
    ]),
  ),
  'goes on where its files end, without taking again what was final': async (made) => {
    await made.grow(40);
    made.fail('gone', Number.POSITIVE_INFINITY, 16);
    expect(await thrown(made.bring())).toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE' });
    const held = (await made.held()).length;
    expect(held).toBeGreaterThanOrEqual(10);
    made.fail('gone', 0);
    made.asked();
    await made.bring();
    expect(await made.held()).toEqual(await made.truth());
    // all but the files, and what a chain looks back at
    const blocks = new Set(made.asked()).size;
    expect(blocks).toBeLessThanOrEqual((await made.truth()).length - held + 3);
  },
  'stops when it is told to': async (made) => {
    await made.grow(6);
    expect(await thrown(made.bring(AbortSignal.abort()))).toMatchObject({ name: 'AbortError' });
    expect(await made.held()).toEqual([]);
    await made.bring();
    expect(await made.held()).toEqual(await made.truth());
  },
  'does not reach what it must not': async (made) => {
    expect(await thrown(made.outside())).toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
    expect(await made.held()).toEqual([]);
  },
};

/** Call it at the top level of a test file. */
export function chainConformance(name: string, make: () => Promise<ChainUnderTest>): void {
  describe(`chain connector: ${name}`, () => {
    let made: ChainUnderTest;
    beforeEach(async () => {
      made = await make();
    }, 60_000);
    afterEach(() => made.dispose());
    it.each(Object.entries(CHAIN_CHECKS))('%s', async (_, check) => check(made), 60_000);
  });
}
