import type { StateStore } from '@skein/ports';

/** State in memory: it ends with the process. */
export function memoryStateStore(): StateStore {
  const spaces = new Map<string, Map<string, Uint8Array>>();
  const entries = (space: string): Map<string, Uint8Array> => {
    const found = spaces.get(space) ?? new Map<string, Uint8Array>();
    spaces.set(space, found);
    return found;
  };
  return {
    get: async (space, key) => entries(space).get(key)?.slice(),
    async put(space, given) {
      for (const [key, value] of given) entries(space).set(key, value.slice());
    },
    list: async (space, prefix) =>
      [...entries(space)]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
        .map(([key, value]) => [key, value.slice()] as const),
    async remove(space, prefix) {
      for (const key of [...entries(space).keys()]) if (key.startsWith(prefix)) entries(space).delete(key);
    },
    close: async () => undefined,
  };
}
