import { SkeinError } from '@skein/kernel';

const FULL_CODES = new Set(['ENOSPC', 'EDQUOT']);
const FULL_TEXT = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT|not enough space/i;

/** True for a full disk or quota, told by the operating system or, in words, by an engine that wrote there; causes count. */
export function isStorageFull(error: unknown): boolean {
  if (error instanceof SkeinError && error.code === 'SKEIN_STORAGE_FULL') return true;
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return (typeof code === 'string' && FULL_CODES.has(code)) || FULL_TEXT.test(error.message) || isStorageFull(error.cause);
}

/**
 * The error to throw when writing `what` failed: SKEIN_STORAGE_FULL for a full disk, else SKEIN_STORAGE_FAILED.
 * A SkeinError of another kind passes unchanged.
 */
export function storageError(error: unknown, what: string): SkeinError {
  const message = error instanceof Error ? error.message : String(error);
  if (isStorageFull(error)) {
    if (error instanceof SkeinError && error.code === 'SKEIN_STORAGE_FULL') return error;
    return new SkeinError('SKEIN_STORAGE_FULL', `the disk is full: ${what}: ${message}`, { cause: error, context: { what } });
  }
  if (error instanceof SkeinError) return error;
  return new SkeinError('SKEIN_STORAGE_FAILED', `${what}: ${message}`, { cause: error, context: { what } });
}
