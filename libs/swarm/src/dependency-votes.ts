import { primaryKey, type Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { patternId, shapeOf, signatureKey, signatureOf, type Pattern } from '@skein/pattern';
import { textAccepts } from '@skein/verifier';
import { CANDIDATE, MENDS, type Rows, type Task } from './candidate.ts';
import { CELLS, GAP_VALUES, isRepairable, text, type OpenGap } from './gap.ts';
import { isSingle } from './heal/cell-rule.ts';
import { dependenciesOf, type Dependency } from './heal/dependency.ts';
import type { Disputed } from './heal/dependency-round.ts';
import { Trust } from './heal/trust.ts';
import { reopenDisputed, SUPPORT, THRESHOLD, vote } from './heal/vote.ts';
import { Ward } from './heal/ward.ts';
import type { Application } from './mending.ts';

/** Rule of a cell that breaks no rule by itself, but a dependency. */
export const DEPENDENCY = 'dependency';
/** Cells that a dependency leaves open: `id` (row of the candidate), `column`, `value`, `why`. */
export const DISPUTED = '_disputed';

/** The rows that vote, as text. */
const VOTERS = '_voters';
/** Repairs by programs, as the votes found them. */
const ADOPTED = '_adopted';
/** Cells of one dependency that are looked at, and gaps that are made of those that stay open. */
const MOST_CELLS = 100_000;
const MOST_GAPS = 50;

/** A gap that a dependency leaves open, and why. */
export interface DisputedGap {
  readonly gap: OpenGap;
  readonly why: string;
}

/**
 * Repairs by the functional dependencies of a contract, in a run, by the rules by which `heal` repairs a file: what the other rows of a group attest
 * stands where the evidence suffices and the step offers the column; all else is left, and told. Rows that will be dropped as repeats have no vote,
 * and keys determine nothing here: until the contract has judged them, rows of one key may be several things.
 */
export class DependencyVotes {
  readonly #task: Task;
  readonly #ward: Ward;
  readonly #dependencies: readonly Dependency[];
  readonly #patterns: ReadonlyMap<string, Pattern>;

  private constructor(task: Task, ward: Ward, dependencies: readonly Dependency[]) {
    this.#task = task;
    this.#ward = ward;
    this.#dependencies = dependencies;
    const determined = ward.columns.filter(({ name }) => dependencies.some(({ dependent, backwards }) => !backwards && dependent.includes(name)));
    this.#patterns = new Map(determined.map((property) => [property.name, patternOf(task, property, dependencies)]));
  }

  /** Undefined where the contract states no dependency among the columns that the step offers. */
  static async of(task: Task, rows: Rows): Promise<DependencyVotes | undefined> {
    const { contract, step } = task.product;
    const offered = contract.properties.filter((property) => rows.columns.includes(property.name) && isSingle(property)).map(({ name }) => name);
    const determined = new Set(contract.dependencies.flatMap(({ dependent }) => dependent));
    const keys = [primaryKey(contract).map(({ name }) => name), ...contract.properties.filter(({ unique }) => unique).map(({ name }) => [name])];
    const named = new Set([
      ...contract.dependencies.flatMap(({ determinant, dependent }) => [...determinant, ...dependent]),
      ...keys.filter((key) => key.some((name) => determined.has(name))).flat(),
    ]);
    const columns = offered.filter((name) => named.has(name));
    const stated = new Set(contract.dependencies.map(({ determinant }) => JSON.stringify([...determinant].sort())));
    const dependencies = dependenciesOf(contract, columns).filter(
      ({ determinant, backwards }) => backwards || stated.has(JSON.stringify([...determinant].sort())),
    );
    if (dependencies.every(({ backwards }) => backwards)) return undefined;
    const raw = (name: string): string =>
      rows.extras.includes('_invalid')
        ? `coalesce(list_filter(_invalid, lambda _i: _i."column" = ${literal(name)} AND _i.rule = 'type')[1]."value", ${ident(name)}::VARCHAR)`
        : `${ident(name)}::VARCHAR`;
    const once =
      step.dedupe === undefined
        ? ''
        : ` QUALIFY row_number() OVER (PARTITION BY ${step.dedupe.by.map(ident).join(', ')} ORDER BY _failed IS NOT NULL, ${step.dedupe.keep}) = 1`;
    await task.session.run(
      `CREATE OR REPLACE TEMP TABLE ${VOTERS} AS SELECT rowid AS _row, ${columns.map((name) => `${raw(name)} AS ${ident(name)}`).join(', ')} FROM ${CANDIDATE}${once}`,
    );
    const ward = new Ward(task.session, { name: VOTERS, columns }, { contract });
    await ward.begin();
    return new DependencyVotes(task, ward, dependencies);
  }

  /** Before programs: what other rows attest has more to go by than what a value looks like. */
  async before(): Promise<void> {
    await this.#vote();
    await this.#put();
  }

  /**
   * After programs: what they made of a value may decide others, and is taken back where the group holds another value. Returns the patterns that a
   * replay needs to come to the same, and the gaps that stay open, numbered from `from` on.
   */
  async after(
    from: number,
  ): Promise<{ readonly patterns: readonly string[]; readonly applied: readonly Application[]; readonly gaps: readonly DisputedGap[] }> {
    const { session } = this.#task;
    const patterns = await session.rows<{ pattern: string }>(`SELECT DISTINCT pattern FROM ${MENDS} ORDER BY 1`);
    await this.#adopt();
    const disputes = await this.#vote();
    await reopenDisputed(this.#ward, disputes);
    await session.run(
      `DELETE FROM ${MENDS} m WHERE EXISTS (SELECT 1 FROM ${ADOPTED} a WHERE a._row = m.id AND a._col = m."column")
         AND NOT EXISTS (SELECT 1 FROM _fix f WHERE f._row = m.id AND f._col = m."column" AND f._solution NOT IN (${this.#solutions()}))`,
    );
    await this.#put();
    return { patterns: patterns.map(({ pattern }) => pattern), applied: await this.#applied(), gaps: await this.#open(disputes, from) };
  }

  async #vote(): Promise<readonly Disputed[]> {
    const { healing } = this.#task;
    const fixed = healing.fixed && new Set([...healing.fixed.values()].flat().map(({ id }) => id));
    const may = (column: string): boolean => {
      const pattern = this.#patterns.get(column);
      const property = this.#ward.columns.find(({ name }) => name === column);
      if (pattern === undefined || property === undefined || !isRepairable(this.#task, property)) return false;
      if (fixed !== undefined) return fixed.has(pattern.id);
      return healing.barred?.has(pattern.id) !== true && healing.board?.rejection(pattern.id) === undefined;
    };
    return (await vote(this.#ward, this.#dependencies, new Trust([]), THRESHOLD, { may, most: MOST_CELLS })).disputes;
  }

  /** Ids by which the log of the votes names what dependencies repaired, as a list of SQL. */
  #solutions(): string {
    const ids = this.#ward.solutions().filter(({ category }) => category === DEPENDENCY);
    return ids.map(({ id }) => literal(id)).join(', ') || `''`;
  }

  /** Tells the votes what programs have repaired. */
  async #adopt(): Promise<void> {
    const { session } = this.#task;
    const mine = [...this.#patterns.values()].map(({ id }) => literal(id)).join(', ');
    const found = await session.rows<{ column: string; pattern: string }>(
      `SELECT DISTINCT "column", pattern FROM ${MENDS} WHERE pattern NOT IN (${mine}) ORDER BY ALL`,
    );
    for (const { column, pattern } of found) {
      const property = this.#ward.columns.find(({ name }) => name === column);
      if (property === undefined) continue;
      const of = `m."column" = ${literal(column)} AND m.pattern = ${literal(pattern)}`;
      await this.#ward.applySql(
        property,
        { column, category: 'program', why: '', sql: pattern, expression: undefined },
        `_row IN (SELECT m.id FROM ${MENDS} m WHERE ${of})`,
        `(SELECT any_value(m.repaired) FROM ${MENDS} m WHERE m.id = _row AND ${of})`,
        1,
      );
    }
    await session.run(`CREATE OR REPLACE TEMP TABLE ${ADOPTED} AS SELECT _row, _col FROM _fix WHERE _solution NOT IN (${this.#solutions()})`);
  }

  /** Makes what the votes repaired mends of the run. */
  async #put(): Promise<void> {
    const { session } = this.#task;
    const patterns = [...this.#patterns];
    await session.run(`DELETE FROM ${MENDS} WHERE pattern IN (${patterns.map(([, { id }]) => literal(id)).join(', ')})`);
    const pattern = `CASE f._col ${patterns.map(([column, { id }]) => `WHEN ${literal(column)} THEN ${literal(id)}`).join(' ')} END`;
    await session.run(
      `INSERT INTO ${MENDS} SELECT f._row, f._col, coalesce(b._rule, '${DEPENDENCY}'), f._col || '.' || coalesce(b._rule, '${DEPENDENCY}'), f._before, f._after, ${pattern}, -1,
         'dependency: ' || f._why || '; probability ' || printf('%.3f', f._probability)
       FROM _fix f LEFT JOIN _found b ON b._row = f._row AND b._col = f._col WHERE f._solution IN (${this.#solutions()})`,
    );
  }

  /** One application for each column, in distinct values. */
  async #applied(): Promise<Application[]> {
    const counted = await this.#task.session.rows<{ pattern: string; n: bigint }>(
      `SELECT pattern, count(DISTINCT coalesce(value, '')) AS n FROM ${MENDS} WHERE gap = -1 GROUP BY 1 ORDER BY 1`,
    );
    return [...this.#patterns].flatMap(([column, pattern]): Application[] => {
      const n = counted.find((one) => one.pattern === pattern.id)?.n;
      const property = this.#ward.columns.find(({ name }) => name === column);
      if (n === undefined || property === undefined) return [];
      const gap = this.#gap(property, [], -1);
      return [{ gap, pattern, why: 'what the other rows of the group attest', tried: Number(n), refused: 0 }];
    });
  }

  /** Cells that break no rule by themselves and still disagree with their group: in the engine for the feedback dataset, and as gaps. */
  async #open(disputes: readonly Disputed[], from: number): Promise<DisputedGap[]> {
    const { session } = this.#task;
    await session.run(`CREATE OR REPLACE TEMP TABLE ${DISPUTED} (id BIGINT, "column" VARCHAR, value VARCHAR, why VARCHAR)`);
    const open = disputes.filter(({ broken, fails }) => broken.length > 0 && !fails);
    const whyOf = ({ broken, vote: best, column }: Disputed): string => {
      const property = this.#ward.columns.find(({ name }) => name === column);
      if (property !== undefined && !isRepairable(this.#task, property))
        return `${broken.join('; ')}: the step does not say that ${column} may be repaired in place`;
      return `${broken.join('; ')}: ${best === undefined ? 'no other value is attested' : 'the evidence does not suffice'}`;
    };
    for (let at = 0; at < open.length; at += 50_000) {
      const rows = open.slice(at, at + 50_000).map((one) => ({ r: String(one.row), c: one.column, v: one.value, w: whyOf(one) }));
      await session.run(
        `INSERT INTO ${DISPUTED} SELECT r, c, v, w FROM (SELECT unnest(from_json($1, '[{"r":"BIGINT","c":"VARCHAR","v":"VARCHAR","w":"VARCHAR"}]'), recursive := true))
         WHERE NOT EXISTS (SELECT 1 FROM _fix f WHERE f._row = r AND f._col = c)`,
        [JSON.stringify(rows)],
      );
    }
    await session.run(`INSERT INTO ${CELLS} SELECT id, "column", '${DEPENDENCY}', "column" || '.${DEPENDENCY}', value FROM ${DISPUTED}`);
    const values = await session.rows<{ column: string; value: string; why: string; count: bigint }>(
      `SELECT "column", value, min(why) AS why, count(*) AS count FROM ${DISPUTED} WHERE value IS NOT NULL GROUP BY 1, 2 ORDER BY count DESC, 1, 2 LIMIT 10000`,
    );
    const groups = Map.groupBy(values, ({ column, value }) => JSON.stringify([column, shapeOf(value)]));
    const gaps: DisputedGap[] = [];
    for (const found of [...groups.values()].slice(0, MOST_GAPS)) {
      const [first] = found;
      const property = this.#ward.columns.find(({ name }) => name === first?.column);
      if (first === undefined || property === undefined) continue;
      const counted = found.map(({ value, count }) => ({ value, count: Number(count) }));
      const gap = this.#gap(property, counted, from + gaps.length);
      gaps.push({ gap, why: first.why });
      const listed = counted.map(({ value }) => `(${literal(property.name)}, '${DEPENDENCY}', ${text(value)}, ${gap.index})`);
      await session.run(`INSERT INTO ${GAP_VALUES} VALUES ${listed.join(', ')}`);
    }
    return gaps;
  }

  #gap(property: Property, values: readonly { readonly value: string; readonly count: number }[], index: number): OpenGap {
    const signature = signatureOf(DEPENDENCY, property, values);
    return {
      index,
      key: signatureKey(signature),
      property,
      gap: { context: contextOf(this.#task, property), signature, cells: values.reduce((sum, { count }) => sum + count, 0), values },
      facts: { property, accepts: textAccepts(property), accepted: [] },
      repairable: isRepairable(this.#task, property),
    };
  }
}

function contextOf({ product }: Task, { name }: Property): Pattern['context'] {
  return { domain: product.id.split('.')[0] ?? '', product: product.id, column: name };
}

/** The votes on one column as the pattern that feedback and record name. */
function patternOf(task: Task, property: Property, dependencies: readonly Dependency[]): Pattern {
  const determinants = dependencies
    .filter(({ dependent, backwards }) => !backwards && dependent.includes(property.name))
    .flatMap(({ determinant }) => determinant);
  const solution = {
    kind: 'dependency' as const,
    determinants: [...new Set(determinants)].sort(),
    column: property.name,
    minimumSupport: SUPPORT,
    minimumShare: THRESHOLD,
  };
  const parts = { category: DEPENDENCY, signature: signatureOf(DEPENDENCY, property, []), solution };
  return { ...parts, id: patternId(parts), context: contextOf(task, property), test: { cells: 0, passed: 0 }, evidence: {} };
}
