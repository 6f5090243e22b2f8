import { ERRORS, type ErrorCode, type Fault } from './errors.ts';

/** A position in a file the user wrote. `line` and `column` count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface SkeinErrorOptions {
  /** Overrides the table's advice when the case at hand allows a more exact one. */
  readonly hint?: string;
  /** The values that were wrong; printed by `--json`, never holds secrets. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly place?: Place;
  /** The faulty line with a caret under the column, ready to print. */
  readonly frame?: string;
  readonly cause?: unknown;
}

/** The one error type of Skein: a code of the table in `errors.ts`, what was wrong, where, and what to do. */
export class SkeinError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly place: Place | undefined;
  readonly frame: string | undefined;

  constructor(code: ErrorCode, message: string, options: SkeinErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SkeinError';
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
    this.context = options.context ?? {};
    this.place = options.place;
    this.frame = options.frame;
  }

  get fault(): Fault {
    return ERRORS[this.code].fault;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  /** HTTP status the gateway answers with. */
  get status(): number {
    return ERRORS[this.code].status;
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      fault: this.fault,
      retryable: this.retryable,
      ...(this.place ? { place: this.place } : {}),
      ...(Object.keys(this.context).length > 0 ? { context: this.context } : {}),
    };
  }
}

/** `file:line:column`, as far as it is known. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}

/** What a person at a terminal reads: where, what, the line, what to do, the code. */
export function formatError(error: unknown): string {
  if (!(error instanceof SkeinError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [`${error.place ? `${formatPlace(error.place)}: ` : ''}${error.message}`];
  if (error.frame) lines.push(error.frame);
  lines.push(`  fix: ${error.hint}`, `  code: ${error.code} (fault: ${error.fault}${error.retryable ? ', may be tried again' : ''})`);
  return lines.join('\n');
}
