import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { isStorageFull, storageError } from './storage-error.ts';

const errno = (code: string): Error => Object.assign(new Error(`${code}: something`), { code });

describe('storageError', () => {
  it('knows a full disk by code, by the words of an engine, and through causes', () => {
    const full = [
      errno('ENOSPC'),
      errno('EDQUOT'),
      new Error('IO Error: Could not write all bytes to file "x": No space left on device'),
      new Error('outer', { cause: errno('ENOSPC') }),
      new SkeinError('SKEIN_STORAGE_FULL', 'full'),
    ];
    for (const error of full) {
      expect(isStorageFull(error), error.message).toBe(true);
      expect(storageError(error, 'x').code).toBe('SKEIN_STORAGE_FULL');
    }
    // a step that failed because its engine had no room is a full disk, too
    expect(storageError(new SkeinError('SKEIN_STEP_FAILED', 'step', { cause: errno('ENOSPC') }), 'x').code).toBe('SKEIN_STORAGE_FULL');
  });

  it('keeps other errors what they are, with their cause', () => {
    for (const error of [errno('EACCES'), errno('EIO'), new Error('nospace'), 'text', undefined]) expect(isStorageFull(error)).toBe(false);
    const other = errno('EROFS');
    expect(storageError(other, 'writing x')).toMatchObject({ code: 'SKEIN_STORAGE_FAILED', cause: other, message: 'writing x: EROFS: something' });
    const known = new SkeinError('SKEIN_NAME_INVALID', 'bad');
    expect(storageError(known, 'x')).toBe(known);
  });
});
