import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { classifiedByName, columnNames, dataDraft, dataFiles, type DataFormat } from '@skein/cli';
import { importDdl, type Draft, type DraftColumn, type DraftOptions } from '@skein/contract/formats';
import { SkeinError } from '@skein/kernel';
import { refuseMixedEncodings } from './encoding.ts';

/** What a product is to be made of: its draft under names of this mesh, and rows to show it by. */
export interface Drafted {
  readonly draft: Draft;
  readonly shape: 'columns' | 'json';
  /** Names in the source, where they differ from the draft's. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Texts by column, in the draft's order. */
  readonly examples: readonly (readonly (string | null)[])[];
}

const FORMATS: Readonly<Record<string, DataFormat | 'ddl'>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'ndjson',
  '.parquet': 'parquet',
  '.sql': 'ddl',
};

/** Reads the file that a product is to be like. Throws SKEIN_USAGE and SKEIN_SOURCE_…. */
export async function draftFrom(file: string, product: { readonly domain: string; readonly name: string }): Promise<Drafted> {
  const format = FORMATS[path.extname(file).toLowerCase()];
  if (format === undefined)
    throw new SkeinError('SKEIN_USAGE', `the name of ${JSON.stringify(file)} does not say its form`, {
      hint: `Give --from a file that ends in ${Object.keys(FORMATS).join(', ')}.`,
    });
  if (!existsSync(file) || !statSync(file).isFile())
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no file ${JSON.stringify(file)}`, { hint: 'Give --from the path of a file.' });
  if (format === 'ddl') {
    const draft = classifiedByName(importDdl(readFileSync(file, 'utf8'), file, undefined));
    return named(draft, 'columns', examplesOf(draft.columns));
  }
  if (format === 'csv') await refuseMixedEncodings(file);
  await dataFiles([file], process.cwd(), format);
  const { examples, ...draft } = await dataDraft(file, format, product);
  if (draft.columns.length === 0)
    throw new SkeinError('SKEIN_SOURCE_EMPTY', `${JSON.stringify(file)} has no column`, { hint: 'Give --from a file with a header, or with records.' });
  return named(draft, format === 'csv' ? 'columns' : 'json', examples);
}

function named(draft: Draft, shape: Drafted['shape'], examples: Drafted['examples']): Drafted {
  const names = columnNames(draft.columns.map(({ name }) => name));
  const columns = draft.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
  const renamed = Object.fromEntries(draft.columns.flatMap((column, index) => (column.name === names[index] ? [] : [[names[index] ?? '', column.name]])));
  return { draft: { ...draft, columns }, shape, renamed, examples };
}

/** Up to three rows, none with the key of another, or with a value that is to be in one row only. */
function examplesOf(columns: readonly DraftColumn[]): (string | null)[][] {
  if (columns.length === 0) return [];
  const rows = [0, 1, 2].map((at) => columns.map((column) => madeUp(column, at)));
  const alone = columns.flatMap((column, index) => (column.unique === true ? [[index]] : []));
  const key = columns.flatMap((column, index) => (column.keyPosition === undefined ? [] : [index]));
  const told = [...alone, ...(key.length === 0 ? [] : [key])];
  const same = (a: readonly (string | null)[], b: readonly (string | null)[]) => told.some((indexes) => indexes.every((index) => a[index] === b[index]));
  return rows.filter((row, at) => !rows.slice(0, at).some((before) => same(before, row)));
}

/** A value that the column's type, length and codes allow; a pattern is left to whoever reads the draft. */
function madeUp({ type, codes, options }: DraftColumn, at: number): string | null {
  if (codes && codes.length > 0) return codes[at % codes.length] ?? null;
  const day = `2026-01-${String(at + 1).padStart(2, '0')}`;
  switch (type.kind) {
    case 'boolean':
      return String(at % 2 === 0);
    case 'int':
      return numberOf(at, 0, options);
    case 'float':
      return numberOf(at, MOST_FRACTION, options);
    case 'decimal':
      return type.precision > type.scale ? numberOf(at, type.scale, options) : '0';
    case 'date':
      return day;
    case 'timestamp':
      return `${day}T12:00:00${type.zoned ? 'Z' : ''}`;
    case 'time':
      return `12:00:0${at}`;
    case 'binary':
      return 'QQ==';
    case 'list':
      return '[]';
    case 'struct':
    case 'map':
      return '{}';
    default:
      if (options?.format === 'uuid') return `00000000-0000-4000-8000-00000000000${at}`;
      return textOf(at, options?.minLength ?? 0, options?.maxLength ?? 40);
  }
}

/** Digits after the point that a made-up number of a floating type may have. */
const MOST_FRACTION = 9;

/** A number within the bounds: 1, 2 or 3, else the ones that follow the lower bound, or go before the upper. */
function numberOf(at: number, scale: number, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: DraftOptions = {}): string {
  const steps = (bound: string): bigint => {
    const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d*)\.?(\d*)$/.exec(bound) ?? [];
    return BigInt(`${sign}${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  };
  const first = minimum !== undefined ? steps(minimum) : exclusiveMinimum !== undefined ? steps(exclusiveMinimum) + 1n : undefined;
  const last = maximum !== undefined ? steps(maximum) : exclusiveMaximum !== undefined ? steps(exclusiveMaximum) - 1n : undefined;
  const step = BigInt(at);
  let value = BigInt(at + 1) * 10n ** BigInt(scale);
  if (first !== undefined && value < first) value = last !== undefined && first + step > last ? last : first + step;
  else if (last !== undefined && value > last) value = first !== undefined && last - step < first ? first : last - step;
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function textOf(at: number, shortest: number, longest: number): string {
  const text = `text ${at + 1}`;
  return (text.length <= longest ? text : String(at + 1)).padEnd(shortest, 'x');
}
