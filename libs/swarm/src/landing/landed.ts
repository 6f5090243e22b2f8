import { SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { Landing } from '@skein/product';

/** A file with more unreadable rows than this is not what its name says. */
export const MAX_REJECTS = 10_000;
/** One record may be this long (bytes). */
export const MAX_LINE = 32 << 20;

export type Reject = Landing['rejects'][number];

/** What was written of one source file. */
export interface Landed {
  readonly rows: number;
  readonly columns: readonly string[] | undefined;
  readonly rejects: readonly Reject[];
  /** Records of an even sample, where they were at hand while the file was checked. */
  readonly sample?: readonly string[];
}

/** Reads and forgets what the engine could not split since the last call. */
export async function takeRejects(session: EngineSession, file: string): Promise<Reject[]> {
  const rows = await session.rows<{ line: bigint; reason: string; raw: string | null }>(
    `SELECT line, any_value(error_message) AS reason, any_value(csv_line)[:4096] AS raw FROM reject_errors GROUP BY line ORDER BY line LIMIT ${MAX_REJECTS + 1}`,
  );
  await session.run('DROP TABLE reject_errors');
  await session.run('DROP TABLE reject_scans');
  if (rows.length > MAX_REJECTS)
    checkRejects(
      file,
      rows.map(({ line }) => ({ row: Number(line), reason: '', raw: '' })),
      0,
    );
  return rows.map(({ line, reason, raw }) => ({ row: Number(line), reason: reason.split('\n')[0] ?? reason, raw: raw ?? '' }));
}

export function checkRejects(file: string, rejects: readonly Reject[], rows: number): void {
  const [first] = rejects;
  if (!first || (rejects.length <= MAX_REJECTS && rejects.length < Math.max(2, rows))) return;
  throw new SkeinError(
    'SKEIN_SOURCE_UNREADABLE',
    `${file}:${first.row}: ${rejects.length > MAX_REJECTS ? `more than ${MAX_REJECTS}` : rejects.length} rows cannot be read; the first: ${first.reason}`,
    {
      place: { file, line: first.row },
      context: { file, rows, rejects: rejects.length },
    },
  );
}

/** Engine errors while reading a source are the source's fault. */
export async function reading<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'SKEIN_STORAGE_FULL') throw error;
    const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} cannot be read: ${said}`, { cause: error, context: { file } });
  }
}
