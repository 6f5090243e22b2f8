import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second for all that reads it, whatever the kernel's own clock. */
const TICK_MS = 10;

/** Processor time that a process has used, in milliseconds, by tens; undefined where the platform does not tell (`/proc` is Linux's) or it has ended. */
export function processorMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; user and system time are the 12th and 13th fields behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}
