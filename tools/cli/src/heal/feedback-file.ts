import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { BytesOut } from './bytes-out.ts';
import type { CellEdit, WrittenCell } from './source.ts';

/** One violation of the feedback dataset. */
interface FeedbackRow {
  readonly source: string;
  readonly source_sha256: string;
  readonly row: number;
  readonly column: string;
  readonly rule: string;
  readonly outcome: string;
  readonly before: string | null;
  readonly after: string | null;
  /** As it stood in the file, and as it stands there now; null where nothing was written. */
  readonly raw_before: string | null;
  readonly raw_after: string | null;
  readonly solution: string | null;
  readonly probability: number | null;
  readonly why: string;
}

const PAGE = 50_000;

/** Writes one line of JSON for each violation of the table `cells` (see `Healing.cells`). */
export async function writeFeedback(
  session: EngineSession,
  cells: string,
  written: readonly WrittenCell[],
  source: { readonly name: string; readonly sha256: string },
  to: string,
): Promise<number> {
  const places = new Map(written.map((cell) => [`${cell.row} ${cell.column}`, cell]));
  const out = new BytesOut(to);
  let lines = 0;
  try {
    for (;;) {
      const rows = await session.rows<Omit<FeedbackRow, 'row'> & { row: bigint }>(`SELECT * FROM ${cells} LIMIT ${PAGE} OFFSET ${lines}`);
      for (const one of rows) {
        const place = one.outcome === 'repaired' ? places.get(`${one.row} ${one.column}`) : undefined;
        const line: FeedbackRow = {
          source: source.name,
          source_sha256: source.sha256,
          row: Number(one.row),
          column: one.column,
          rule: one.rule,
          // What the file's encoding cannot hold was not written.
          outcome: one.outcome === 'repaired' && !place ? 'escalated' : one.outcome,
          before: one.before,
          after: one.after,
          raw_before: place?.before ?? null,
          raw_after: place?.after ?? null,
          solution: one.solution,
          probability: one.probability,
          why: one.why,
        };
        await out.write(Buffer.from(`${JSON.stringify(line)}\n`));
      }
      lines += rows.length;
      if (rows.length < PAGE) break;
    }
    await out.finish();
  } catch (error) {
    await out.abandon();
    throw error;
  }
  return lines;
}

export interface Undoing {
  readonly source: string;
  readonly sha256: string;
  readonly edits: readonly CellEdit[];
}

/** The edits that take every repair of a feedback dataset back. */
export async function readUndo(file: string): Promise<Undoing> {
  const edits: CellEdit[] = [];
  let [source, sha256, line] = ['', '', 0];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++;
    if (text.trim() === '') continue;
    const row = parsed(text, file, line);
    [source, sha256] = [row.source, row.source_sha256];
    if (row.outcome === 'repaired' && row.raw_before !== null && row.raw_after !== null)
      edits.push({ row: row.row, column: row.column, value: row.before, raw: row.raw_before, expected: row.raw_after });
  }
  return { source, sha256, edits };
}

function parsed(text: string, file: string, line: number): FeedbackRow {
  try {
    const row = JSON.parse(text) as FeedbackRow;
    if (typeof row.row === 'number' && typeof row.column === 'string' && typeof row.source_sha256 === 'string') return row;
  } catch {
    // Told below, as any other line that is none of ours.
  }
  throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${path.basename(file)}:${line} is no row of a feedback dataset`, {
    place: { file, line },
    hint: 'Name the file that skein heal has written.',
  });
}
