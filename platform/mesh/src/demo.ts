import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Planted } from '@skein/demo';
import type { LandingStore } from '@skein/ports';
import { DEMO_ORIGIN } from '@skein/swarm';
import type { Progress } from './progress.ts';

/** What was written into the demo sources of one domain; lies beside them as `planted.json`. */
interface DemoLedger {
  readonly seed: number;
  readonly rows: number;
  readonly planted: Planted;
}

export interface DemoSources {
  /** Folder of the demo source of each domain that has no data of its own. */
  readonly folders: ReadonlyMap<string, string>;
  readonly planted: Planted;
}

const DOMAINS = ['ga4', 'sap', 'blockchain', 'brokerage'] as const;

/** Writes the demo sources that are missing, or differ in seed or volume from what was asked for. A domain with real rows gets none. */
export async function ensureDemo(
  data: string,
  landings: LandingStore,
  wanted: { readonly seed: number | undefined; readonly rows: number | undefined },
  progress: Progress,
): Promise<DemoSources> {
  const folders = new Map<string, string>();
  let planted: Planted = {};
  for (const domain of DOMAINS) {
    if ((await landings.list(domain)).some((landing) => landing.origin !== DEMO_ORIGIN)) continue;
    const directory = path.join(data, 'sources', domain);
    const file = path.join(directory, '.planted.json');
    const known = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as DemoLedger,
      () => undefined,
    );
    const seed = wanted.seed ?? known?.seed ?? 1;
    const rows = wanted.rows ?? known?.rows ?? 50_000;
    folders.set(domain, directory);
    if (known?.seed === seed && known.rows === rows) {
      planted = { ...planted, ...known.planted };
      continue;
    }
    // Written aside and moved into place whole: an interrupted first start leaves no half source behind.
    const aside = `${directory}.writing`;
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    // Loaded where there is something to write: a second start writes nothing.
    const { demoMaterials, writeBlockchainSource, writeBrokerageSource, writeGa4Source, writeSapSource } = await import('@skein/demo');
    const writers = { ga4: writeGa4Source, sap: writeSapSource, blockchain: writeBlockchainSource, brokerage: writeBrokerageSource };
    const written = await writers[domain]({
      directory: aside,
      seed,
      rows,
      materials: demoMaterials(seed),
      onProgress: (done: number) => progress.step(`${domain}: writing demo sources`, done, rows),
    });
    const ledger: DemoLedger = { seed, rows, planted: written.planted };
    await writeFile(path.join(aside, '.planted.json'), JSON.stringify(ledger, undefined, 2));
    await rm(directory, { recursive: true, force: true });
    await rename(aside, directory);
    planted = { ...planted, ...written.planted };
  }
  return { folders, planted };
}
