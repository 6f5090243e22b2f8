import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { connect, type Mesh } from '@skein/client';
import { readContract } from '@skein/contract';
import { demoMaterials, writeBlockchainSource, writeBrokerageSource, writeGa4Source, writeSapSource, type BlockchainSource } from '@skein/demo';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway, type RunningGateway } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { composeSwarms, contractsDirectory } from '@skein/mesh';
import { snapshotScan } from '@skein/swarm';
import { temporaryDirectory } from '@skein/testing';

/** The demo of some domains behind a gateway, as consumers find it. */
export interface RecipeMesh extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly directory: string;
  readonly chain: BlockchainSource;
  /** Asks as a principal. */
  as(subject: string): Promise<Mesh>;
  token(subject: string): Promise<string>;
  /** Rows of a published table, read past the gateway; `query` reads it as `t`. */
  rows<Row>(product: string, query: string): Promise<Row[]>;
  /** Publishes anew from a folder of sources. What became of each product; throws for one that was not published. */
  run(domain: string, from: string): Promise<ReadonlyMap<string, string>>;
  /** Whether a product that is made again from its inputs comes out as it is live. */
  replays(product: string): Promise<boolean>;
}

export async function recipeMesh(seed: number, rows: number, domains: readonly string[]): Promise<RecipeMesh> {
  const folder = temporaryDirectory('skein-recipe-');
  const directory = folder.path;
  const swarms = await composeSwarms({ data: directory, contracts: contractsDirectory });
  const materials = demoMaterials(seed);
  const write = { ga4: writeGa4Source, sap: writeSapSource, blockchain: writeBlockchainSource, brokerage: writeBrokerageSource } as const;
  const run = async (domain: string, from: string): Promise<ReadonlyMap<string, string>> => {
    const { products } = await swarms.swarm(domain).run({ from });
    const failed = products.filter(({ outcome }) => outcome !== 'published' && outcome !== 'unchanged');
    if (failed.length > 0) throw new Error(failed.map(({ product, outcome, error }) => `${product} ${outcome} ${error?.message ?? ''}`).join(', '));
    return new Map(products.map(({ product, outcome }) => [product, outcome]));
  };
  let chain: BlockchainSource | undefined;
  for (const [domain, source] of Object.entries(write)) {
    if (!domains.includes(domain)) continue;
    const written = await source({ directory: folder.file('sources', domain), seed, rows, materials });
    if (domain === 'blockchain') chain = written as BlockchainSource;
    await run(domain, folder.file('sources', domain));
  }
  const files = await readContractFiles(contractsDirectory);
  const contracts = files.map(({ contract }) => readContract(contract.text, contract.file));
  const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
  const sandbox = duckdbSandbox({ tempDirectory: folder.file('queries'), workers: 1 });
  const engine = duckdbEngine();
  const gateway = await startGateway({
    store,
    sandbox,
    contracts,
    policies: files.flatMap(({ policy }, index) => {
      const contract = contracts[index];
      return policy && contract ? [readPolicy(policy.text, policy.file, contract)] : [];
    }),
    clock: systemClock,
    dataDir: directory,
    log: { error: (error) => console.error(error), warn: () => undefined },
  });
  const token = (subject: string) => issueDevToken({ dir: folder.file('keys'), as: subject, purposes: ['analytics'], clock: systemClock });
  return {
    gateway,
    directory,
    get chain() {
      if (!chain) throw new Error('this mesh has no chain');
      return chain;
    },
    as: async (subject) => connect(gateway.url, { token: await token(subject) }),
    token,
    async rows<Row>(product: string, query: string) {
      const [domain = '', name = ''] = product.split('.');
      const snapshot = await store.current({ domain, name, major: 1 });
      if (!snapshot) throw new Error(`${product} has no snapshot`);
      const session = await engine.open();
      try {
        return await session.rows<Row>(`WITH t AS (${snapshotScan(snapshot)}) ${query}`);
      } finally {
        await session.close();
      }
    },
    run,
    replays: async (product) => (await swarms.swarm(product.split('.')[0] ?? '').replay(product)).same,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await sandbox.close();
      await engine.close();
      await swarms.close();
      folder[Symbol.dispose]();
    },
  };
}
