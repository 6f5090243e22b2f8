import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StateStore } from '../state-store.ts';

export interface StateStoreUnderTest {
  readonly store: StateStore;
  /** Opens what `store` kept once more, after it was closed; undefined where nothing outlives it. */
  readonly reopen?: () => Promise<StateStore>;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

/** What every StateStore keeps. Call it at the top level of a test file; `make` gives an empty store. */
export function stateStoreConformance(name: string, make: () => Promise<StateStoreUnderTest>): void {
  describe(`state store: ${name}`, () => {
    let made: StateStoreUnderTest;
    let store: StateStore;
    beforeEach(async () => {
      made = await make();
      store = made.store;
    });
    afterEach(() => store.close());

    it('gives back what was put, the newest, and nothing of other spaces', async () => {
      await store.put('a', [
        ['k', bytes('1')],
        ["k'; DROP TABLE state", bytes('\0é')],
      ]);
      await store.put('a', [['k', bytes('2')]]);
      expect(text(await store.get('a', 'k'))).toBe('2');
      expect(text(await store.get('a', "k'; DROP TABLE state"))).toBe('\0é');
      expect(await store.get('b', 'k')).toBeUndefined();
      expect(await store.get('a', 'K')).toBeUndefined();
    });

    it('lists by prefix in the order of bytes, wildcards and high characters included', async () => {
      const keys = ['p', 'p/', 'p/%', 'p/_', 'p/a', 'p/\uffff', 'p/😀', 'q'];
      await store.put(
        'a',
        keys.toReversed().map((key) => [key, bytes(key)] as const),
      );
      expect((await store.list('a', 'p/')).map(([key, value]) => [key, text(value)])).toEqual(keys.slice(1, 7).map((key) => [key, key]));
      expect(await store.list('a', 'p/%x')).toEqual([]);
      await store.remove('a', 'p/');
      expect((await store.list('a', '')).map(([key]) => key)).toEqual(['p', 'q']);
    });

    it('keeps what was put, whatever becomes of the bytes that were given and of those that were got', async () => {
      const given = bytes('1');
      await store.put('a', [['k', given]]);
      given.fill(0);
      (await store.get('a', 'k'))?.fill(0);
      for (const [, value] of await store.list('a', '')) value.fill(0);
      expect(text(await store.get('a', 'k'))).toBe('1');
    });

    it('has what was put after it was closed and opened once more', async () => {
      if (made.reopen === undefined) return;
      await store.put('a', [['k', bytes('1')]]);
      await store.close();
      store = await made.reopen();
      expect(text(await store.get('a', 'k'))).toBe('1');
    });
  });
}
