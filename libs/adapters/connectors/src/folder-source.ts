import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256, SkeinError } from '@skein/kernel';
import type { Connector } from '@skein/ports';
import { systemTiming, type Timing } from './pace.ts';
import { CutShort, readRecords, type RecordsOptions } from './records.ts';
import { replaceFile, textOf } from './source-folder.ts';

export interface FolderSourceOptions extends RecordsOptions {
  /** Names the files: `accounts` takes `accounts.csv` and `accounts_*.csv`. */
  readonly name: string;
  /** Folder that others put files into. */
  readonly from: string;
  /** The folder of sources to write into. */
  readonly directory: string;
  /** Folders beyond `from` that links in it may lead to. Default none. */
  readonly allowFolders?: readonly string[];
  /** Of one file; default 1 GiB. */
  readonly maxFileBytes?: number;
  /** Attempts at one file; default 5. */
  readonly attempts?: number;
  readonly timing?: Timing;
}

/**
 * Takes files that others put into a folder, when they are whole: not while they grow, and not where they end within a record. What was taken stays, whatever
 * becomes of the file.
 */
export function folderSource(options: FolderSourceOptions): Connector {
  const { name, from, directory, format, attempts = 5, timing = systemTiming } = options;
  const ours = new RegExp(`^${name}(?:[._-].*)?\\.${format}$`, 'i');

  const tried = async <Result>(title: string, signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (error instanceof SkeinError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        if (attempt >= attempts)
          throw new SkeinError('SKEIN_SOURCE_UNAVAILABLE', `${title}: ${why} (${attempt} attempts)`, {
            place: { file: title },
            cause: error,
            context: { attempt },
          });
        const most = Math.min(30_000, 200 * 2 ** attempt);
        await timing.sleep(most / 2 + (timing.random() * most) / 2, signal);
      }
    }
  };

  const take = async (file: string): Promise<Buffer> => {
    const full = path.join(from, file);
    const real = await realpath(full);
    const allowed = await Promise.all([from, ...(options.allowFolders ?? [])].map((one) => realpath(one)));
    if (!allowed.some((one) => real.startsWith(`${one}${path.sep}`)))
      throw new SkeinError('SKEIN_SOURCE_ADDRESS', `${file} is a link that leads out of ${from}`, {
        place: { file },
        hint: 'If that is meant, name the folder in allowFolders.',
      });
    const before = await stat(real);
    if (before.size > (options.maxFileBytes ?? 1 << 30))
      throw new SkeinError('SKEIN_SOURCE_ANSWER', `${file} has ${before.size} bytes, more than are read`, {
        place: { file },
        hint: 'Have it delivered in parts, or raise maxFileBytes.',
      });
    const body = await readFile(real);
    const after = await stat(real);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || after.ino !== before.ino) throw new CutShort(`${file} changed while it was read`);
    return body;
  };

  return {
    directory,
    async bring(signal) {
      signal?.throwIfAborted();
      const files = (await tried(from, signal, () => readdir(from))).filter((file) => ours.test(file)).sort();
      const done: { file: string; text: string; records: number; repeated: number }[] = [];
      for (const file of files) {
        const { header, records } = await tried(file, signal, async () => readRecords(await take(file), file, options));
        const fresh = [...new Set(records)];
        const text = [...(header === undefined ? [] : [header]), ...fresh].map((line) => `${line}\n`).join('');
        const known = await textOf(path.join(directory, file));
        if (known === undefined || sha256(known) !== sha256(text)) done.push({ file, text, records: fresh.length, repeated: records.length - fresh.length });
      }
      signal?.throwIfAborted();
      // When all of them hold together: a fault in one leaves the folder as it was.
      for (const { file, text } of done) await replaceFile(path.join(directory, file), text);
      const sum = (key: 'records' | 'repeated') => done.reduce((total, one) => total + one[key], 0);
      return { files: done.map(({ file }) => file), records: sum('records'), repeated: sum('repeated') };
    },
  };
}
