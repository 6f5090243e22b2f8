import { engineType, primaryKey, sameType, type Contract } from '@skein/contract';
import { ident } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { Field, Snapshot } from '@skein/product';
import { snapshotScan } from '@skein/swarm';

/** Rows of one kind that are shown. */
export const SAMPLES = 5;
/** Characters of a value that are shown. */
const LONGEST = 200;
/** What stands for a value of a classified column. */
export const HIDDEN = '•••';

export type Cells = Readonly<Record<string, string | null>>;

export interface ChangedRow {
  readonly key: Cells;
  readonly columns: Readonly<Record<string, { readonly from: string | null; readonly to: string | null }>>;
}

/** What one snapshot has that another has not. */
export interface RowDiff {
  /** `key`: rows are told apart by the primary key; `rows`: whole rows are compared, as often as they stand. */
  readonly by: 'key' | 'rows';
  readonly key: readonly string[];
  readonly added: bigint;
  readonly changed: bigint;
  readonly removed: bigint;
  readonly unchanged: bigint;
  /** Column → rows in which it differs, most first; of rows that both have. */
  readonly changedColumns: Readonly<Record<string, bigint>>;
  /** Columns that only one of the two has, which are not compared. */
  readonly columns: { readonly added: readonly string[]; readonly removed: readonly string[]; readonly retyped: readonly string[] };
  readonly samples: { readonly added: readonly Cells[]; readonly changed: readonly ChangedRow[]; readonly removed: readonly Cells[] };
}

/** A column of both, read under the name it will have. */
interface Shared {
  readonly name: string;
  readonly before: string;
  readonly hidden: boolean;
}

/**
 * Compares the rows that are live with those that would be, by the key of the new contract. Where it has none, or the rows of one side are not told apart
 * by it, whole rows are compared. Values of columns that are confidential or restricted, now or before, are not shown.
 */
export async function rowDiff(
  session: EngineSession,
  contract: Contract,
  before: Snapshot | undefined,
  after: Snapshot,
  hiddenBefore: ReadonlySet<string>,
): Promise<RowDiff> {
  const own = (fields: readonly Field[]) => fields.filter(({ name }) => !name.startsWith('_'));
  const was = own(before?.fields ?? []);
  const now = own(after.fields);
  const classified = new Set(contract.properties.filter(({ classification }) => isHidden(classification)).map(({ name }) => name));
  const earlier = (field: Field) => was.find(({ propertyId }) => propertyId === field.propertyId) ?? was.find(({ name }) => name === field.name);
  const isClassified = (field: Field) => classified.has(field.name) || hiddenBefore.has(field.name) || hiddenBefore.has(earlier(field)?.name ?? field.name);
  const retyped = now.filter((field) => {
    const old = earlier(field);
    return old !== undefined && !sameType(old.type, field.type);
  });
  const shared = now.flatMap((field): Shared[] => {
    const old = before === undefined ? field : earlier(field);
    if (old === undefined) return [];
    const cast = retyped.includes(field) ? `TRY_CAST(${ident(old.name)} AS ${engineType(field.type)})` : ident(old.name);
    return [{ name: field.name, before: cast, hidden: isClassified(field) }];
  });
  const gone = was.filter((old) => !now.some((field) => earlier(field) === old)).map(({ name }) => name);
  const fresh = before === undefined ? [] : now.filter((field) => earlier(field) === undefined).map(({ name }) => name);
  const list = shared.map(({ name }) => ident(name)).join(', ');
  await session.run(`CREATE OR REPLACE TEMP VIEW _new AS SELECT ${list} FROM (${snapshotScan(after)})`);
  await session.run(
    before === undefined || before.files.length === 0
      ? `CREATE OR REPLACE TEMP VIEW _old AS SELECT * FROM _new WHERE false`
      : `CREATE OR REPLACE TEMP VIEW _old AS SELECT ${shared.map(({ name, before: from }) => `${from} AS ${ident(name)}`).join(', ')} FROM (${snapshotScan(before)})`,
  );
  const key = primaryKey(contract).map(({ name }) => name);
  const columns = { added: fresh, removed: gone, retyped: retyped.map(({ name }) => name) };
  const keyed = key.length > 0 && key.every((name) => shared.some((column) => column.name === name)) && (await tellsApart(session, key));
  return keyed ? { columns, ...(await byKey(session, shared, key)) } : { columns, ...(await byRows(session, shared)) };
}

export function isHidden(classification: string): boolean {
  return classification !== 'public' && classification !== 'internal';
}

/** Whether no row of either side has a key that is null or another row's. */
async function tellsApart(session: EngineSession, key: readonly string[]): Promise<boolean> {
  const names = key.map((name) => ident(name));
  for (const side of ['_old', '_new']) {
    const [found] = await session.rows(
      `SELECT 1 AS twice FROM ${side} GROUP BY ${names.join(', ')} HAVING count(*) > 1 OR ${names.map((name) => `${name} IS NULL`).join(' OR ')} LIMIT 1`,
    );
    if (found !== undefined) return false;
  }
  return true;
}

async function byKey(session: EngineSession, shared: readonly Shared[], key: readonly string[]): Promise<Omit<RowDiff, 'columns'>> {
  const others = shared.filter(({ name }) => !key.includes(name));
  const on = key.map((name) => `o.${ident(name)} = n.${ident(name)}`).join(' AND ');
  const differs = (name: string) => `o.${ident(name)} IS DISTINCT FROM n.${ident(name)}`;
  const anyDiffers = others.length === 0 ? 'false' : others.map(({ name }) => differs(name)).join(' OR ');
  const first = ident(key[0] ?? '');
  const both = `o.${first} IS NOT NULL AND n.${first} IS NOT NULL`;
  const [counts] = await session.rows<Record<string, bigint>>(
    `SELECT count(*) FILTER (o.${first} IS NULL) AS added, count(*) FILTER (n.${first} IS NULL) AS removed, count(*) FILTER (${both} AND (${anyDiffers})) AS changed,
       count(*) FILTER (${both} AND NOT (${anyDiffers})) AS unchanged${others.map(({ name }, index) => `, count(*) FILTER (${both} AND ${differs(name)}) AS c${index}`).join('')}
     FROM _old o FULL JOIN _new n ON ${on}`,
  );
  const count = (name: string) => BigInt(counts?.[name] ?? 0n);
  const changedColumns = others.map(({ name }, index) => [name, count(`c${index}`)] as const).filter(([, rows]) => rows > 0n);
  const order = (side: string) => key.map((name) => `${side}.${ident(name)}`).join(', ');
  const lone = async (side: string, other: string) =>
    await session.rows<Cells>(
      `SELECT ${shown(shared, 'a')} FROM ${side} a WHERE NOT EXISTS (SELECT 1 FROM ${other} b WHERE ${key.map((name) => `a.${ident(name)} = b.${ident(name)}`).join(' AND ')}) ORDER BY ${order('a')} LIMIT ${SAMPLES}`,
    );
  return {
    by: 'key',
    key,
    added: count('added'),
    changed: count('changed'),
    removed: count('removed'),
    unchanged: count('unchanged'),
    changedColumns: Object.fromEntries(changedColumns.toSorted(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0))),
    samples: {
      added: count('added') > 0n ? await lone('_new', '_old') : [],
      removed: count('removed') > 0n ? await lone('_old', '_new') : [],
      changed: count('changed') > 0n ? await changedRows() : [],
    },
  };

  async function changedRows(): Promise<ChangedRow[]> {
    const parts = others.flatMap((column, index) => [
      `${differs(column.name)} AS d${index}`,
      `${cell(column, 'o')} AS o${index}`,
      `${cell(column, 'n')} AS n${index}`,
    ]);
    const rows = await session.rows<Record<string, string | boolean | null>>(
      `SELECT ${[
        shown(
          shared.filter(({ name }) => key.includes(name)),
          'n',
          'k',
        ),
        ...parts,
      ].join(', ')} FROM _old o JOIN _new n ON ${on} WHERE ${anyDiffers} ORDER BY ${order('n')} LIMIT ${SAMPLES}`,
    );
    const keys = shared.filter(({ name }) => key.includes(name));
    const text = (value: string | boolean | null | undefined) => (typeof value === 'string' ? value : null);
    return rows.map((row) => ({
      key: Object.fromEntries(keys.map(({ name }, index) => [name, text(row[`k${index}`])])),
      columns: Object.fromEntries(
        others.flatMap(({ name }, index) => (row[`d${index}`] === true ? [[name, { from: text(row[`o${index}`]), to: text(row[`n${index}`]) }]] : [])),
      ),
    }));
  }
}

async function byRows(session: EngineSession, shared: readonly Shared[]): Promise<Omit<RowDiff, 'columns'>> {
  const list = shared.map(({ name }) => ident(name)).join(', ');
  await session.run(
    `CREATE OR REPLACE TEMP TABLE _apart AS SELECT ${list}, sum(_weight)::BIGINT AS _weight
     FROM (SELECT *, 1 AS _weight FROM _new UNION ALL SELECT *, -1 FROM _old) GROUP BY ${list} HAVING sum(_weight) <> 0`,
  );
  const [counts] = await session.rows<Record<string, bigint>>(
    `SELECT coalesce(sum(_weight) FILTER (_weight > 0), 0)::BIGINT AS added, coalesce(-sum(_weight) FILTER (_weight < 0), 0)::BIGINT AS removed,
       (SELECT count(*) FROM _new) AS total FROM _apart`,
  );
  const [added, removed, total] = [BigInt(counts?.['added'] ?? 0n), BigInt(counts?.['removed'] ?? 0n), BigInt(counts?.['total'] ?? 0n)];
  const some = async (sign: '>' | '<') =>
    await session.rows<Cells>(`SELECT ${shown(shared, 'a')} FROM _apart a WHERE _weight ${sign} 0 ORDER BY ${list} LIMIT ${SAMPLES}`);
  const samples = { added: added > 0n ? await some('>') : [], changed: [], removed: removed > 0n ? await some('<') : [] };
  await session.run('DROP TABLE _apart');
  return { by: 'rows', key: [], added, changed: 0n, removed, unchanged: total - added, changedColumns: {}, samples };
}

/** Values as text, as far as they are shown; hidden ones never leave the engine. */
function shown(columns: readonly Shared[], side: string, numbered?: string): string {
  return columns.map((column, index) => `${cell(column, side)} AS ${numbered === undefined ? ident(column.name) : `${numbered}${index}`}`).join(', ');
}

function cell({ name, hidden }: Shared, side: string): string {
  if (hidden) return `'${HIDDEN}'`;
  const text = `CAST(${side}.${ident(name)} AS VARCHAR)`;
  return `CASE WHEN length(${text}) > ${LONGEST} THEN left(${text}, ${LONGEST}) || '…' ELSE ${text} END`;
}
