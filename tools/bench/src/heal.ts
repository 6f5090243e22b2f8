import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract, type Contract } from '@skein/contract';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { BenchResult, Progress } from './bench.ts';
import { corrupted } from './heal-invented-grammars.ts';
import { inventedTables } from './heal-invented-tables.ts';
import { kindTables, type KindTable } from './heal-kinds.ts';
import { labelsOf, majorityF1, randomRows, scoreHealing, suggestedRows, type HealScore, type HealTask } from './heal-score.ts';

const DATA = fileURLToPath(new URL('../../../../shared/data/cleaning', import.meta.url));
const CONTRACTS = fileURLToPath(new URL('../contracts', import.meta.url));
const LABELS = 20;
const SEEDS = [1, 2, 3, 4, 5];
/** Others than those by whose tables healing was developed (1 to 21). */
const INVENTED_SEEDS = [101, 102, 103, 104, 105];
const INVENTED_ROWS = 1_500;
/** The same of the kinds. */
const KIND_SEEDS = [201, 202, 203];

/** A folder with `dirty.csv`, `clean.csv` and, where no other contract is named, `contract.odcs.yaml`. */
export async function healFolder(
  progress: Progress,
  folder: string,
  contractFile: string = path.join(folder, 'contract.odcs.yaml'),
  seeds: readonly number[] = SEEDS,
): Promise<BenchResult> {
  return inEngine(async (session) => {
    const contract = readContract(readFileSync(wanted(contractFile), 'utf8'), contractFile);
    const columns = contract.properties.map(({ name }) => name);
    const held = await loadPair(session, folder, columns);
    const score = await variants(session, { contract, columns: held, dirty: 'dirty', clean: 'clean' }, progress, seeds);
    return result(score.alone, score);
  });
}

/** With the constraints that the literature uses, as far as the clean table keeps them. */
export async function healHospital(progress: Progress = () => undefined): Promise<BenchResult> {
  return healFolder(progress, path.join(DATA, 'hospital'), path.join(CONTRACTS, 'hospital-published.odcs.yaml'));
}

/** With all that a person who knows the table would state. */
export async function healHospitalFull(progress: Progress = () => undefined): Promise<BenchResult> {
  return healFolder(progress, path.join(DATA, 'hospital'), path.join(CONTRACTS, 'hospital.odcs.yaml'));
}

export async function healBeers(progress: Progress = () => undefined): Promise<BenchResult> {
  return healFolder(progress, path.join(DATA, 'beers'), path.join(CONTRACTS, 'beers.odcs.yaml'));
}

/** Tables and errors that seeds invent: three tables for each of five seeds. */
export async function healInvented(progress: Progress = () => undefined): Promise<BenchResult> {
  return healTables(
    progress,
    INVENTED_SEEDS,
    (seed) =>
      inventedTables(seed, INVENTED_ROWS).map((table) => {
        const keys = new Set(contractOf(table).properties.flatMap((property, index) => (property.keyPosition === undefined ? [] : [index])));
        return { ...table, dirty: corrupted(table.rows, keys, seed * 1000 + table.name.length) };
      }),
    SEEDS,
  );
}

/** Tables of kinds that are published, with the errors of each kind: flights by many sources, references, taxes, films; three seeds of each. */
export async function healKinds(progress: Progress = () => undefined): Promise<BenchResult> {
  return healTables(progress, KIND_SEEDS, kindTables, SEEDS.slice(0, 2));
}

function contractOf({ name, contract }: Pick<KindTable, 'name' | 'contract'>): Contract {
  return readContract(contract, `${name}.odcs.yaml`);
}

/** All tables as one, and the F1 of each kind. */
async function healTables(
  progress: Progress,
  seeds: readonly number[],
  tables: (seed: number) => readonly KindTable[],
  labelSeeds: readonly number[],
): Promise<BenchResult> {
  return inEngine(async (session) => {
    const all: Variants[] = [];
    const byKind = new Map<string, { alone: HealScore[]; random: HealScore[] }>();
    for (const seed of seeds) {
      for (const table of tables(seed)) {
        await loadRows(session, 'clean', table.columns, table.rows);
        await loadRows(session, 'dirty', table.columns, table.dirty);
        const task = { contract: contractOf(table), columns: table.columns, dirty: 'dirty', clean: 'clean' };
        const score = await variants(session, task, (message) => progress(`${table.name} ${seed}: ${message}`), labelSeeds);
        all.push(score);
        const kind = byKind.get(table.name) ?? { alone: [], random: [] };
        kind.alone.push(score.alone);
        kind.random.push(score.random);
        byKind.set(table.name, kind);
      }
    }
    const [alone, random, suggested] = [all.map((one) => one.alone), all.map((one) => one.random), all.map((one) => one.suggested)].map(pooled) as [
      HealScore,
      HealScore,
      HealScore,
    ];
    const whole = result(alone, {
      alone,
      random,
      suggested,
      floor: mean(all.map(({ floor }) => floor)),
      worst: Math.min(...all.map((one) => one.worst)),
      seeds: [],
    });
    const f1 = (scores: readonly HealScore[]): number => Number(pooled(scores).f1.toFixed(4));
    const kinds = Object.fromEntries([...byKind].map(([name, scores]) => [name, { f1: f1(scores.alone), f1_with_labels: f1(scores.random) }]));
    return { ...whole, kinds };
  });
}

interface Variants {
  readonly alone: HealScore;
  /** Mean over seeds, of rows chosen by chance. */
  readonly random: HealScore;
  readonly suggested: HealScore;
  readonly floor: number;
  /** The lowest precision of all runs. */
  readonly worst: number;
  readonly seeds: readonly number[];
}

async function variants(session: EngineSession, task: HealTask, progress: Progress, seeds: readonly number[] = SEEDS): Promise<Variants> {
  const say = (what: string, { precision, recall, f1, repaired, wrong }: HealScore): void =>
    progress(`${what}: precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}, F1 ${f1.toFixed(4)}, ${repaired} repaired, ${wrong} wrong`);
  const floor = await majorityF1(session, task);
  const alone = await scoreHealing(session, task, []);
  say('contract alone', alone);
  const scores: HealScore[] = [];
  for (const seed of seeds) {
    scores.push(await scoreHealing(session, task, await labelsOf(session, task, await randomRows(session, task, LABELS, seed))));
    say(`${LABELS} rows by chance, seed ${seed}`, scores.at(-1) as HealScore);
  }
  const suggested = await scoreHealing(session, task, await labelsOf(session, task, await suggestedRows(session, task, LABELS)));
  say(`${LABELS} suggested rows`, suggested);
  return {
    alone,
    random: average(scores),
    suggested,
    floor,
    worst: Math.min(...[alone, suggested, ...scores].map(({ precision }) => precision)),
    seeds: scores.map(({ f1 }) => f1),
  };
}

/** The figure is the F1 of the contract alone, the floor that of group majorities. */
function result(alone: HealScore, { random, suggested, floor, worst }: Variants): BenchResult {
  const round = (score: HealScore): Record<string, number> =>
    Object.fromEntries(Object.entries(score).map(([name, value]) => [name, Number((value as number).toFixed(4))]));
  return {
    figure: alone.f1,
    floor,
    ratio: alone.f1 / Math.max(floor, 0.001),
    unit: 'F1',
    ...round(alone),
    labels: LABELS,
    lowest_precision: Number(worst.toFixed(4)),
    with_labels: round(random),
    with_suggested_labels: round(suggested),
  };
}

function average(scores: readonly HealScore[]): HealScore {
  const [first] = scores;
  if (!first) throw new SkeinError('SKEIN_INTERNAL', 'nothing was scored');
  return Object.fromEntries(Object.keys(first).map((name) => [name, mean(scores.map((score) => score[name as keyof HealScore]))])) as unknown as HealScore;
}

/** Of several tables as one: cells are counted together. */
function pooled(scores: readonly HealScore[]): HealScore {
  const plain = average(scores);
  const total = (of: (score: HealScore) => number): number => scores.reduce((sum, score) => sum + of(score), 0);
  const [errors, repaired, wrong] = [total((one) => one.errors), total((one) => one.repaired), total((one) => one.wrong)];
  const [precision, recall] = [(repaired - wrong) / Math.max(1, repaired), (repaired - wrong) / Math.max(1, errors)];
  return {
    ...plain,
    errors,
    repaired,
    wrong,
    escalated: total((one) => one.escalated),
    precision,
    recall,
    f1: (2 * precision * recall) / Math.max(0.001, precision + recall),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function inEngine(work: (session: EngineSession) => Promise<BenchResult>): Promise<BenchResult> {
  const engine = duckdbEngine();
  try {
    return await work(await engine.open());
  } finally {
    await engine.close();
  }
}

function wanted(file: string): string {
  if (existsSync(file)) return file;
  throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no file ${file}`, {
    hint: 'A folder to heal has dirty.csv, clean.csv and contract.odcs.yaml; those of the repository come from ../shared/data/cleaning.',
  });
}

/** A pair of CSV files as tables of text, by the contract's columns. Published pairs spell their headers differently: then the clean file's columns are those at the same places. */
async function loadPair(session: EngineSession, folder: string, columns: readonly string[]): Promise<string[]> {
  const read = (file: string): string =>
    `read_csv(${literal(wanted(path.join(folder, file)))}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', sample_size = -1)`;
  const header = async (file: string): Promise<string[]> => (await session.describe(`SELECT * FROM ${read(file)}`)).map(({ name }) => name);
  const [dirty, clean] = [await header('dirty.csv'), await header('clean.csv')];
  const held = columns.filter((name) => dirty.includes(name) && (clean.includes(name) || clean.length === dirty.length));
  if (held.length === 0)
    throw new SkeinError('SKEIN_SOURCE_COLUMNS', `dirty.csv and clean.csv have no column of the contract in common`, { context: { dirty, clean } });
  const load = (table: string, file: string, nameOf: (column: string) => string): Promise<void> =>
    session.run(
      `CREATE OR REPLACE TEMP TABLE ${ident(table)} AS SELECT row_number() OVER () AS _row, ${held.map((name) => `${ident(nameOf(name))} AS ${ident(name)}`).join(', ')} FROM ${read(file)}`,
    );
  await load('dirty', 'dirty.csv', (name) => name);
  await load('clean', 'clean.csv', (name) => (clean.includes(name) ? name : (clean[dirty.indexOf(name)] ?? name)));
  return held;
}

async function loadRows(session: EngineSession, table: string, columns: readonly string[], rows: readonly (readonly (string | null)[])[]): Promise<void> {
  const lists = `SELECT unnest(from_json($1, '[["VARCHAR"]]')) AS r`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${ident(table)} AS SELECT row_number() OVER () AS _row, ${columns.map((name, index) => `r[${index + 1}] AS ${ident(name)}`).join(', ')} FROM (${lists})`,
    [JSON.stringify(rows)],
  );
}
