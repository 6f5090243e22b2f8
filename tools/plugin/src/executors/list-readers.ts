import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { sqliteUsageLog } from '@skein/adapter-sqlite';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { formatError, SkeinError, systemClock } from '@skein/kernel';
import type { RecordedUse } from '@skein/ports';
import { contractSet, type Domain, type Snapshot } from '@skein/product';
import { contractReadings, recordedReadings, sourceReadings, stepReadings, touchedBy, type Touched } from './touched.ts';

/** `list-readers.ts DOMAIN [--product NAME] [--data DIR] [--json]`: what a change of contracts touches. It writes nothing. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));

function readContracts(): Contract[] {
  return globSync('contracts/*/*/v*/contract.odcs.yaml', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file) => readContract(readFileSync(path.join(root, file), 'utf8'), file));
}

/** The domain as its package declares it: the one function that the package exports under the domain's name. */
async function loadDomain(name: string, contracts: readonly Contract[]): Promise<Domain | undefined> {
  const file = path.join(root, 'domains', name, 'src/index.ts');
  if (!existsSync(file)) return undefined;
  const exported = await (import(pathToFileURL(file).href) as Promise<Readonly<Record<string, unknown>>>).catch((cause: unknown) => {
    throw new SkeinError('SKEIN_USAGE', `domains/${name}/src/index.ts cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Mend it first: without its steps and sources the answer would leave readers out.',
      cause,
    });
  });
  const [, define] = Object.entries(exported).find(([key, value]) => typeof value === 'function' && key.toLowerCase() === name.replaceAll('_', '')) ?? [];
  if (typeof define !== 'function')
    throw new SkeinError('SKEIN_USAGE', `domains/${name}/src/index.ts exports no domain`, {
      hint: `Export the function that makes it, by the name of the domain: ${name}.`,
    });
  return (define as (contracts: unknown) => Domain)(contractSet(contracts));
}

async function liveSnapshots(data: string): Promise<Snapshot[]> {
  const tables = path.join(data, 'tables');
  if (!existsSync(tables)) return [];
  const store = localSnapshotStore({ root: tables, clock: systemClock });
  const found = await Promise.all((await store.tables()).map((table) => store.current(table)));
  return found.filter((one) => one !== undefined);
}

async function recordedUses(data: string, products: readonly string[]): Promise<ReadonlyMap<string, readonly RecordedUse[]> | undefined> {
  const file = path.join(data, 'usage', 'usage.sqlite');
  if (!existsSync(file)) return undefined;
  const log = sqliteUsageLog({ file });
  try {
    return new Map(await Promise.all(products.map(async (product) => [product, await log.usesOf(product)] as const)));
  } finally {
    await log.close();
  }
}

function text({ product, products, consumers }: Touched): string {
  const lines = [product];
  for (const { reader, reads, by, what } of products) lines.push(`  ${reader} reads ${reads}: ${by}, ${what}`);
  for (const { principal, product: asked, queries, runs, lastSeen } of consumers)
    lines.push(
      `  ${principal} asks ${asked}: ${queries} ${queries === 1 ? 'query' : 'queries'}, ${runs} ${runs === 1 ? 'run' : 'runs'}, last ${new Date(lastSeen).toISOString().slice(0, 10)}`,
    );
  if (products.length + consumers.length === 0) lines.push('  nobody reads it, as far as is declared and recorded');
  return lines.join('\n');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { product: { type: 'string' }, data: { type: 'string', default: '.skein' }, json: { type: 'boolean', default: false } },
  });
  const [domain = ''] = positionals;
  const data = path.resolve(root, values.data);
  const contracts = readContracts();
  const own = [...new Set(contracts.filter((one) => one.domain === domain).map(({ product }) => product))];
  const wanted = values.product === undefined ? own : own.filter((one) => one === values.product || one === `${domain}.${values.product}`);
  if (wanted.length === 0)
    throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `${domain} has no product ${values.product ?? 'at all'}`, {
      hint: own.length === 0 ? 'A product begins with a contract: npx nx g @skein/plugin:product.' : `Use one of ${own.join(', ')}.`,
    });
  const snapshots = await liveSnapshots(data);
  // A reader's readers may be of any domain.
  const domains = await Promise.all([...new Set(contracts.map((one) => one.domain))].map((name) => loadDomain(name, contracts)));
  const readings = [
    ...contractReadings(contracts),
    ...domains.flatMap((one) => (one ? [...stepReadings(one), ...sourceReadings(one)] : [])),
    ...recordedReadings(snapshots),
  ];
  const uses = await recordedUses(data, [...new Set(contracts.map(({ product }) => product))]);
  const touched = wanted.map((product) => touchedBy(product, readings, uses ?? new Map()));
  if (values.json) process.stdout.write(`${JSON.stringify({ touched, snapshots: snapshots.length, recorded: uses !== undefined }, null, 2)}\n`);
  else {
    for (const one of touched) process.stdout.write(`${text(one)}\n`);
    const log = uses === undefined ? 'no recorded queries' : 'recorded queries';
    process.stdout.write(
      `looked at ${contracts.length} contracts, ${domains.filter(Boolean).length} domains, ${snapshots.length} live snapshots and ${log} in ${values.data}\n`,
    );
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
