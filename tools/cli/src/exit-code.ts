import { SkeinError, type ErrorCode } from '@skein/kernel';

/** The command was wrong, and nothing was tried. */
const WRONG_COMMAND: readonly ErrorCode[] = ['SKEIN_USAGE', 'SKEIN_DOMAIN_UNKNOWN', 'SKEIN_SOURCE_NOT_FOUND', 'SKEIN_CONFIG_INVALID'];

/** 2 where the command was wrong, 1 where it could not be done. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof SkeinError && WRONG_COMMAND.includes(error.code) ? 2 : 1;
}
