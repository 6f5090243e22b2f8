import { environment } from './environment.ts';

/** Whether the run is at full size (`npm run test:soak`). */
export const soaking: boolean = environment.soak;

/** The size of a long test: `full` in `npm run test:soak`, else a tenth of it, rounded up. */
export function soak(full: number): number {
  return soaking ? full : Math.ceil(full / 10);
}
