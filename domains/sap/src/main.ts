import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBus } from '@skein/adapter-memory';
import { localLandingStore, localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import { runDomain } from '@skein/nest';
import { sap } from './index.ts';

runDomain({
  name: 'sap',
  define: sap,
  adapters: (data) => ({
    engine: duckdbEngine({ tempDirectory: path.join(data, 'tmp', String(process.pid)) }),
    store: localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock }),
    landings: localLandingStore({ root: path.join(data, 'landing') }),
    bus: memoryBus(),
    sandbox: duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(data, 'tmp', `rules-${process.pid}`) }),
  }),
  readContracts: readContractFiles,
  contracts: fileURLToPath(new URL('../../../contracts', import.meta.url)),
  args: process.argv.slice(2),
  env: process.env,
});
