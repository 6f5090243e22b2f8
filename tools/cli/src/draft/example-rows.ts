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
  // JSON has no number for what is not finite.
  if (type.kind === 'float') return `(${textForm(text, type).ok} AND isfinite(TRY_CAST(${text} AS DOUBLE)))`;
  return textForm(text, type).ok;
}

function madeUp(value: string | null, { classification, options, type }: DraftColumn, at: number): string | null {
  if (value === null || classification !== 'restricted') return value;
  if (type.kind === 'int' || type.kind === 'decimal' || type.kind === 'float')
    return type.kind === 'decimal' && type.precision === type.scale ? '0' : String(at + 1);
  if (type.kind === 'date') return day(at);
  if (type.kind === 'timestamp') return `${day(at)}T12:00:00${type.zoned ? 'Z' : ''}`;
  if (type.kind === 'struct' || type.kind === 'list' || type.kind === 'map')
    return value.replaceAll(TEXT_IN_JSON, (text, member: string | undefined) =>
      member === undefined ? JSON.stringify(inside(JSON.parse(text) as string, at)) : text,
    );
  if (type.kind !== 'string') return value;
  if (options?.format === 'ipv4') return `192.0.2.${at + 1}`;
  if (options?.format === 'uuid') return `00000000-0000-4000-8000-${String(at + 1).padStart(12, '0')}`;
  if (options?.format === 'uri') return `https://example.com/${at + 1}`;
  if (options?.format === 'email') return mail(at);
  return /@/.test(value) && options?.pattern === undefined ? mail(at) : scrambled(value, at);
}

/** Texts of a JSON document; names of members with the colon behind them. */
const TEXT_IN_JSON = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

const day = (at: number): string => `2000-01-${String(at + 1).padStart(2, '0')}`;
const mail = (at: number): string => `person${at + 1}@example.com`;

function inside(text: string, at: number): string {
  if (/@/.test(text)) return mail(at);
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? `${day(at)}${text.slice(10)}` : scrambled(text, at);
}

/** Another text of the same shape, and another one in each row. */
function scrambled(value: string, at: number): string {
  let place = at;
  return value.replaceAll(/[\p{Lu}]|[\p{L}]|[0-9]/gu, (sign) => {
    place += 1;
    if (/[0-9]/.test(sign)) return String(place % 10);
    return String.fromCharCode((/\p{Lu}/u.test(sign) ? 65 : 97) + ((place * 7) % 26));
  });
}
