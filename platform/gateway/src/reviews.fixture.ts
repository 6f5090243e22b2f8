import { duckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { PatternBoard } from '@skein/ports';
import { ledger, orders, policies } from './reviews-gaps.fixture.ts';
import { startGateway, type RunningGateway } from './start-gateway.ts';

export interface ReviewGateway extends RunningGateway {
  readonly errors: readonly unknown[];
}

/** A gateway over the directory, with reviews, and the board when there is one. */
export async function reviewGateway(dataDir: string, patterns?: PatternBoard): Promise<ReviewGateway> {
  const sandbox = duckdbSandbox({ tempDirectory: `${dataDir}/sandbox`, workers: 1 });
  const errors: unknown[] = [];
  const gateway = await startGateway({
    store: localSnapshotStore({ root: `${dataDir}/tables`, clock: systemClock }),
    sandbox,
    contracts: [orders, ledger],
    policies,
    clock: systemClock,
    dataDir,
    ...(patterns ? { patterns } : {}),
    log: { error: (error) => void errors.push(error), warn: (text) => void errors.push(text) },
  });
  return {
    ...gateway,
    errors,
    close: async () => {
      await gateway.close();
      await sandbox.close();
    },
  };
}
