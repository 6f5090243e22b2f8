import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { readContract } from '@skein/contract';
import { assertNode, formatError, SkeinError } from '@skein/kernel';
import { contractSet, type ContractSet, type Domain } from '@skein/product';
import { succeeded, type RunReport, type SwarmAdapters } from '@skein/swarm';
import { BusServer } from './bus-server.ts';
import { DataProductModule } from './data-product-module.ts';
import { SwarmRegistry } from './swarm-registry.ts';

export interface DomainProcess {
  readonly name: string;
  readonly define: (contracts: ContractSet) => Domain;
  /** Chosen in the domain's main.ts; `redis` is the address of a board, where one is given. */
  readonly adapters: (data: string, options: { readonly redis: string | undefined }) => Promise<DomainAdapters>;
  /** Texts of all contracts below a directory. */
  readonly readContracts: (directory: string) => Promise<readonly { readonly contract: { readonly file: string; readonly text: string } }[]>;
  readonly contracts: string;
  /** Folder below the data directory that the mesh itself fills: its files, once there are any, count instead of the demo's. */
  readonly fed?: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What a domain's process works with, and how all of it is closed. */
export interface DomainAdapters extends SwarmAdapters {
  close(): Promise<void>;
}

/** How often the folder is looked at: a run over an unchanged folder costs one `stat` for each file. */
const LOOK_AGAIN_MS = 2000;
const LAST_MS = 10_000;

/**
 * One domain as a process of its own: takes in its folder, publishes, then keeps looking for new files until it is told to
 * stop. Other processes see what it publishes in the tables' metadata logs. Resolves with the exit code.
 */
export async function serveDomain(domain: DomainProcess): Promise<number> {
  assertNode();
  const { values } = parseArgs({
    args: [...domain.args],
    options: {
      from: { type: 'string' },
      data: { type: 'string', default: domain.env['SKEIN_DATA'] ?? '.skein' },
      redis: { type: 'string', default: domain.env['SKEIN_REDIS'] ?? '' },
      once: { type: 'boolean', default: false },
    },
  });
  const data = path.resolve(values.data);
  const from = path.resolve(values.from ?? path.join(data, 'sources', domain.name));
  const contracts = contractSet((await domain.readContracts(domain.contracts)).map(({ contract }) => readContract(contract.text, contract.file)));
  const redis = values.redis === '' ? undefined : values.redis;
  if (redis !== undefined && !/^rediss?:\/\//.test(redis))
    throw new SkeinError('SKEIN_CONFIG_INVALID', `--redis ${JSON.stringify(redis)} is not an address such as redis://127.0.0.1:6379`);
  const adapters = await domain.adapters(data, { redis });
  const system = { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') };
  const app = await NestFactory.createMicroservice(
    {
      module: class DomainModule {},
      imports: [DataProductModule.forRoot({ adapters, system }), DataProductModule.forFeature(domain.name, domain.define(contracts))],
    },
    { strategy: new BusServer(adapters.bus), logger: ['error', 'warn'] },
  );
  await app.listen();
  const registry = app.get(SwarmRegistry);
  const swarm = registry.get(domain.name);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let good = true;
  try {
    await swarm.announce();
    const feed = values.from === undefined && domain.fed !== undefined ? path.join(data, domain.fed) : undefined;
    process.stdout.write(`${domain.name}: reading ${from}${feed === undefined ? '' : `, or ${feed} once it has files`}, publishing below ${data}\n`);
    let said = '';
    do {
      const source =
        feed !== undefined && (await holdsFiles(feed))
          ? { from: feed, origin: domain.fed as string }
          : { from, ...(values.from === undefined ? { origin: 'demo' } : {}) };
      const line = await swarm.run({ ...source, signal: AbortSignal.any([stop.signal, registry.stopping]) }).then(
        (report) => {
          good = succeeded(report);
          return summary(report);
        },
        (error: unknown) => {
          if (stop.signal.aborted) return said;
          good = false;
          return waits(error)
            ? `${domain.name}: no files yet in ${from}: put some there, give --from DIR, or let npm start write a demo\n`
            : `${formatError(error)}\n`;
        },
      );
      if (line !== said) process.stdout.write(line);
      said = line;
      if (!values.once) await sleep(LOOK_AGAIN_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    } while (!values.once && !stop.signal.aborted);
  } finally {
    await app.close();
    await adapters.close();
  }
  return good ? 0 : 1;
}

async function holdsFiles(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).some((name) => !name.startsWith('.') && !name.endsWith('.writing'));
}

function waits(error: unknown): boolean {
  return error instanceof SkeinError && (error.code === 'SKEIN_SOURCE_NOT_FOUND' || error.code === 'SKEIN_SOURCE_EMPTY');
}

/** What stands now, a line for each product; equal while nothing changes. */
function summary(report: RunReport): string {
  const lines = [
    ...report.sources.filter((source) => source.outcome === 'refused').map((source) => `${source.file} refused: ${source.error?.message ?? ''}`),
    ...report.products.map((product) => {
      const stands =
        product.outcome === 'published' || product.outcome === 'unchanged'
          ? `version ${product.version}, ${product.rows} rows`
          : `${product.outcome}: ${product.error?.message ?? ''}`;
      return `${product.product}: ${stands}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** For a main.ts: sets the exit code, and prints what went wrong at the start. */
export function runDomain(domain: DomainProcess): void {
  serveDomain(domain).then(
    (code) => {
      process.exitCode = code;
      // All is closed; what holds the process open all the same has nothing left to say.
      setTimeout(() => process.exit(), LAST_MS).unref();
    },
    (error: unknown) => {
      process.stderr.write(
        `${formatError(error instanceof SkeinError || !(error instanceof TypeError) ? error : new SkeinError('SKEIN_USAGE', error.message))}\n`,
      );
      process.exitCode = 1;
    },
  );
}
