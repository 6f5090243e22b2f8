import type { StateStore } from '@skein/ports';
import { escalationsConformance, stateStoreConformance } from '@skein/ports/conformance';
import { langgraphEscalations } from './escalations.ts';

/** State in a map: adapters know no other adapters. Over SQLite, and over the death of a process, e2e tries escalations. */
function mapStore(): StateStore {
  const entries = new Map<string, Uint8Array>();
  const of = (space: string, prefix: string): [string, Uint8Array][] =>
    [...entries].flatMap(([key, value]): [string, Uint8Array][] => {
      const [owner, name] = JSON.parse(key) as [string, string];
      return owner === space && name.startsWith(prefix) ? [[name, value.slice()]] : [];
    });
  return {
    get: async (space, key) => entries.get(JSON.stringify([space, key]))?.slice(),
    async put(space, given) {
      for (const [key, value] of given) entries.set(JSON.stringify([space, key]), value.slice());
    },
    list: async (space, prefix) => of(space, prefix).sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
    async remove(space, prefix) {
      for (const [key] of of(space, prefix)) entries.delete(JSON.stringify([space, key]));
    },
    close: async () => undefined,
  };
}

stateStoreConformance('a map', async () => ({ store: mapStore() }));

escalationsConformance('LangGraph', async () => {
  const state = mapStore();
  return { open: async (steps) => langgraphEscalations({ steps, state }) };
});
