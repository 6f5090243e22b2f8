import type { EngineSession } from '@skein/ports';

/** A cell to be written, by row (from 1) and column. */
export interface CellEdit {
  readonly row: number;
  readonly column: string;
  /** Null for a missing value. */
  readonly value: string | null;
  /** Bytes, as text of the file's encoding, that shall stand there; where given, `value` is not looked at. */
  readonly raw?: string;
  /** Bytes that must stand there now, else nothing is written. */
  readonly expected?: string;
}

/** A cell that was written: what stood there and what stands there now, as written in the file. */
export interface WrittenCell {
  readonly row: number;
  readonly column: string;
  readonly before: string;
  readonly after: string;
}

/** A file of one format that can be read as a table of text, and written again with some cells changed and every other byte as it was. */
export interface HealSource {
  readonly columns: readonly string[];
  /** Rows that could not be read as records; they are left as they are. */
  readonly malformed: number;
  /** Fills a table `name` with `_row` and the wanted columns as text. Columns that the file does not have are left out. */
  load(session: EngineSession, name: string, wanted: readonly string[]): Promise<string[]>;
  /** Writes a copy with the edits, which come in order of their rows. A cell whose value the file cannot hold is not written. */
  write(to: string, edits: Iterable<CellEdit> | AsyncIterable<CellEdit>): Promise<WrittenCell[]>;
}

/** Edits of one row together. */
export async function* editsByRow(edits: Iterable<CellEdit> | AsyncIterable<CellEdit>): AsyncGenerator<[number, CellEdit[]]> {
  let held: CellEdit[] = [];
  for await (const edit of edits) {
    if (held[0] && held[0].row !== edit.row) {
      yield [held[0].row, held];
      held = [];
    }
    held.push(edit);
  }
  if (held[0]) yield [held[0].row, held];
}
