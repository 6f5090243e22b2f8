import { DuckDBInstance } from '@duckdb/node-api';
import { readContract, type Property } from '@skein/contract';
import { banditContext, familyOf, LIBRARY, orderFamilies, propose, rewardOf, signatureOf, withReward } from '@skein/pattern';
import type { ColumnFacts, FamilyTrial, Gap, Outcome, Rewards } from '@skein/pattern';
import { textAccepts } from '@skein/verifier';
import type { BenchResult, Progress } from './bench.ts';
import { contractText, grammars, KINDS, truthSql } from './swarm-learning-grammars.ts';
import { random } from './swarm-learning-random.ts';

const SEED = 11;
const GRAMMARS = 400;
const TEXTS = 200;
/** Distinct values of a gap. */
const VALUES = 200;

interface Question {
  readonly gap: Gap;
  readonly facts: ColumnFacts;
}

interface Looked {
  readonly outcome: Outcome;
  readonly trials: readonly FamilyTrial[];
  readonly ms: number;
}

/**
 * Gaps of many kinds, one after the other, each looked at with the families in the order of the library and in that of what they have earned on the
 * gaps before. The results must be equal; what differs is how many readings are tried on the values, and how long it takes. `readings_offered`
 * is what would be tried if nothing were left out.
 */
export async function swarmRewards(progress: Progress = () => undefined, scale = 1): Promise<BenchResult> {
  const questions = shuffled([...(await typed(Math.max(20, Math.round(GRAMMARS * scale)))), ...texts(Math.max(20, Math.round(TEXTS * scale)))], random(SEED));
  progress(`${questions.length} gaps of ${VALUES} values`);
  const library = Object.keys(LIBRARY);
  // Both warm: neither pays for the other's compilation.
  for (const question of questions.slice(0, 40)) look(question, library);
  const draw = random(SEED + 1);
  let rewards: Rewards = {};
  let equal = true;
  const [off, on] = [figures(), figures()];
  for (const [index, question] of questions.entries()) {
    const context = banditContext(question.gap.signature);
    const learned = (): Looked => {
      const start = performance.now();
      const order = orderFamilies(rewards, context, library, draw);
      const ordering = performance.now() - start;
      const found = look(question, order);
      return { ...found, ms: found.ms + ordering };
    };
    const [first, second] = index % 2 === 0 ? [look(question, library), learned()] : [learned(), look(question, library)];
    const [plain, ordered] = index % 2 === 0 ? [first, second] : [second, first];
    equal &&= JSON.stringify(plain.outcome) === JSON.stringify(ordered.outcome);
    count(off, plain);
    count(on, ordered);
    for (const { family, tried, milliseconds } of ordered.trials) {
      if (tried === 0) continue;
      const verified = verifiedBy(ordered.outcome, family, question.gap.values.length);
      rewards = withReward(rewards, 'bench', context, family, rewardOf({ cells: question.gap.values.length, verified, took: milliseconds, allowed: 1_000 }));
    }
  }
  if (on.solved === 0 || on.conflicts === 0) throw new Error('the gaps have no solutions, or no conflicts: nothing was compared');
  const [each, floor] = [on.ms / questions.length, off.ms / questions.length];
  return {
    figure: round(each),
    floor: round(floor),
    ratio: round(each / floor),
    unit: 'ms',
    equal,
    gaps: questions.length,
    solved: on.solved,
    conflicts: on.conflicts,
    readings: on.tried,
    readings_off: off.tried,
    readings_offered: off.offered,
    families: on.families,
    families_off: off.families,
    readings_last_half: on.lastHalf(questions.length),
    readings_last_half_off: off.lastHalf(questions.length),
    scale,
  };
}

function look({ gap, facts }: Question, families: readonly string[]): Looked {
  let trials: readonly FamilyTrial[] = [];
  const start = performance.now();
  const outcome = propose(gap, facts, [], families, (told) => (trials = told));
  return { outcome, trials, ms: performance.now() - start };
}

interface Figures {
  ms: number;
  tried: number;
  offered: number;
  families: number;
  solved: number;
  conflicts: number;
  readonly each: number[];
  lastHalf(gaps: number): number;
}

function figures(): Figures {
  const each: number[] = [];
  return {
    ...{ ms: 0, tried: 0, offered: 0, families: 0, solved: 0, conflicts: 0, each },
    lastHalf: (gaps) => each.slice(gaps >> 1).reduce((sum, one) => sum + one, 0),
  };
}

function count(sums: Figures, { outcome, trials, ms }: Looked): void {
  const tried = trials.reduce((sum, one) => sum + one.tried, 0);
  sums.ms += ms;
  sums.tried += tried;
  sums.each.push(tried);
  sums.offered += trials.reduce((sum, one) => sum + one.offered, 0);
  sums.families += trials.filter((one) => one.tried > 0).length;
  if (outcome.kind === 'solutions') sums.solved += 1;
  if (outcome.kind === 'conflict' || (outcome.kind === 'solutions' && outcome.open.length > 0)) sums.conflicts += 1;
}

function verifiedBy(outcome: Outcome, family: string, values: number): number {
  if (outcome.kind !== 'solutions') return 0;
  const mine = outcome.ranked.filter(({ category }) => familyOf(category) === family);
  return Math.min(
    values,
    mine.reduce((sum, { test }) => sum + test.passed, 0),
  );
}

/** Dates and numbers that the grammars of the sharing bench write wrongly. */
async function typed(many: number): Promise<Question[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const read = async (sql: string): Promise<{ value: string; count: number }[]> =>
    (await connection.runAndReadAll(`SELECT DISTINCT (${sql})::VARCHAR AS t FROM range(${VALUES}) r(i) ORDER BY t`))
      .getRows()
      .map(([value]) => ({ value: String(value), count: 1 }));
  try {
    const contracts = Array.from({ length: KINDS }, (_, kind) => readContract(contractText(kind), 'bench.yaml'));
    const questions: Question[] = [];
    for (const { kind, column, corrupt } of grammars(many, KINDS, SEED)) {
      const property = contracts[kind]?.properties.find(({ name }) => name === column);
      if (property === undefined) throw new Error(column);
      questions.push(question(property, await read(corrupt(truthSql(column, 'i'))), await read(truthSql(column, 'i'))));
    }
    return questions;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Codes, keys and ambiguous dates, from a seed. */
function texts(many: number): Question[] {
  const draw = random(SEED + 2);
  const pick = (below: number): number => Math.floor(draw() * below);
  const letters = (count: number): string => Array.from({ length: count }, () => String.fromCharCode(65 + pick(26))).join('');
  return Array.from({ length: many }, (_, index) => {
    if (index % 4 === 0) {
      const codes = [...new Set(Array.from({ length: 60 }, () => `${letters(3)} ${letters(4)}`))];
      const wrong = codes.map((code) => (index % 8 === 0 ? code.toLowerCase() : code.replace(' ', '-')));
      return question(column('string', `, enum: [${codes.map((code) => `{ value: ${JSON.stringify(code)} }`).join(', ')}]`), listed(wrong), listed(codes));
    }
    if (index % 4 === 3) {
      const days = Array.from({ length: 12 }, (__, at) => `0${1 + (at % 9)}/0${1 + pick(9)}/20${10 + pick(15)}`);
      return question(column('date', ''), listed(days), []);
    }
    const keys = Array.from({ length: VALUES }, () => `${letters(2)}${1_000 + pick(9_000)}`);
    const wrong = keys.map((key) => (index % 4 === 1 ? ` ${key.toLowerCase()} ` : `${key.slice(0, 2)}-${key.slice(2)}`));
    return question(column('string', `, logicalTypeOptions: { pattern: '^[A-Z]{2}[0-9]{4}$' }`), listed(wrong), listed(keys));
  });
}

function column(type: string, more: string): Property {
  const text = `apiVersion: v3.2.0\nkind: DataContract\nid: bench\nversion: 1.0.0\ndomain: bench\nschema:\n  - name: t\n    properties:\n      - { name: c, logicalType: ${type}, required: true${more} }\n`;
  const [property] = readContract(text, 'bench.yaml').properties;
  if (property === undefined) throw new Error('the contract of the bench has no column');
  return property;
}

function listed(values: readonly string[]): { value: string; count: number }[] {
  return [...new Set(values)].map((value) => ({ value, count: 1 }));
}

function question(property: Property, values: Gap['values'], accepted: ColumnFacts['accepted']): Question {
  const signature = signatureOf('type', property, values);
  const gap = { context: { domain: 'bench', product: 'bench.t', column: property.name }, signature, cells: values.length, values };
  return { gap, facts: { property, accepts: textAccepts(property), accepted } };
}

function shuffled<Item>(items: readonly Item[], draw: () => number): Item[] {
  return items
    .map((item) => ({ item, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
