import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { demoMaterials, writeGa4Source } from '@skein/demo';
import type { LayoutLimits } from '@skein/product';
import type { BronzeReport } from '@skein/swarm';
import { soaking, temporaryDirectory } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { TIME_ZONE } from './layered-ga4.ts';

const run = promisify(execFile);
const ROWS = 1_250_000;
const DAYS = 30;
const LIMITS: Partial<LayoutLimits> = { partitionFrom: 256 * 2 ** 20 };

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly products: Record<string, number>;
  readonly bronze: readonly BronzeReport[];
  readonly sums: Record<string, string>;
}

/** 2 GB of the demo's GA4 export: 30 days of NDJSON in both styles of BigQuery, with planted faults, shards and a streaming table. */
describe.runIf(soaking)('bronze in files over 2 GB', () => {
  it('makes the same products as without, and types of a changed day that day alone', { timeout: 3_600_000, retry: 0 }, async () => {
    using folder = temporaryDirectory('skein-layers-soak-');
    const sources = folder.file('sources');
    const source = await writeGa4Source({ directory: sources, seed: 3, rows: ROWS, days: DAYS, timeZone: TIME_ZONE, materials: demoMaterials(1) });
    expect(source.bytes).toBeGreaterThan(1.9e9);
    const once = async (side: string): Promise<Run> => {
      const child = path.join(import.meta.dirname, 'layered-ga4-child.ts');
      const args = ['--conditions=@skein/source', child, folder.file(side), sources, ...(side === 'with' ? [JSON.stringify(LIMITS)] : [])];
      const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 26 });
      return JSON.parse(stdout) as Run;
    };
    const tell = (what: string, side: string, { seconds, cpuSeconds, peakBytes, products, bronze }: Run) => {
      const [laid] = bronze;
      const files =
        laid === undefined || laid.outcome === 'view'
          ? 'a view'
          : `${laid.written} of ${laid.landings} landings written in ${(laid.milliseconds / 1000).toFixed(1)} s, ${laid.files} files`;
      console.log(
        `${what} ${side}: ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of processors, peak ${(peakBytes / 1e9).toFixed(2)} GB, bronze ${files}, ms ${JSON.stringify(products)}`,
      );
    };
    console.log(`${source.rows} rows, ${(source.bytes / 1e9).toFixed(2)} GB`);
    const first = { with: await once('with'), without: await once('without') };
    for (const side of ['with', 'without'] as const) tell('first run', side, first[side]);
    expect(first.with.sums).toEqual(first.without.sums);
    expect(first.with.bronze[0]).toMatchObject({ outcome: 'written', partitionBy: ['event_date'] });

    const day = path.join(sources, readdirSync(sources).find((name) => name.startsWith('events_20260815')) ?? '');
    const lines = readFileSync(day, 'utf8').trimEnd().split('\n');
    writeFileSync(day, `${lines.slice(0, -1).join('\n')}\n`);
    const again = { with: await once('with'), without: await once('without') };
    for (const side of ['with', 'without'] as const) tell('one day changed', side, again[side]);
    expect(again.with.sums).toEqual(again.without.sums);
    expect(again.with.sums).not.toEqual(first.with.sums);
    expect(again.with.bronze[0]).toMatchObject({ outcome: 'written', written: 1 });
    expect(again.with.bronze[0]?.milliseconds).toBeLessThan((first.with.bronze[0]?.milliseconds ?? 0) / 4);
    expect(again.with.cpuSeconds).toBeLessThan(first.with.cpuSeconds * 0.75);
    expect(again.with.cpuSeconds).toBeLessThan(again.without.cpuSeconds);
  });
});
