import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { LabelledRow } from '@skein/swarm';
import { delimiterOf } from '../judge/data-file.ts';
import { recordsOf } from './records.ts';
import { encodingOf } from './text-encoding.ts';

/** A person corrects few rows; more is a data set of its own. */
const MOST_LABELS = 1_000;

/** The data that labels speak of. */
export interface Labelled {
  /** Columns of the contract that the data has. */
  readonly columns: readonly string[];
  /** Columns of the data that the contract lacks: labels may have them, and they are not read. */
  readonly others: readonly string[];
  readonly rows: number;
  /** The contract's primary key, by which labels without `_row` name their rows; empty where there is none. */
  readonly key: readonly string[];
  /** Rows of the data that hold these values of the key. */
  readonly rowsOf: (values: readonly string[]) => Promise<readonly bigint[]>;
}

/**
 * Labelled rows: delimited text with a column `_row`, the number of the row in the file (the first row under the header is 1), or the
 * columns of the primary key, and the columns that were looked at, as they should be, in any order. Nothing between two delimiters says that the
 * value should be missing.
 */
export async function readLabels(file: string, cwd: string, { columns, others, rows, key, rowsOf }: Labelled): Promise<LabelledRow[]> {
  const place = path.resolve(cwd, file);
  const bytes = await readFile(place).catch((error: unknown) => {
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no file ${JSON.stringify(file)}`, { cause: error, hint: 'Check the path given with --labels.' });
  });
  const encoding = await encodingOf(place);
  const invalid = (line: number, message: string, hint: string): never => {
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file}:${line}: ${message}`, { place: { file: place, line }, hint });
  };
  if (bytes.length === 0 || !(isUtf8(bytes) || encoding.name === 'windows-1252'))
    invalid(1, 'the labels are empty', 'Write a header with _row, and one line for each row.');
  const labels: LabelledRow[] = [];
  const seen = new Set<bigint>();
  let header: string[] | undefined;
  let line = 0;
  for await (const { fields, malformed } of recordsOf(place, (await delimiterOf(place)).charCodeAt(0))) {
    line++;
    const values = fields.map((field) => {
      const text = encoding.decode(field.bytes);
      return field.quoted ? text.slice(1, -1).replaceAll('""', '"') : text === '' ? null : text;
    });
    if (header === undefined) {
      header = values.map((value) => (value ?? '').replace(/^\ufeff/, '').trim());
      const named = header;
      if (!named.includes('_row') && (key.length === 0 || !key.every((name) => named.includes(name))))
        invalid(
          line,
          `the labels have no column _row${key.length > 0 ? `, nor ${key.join(', ')}` : ''}`,
          'Add the number of each row: the first one under the header of the data is 1.',
        );
      const unknown = header.find((name) => name !== '_row' && !columns.includes(name) && !others.includes(name));
      if (unknown !== undefined) invalid(line, `the data has no column ${JSON.stringify(unknown)} that the contract has`, `It has ${columns.join(', ')}.`);
      if (new Set(header).size < header.length) invalid(line, 'the labels name a column twice', 'Name each column once.');
      continue;
    }
    if (values.length === 1 && values[0] === null) continue;
    if (malformed || values.length !== header.length)
      invalid(line, `the line has ${values.length} fields, the header ${header.length}`, 'Write every column, empty where the value is missing.');
    const named = header;
    let row = 0n;
    let shown: string;
    if (named.includes('_row')) {
      shown = values[named.indexOf('_row')] ?? '';
      if (!/^[1-9][0-9]{0,12}$/.test(shown) || Number(shown) > rows)
        invalid(line, `_row ${JSON.stringify(shown)} is no row of the data, which has ${rows}`, 'Count from 1, the header left out.');
      row = BigInt(shown);
    } else {
      const of = key.map((name) => values[named.indexOf(name)] ?? '');
      shown = of.join(', ');
      const found = await rowsOf(of);
      if (found.length !== 1)
        invalid(line, `${found.length} rows of the data have the ${key.join(', ')} ${JSON.stringify(shown)}`, 'Name the row by a column _row instead.');
      row = found[0] ?? 0n;
    }
    if (seen.has(row)) invalid(line, `row ${shown} is labelled twice`, 'Label a row once.');
    seen.add(row);
    labels.push({ row, values: Object.fromEntries(named.flatMap((name, index) => (columns.includes(name) ? [[name, values[index] ?? null]] : []))) });
    if (labels.length > MOST_LABELS)
      invalid(line, `there are more than ${MOST_LABELS} labelled rows`, 'Label the most telling ones: --suggest-labels names them.');
  }
  return labels;
}
