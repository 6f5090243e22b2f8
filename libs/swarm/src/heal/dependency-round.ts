import { ident, literal } from '@skein/kernel';
import { weighVotes, type Vote, type VoteSource } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import { dependencyName, type Dependency } from './dependency.ts';

/** A column as the votes judge it. */
export interface Judged {
  readonly name: string;
  readonly required: boolean;
  readonly accepts: (value: string | null) => boolean;
}

/** A cell that disagrees with its group, or that the contract refuses, and what the other rows say of it. */
export interface Disputed {
  readonly row: bigint;
  readonly column: string;
  readonly value: string | null;
  readonly fails: boolean;
  readonly vote: Vote | undefined;
  /** Dependencies that the cell takes part in breaking. */
  readonly broken: readonly string[];
}

interface Used {
  readonly dependency: Dependency;
  readonly index: number;
  /** By dependent column: the share of its cells that differ from their group. */
  readonly disagreement: ReadonlyMap<string, number>;
  readonly filled: number;
}

/** A backwards reading that the data breaks more often than this tells nothing. */
const BACKWARDS_LIMIT = 0.1;
/** From here on a dependency is kept so loosely, as where many sources state a value, that being disputed says nothing against one. */
const LOOSE = 0.1;
/** Where a dependency's groups miss the value more often than this, missing values are ordinary. */
const MISSING_LIMIT = 0.3;
/** Values of one group that are looked at. */
const MOST_VALUES = 16;

/**
 * One round of votes over all dependencies. Groups are counted in the engine; only cells that disagree with the commonest value of a
 * group, and those of `broken` (a table of `_row`, `_col`), come out of it. A dependency of which more than `most` cells of a column
 * disagree does not vote on that column, and beyond `most` cells of `broken` only those that disagree come out.
 */
export async function disputedCells(
  session: EngineSession,
  table: string,
  dependencies: readonly Dependency[],
  columns: ReadonlyMap<string, Judged>,
  broken: string,
  most = Number.POSITIVE_INFINITY,
): Promise<Disputed[]> {
  const t = ident(table);
  await session.run('CREATE OR REPLACE TEMP TABLE _suspect (_row BIGINT, _col VARCHAR, _by INTEGER)');
  const used: Used[] = [];
  for (const [index, dependency] of dependencies.entries()) {
    const x = dependency.determinant.map(ident);
    const present = x.map((name) => `${name} IS NOT NULL`).join(' AND ');
    // A key that is unique has no groups, and most are.
    const [repeated] = await session.rows(`SELECT 1 AS one FROM ${t} WHERE ${present} GROUP BY ${x.join(', ')} HAVING count(*) > 1 LIMIT 1`);
    if (repeated === undefined) continue;
    const disagreement = new Map<string, number>();
    const tops: string[] = [];
    for (const [position, column] of dependency.dependent.entries()) {
      const values = `_values_${index}_${position}`;
      await session.run(
        `CREATE OR REPLACE TEMP TABLE ${values} AS SELECT ${x.map((name, at) => `${name} AS x${at}`).join(', ')}, ${ident(column)} AS v, count(*) AS n FROM ${t} WHERE ${present} GROUP BY ALL`,
      );
      tops.push(
        `SELECT ${x.map((_, at) => `x${at}`).join(', ')}, ${position} AS p, first(v ORDER BY n DESC, v) FILTER (v IS NOT NULL) AS top, coalesce(max(n) FILTER (v IS NOT NULL), 0) AS most, coalesce(sum(n) FILTER (v IS NOT NULL), 0) AS present, sum(n) AS total FROM ${values} GROUP BY ALL`,
      );
    }
    await session.run(`CREATE OR REPLACE TEMP TABLE _tops_${index} AS ${tops.join(' UNION ALL ')}`);
    const shares = dependency.dependent.map(
      (_, position) => `SELECT ${position} AS p, v, sum(n) / sum(sum(n)) OVER () AS share FROM _values_${index}_${position} WHERE v IS NOT NULL GROUP BY v`,
    );
    await session.run(`CREATE OR REPLACE TEMP TABLE _shares_${index} AS ${shares.join(' UNION ALL ')}`);
    const figures = await session.rows<{ p: number; rows: bigint; off: bigint; missing: bigint; total: bigint }>(
      `SELECT p, sum(present)::BIGINT AS rows, sum(present - most)::BIGINT AS off, sum(total - present)::BIGINT AS missing, sum(total)::BIGINT AS total FROM _tops_${index} WHERE present >= 2 GROUP BY p`,
    );
    for (const { p, rows, off, missing, total } of figures) {
      const column = dependency.dependent[p];
      if (column === undefined) continue;
      const share = Number(off) / Number(rows);
      if (dependency.backwards && share > BACKWARDS_LIMIT) continue;
      const ordinary = columns.get(column)?.required !== true && Number(missing) > MISSING_LIMIT * Number(total);
      if (Number(off) + (ordinary ? 0 : Number(missing)) > most) continue;
      disagreement.set(column, share);
      const joined = x.map((name, at) => `t.${name} = m.x${at}`).join(' AND ');
      await session.run(
        `INSERT INTO _suspect SELECT t._row, ${literal(column)}, ${index} FROM ${t} t JOIN _tops_${index} m ON ${joined} AND m.p = ${p}
         WHERE m.present >= 2 AND (t.${ident(column)} IS DISTINCT FROM m.top OR m.most * 2 <= m.present) AND m.present + (t.${ident(column)} IS NULL)::INTEGER > ${dependency.backwards ? 2 : 1} AND m.most < m.total${ordinary ? ` AND t.${ident(column)} IS NOT NULL` : ''}`,
      );
    }
    if (disagreement.size > 0) used.push({ dependency, index, disagreement, filled: await filledShare(session, t, x) });
  }
  await session.run(
    `CREATE OR REPLACE TEMP TABLE _voted AS SELECT DISTINCT _row, _col FROM _suspect UNION SELECT _row, _col FROM (SELECT _row, _col FROM ${ident(broken)} ORDER BY ALL${most === Number.POSITIVE_INFINITY ? '' : ` LIMIT ${most}`})`,
  );
  const cells = new Map<string, { row: bigint; column: string; value: string | null; sources: VoteSource[]; broken: string[]; fails: boolean }>();
  const key = (row: bigint, column: string): string => `${row} ${column}`;
  for (const one of used) await gather(one);
  await addBroken();
  const frequency = await frequencies();
  const disputed = new Map<string, number>();
  for (const { column, value, broken: by } of cells.values())
    if (by.length > 0 && value !== null) disputed.set(`${column} ${value}`, (disputed.get(`${column} ${value}`) ?? 0) + 1);
  return [...cells.values()].map((cell): Disputed => {
    const accepts = columns.get(cell.column)?.accepts ?? (() => true);
    const own = `${cell.column} ${cell.value}`;
    const strict = cell.sources.every(({ disagreement }) => disagreement < LOOSE);
    const vote = weighVotes({
      ...cell,
      accepts,
      frequency: (value) => frequency.get(`${cell.column} ${value}`) ?? 0,
      undisputed: (frequency.get(own) ?? 0) - (strict ? (disputed.get(own) ?? 0) : 0),
    });
    return { row: cell.row, column: cell.column, value: cell.value, fails: cell.fails, vote, broken: cell.broken };
  });

  async function gather({ dependency, index, disagreement, filled }: Used): Promise<void> {
    const joined = dependency.determinant.map((name, at) => `t.${ident(name)} = m.x${at}`).join(' AND ');
    // Which of the determinant's columns agree with the group in each row that has a suspect cell.
    const agree = dependency.dependent.filter((column) => disagreement.has(column));
    const memberships = await session.rows<{ row: bigint; agrees: { p: number; share: number }[] | null; differs: number[] | null }>(
      `SELECT t._row AS row, list({'p': m.p, 'share': h.share} ORDER BY m.p) FILTER (m.top = own.v) AS agrees, list(m.p ORDER BY m.p) FILTER (m.top <> own.v) AS differs FROM (SELECT DISTINCT _row FROM _voted WHERE _col IN (${agree.map(literal).join(', ')})) s JOIN ${ident(table)} t ON t._row = s._row JOIN _tops_${index} m ON ${joined} LEFT JOIN _shares_${index} h ON h.p = m.p AND h.v = m.top,
       LATERAL (SELECT CASE m.p ${dependency.dependent.map((column, p) => `WHEN ${p} THEN t.${ident(column)}`).join(' ')} END AS v) own WHERE m.present >= 3 AND m.most * 2 > m.present GROUP BY 1`,
    );
    const member = new Map(memberships.map(({ row, agrees, differs }) => [row, { agrees: agrees ?? [], differs: differs ?? [] }]));
    for (const column of agree) {
      const p = dependency.dependent.indexOf(column);
      const found = await session.rows<{ row: bigint; value: string | null; counts: { v: string | null; n: bigint }[]; suspect: boolean }>(
        `SELECT t._row AS row, any_value(t.${ident(column)}) AS value, list({'v': m.v, 'n': m.n} ORDER BY m.n DESC, m.v)[:${MOST_VALUES}] AS counts, bool_or(s.suspect) AS suspect
         FROM (SELECT c._row, bool_or(_by IS NOT NULL) AS suspect FROM _voted c LEFT JOIN _suspect b ON b._row = c._row AND b._col = c._col AND b._by = ${index} WHERE c._col = ${literal(column)} GROUP BY 1) s
         JOIN ${ident(table)} t ON t._row = s._row JOIN _values_${index}_${p} m ON ${joined} GROUP BY 1 ORDER BY 1`,
      );
      for (const { row, value, counts, suspect } of found) {
        const cell = cells.get(key(row, column)) ?? { row, column, value, sources: [], broken: [], fails: false };
        const others = counts.map(({ v, n }) => ({ value: v, count: Number(n) - (v === value ? 1 : 0) })).filter(({ count }) => count > 0);
        const seen = member.get(row);
        cell.sources.push({
          name: dependencyName(dependency, column),
          counts: others,
          disagreement: disagreement.get(column) ?? 0.5,
          determinant: dependency.determinant,
          agreement: (seen?.agrees ?? []).filter((other) => other.p !== p).reduce((chance, { share }) => chance * share, filled),
          refuted: (seen?.differs ?? []).filter((other) => other !== p).length,
          backwards: dependency.backwards,
          stated: !dependency.backwards && !dependency.learned,
        });
        if (suspect && !dependency.backwards) cell.broken.push(dependencyName(dependency, column));
        cells.set(key(row, column), cell);
      }
    }
  }

  async function addBroken(): Promise<void> {
    for (const { row, column } of await session.rows<{ row: bigint; column: string }>(
      `SELECT b._row AS row, b._col AS "column" FROM ${ident(broken)} b SEMI JOIN _voted v ON v._row = b._row AND v._col = b._col`,
    )) {
      const cell = cells.get(key(row, column));
      if (cell) cell.fails = true;
    }
  }

  async function frequencies(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const wanted = new Map<string, Set<string>>();
    for (const { column, value, sources } of cells.values()) {
      const values = wanted.get(column) ?? new Set<string>();
      if (value !== null) values.add(value);
      for (const source of sources) for (const one of source.counts) if (one.value !== null) values.add(one.value);
      wanted.set(column, values);
    }
    for (const [column, values] of wanted) {
      const name = ident(column);
      const rows = await session.rows<{ v: string; n: bigint }>(
        `SELECT ${name} AS v, count(*) AS n FROM ${ident(table)} WHERE ${name} IN (SELECT unnest(from_json($1, '["VARCHAR"]'))) GROUP BY 1`,
        [JSON.stringify([...values])],
      );
      for (const { v, n } of rows) counts.set(`${column} ${v}`, Number(n));
    }
    return counts;
  }
}

/**
 * Of a determinant of several columns the share of possible combinations that rows hold: a row with one wrong value strays into another group only
 * where there is one. What stands once may be a slip, and is not counted.
 */
async function filledShare(session: EngineSession, table: string, columns: readonly string[]): Promise<number> {
  if (columns.length === 1) return 1;
  const groups = (by: string): string =>
    `(SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${columns.map((name) => `${name} IS NOT NULL`).join(' AND ')} GROUP BY ${by} HAVING count(*) > 1))`;
  const [seen] = await session.rows<{ held: bigint; possible: number }>(
    `SELECT ${groups(columns.join(', '))} AS held, ${columns.map((name) => `${groups(name)}::DOUBLE`).join(' * ')} AS possible`,
  );
  return seen === undefined || seen.possible === 0 ? 1 : Math.min(1, (columns.length * Number(seen.held)) / seen.possible);
}
