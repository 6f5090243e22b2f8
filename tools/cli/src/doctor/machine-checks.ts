import { access, constants, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import path from 'node:path';
import { fail, ok, warn, type Finding } from './finding.ts';

const GB = 2 ** 30;

/** The nearest folder that exists: a data directory is made by its first use. */
async function standing(folder: string): Promise<string> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) if ((await stat(at).catch(() => undefined)) !== undefined || at === path.dirname(at)) return at;
}

/** Whether a file can be made where the data lies, by making one. */
export async function writeCheck(data: string): Promise<Finding> {
  const folder = await standing(data);
  try {
    if (!(await stat(folder)).isDirectory()) return fail('data', `${folder} is no folder`, 'Give --data another folder, or move the file away.');
    await access(folder, constants.W_OK | constants.X_OK);
    const probe = await mkdtemp(path.join(folder, '.skein-doctor-'));
    try {
      await writeFile(path.join(probe, 'probe'), 'written to see whether it can be', { flush: true });
    } finally {
      await rm(probe, { recursive: true, force: true });
    }
    return ok('data', folder === path.resolve(data) ? `${folder} can be written` : `${path.resolve(data)} does not exist yet, and can be made`);
  } catch (error) {
    return fail(
      'data',
      `${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'Give its owner the right to write there, or --data another folder.',
    );
  }
}

export async function diskCheck(data: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await standing(data));
  return diskFinding(bavail * bsize);
}

/** By free bytes: below 200 MB a publish may fail, below 2 GB it soon may. */
export function diskFinding(free: number): Finding {
  const text = `${(free / GB).toFixed(1)} GB are free where the data lies`;
  if (free < 0.2 * GB) return fail('disk', text, 'Free some space: a publication that does not fit is refused.');
  return free < 2 * GB ? warn('disk', text, 'Free some space before taking in large files.') : ok('disk', text);
}

export function memoryCheck(free = freemem(), total = Math.min(totalmem(), process.constrainedMemory() || Infinity)): Finding {
  const text = `${(Math.min(free, total) / GB).toFixed(1)} of ${(total / GB).toFixed(1)} GB of memory are free, ${availableParallelism()} cores`;
  if (total < 1.5 * GB) return fail('memory', text, 'Give the machine or container 2 GB or more.');
  return total < 3.5 * GB || free < 0.5 * GB
    ? warn('memory', text, 'Large files may spill to disk, which is slow: close other programs, or lower --query-memory.')
    : ok('memory', text);
}

/** Whether the clock is sane by itself, and agrees with a gateway's, where one answers. */
export function clockCheck(now: number, remote: { readonly date: string | undefined; readonly asked: number } | undefined): Finding {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const text = `${new Date(now).toISOString()}, time zone ${zone || 'unknown'}`;
  const fix = 'Set the clock, or let the system do it (timedatectl set-ntp true).';
  if (now < Date.UTC(2026, 0, 1) || now > Date.UTC(2100, 0, 1)) return fail('clock', `${text}: that cannot be`, fix);
  if (!zone) return warn('clock', text, 'Set TZ, or install the time zones of the system.');
  const there = remote?.date === undefined ? Number.NaN : Date.parse(remote.date);
  if (Number.isNaN(there) || remote === undefined) return ok('clock', text);
  // The header has whole seconds.
  const apart = Math.abs(there + 500 - remote.asked) / 1000;
  if (apart > 60) return fail('clock', `${text}: ${Math.round(apart)} s apart from the gateway's, so tokens are refused`, fix);
  return apart > 5 ? warn('clock', `${text}: ${Math.round(apart)} s apart from the gateway's`, fix) : ok('clock', `${text}, as the gateway's`);
}
