import { formatError } from '@skein/kernel';

/** Where the gateway tells its operator what clients are not told. */
export interface GatewayLog {
  error(error: unknown, queryId?: string): void;
  warn(message: string): void;
}

/** Plain lines on a stream; standard error keeps standard output free for results. */
export function lineLog(out: { write(text: string): unknown }): GatewayLog {
  return {
    error: (error, queryId) => void out.write(`gateway error${queryId === undefined ? '' : ` (query ${queryId})`}: ${describe(error)}\n`),
    warn: (message) => void out.write(`gateway warning: ${message}\n`),
  };
}

/** The error with its causes, for the operator. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `\n  caused by: ${describe(error.cause)}` : '';
  return `${formatError(error)}${cause}`;
}
