import type { Bench, BenchResult } from './bench.ts';

const number = (result: BenchResult, name: string): number => (typeof result[name] === 'number' ? result[name] : Number.NaN);

/** Every bench, in the order in which they run, with the bar that the README's table shows. */
export const BENCHES: readonly Bench[] = [
  {
    name: 'ga4-pipeline',
    measures: '500,000 events from source files to gold, against a DuckDB script by hand with the same result',
    bar: 'ratio ≤ 1.5',
    met: (result) => result.ratio <= 1.5,
    load: async () => (await import('./ga4-pipeline.ts')).ga4Pipeline,
  },
  {
    name: 'query-small',
    measures: 'p50 of a small governed query over HTTP, against the same SQL in an open DuckDB connection',
    bar: 'figure − floor ≤ 1.5 ms',
    met: (result) => result.figure - result.floor <= 1.5,
    load: async () => (await import('./query-small.ts')).querySmall,
  },
  {
    name: 'arrow-out',
    measures: '10 M rows × 7 columns as Arrow over HTTP, against fetching the raw chunks',
    bar: 'figure ≥ 200 MB/s',
    met: (result) => result.figure >= 200,
    load: async () => (await import('./arrow-out.ts')).arrowOut,
  },
  {
    name: 'contract-batch',
    measures: '22 checks on 5 M rows, against SQL by hand that counts the same',
    bar: 'ratio ≤ 1.2',
    met: (result) => result.ratio <= 1.2,
    load: async () => (await import('./contract-batch.ts')).contractBatch,
  },
  {
    name: 'contract-records',
    measures: 'NDJSON text to verdicts, against JSON.parse and ajv alone',
    bar: 'ratio ≥ 1',
    met: (result) => result.ratio >= 1,
    load: async () => (await import('./contract-records.ts')).contractRecords,
  },
  {
    name: 'compat',
    measures: 'share of JSON Schema pairs judged as their authors say, against a naive comparison of the same pairs',
    bar: 'figure ≥ 0.99',
    met: (result) => result.figure >= 0.99,
    load: async () => {
      const { compat } = await import('./compat.ts');
      return (progress) => compat(progress);
    },
  },
  {
    name: 'contract-cold',
    measures: 'one start of the command that lints one contract, against a bare start of Node',
    bar: 'figure ≤ 150 ms',
    met: (result) => result.figure <= 150,
    load: async () => (await import('./contract-cold.ts')).contractCold,
  },
  {
    name: 'publish',
    measures: 'p50 from the first byte of Parquet to readable by a fresh reader, 1,000 rows, against DuckDB COPY alone',
    bar: 'figure ≤ 25 ms',
    met: (result) => result.figure <= 25,
    load: async () => (await import('./publish.ts')).publishBench,
  },
  {
    name: 'boot',
    measures: 'process start to first answer with nothing to ingest, against an empty Node process',
    bar: 'figure ≤ 0.8 s',
    met: (result) => result.figure <= 0.8,
    load: async () => (await import('./boot.ts')).boot,
  },
  {
    name: 'swarm-learning-off',
    measures: 'resolutions of 500 kinds of gaps in 50 M records by 16 workers that share nothing, against one for each kind',
    bar: 'none: what sharing is compared with',
    met: (result) => number(result, 'resolutions') > 0,
    scales: true,
    load: async () => (await import('./swarm-learning.ts')).swarmLearningOff,
  },
  {
    name: 'swarm-learning-pubsub',
    measures: 'the same, sharing by a channel alone',
    bar: 'none: what streams are compared with',
    met: (result) => number(result, 'resolutions') > 0,
    scales: true,
    load: async () => (await import('./swarm-learning.ts')).swarmLearningPubsub,
  },
  {
    name: 'swarm-learning-streams',
    measures: 'the same, sharing on the board of streams, Redis killed in mid-run',
    bar: 'ratio ≤ 1.01, wrong ≤ 0.1 %, hit ≤ 20 µs, ECE ≤ 0.05, wall ≤ 600 s',
    met: (result) =>
      result.ratio <= 1.01 &&
      number(result, 'wrong') <= 0.001 &&
      number(result, 'hit_us') <= 20 &&
      number(result, 'ece') <= 0.05 &&
      number(result, 'wall_s') <= 600,
    scales: true,
    load: async () => (await import('./swarm-learning.ts')).swarmLearningStreams,
  },
  {
    name: 'swarm-rewards',
    measures: 'looking for a solution, families ordered by what they earned, against the order of the library, with equal results',
    bar: 'equal results, and no more readings tried',
    met: (result) => result['equal'] === true && number(result, 'readings') <= number(result, 'readings_off'),
    scales: true,
    load: async () => (await import('./swarm-rewards.ts')).swarmRewards,
  },
  {
    name: 'heal-hospital',
    measures:
      'correction F1 by cell on the hospital table with the constraints of the literature, contract alone and with 20 labelled rows, against majorities of groups',
    bar: 'F1 ≥ 0.90, with labels ≥ 0.92, precision ≥ 0.95 always',
    met: (result) => result.figure >= 0.9 && healed(result, 0.92),
    load: async () => (await import('./heal.ts')).healHospital,
  },
  {
    name: 'heal-hospital-full',
    measures: 'the same with a contract that states more dependencies than the literature does',
    bar: 'F1 ≥ 0.90, with labels ≥ 0.92, precision ≥ 0.95 always',
    met: (result) => result.figure >= 0.9 && healed(result, 0.92),
    load: async () => (await import('./heal.ts')).healHospitalFull,
  },
  {
    name: 'heal-beers',
    measures: 'the same on the beers table',
    bar: 'with labels F1 ≥ 0.96, precision ≥ 0.95 always',
    met: (result) => healed(result, 0.96),
    load: async () => (await import('./heal.ts')).healBeers,
  },
  {
    name: 'heal-invented',
    measures: 'the same on 15 tables whose rows and errors seeds invent',
    bar: 'precision ≥ 0.95 in every run',
    met: (result) => number(result, 'lowest_precision') >= 0.95,
    load: async () => (await import('./heal.ts')).healInvented,
  },
  {
    name: 'heal-kinds',
    measures: 'the same on 12 invented tables of published kinds: flights of many sources, references, taxes, films',
    bar: 'precision ≥ 0.95 in every run',
    met: (result) => number(result, 'lowest_precision') >= 0.95,
    load: async () => (await import('./heal.ts')).healKinds,
  },
  {
    name: 'heal-speed',
    measures: 'finding the cells that break a contract in 1 M rows, and repairing one column by a known pattern, against SQL by hand',
    bar: 'both ratios ≤ 1.5',
    met: (result) => result.ratio <= 1.5 && number(result, 'apply_ratio') <= 1.5,
    load: async () => (await import('./heal-speed.ts')).healSpeed,
  },
  {
    name: 'chain-decode',
    measures: 'logs to decimal text and addresses, a mix as on Ethereum, against viem on the same logs',
    bar: 'figure ≥ 2,000,000 logs/s',
    met: (result) => result.figure >= 2_000_000,
    load: async () => {
      const { chainDecode } = await import('./chain-decode.ts');
      return (progress) => chainDecode(progress);
    },
  },
  {
    name: 'chain-backfill',
    measures: 'logs from a node into silver, with their blocks, transactions and receipts, against bare eth_getLogs; landed: to the files',
    bar: 'none: what checking, landing and judging cost',
    met: (result) => result.figure > 0,
    scales: true,
    load: async () => (await import('./chain-backfill.ts')).chainBackfill,
  },
  {
    name: 'anonymise',
    measures: 'Adult at k = 10 by eight quasi-identifiers, against a pass that only counts equal rows; NCP and a million rows as fields',
    bar: 'figure ≤ 20 ms, NCP ≤ 11.3 %, a million rows ≤ 1 s',
    met: (result) => result.figure <= 20 && number(result, 'ncp_percent') <= 11.3 && number(result, 'million_s') <= 1,
    load: async () => {
      const { anonymiseBench } = await import('./anonymise.ts');
      return (progress) => anonymiseBench(progress);
    },
  },
  {
    name: 'pricing',
    measures: 'share of what an oracle takes from 10,000 simulated buyers, at rest and where demand shifts, against ε-greedy on the same prices',
    bar: 'at rest ≥ 95 % in the mean, with a shift ≥ 85 % at worst',
    met: (result) => result.figure >= 0.95 && number(result, 'shift_min') >= 0.85,
    load: async () => {
      const { pricingBench } = await import('./pricing.ts');
      return (progress) => pricingBench(progress);
    },
  },
];

/** The bench of `--data DIR`: a table of one's own. */
export function healBench(folder: string): Bench {
  return {
    name: 'heal-data',
    measures: `correction F1 by cell on ${folder}, contract alone and with 20 labelled rows, against majorities of groups`,
    bar: 'precision ≥ 0.95 always',
    met: (result) => number(result, 'lowest_precision') >= 0.95,
    load: async () => {
      const { healFolder } = await import('./heal.ts');
      return (progress) => healFolder(progress, folder);
    },
  };
}

/** Whether labels bring the F1 that they should, and no run was careless. */
function healed(result: BenchResult, withLabels: number): boolean {
  return number(part(result, 'with_labels'), 'f1') >= withLabels && number(result, 'lowest_precision') >= 0.95;
}

function part(result: BenchResult, name: string): BenchResult {
  return result[name] as BenchResult;
}

/**
 * The benches that `names` ask for, in the registry's order; all when none is named. The first words of several names stand for all of them
 * (`swarm-learning`). Names that no bench has come back apart.
 */
export function chosen(
  names: readonly string[],
  benches: readonly Bench[] = BENCHES,
): { readonly benches: readonly Bench[]; readonly unknown: readonly string[] } {
  const means = (name: string, bench: Bench): boolean => bench.name === name || bench.name.startsWith(`${name}-`);
  return {
    benches: names.length === 0 ? benches : benches.filter((bench) => names.some((name) => means(name, bench))),
    unknown: names.filter((name) => !benches.some((bench) => means(name, bench))),
  };
}
