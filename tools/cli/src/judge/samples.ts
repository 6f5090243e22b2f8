import { primaryKey, type Contract } from '@skein/contract';
import { ident } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { offendersSql, violationValueSql, type Check } from '@skein/verifier';
import type { TypedRelation } from './typed-relation.ts';

/** A row that broke a check. Values of confidential and restricted columns are never among it. */
export interface Sample {
  readonly file: string;
  /** Position within the file, from 1; blank lines, and lines of CSV that are no records, do not count. */
  readonly row: bigint;
  /** The primary key, where no part of it is confidential or restricted. */
  readonly key: string | undefined;
  /** What broke the check, cut to 200 characters. */
  readonly value: string | null | undefined;
  /** Why the value is not shown. */
  readonly omitted: string | undefined;
}

const SENSITIVE = new Set(['confidential', 'restricted']);

/** The first rows, in the order of the files, that broke a row or set check. */
export async function samplesOf(session: EngineSession, contract: Contract, check: Check, data: TypedRelation, most: number): Promise<Sample[]> {
  if (check.level === 'metric' || most === 0) return [];
  const columns = new Map(contract.properties.map((property, index) => [property.name, { ...property, index }]));
  const sensitive = check.reads.map((name) => columns.get(name)?.classification ?? 'public').find((one) => SENSITIVE.has(one));
  const key = primaryKey(contract);
  const keyed = key.length > 0 && key.every((property) => data.offered.includes(property.name) && !SENSITIVE.has(property.classification));
  const rows = check.level === 'row' ? `SELECT * FROM ${data.relation} WHERE ${check.sql}` : offendersSql(check, data.relation);
  const own = check.rule === 'type' ? columns.get(check.column ?? '') : undefined;
  const value = sensitive === undefined ? `left(${own ? `"_raw${own.index}"` : violationValueSql(check)}, 200)` : 'NULL';
  const found = await session.rows<{ _file: string; _row: bigint; _key: string | null; _value: string | null }>(
    `SELECT "_file", "_row", ${keyed ? `left(concat_ws('|', ${key.map((property) => `${ident(property.name)}::VARCHAR`).join(', ')}), 200)` : 'NULL'} AS "_key", ${value} AS "_value" FROM (${rows}) ORDER BY "_file", "_row" LIMIT ${most}`,
  );
  return found.map((row) => ({
    file: row._file,
    row: BigInt(row._row),
    key: row._key ?? undefined,
    value: sensitive === undefined ? row._value : undefined,
    omitted: sensitive === undefined ? undefined : `the column is ${sensitive}`,
  }));
}
