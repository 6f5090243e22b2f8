import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBoard, memoryBus } from '@skein/adapter-memory';
import { attachLibrary, sqlitePatternLibrary } from '@skein/adapter-sqlite';
import { localBronzeStore, localLandingStore, localSnapshotStore, readContractFiles, type ContractFiles } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { readPolicy, type Policy } from '@skein/federation';
import { systemClock } from '@skein/kernel';
import { DataProductModule, SwarmRegistry } from '@skein/nest';
import type { PatternBoard } from '@skein/ports';
import { contractSet, type Domain } from '@skein/product';
import type { Swarm, SwarmAdapters, SystemContracts } from '@skein/swarm';
import { readApprovals, type Approval } from '@skein/verifier/compat';
import { DOMAINS } from './domains.ts';

/** `contracts/` of this repository. */
export const contractsDirectory = fileURLToPath(new URL('../../../contracts', import.meta.url));

export interface LoadedContracts {
  readonly files: readonly ContractFiles[];
  readonly contracts: readonly Contract[];
  readonly policies: readonly Policy[];
  readonly approvals: readonly Approval[];
  readonly system: SystemContracts;
  readonly domains: readonly Domain[];
}

/** Reads every contract; the first fault is thrown with its place. */
export async function loadContracts(directory: string): Promise<LoadedContracts> {
  const files = await readContractFiles(directory);
  const contracts = files.map(({ contract }) => readContract(contract.text, contract.file));
  const policies = files.flatMap(({ policy }, index) => {
    const contract = contracts[index];
    return policy && contract ? [readPolicy(policy.text, policy.file, contract)] : [];
  });
  const set = contractSet(contracts);
  return {
    files,
    contracts,
    policies,
    approvals: files.flatMap(({ approvals }) => (approvals ? readApprovals(approvals.text, approvals.file) : [])),
    system: { feedback: set.get('skein.feedback'), lineage: set.get('skein.lineage') },
    domains: Object.values(DOMAINS).map((define) => define(set)),
  };
}

export interface LayerOptions {
  /** Bytes of source files from which on a bronze table is kept as files; default 10 GB. */
  readonly partitionFrom?: number | undefined;
}

export interface LocalAdapters extends SwarmAdapters {
  readonly board: PatternBoard;
  close(): Promise<void>;
}

/**
 * Everything on this machine: DuckDB in the process, tables and landings below `data`, an in-memory bus, and a board that the swarms
 * of the process share; what it learns is kept in `data`, and the next run begins with it.
 */
export async function localAdapters(data: string, { partitionFrom }: LayerOptions = {}): Promise<LocalAdapters> {
  const board = await memoryBoard().join(`mesh-${process.pid}`);
  const library = await sqlitePatternLibrary({ file: path.join(data, 'patterns', 'patterns.sqlite'), run: randomUUID() });
  const detach = await attachLibrary(library, board);
  const adapters = {
    engine: duckdbEngine({ tempDirectory: path.join(data, 'tmp', String(process.pid)) }),
    store: localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock }),
    landings: localLandingStore({ root: path.join(data, 'landing') }),
    bronze: localBronzeStore({ root: path.join(data, 'bronze') }),
    layout: partitionFrom === undefined ? {} : { partitionFrom },
    bus: memoryBus(),
    board,
    // One child at a time, and none before a contract has an SQL rule; consumers' queries have a sandbox of their own.
    sandbox: duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(data, 'tmp', `rules-${process.pid}`) }),
  };
  return {
    ...adapters,
    async close() {
      await detach();
      library.close();
      await adapters.sandbox.close();
      await adapters.engine.close();
      await adapters.bus.close();
      await board.close();
    },
  };
}

/** Nest imports that make every domain part of an application. */
export function domainModules(loaded: LoadedContracts, adapters: SwarmAdapters) {
  return [DataProductModule.forRoot({ adapters, system: loaded.system }), ...loaded.domains.map((domain) => DataProductModule.forFeature(domain.name, domain))];
}

/** The swarms without a gateway: what `skein ingest` runs. */
export async function composeSwarms(
  options: LayerOptions & {
    readonly data: string;
    readonly contracts: string;
  },
): Promise<{ swarm(domain: string): Swarm; close(): Promise<void> }> {
  const loaded = await loadContracts(options.contracts);
  const adapters = await localAdapters(options.data, options);
  const context = await NestFactory.createApplicationContext(
    { module: class SwarmsModule {}, imports: domainModules(loaded, adapters) },
    { logger: ['error', 'warn'] },
  );
  const registry = context.get(SwarmRegistry);
  return {
    swarm: (domain) => registry.get(domain),
    async close() {
      await context.close();
      await adapters.close();
    },
  };
}
