export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly message: string;
  /** What to do; absent where all is well. */
  readonly fix?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message });
export const warn = (check: string, message: string, fix: string): Finding => ({ check, state: 'warn', message, fix });
export const fail = (check: string, message: string, fix: string): Finding => ({ check, state: 'fail', message, fix });
