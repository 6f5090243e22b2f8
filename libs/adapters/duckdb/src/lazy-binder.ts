import { SkeinError } from '@skein/kernel';
import type { Binder } from '@skein/ports';

/** The binder of `binder.ts`; its engine is loaded when something is first bound, which few processes ever do. */
export function duckdbBinder(): Binder {
  let binder: Promise<Binder> | undefined;
  let closed = false;
  return {
    async bind(sql, sets) {
      if (closed) throw new SkeinError('SKEIN_INTERNAL', 'the binder is closed');
      binder ??= import('./binder.ts').then((module) => module.duckdbBinder());
      return (await binder).bind(sql, sets);
    },
    async close() {
      closed = true;
      await (await binder)?.close();
    },
  };
}
