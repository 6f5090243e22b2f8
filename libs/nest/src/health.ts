import { SkeinError } from '@skein/kernel';

/** Something a process depends on. `check` throws when it is down; what it returns is shown. */
export interface HealthIndicator {
  readonly name: string;
  check(): Promise<Readonly<Record<string, unknown>> | undefined>;
}

export interface HealthReport {
  readonly status: 'up' | 'down';
  readonly checks: Readonly<
    Record<string, { readonly status: 'up' | 'down'; readonly milliseconds: number; readonly error?: string; readonly [detail: string]: unknown }>
  >;
}

/** Asks all indicators at once; one that does not answer in time is down. Errors show their code only: the page is open to all. */
export async function checkHealth(indicators: readonly HealthIndicator[], { timeoutMs = 2_000 }: { readonly timeoutMs?: number } = {}): Promise<HealthReport> {
  const entries = await Promise.all(
    indicators.map(async (indicator) => {
      const started = performance.now();
      const took = (): number => Math.round((performance.now() - started) * 100) / 100;
      let timer: NodeJS.Timeout | undefined;
      try {
        const late = new Promise<never>(
          (_, reject) =>
            (timer = setTimeout(() => reject(new SkeinError('SKEIN_NO_REPLY', `${indicator.name} did not answer within ${timeoutMs} ms`)), timeoutMs)),
        );
        const detail = await Promise.race([indicator.check(), late]);
        return [indicator.name, { ...detail, status: 'up' as const, milliseconds: took() }] as const;
      } catch (error) {
        return [indicator.name, { status: 'down' as const, milliseconds: took(), error: error instanceof SkeinError ? error.code : 'SKEIN_INTERNAL' }] as const;
      } finally {
        clearTimeout(timer);
      }
    }),
  );
  return { status: entries.every(([, { status }]) => status === 'up') ? 'up' : 'down', checks: Object.fromEntries(entries) };
}
