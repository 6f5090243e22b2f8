import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import { BENCHES, chosen, healBench } from './registry.ts';
import { jsonLine, TABLE_HEAD, tableRow } from './report.ts';
import type { Bench } from './bench.ts';

export interface BenchRun {
  readonly args: readonly string[];
  readonly benches?: readonly Bench[];
  /** Standard output: figures only. */
  readonly print: (line: string) => void;
  /** Standard error: progress. */
  readonly progress: (line: string) => void;
}

const USAGE = 'usage: npm run bench [-- NAME… [--json] [--scale SHARE]], or heal --data DIR [--json]';

/**
 * Runs the named benches, or all, one after the other. A bar that is missed is a figure like any other; a bench that
 * fails is said on standard error, and the others still run.
 * @returns whether every bench gave a figure.
 * @throws SkeinError SKEIN_USAGE for an unknown name or option, before anything runs.
 */
export async function runBenches({ args: given, benches = BENCHES, print, progress }: BenchRun): Promise<boolean> {
  const { args: sized, data } = folderOf(given);
  const { args, scale } = scaled(sized);
  const json = args.includes('--json');
  const list = args.includes('--list');
  const options = args.filter((arg) => arg.startsWith('-') && arg !== '--json' && arg !== '--list');
  const names = args.filter((arg) => !arg.startsWith('-'));
  if (data !== undefined && (names.length !== 1 || names[0] !== 'heal')) throw new SkeinError('SKEIN_USAGE', `--data is for heal alone; ${USAGE}`);
  const { benches: wanted, unknown } = data === undefined ? chosen(names, benches) : { benches: [healBench(data)], unknown: [] };
  if (options.length > 0) throw new SkeinError('SKEIN_USAGE', `unknown option ${options.join(', ')}; ${USAGE}`);
  if (unknown.length > 0)
    throw new SkeinError('SKEIN_USAGE', `no such bench: ${unknown.join(', ')}; there are ${benches.map((bench) => bench.name).join(', ')}`);
  const fixed = wanted.filter((bench) => bench.scales !== true);
  if (scale !== undefined && (fixed.length > 0 || wanted.length === 0)) {
    throw new SkeinError('SKEIN_USAGE', `--scale is not for ${fixed.map((bench) => bench.name).join(', ')}: name the benches that scale`);
  }
  if (list) {
    for (const bench of wanted) print(`${bench.name.padEnd(16)}  ${bench.measures}; bar: ${bench.bar}`);
    return wanted.length > 0;
  }
  if (!json && wanted.length > 0) print(TABLE_HEAD);
  let measured = 0;
  for (const bench of wanted) {
    progress(`${bench.name}: ${bench.measures}`);
    try {
      const measure = await bench.load();
      const result = await measure((message) => progress(`${bench.name}: ${message}`), ...(scale === undefined ? [] : [scale]));
      print(json ? jsonLine(bench, result) : tableRow(bench, result));
      measured++;
    } catch (error) {
      progress(`${bench.name}: failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  return measured > 0 && measured === wanted.length;
}

/** Takes `--scale SHARE` out of the arguments: above 0, at most 1. */
function scaled(args: readonly string[]): { readonly args: readonly string[]; readonly scale?: number } {
  const at = args.indexOf('--scale');
  if (at === -1) return { args };
  const scale = Number(args[at + 1]);
  if (!(scale > 0 && scale <= 1)) throw new SkeinError('SKEIN_USAGE', `--scale ${args[at + 1] ?? ''} is no share above 0 and at most 1; ${USAGE}`);
  return { args: args.toSpliced(at, 2), scale };
}

/** Takes `--data DIR` out of the arguments: a folder with dirty.csv, clean.csv and contract.odcs.yaml. */
function folderOf(args: readonly string[]): { readonly args: readonly string[]; readonly data?: string } {
  const at = args.indexOf('--data');
  if (at === -1) return { args };
  const folder = args[at + 1];
  if (folder === undefined || folder.startsWith('-')) throw new SkeinError('SKEIN_USAGE', `--data names no folder; ${USAGE}`);
  return { args: args.toSpliced(at, 2), data: path.resolve(folder) };
}
