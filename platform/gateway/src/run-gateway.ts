import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { systemClock } from '@skein/kernel';
import { oidcIssuer } from './auth/trusted-issuer.ts';
import { readApprovals } from '@skein/verifier/compat';
import { readGatewayConfig, USAGE } from './config.ts';
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
  const sandbox = duckdbSandbox({ tempDirectory: path.join(config.data, 'tmp', `queries-${process.pid}`) });
  const gateway = await startGateway({
    store: localSnapshotStore({ root: path.join(config.data, 'tables'), clock: systemClock }),
    sandbox,
    contracts,
    documents: files.map(({ contract }) => contract.text),
    approvals: files.flatMap(({ approvals }) => (approvals ? readApprovals(approvals.text, approvals.file) : [])),
    policies,
    clock: systemClock,
    dataDir: config.data,
    host: config.host,
    port: config.port,
    ...(config.oidc ? { issuers: [oidcIssuer(config.oidc.issuer, config.oidc.audience)] } : { visitorRoles: ['public'] }),
  }).catch(async (error: unknown) => {
    await sandbox.close();
    throw error;
  });
  process.stdout.write(`The gateway serves ${config.data} at ${gateway.url}\n`);
  let closing: Promise<void> | undefined;
  const stop = (): void =>
    void (closing ??= gateway
      .close()
      .then(() => sandbox.close())
      .then(() => process.exit(0)));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}
