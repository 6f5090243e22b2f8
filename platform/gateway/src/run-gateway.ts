import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { attachLibrary, sqlitePatternLibrary } from '@skein/adapter-sqlite';
import { localSnapshotStore, readContractFiles, type ContractFiles } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { systemClock } from '@skein/kernel';
import { oidcIssuer } from './auth/trusted-issuer.ts';
import type { PatternBoard } from '@skein/ports';
import type { Approval } from '@skein/verifier/compat';
import { readGatewayConfig, USAGE, type GatewayConfig } from './config.ts';
import { startGateway } from './start-gateway.ts';

/** `contracts/` of this repository, from src and dist alike. */
const CONTRACTS = fileURLToPath(new URL('../../../contracts', import.meta.url));

/** A gateway alone, until a signal ends it: its domains run in processes of their own, and what they publish shows by the store's watch. */
export async function runGateway(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = readGatewayConfig(args, env, { contracts: CONTRACTS });
  if (config === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const files = await readContractFiles(config.contracts);
  const contracts = files.map(({ contract }) => readContract(contract.text, contract.file));
  const policies = files.flatMap(({ policy }, index) => {
    const contract = contracts[index];
    return policy && contract ? [readPolicy(policy.text, policy.file, contract)] : [];
  });
  const approvals = await approvalsIn(files);
  const patterns = await sharedBoard(config);
  const sandbox = duckdbSandbox({ tempDirectory: path.join(config.data, 'tmp', `queries-${process.pid}`) });
  const gateway = await startGateway({
    store: localSnapshotStore({ root: path.join(config.data, 'tables'), clock: systemClock }),
    sandbox,
    contracts,
    documents: files.map(({ contract }) => contract.text),
    approvals,
    policies,
    clock: systemClock,
    dataDir: config.data,
    patterns: patterns.board,
    host: config.host,
    port: config.port,
    ...(config.oidc ? { issuers: [oidcIssuer(config.oidc.issuer, config.oidc.audience)] } : { visitorRoles: ['public'] }),
  }).catch(async (error: unknown) => {
    await sandbox.close();
    await patterns.close();
    throw error;
  });
  process.stdout.write(`The gateway serves ${config.data} at ${gateway.url}\n`);
  let closing: Promise<void> | undefined;
  const stop = (): void =>
    void (closing ??= gateway
      .close()
      .then(() => sandbox.close())
      .then(() => patterns.close())
      .then(() => process.exit(0)));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}

/** Most contracts have no approvals beside them, and then what reads them is not loaded. */
async function approvalsIn(files: readonly ContractFiles[]): Promise<Approval[]> {
  const found = files.flatMap(({ approvals }) => approvals ?? []);
  if (found.length === 0) return [];
  const { readApprovals } = await import('@skein/verifier/compat');
  return found.flatMap(({ text, file }) => readApprovals(text, file));
}

/** The board of this gateway: on Redis where an address is given, and in any case by way of the library that the domains' processes open too. */
async function sharedBoard({ data, redis }: GatewayConfig): Promise<{ readonly board: PatternBoard; close(): Promise<void> }> {
  const agent = `gateway-${process.pid}`;
  const board =
    redis === undefined
      ? await (await import('@skein/adapter-memory')).memoryBoard().join(agent)
      : await (await import('@skein/adapter-redis')).joinRedisBoard({ url: redis, migration: 'mesh', agent });
  const library = await sqlitePatternLibrary({ file: path.join(data, 'patterns', 'patterns.sqlite'), run: randomUUID() });
  const detach = await attachLibrary(library, board);
  return {
    board,
    async close() {
      await detach();
      library.close();
      await board.close();
    },
  };
}
