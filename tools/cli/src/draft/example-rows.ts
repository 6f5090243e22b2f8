import type { DraftColumn } from '@skein/contract/formats';
import type { EngineSession } from '@skein/ports';
import { jsonForm, numberForm, textForm } from '@skein/verifier';
import type { Sample } from './sample.ts';

/** The first rows of a sample whose values are all of the types drafted. What is personal is made up, of the same shape. */
export async function exampleRows(session: EngineSession, sample: Sample, columns: readonly DraftColumn[], most: number): Promise<(string | null)[][]> {
  if (columns.length === 0) return [];
  const fits = columns.map((column, index) => `(t${index} IS NULL OR ${okOf(column, `t${index}`)})`);
  const required = columns.flatMap((column, index) => (column.required === true ? [`t${index} IS NOT NULL`] : []));
  const rows = await session.rows<Record<string, string | null>>(
    `SELECT * FROM (SELECT ${sample.columns.map(({ text }, index) => `${text} AS t${index}`).join(', ')} FROM ${sample.relation})
     WHERE ${[...fits, ...required].join(' AND ')} LIMIT ${most}`,
  );
  return rows.map((row, at) => columns.map((column, index) => madeUp(row[`t${index}`] ?? null, column, at)));
}

function okOf({ type }: DraftColumn, text: string): string {
  if (type.kind === 'int' || type.kind === 'decimal') return numberForm(text, type).ok;
  if (type.kind === 'struct' || type.kind === 'list' || type.kind === 'map')
    return `(json_valid(${text}) AND ${jsonForm(`(CASE WHEN json_valid(${text}) THEN ${text} END)::JSON`, type).ok})`;
  return textForm(text, type).ok;
}

function madeUp(value: string | null, { classification, options, type }: DraftColumn, at: number): string | null {
  if (value === null || classification !== 'restricted' || type.kind !== 'string') return value;
  if (options?.format === 'email' || /@/.test(value)) return `person${at + 1}@example.com`;
  let place = at;
  return value.replaceAll(/[\p{Lu}]|[\p{L}]|[0-9]/gu, (sign) => {
    place += 1;
    if (/[0-9]/.test(sign)) return String((place % 9) + 1);
    return String.fromCharCode((/\p{Lu}/u.test(sign) ? 65 : 97) + ((place * 7) % 26));
  });
}
