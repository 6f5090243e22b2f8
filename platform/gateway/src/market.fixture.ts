import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { systemClock, type Clock } from '@skein/kernel';
import { publishQuery } from '@skein/testing';
import { issueDevToken } from './auth/dev-keys.ts';
import { startGateway, type RunningGateway } from './start-gateway.ts';

const contractText = (name: string, classification: string): string => `apiVersion: v3.1.0
kind: DataContract
id: shop-${name}
version: 1.0.0
status: active
domain: shop
schema:
  - name: ${name}
    logicalType: object
    properties:
      - { name: id, logicalType: integer, physicalType: BIGINT, required: true, classification: public }
      - { name: region, logicalType: string, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", classification: ${classification} }
      - { name: pad, logicalType: string, classification: internal }
`;
const policyText = (grants: string): string => `version: 1
owners: [steward]
grants:
${grants}
`;

/** Nobody but its owners may read it by policy. */
export const sales = readContract(contractText('sales', 'internal'), 'contracts/shop/sales/v1/contract.odcs.yaml');
/** Holds a confidential column. */
export const wages = readContract(contractText('wages', 'confidential'), 'contracts/shop/wages/v1/contract.odcs.yaml');
/** One row a person; nobody's own figures may be told. */
export const people = readContract(
  `apiVersion: v3.1.0
kind: DataContract
id: shop-people
version: 1.0.0
status: active
domain: shop
schema:
  - name: people
    logicalType: object
    properties:
      - { name: person, logicalType: string, required: true, classification: confidential }
      - { name: region, logicalType: string, classification: internal }
      - { name: age, logicalType: integer, physicalType: BIGINT, classification: confidential }
      - { name: income, logicalType: number, physicalType: "DECIMAL(18,2)", classification: confidential }
      - { name: score, logicalType: number, physicalType: DOUBLE, classification: confidential }
      - { name: illness, logicalType: string, classification: restricted }
      - { name: balance, logicalType: number, physicalType: "DECIMAL(28,10)", classification: confidential }
`,
  'contracts/shop/people/v1/contract.odcs.yaml',
);
/** The same product after its owner has found that amounts are confidential. */
export const secretSales = readContract(contractText('sales', 'confidential').replace('version: 1.0.0', 'version: 1.1.0'), sales.file);
const policiesOf = (contracts: readonly Contract[]) =>
  contracts.map((contract) =>
    readPolicy(
      policyText(`  - roles: [steward, analyst]\n    columns: { allow: [public, internal] }`),
      contract.file.replace('contract.odcs', 'policy'),
      contract,
    ),
  );

/** Three of them live in a place of their own. */
export const PEOPLE = 2_003;
export const SALES_ROWS = 16_000;

export async function publishSales(root: string): Promise<void> {
  const engine = duckdbEngine({ tempDirectory: `${root}/tmp` });
  const store = localSnapshotStore({ root: `${root}/tables`, clock: systemClock });
  const query = `SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'north' ELSE 'south' END AS region, CAST(i AS DECIMAL(18,2)) AS amount, repeat(md5(i::VARCHAR), 8) AS pad FROM range(${SALES_ROWS}) t(i)`;
  for (const contract of [sales, wages]) await publishQuery({ engine, store, contract, query });
  await publishQuery({
    engine,
    store,
    contract: people,
    query: `SELECT 'p-' || i AS person, CASE WHEN i < 3 THEN 'islet' WHEN i % 2 = 0 THEN 'north' ELSE 'south' END AS region, 20 + i % 60 AS age,
      CAST(1000 + i % 100 AS DECIMAL(18,2)) AS income, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 7 = 1 THEN 'NaN'::DOUBLE ELSE i * 0.5 END AS score,
      CASE WHEN i % 10 = 0 THEN NULL ELSE 'illness ' || (i % 3) END AS illness,
      (i - 1000) * CAST('90071992547409.9300000001' AS DECIMAL(28,10)) AS balance FROM range(${PEOPLE}) t(i)`,
  });
  await engine.close();
}

export interface MarketGateway extends RunningGateway {
  readonly errors: readonly unknown[];
}

/** One of several gateways over the same directory. */
export async function marketGateway(root: string, clock: Clock = systemClock, contracts: readonly Contract[] = [sales, wages, people]): Promise<MarketGateway> {
  const sandbox = duckdbSandbox({ tempDirectory: `${root}/sandbox-${Math.random().toString(36).slice(2)}`, workers: 2, idle: 8, spares: 0 });
  const errors: unknown[] = [];
  const gateway = await startGateway({
    store: localSnapshotStore({ root: `${root}/tables`, clock: systemClock }),
    sandbox,
    contracts,
    policies: policiesOf(contracts),
    clock,
    dataDir: root,
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

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & { readonly error?: { readonly code: string; readonly message: string; readonly hint?: string } };
}

/** A client of one gateway, as one subject. */
export function client(gateway: () => RunningGateway, root: string, as: string, purposes: readonly string[] = [], clock: Clock = systemClock) {
  const send = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${gateway().url}${path}`, {
      headers: {
        authorization: `Bearer ${await issueDevToken({ dir: `${root}/keys`, as, purposes, clock })}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const reply = async (response: Response): Promise<Reply> => ({ status: response.status, body: (await response.json()) as Reply['body'] });
  return {
    send,
    get: async (path: string, headers?: Record<string, string>) => reply(await send(path, undefined, headers)),
    post: async (path: string, body: unknown, headers?: Record<string, string>) => reply(await send(path, body, headers)),
    sql: async (sql: string, headers?: Record<string, string>, more: object = {}) => reply(await send('/v1/sql', { sql, ...more }, headers)),
  };
}
