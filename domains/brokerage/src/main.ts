import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBoard, memoryBus } from '@skein/adapter-memory';
import { joinRedisBoard } from '@skein/adapter-redis';
import { attachLibrary, sqlitePatternLibrary, sqliteStateStore } from '@skein/adapter-sqlite';
import { localBronzeStore, localLandingStore, localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import { runDomain } from '@skein/nest';
import { handOver } from '@skein/swarm';
import { brokerage } from './index.ts';

runDomain({
  name: 'brokerage',
  define: brokerage,
  // What it learns, and what it cannot decide, it shares with the other processes on the data directory by way of files.
  async adapters(data, { redis }) {
    const agent = `brokerage-${process.pid}`;
    const board = redis === undefined ? await memoryBoard().join(agent) : await joinRedisBoard({ url: redis, migration: 'mesh', agent });
    const library = await sqlitePatternLibrary({ file: path.join(data, 'patterns', 'patterns.sqlite'), run: randomUUID() });
    const detach = await attachLibrary(library, board);
    const handedOver = sqliteStateStore({ file: path.join(data, 'reviews', 'handed-over.sqlite') });
    const adapters = {
      engine: duckdbEngine({ tempDirectory: path.join(data, 'tmp', String(process.pid)) }),
      store: localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock }),
      landings: localLandingStore({ root: path.join(data, 'landing') }),
      bronze: localBronzeStore({ root: path.join(data, 'bronze') }),
      bus: memoryBus(),
      sandbox: duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(data, 'tmp', `rules-${process.pid}`) }),
      board,
      ...handOver(handedOver),
    };
    return {
      ...adapters,
      async close() {
        await detach();
        library.close();
        await handedOver.close();
        await adapters.sandbox.close();
        await adapters.engine.close();
        await adapters.bus.close();
        await board.close();
      },
    };
  },
  readContracts: readContractFiles,
  contracts: fileURLToPath(new URL('../../../contracts', import.meta.url)),
  // where gateways write the market's log
  fed: 'market/log',
  args: process.argv.slice(2),
  env: process.env,
});
