import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sqliteStateStore } from '@skein/adapter-sqlite';
import { readContractFiles } from '@skein/adapter-storage';
import { runDomain, type DomainProcess } from '@skein/nest';
import { handOver } from '@skein/swarm';
import { localAdapters } from './local-adapters.ts';

/** For a domain's main.ts: the domain as a process of its own, on this machine's adapters and the contracts of this repository. */
export function runLocalDomain(domain: Omit<DomainProcess, 'adapters' | 'readContracts' | 'contracts'>): void {
  runDomain({
    ...domain,
    // What it learns, and what it cannot decide, it shares with the other processes on the data directory by way of files.
    async adapters(data, { redis }) {
      const adapters = await localAdapters(data, { name: domain.name, redis });
      const handedOver = sqliteStateStore({ file: path.join(data, 'reviews', 'handed-over.sqlite') });
      return {
        ...adapters,
        ...handOver(handedOver),
        async close() {
          await handedOver.close();
          await adapters.close();
        },
      };
    },
    readContracts: readContractFiles,
    contracts: fileURLToPath(new URL('../../../contracts', import.meta.url)),
  });
}
