import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** One row before it becomes a line; faults change it here. */
export interface DemoRow {
  readonly values: Record<string, string>;
  /** The row holds a fault for which a contract refuses it. */
  refused: boolean;
  /** The row holds a fault already. */
  faulty: boolean;
}

/** A line that is written as it stands: a copy of another, or one that no reader can split. */
export interface OddLine {
  readonly after: number;
  readonly text: string;
}

export interface DemoTable {
  readonly file: string;
  readonly delimiter: ',' | ';';
  readonly byteOrderMark: boolean;
  readonly columns: readonly string[];
  readonly rows: DemoRow[];
  readonly odd: OddLine[];
}

export function demoTable(
  file: string,
  columns: string,
  rows: readonly Record<string, string>[],
  dialect: { delimiter?: ';'; byteOrderMark?: true } = {},
): DemoTable {
  return {
    file,
    delimiter: dialect.delimiter ?? ',',
    byteOrderMark: dialect.byteOrderMark ?? false,
    columns: columns.split(' '),
    rows: rows.map((values) => ({ values, refused: false, faulty: false })),
    odd: [],
  };
}

export function lineOf(table: DemoTable, row: DemoRow): string {
  return table.columns.map((column) => field(row.values[column] ?? '', table.delimiter)).join(table.delimiter);
}

function field(value: string, delimiter: string): string {
  return value.includes(delimiter) || value.includes('"') ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Writes the table; lines (with the header) and bytes come back. */
export async function writeTable(directory: string, table: DemoTable, onRows: (rows: number) => void): Promise<{ rows: number; bytes: number }> {
  const odd = Map.groupBy(table.odd, (line) => line.after);
  const handle = await open(join(directory, table.file), 'w');
  let pending = `${table.byteOrderMark ? '\ufeff' : ''}${table.columns.join(table.delimiter)}\n`;
  let [rows, bytes] = [0, 0];
  try {
    for (const [index, row] of table.rows.entries()) {
      pending += `${lineOf(table, row)}\n`;
      rows++;
      for (const line of odd.get(index) ?? []) {
        pending += `${line.text}\n`;
        rows++;
      }
      if (pending.length < 1_000_000) continue;
      bytes += await flush();
      onRows(rows);
    }
    bytes += await flush();
    onRows(rows);
  } finally {
    await handle.close();
  }
  return { rows, bytes };

  async function flush(): Promise<number> {
    const chunk = Buffer.from(pending);
    pending = '';
    await handle.writeFile(chunk);
    return chunk.length;
  }
}
