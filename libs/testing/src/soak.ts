/** Whether the run is at full size (`npm run test:soak`). The one place that reads SKEIN_SOAK. */
export const soaking: boolean = process.env['SKEIN_SOAK'] === '1';

/** The size of a long test: `full` in `npm run test:soak`, else a tenth of it, rounded up. */
export function soak(full: number): number {
  return soaking ? full : Math.ceil(full / 10);
}
