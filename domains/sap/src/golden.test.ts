import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { landedText, type MadeRow } from './landed-text.ts';

/** One trap: files as received, and what the product's step makes of them. Expectations are written by hand. */
interface Golden {
  readonly trap: string;
  readonly product: string;
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly repairs?: readonly (readonly string[])[];
  readonly invalid?: readonly (readonly string[])[];
  /** The rows come from several files; they are compared in the order of their first columns. */
  readonly unordered?: boolean;
}

const folder = path.join(import.meta.dirname, 'golden');
const cases = readdirSync(folder)
  .sort()
  .map((file) => ({ name: file.replace('.json', ''), ...(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Golden) }));

describe('the traps of SAP extracts', () => {
  it('has cases to look at', () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases)('$name: $trap', async (golden) => {
    const landed = await landedText(Object.fromEntries(Object.entries(golden.files).map(([file, lines]) => [file, `${lines.join('\n')}\n`])));
    try {
      const made = await landed.make(golden.product);
      const shown = made.map((row) => ({ row: golden.columns.map((column) => plain(row[column])), repairs: row._repairs, invalid: row._invalid.map(fault) }));
      if (golden.unordered) shown.sort((a, b) => (key(a.row) < key(b.row) ? -1 : 1));
      expect(shown.map(({ row }) => row)).toEqual(golden.rows);
      if (golden.repairs) expect(shown.map(({ repairs }) => repairs)).toEqual(golden.repairs);
      expect(shown.map(({ invalid }) => invalid)).toEqual(golden.invalid ?? golden.rows.map(() => []));
    } finally {
      await landed.close();
    }
  });
});

const fault = ({ column, value, rule }: MadeRow['_invalid'][number]) => `${column}=${value} ${rule}`;
const plain = (value: unknown) =>
  typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.0+)?$/, '$1 $2') : value;
const key = (row: readonly unknown[]) => JSON.stringify(row);
