import { SkeinError } from '@skein/kernel';

const FULL = /No space left on device|max_temp_directory_size|ENOSPC|Disk quota exceeded/;

/** An error of the trusted engine. Its text is kept: steps are our own SQL, and whoever reads it may see the data. */
export function engineError(error: unknown, sql: string): SkeinError {
  if (error instanceof SkeinError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (FULL.test(text)) return new SkeinError('SKEIN_STORAGE_FULL', `the disk is full: ${text}`, { cause: error });
  return new SkeinError('SKEIN_STEP_FAILED', text, { context: { sql: sql.length > 4000 ? `${sql.slice(0, 4000)}…` : sql }, cause: error });
}
