import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkeinError } from '@skein/kernel';
import { anonymise, readHierarchy, recheck, type AnonymiseAsk, type DictionaryColumn, type Table } from '@skein/privacy';
import type { BenchResult, Progress } from './bench.ts';

const DATA = fileURLToPath(new URL('../../../../shared/data/brokerage', import.meta.url));
const ROUNDS = 25;
const MANY = 1_000_000;
/** Of the million rows, the share of cells that come from another person: otherwise every row would stand there thirty times. */
const MIXED = 0.1;

/** Column of the file, and the hierarchy of ARX where it is a category. */
const QUASI: Readonly<Record<string, { readonly at: number; readonly hierarchy?: string }>> = {
  age: { at: 0 },
  workclass: { at: 1, hierarchy: 'workclass' },
  education_num: { at: 4 },
  marital_status: { at: 5, hierarchy: 'marital-status' },
  occupation: { at: 6, hierarchy: 'occupation' },
  race: { at: 8, hierarchy: 'race' },
  sex: { at: 9, hierarchy: 'sex' },
  native_country: { at: 13, hierarchy: 'native-country' },
};

/**
 * Milliseconds to make the people of Adult (those with no value missing) 10-anonymous by eight quasi-identifiers, from columns as Arrow has them to the
 * released columns: the median of many runs. The floor is a pass that only counts equal rows. The release is judged by the independent counter
 * outside the time, which stands in `recheck_ms`. `ncp_percent` is the mean share of its column's range that a released cell spans; `nodes_ncp_percent`
 * is the same where categories must be single nodes of their hierarchy; `million_s` is the time for a million rows made of the same people.
 */
export async function anonymiseBench(progress: Progress = () => undefined, folder: string = DATA): Promise<BenchResult> {
  const { table, ask } = adult(folder);
  const rows = (table['age'] as Int32Array).length;
  progress(`${rows} rows`);
  const times: number[] = [];
  const floors: number[] = [];
  let made = anonymise(table, ask);
  for (let round = 0; round < ROUNDS; round += 1) {
    let from = performance.now();
    made = anonymise(table, ask);
    times.push(performance.now() - from);
    from = performance.now();
    countEqual(table, ask.quasi, rows);
    floors.push(performance.now() - from);
  }
  const from = performance.now();
  const verdict = recheck(made.release, ask);
  const recheckMs = performance.now() - from;
  if (!verdict.passed || verdict.rows !== rows)
    throw new SkeinError('SKEIN_INTERNAL', `the counter does not pass the release: ${JSON.stringify(verdict.failures[0])}`);
  const nodes = anonymise(table, { ...ask, categories: 'nodes' });
  progress(`${MANY} rows`);
  const many = mixed(table, rows);
  const started = performance.now();
  const large = anonymise(many, ask);
  const million = (performance.now() - started) / 1_000;
  if (!recheck(large.release, ask).passed) throw new SkeinError('SKEIN_INTERNAL', 'the counter does not pass the release of a million rows');
  const [figure, floor] = [median(times), median(floors)];
  return {
    figure,
    floor,
    ratio: figure / floor,
    unit: 'ms',
    rows,
    k: ask.k,
    ncp_percent: 100 * made.report.ncp,
    nodes_ncp_percent: 100 * nodes.report.ncp,
    classes: made.report.classes,
    smallest_class: verdict.smallestClass,
    recheck_ms: recheckMs,
    best: Math.min(...times),
    million_s: million,
    million_ncp_percent: 100 * large.report.ncp,
  };
}

function adult(folder: string): { table: Table; ask: AnonymiseAsk } {
  const file = path.join(folder, 'adult.data');
  if (!existsSync(file))
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `the people of Adult are not there: ${file}`, {
      hint: 'Put the shared data folder beside the project: ../shared/data/brokerage/adult.data and arx-adult/.',
    });
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter((fields) => fields.length === 15 && !fields.includes('?'));
  if (lines.length === 0) throw new SkeinError('SKEIN_SOURCE_EMPTY', `${file} holds no row`, { place: { file } });
  const column = (at: number): string[] => lines.map((fields) => fields[at] as string);
  const hierarchies = Object.fromEntries(
    Object.entries(QUASI).flatMap(([name, { hierarchy }]) => {
      if (hierarchy === undefined) return [];
      const of = path.join(folder, `arx-adult/adult_hierarchy_${hierarchy}.csv`);
      return [[name, readHierarchy(readFileSync(of, 'utf8'), of)]];
    }),
  );
  return {
    table: Object.fromEntries(
      Object.entries(QUASI).map(([name, { at, hierarchy }]) => [name, hierarchy === undefined ? Int32Array.from(column(at), Number) : dictionary(column(at))]),
    ),
    ask: { quasi: Object.keys(QUASI), k: 10, hierarchies },
  };
}

function dictionary(values: readonly string[]): DictionaryColumn {
  const labels = [...new Set(values)];
  const codes = new Map(labels.map((label, code) => [label, code]));
  return { labels, codes: Int32Array.from(values, (value) => codes.get(value) as number) };
}

/** What only looking at every row costs. */
function countEqual(table: Table, quasi: readonly string[], rows: number): number {
  const columns = quasi.map((name) => {
    const column = table[name] as Int32Array | DictionaryColumn;
    return 'codes' in column ? column.codes : column;
  });
  const counts = new Map<string, number>();
  for (let row = 0; row < rows; row += 1) {
    let key = '';
    for (const column of columns) key += `${column[row]},`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size;
}

function mixed(table: Table, rows: number): Table {
  let state = 7;
  const unit = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const people = Int32Array.from({ length: MANY }, (_, at) => at % rows);
  const drawn = (column: Int32Array): Int32Array => people.map((person) => column[unit() < MIXED ? Math.floor(unit() * rows) : person] as number);
  return Object.fromEntries(
    Object.entries(table as Record<string, Int32Array | DictionaryColumn>).map(([name, column]) => [
      name,
      'codes' in column ? { labels: column.labels, codes: drawn(column.codes) } : drawn(column),
    ]),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
