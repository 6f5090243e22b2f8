import path from 'node:path';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { demandIndexFile } from '@skein/brokerage';
import { developmentIssuer, issueDevToken, oidcIssuer, startGateway, type RunningGateway } from '@skein/gateway';
import { SkeinError, systemClock } from '@skein/kernel';
import { localAdapters } from '@skein/local';
import { SwarmRegistry } from '@skein/nest';
import type { SwarmAdapters } from '@skein/swarm';
import { domainModules, loadContracts } from './compose.ts';
import type { MeshConfig } from './config.ts';
import { ensureDemo } from './demo.ts';
import type { Outcome, StockOutRow } from './outcome.ts';
import { comparePlanted, repairedCells } from './planted.ts';
import type { Progress } from './progress.ts';
import { followLog, MARKET } from './market-log.ts';
import { runSwarms } from './run-swarms.ts';
import { STOCK_OUT_SQL } from './stock-out.ts';

export interface Mesh {
  readonly url: string;
  /** Does the main job once: demo sources where needed, swarms, the cross-domain question. */
  work(): Promise<Outcome>;
  close(): Promise<void>;
}

/** Starts the gateway and every domain in this process. The gateway answers before any swarm has run. */
export async function startMesh(config: MeshConfig, progress: Progress): Promise<Mesh> {
  const started = performance.now();
  const loaded = await loadContracts(config.contracts);
  // A key file or an address that cannot be meant is said before anything is opened.
  const proposer = config.model && (await (await import('@skein/adapter-openai')).openaiProposer(config.model));
  const adapters = await localAdapters(config.data, { name: 'mesh', partitionFrom: config.partitionFrom });
  // The swarms stand before the gateway does, which takes what they cannot close.
  const swarmAdapters: SwarmAdapters = {
    ...adapters,
    ...(proposer && { proposer }),
    escalate: async (gaps) => gateway.parts.reviews.meta?.consider(gaps),
    escalatePersonal: async (columns) => gateway.parts.reviews.meta?.considerPersonal(columns),
  };
  const sandbox = duckdbSandbox({
    memoryMb: config.queryMemory,
    rssMb: Math.round(config.queryMemory * 1.4),
    tempDirectory: path.join(config.data, 'tmp', `queries-${process.pid}`),
  });
  let follow = (): void => undefined;
  const gateway: RunningGateway = await startGateway({
    host: config.host,
    port: config.port,
    store: adapters.store,
    bus: adapters.bus,
    sandbox,
    contracts: loaded.contracts,
    documents: loaded.files.map(({ contract }) => contract.text),
    approvals: loaded.approvals,
    policies: loaded.policies,
    clock: systemClock,
    dataDir: config.data,
    visitorRoles: ['public'],
    onMarketEvents: () => follow(),
    patterns: adapters.board,
    imports: domainModules(loaded, swarmAdapters),
    ...(config.issuer === undefined
      ? {}
      : { issuers: [developmentIssuer(path.join(config.data, 'keys')), oidcIssuer(config.issuer, config.audience ?? 'skein')] }),
  }).catch(async (error: unknown) => {
    await sandbox.close();
    throw error;
  });
  const { url } = gateway;
  const registry = gateway.app.get(SwarmRegistry, { strict: false });
  let following: Promise<unknown> = Promise.resolve();
  return {
    url,
    async work() {
      const demo = config.demo ? await ensureDemo(config.data, adapters.landings, config, progress) : { folders: new Map<string, string>(), planted: {} };
      const domains = await runSwarms(registry.all(), demo.folders, progress, registry.stopping, (domain) => askForDomain(domain, url, config, demo.folders));
      progress.end();
      const brokerage = registry.all().find(({ domain }) => domain.name === MARKET.domain);
      // from now on the products follow the log; what came meanwhile is taken in at once
      if (brokerage) {
        follow = followLog(brokerage, path.join(config.data, MARKET.folder), registry.stopping, (run) => (following = run));
        if (await gateway.parts.market.events(0, 1).then(({ length }) => length > 0)) follow();
      }
      const stockOutRisk = await askStockOut(url, config);
      return {
        data: config.data,
        gateway: url,
        curl: curlLine(url, config.data),
        domains,
        planted: comparePlanted(demo.planted, domains, Object.keys(demo.planted).length > 0 ? await repairedCells(adapters, domains) : []),
        stockOutRisk,
        seconds: Math.round(performance.now() - started) / 1000,
      };
    },
    async close() {
      await gateway.close();
      await following;
      await sandbox.close();
      await adapters.close();
    },
  };
}

/** What a demo domain takes from the mesh itself lies in its folder before it runs. That it cannot be had is no reason not to run: the last answer stands. */
async function askForDomain(domain: string, url: string, { data }: MeshConfig, folders: ReadonlyMap<string, string>): Promise<void> {
  const directory = folders.get(domain);
  if (domain !== MARKET.domain || directory === undefined) return;
  const token = await issueDevToken({ dir: path.join(data, 'keys'), as: 'analyst', purposes: ['analytics'], clock: systemClock });
  await demandIndexFile({ gateway: url, token, directory }).catch(() => undefined);
}

/** Asks through the front door, as any analyst would. */
async function askStockOut(url: string, config: MeshConfig): Promise<Outcome['stockOutRisk']> {
  // Arrow's library is needed here only; loading it later lets the gateway answer sooner.
  const { connect } = await import('@skein/client');
  const token = await issueDevToken({ dir: path.join(config.data, 'keys'), as: 'analyst', purposes: ['analytics'], clock: systemClock });
  const mesh = connect(url, { token });
  try {
    const rows = await mesh.query<StockOutRow>(STOCK_OUT_SQL);
    const { snapshots, queryId } = rows.meta;
    return { sql: STOCK_OUT_SQL, rows: [...rows], snapshots: Object.entries(snapshots).map(([product, version]) => `${product}@${version}`), queryId };
  } catch (error) {
    return { sql: STOCK_OUT_SQL, rows: [], snapshots: [], queryId: undefined, error: errorDocument(error) };
  }
}

/** The client's errors are no SkeinErrors, but carry the same facts. */
function errorDocument(error: unknown): NonNullable<Outcome['stockOutRisk']['error']> {
  if (error instanceof SkeinError) return { code: error.code, message: error.message, hint: error.hint };
  const { code = 'SKEIN_INTERNAL', message = String(error), hint = '' } = error as { code?: string; message?: string; hint?: string };
  return { code, message, hint };
}

function curlLine(url: string, data: string): string {
  const near = path.relative(process.cwd(), data);
  const place = near === '.skein' ? '' : ` --data ${near.startsWith('..') ? data : near || '.'}`;
  const sql = 'SELECT event_date, item_id, units FROM ga4.item_demand_daily ORDER BY units DESC LIMIT 5';
  return `curl -s ${url}/v1/sql -H "authorization: Bearer $(npx skein token --as analyst${place})" -H 'content-type: application/json' -d '{"sql": "${sql}"}'`;
}
