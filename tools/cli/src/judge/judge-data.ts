import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import type { Contract } from '@skein/contract';
import { ident } from '@skein/kernel';
import type { EngineSession, QueryEngine } from '@skein/ports';
import { sqlRuleFigures } from '@skein/swarm';
import {
  canRun,
  checkPlan,
  fastestPasses,
  figuresSql,
  judge,
  withheld,
  type Check,
  type CheckPlan,
  type Figures,
  type Passes,
  type Verdict,
} from '@skein/verifier';
import { engineReason } from '../contract/engine-reason.ts';
import type { DataFormat } from './data-file.ts';
import { referenceRelations, resolved, type Reference, type ReferenceOptions } from './references.ts';
import { samplesOf, type Sample } from './samples.ts';
import { typedRelation, type TypedRelation } from './typed-relation.ts';

export interface Judgement {
  readonly verdict: Verdict;
  readonly plan: CheckPlan;
  /** By check, for gates that failed. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  readonly unknownColumns: readonly string[];
  readonly missingColumns: readonly string[];
  /** Lines that are no records. */
  readonly malformed: bigint;
}

export interface JudgeOptions {
  readonly samples: number;
  readonly absentAsNull: boolean;
  /** Products that it refers to; a reference to another one is skipped. */
  readonly references?: ReferenceOptions;
  /** The moment by which service levels are judged, in milliseconds since the epoch; without it they are skipped. */
  readonly at?: number;
}

/** Judges data files as they stand: nothing is parted, repaired or published. The verdict is the same for the same rows, whatever their format. */
export async function judgeData(
  engine: QueryEngine,
  contract: Contract,
  format: DataFormat,
  files: readonly string[],
  options: JudgeOptions,
): Promise<Judgement> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skein-test-'));
  const session = await engine.open();
  const sandbox = duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(folder, 'rules') });
  try {
    const data = await typedRelation(session, contract, format, files, { absentAsNull: options.absentAsNull, folder });
    const relations = options.references ? await referenceRelations(engine, contract, options.references, folder) : new Map<string, Reference>();
    const results: Record<string, Figures['results'][string]> = {};
    const runnable = new Set<string>();
    const checks: Check[] = [];
    const whole = planOver(contract, data);
    for (const check of whole.checks) {
      const missing = check.reads.filter((name) => !data.offered.includes(name));
      if (!canRun(check, data.offered)) results[check.id] = { error: `the data has no column ${missing.join(', ')}` };
      const own = resolved(check, relations);
      checks.push('id' in own ? own : check);
      if (results[check.id] !== undefined) continue;
      if ('id' in own) runnable.add(check.id);
      else results[check.id] = own;
    }
    const plan: CheckPlan = { ...whole, checks };
    const own = { ...plan, checks: plan.checks.filter((check) => check.rule !== 'sql' && runnable.has(check.id)) };
    let [rows, refused] = [0n, 0n];
    for (const statement of figuresSql(own, data.relation, data.offered, await passesFor(session, own, data))) {
      try {
        const [row] = await session.rows<Record<string, bigint | string | null>>(statement.sql);
        if (statement.rows) rows = BigInt(row?.[statement.rows] ?? 0);
        if (statement.refused) refused = BigInt(row?.[statement.refused] ?? 0);
        for (const { id, level, column } of statement.checks) {
          const figure = row?.[column] ?? null;
          results[id] = level === 'metric' ? { value: figure === null ? null : String(figure) } : { failed: BigInt(figure ?? 0) };
        }
      } catch (error) {
        if (statement.rows) throw error;
        for (const { id } of statement.checks) results[id] = { error: engineReason(error) };
      }
    }
    if (data.malformed > 0n) results[MALFORMED] = { failed: data.malformed };
    Object.assign(results, await sqlRuleFigures(session, sandbox, { contract, checks: plan.checks, ...data }));
    const verdict = judge(plan, { rows: rows + data.malformed, refused: refused + data.malformed, results }, options.at);
    const samples: Record<string, Sample[]> = {};
    const byId = new Map(plan.checks.map((check) => [check.id, check]));
    for (const gate of verdict.gates) {
      const check = byId.get(gate.check);
      if (check && check.id !== MALFORMED && (gate.failed ?? 0n) > 0n) samples[check.id] = await samplesOf(session, contract, check, data, options.samples);
    }
    const missingColumns = contract.properties.map((property) => property.name).filter((name) => !data.offered.includes(name));
    return { verdict: withheld(verdict, contract, plan), plan, samples, unknownColumns: data.unknown, missingColumns, malformed: data.malformed };
  } finally {
    await session.close();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

const MALFORMED = 'source.malformed';
/** Rows on which the ways to share passes are tried, and from how many rows that is worth its time. */
const SAMPLE = 200_000;
const WORTH_TRYING = 5_000_000n;

async function passesFor(session: EngineSession, plan: CheckPlan, data: TypedRelation): Promise<Passes> {
  const [row] = await session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${data.relation}`);
  if ((row?.n ?? 0n) < WORTH_TRYING) return 'filtered';
  return fastestPasses(plan, `(SELECT * FROM ${data.relation} LIMIT ${SAMPLE})`, data.offered, async (sql) => {
    const start = performance.now();
    await session.rows(sql);
    return performance.now() - start;
  });
}

/**
 * The contract's plan, with a check for each column that its values are of its type. A value that is not has no other rule to
 * break: it is NULL to them, and not missing.
 */
function planOver(contract: Contract, data: TypedRelation): CheckPlan {
  const bad = new Map([...data.read].map((index) => [contract.properties[index]?.name, `"_bad${index}"`]));
  const plan = checkPlan(contract, ({ name }) => (bad.has(name) ? `(${ident(name)} IS NULL AND NOT ${bad.get(name)})` : `${ident(name)} IS NULL`));
  const types = contract.properties.map((property): Check => ({
    id: `${property.name}.type`,
    rule: 'type',
    column: property.name,
    level: 'row',
    sql: bad.get(property.name) ?? 'FALSE',
    severity: 'error',
    dimension: 'conformity',
    tolerance: contract.tolerance,
    comparison: undefined,
    reads: [property.name],
    place: property.place,
  }));
  const malformed: Check[] =
    data.malformed > 0n
      ? [
          {
            id: MALFORMED,
            rule: 'malformed',
            column: undefined,
            level: 'row',
            sql: 'FALSE',
            severity: 'error',
            dimension: 'conformity',
            tolerance: contract.tolerance,
            comparison: undefined,
            reads: [],
            place: { file: contract.file },
          },
        ]
      : [];
  return { ...plan, checks: [...types, ...malformed, ...plan.checks] };
}
