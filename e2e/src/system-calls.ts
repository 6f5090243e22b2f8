import path from 'node:path';

/** What a trace shows of a program's writing, in the order in which calls ended. */
export interface CallReport {
  readonly links: number;
  readonly acknowledgements: number;
  readonly fsyncs: number;
  readonly faults: readonly string[];
}

/** System calls to give to `strace -e trace=`. */
export const TRACED =
  'openat,creat,close,write,pwrite64,writev,pwritev,sendfile,copy_file_range,ftruncate,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat';

/**
 * Reads the output of `strace -f -y` and checks the commit protocol below `root`: when `vN.metadata.json` is linked, every file that was
 * written is synced and every folder that gained a name is synced (but for the name of the linked file itself); when the program
 * acknowledges, the folder of the metadata is synced since the link. Hints are exempt: they may be lost.
 */
export function checkCalls(trace: string, root: string): CallReport {
  const dirtyFiles = new Set<string>();
  const dirtyFolders = new Map<string, Set<string>>();
  const faults: string[] = [];
  let [links, acknowledgements, fsyncs] = [0, 0, 0];
  const inside = (file: string): boolean => file.startsWith(`${root}/`) || file === root;
  const isHint = (file: string): boolean => path.basename(file) === 'version-hint.text';
  const gained = (file: string): void => {
    const folder = path.dirname(file);
    if (!inside(folder) || isHint(file)) return;
    const names = dirtyFolders.get(folder) ?? new Set<string>();
    dirtyFolders.set(folder, names.add(path.basename(file)));
  };
  const forget = (file: string): void => {
    dirtyFiles.delete(file);
    dirtyFolders.get(path.dirname(file))?.delete(path.basename(file));
  };

  for (const call of completeCalls(trace)) {
    const { name, text, result } = call;
    if (result < 0) continue;
    const quoted = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => withoutEscapes(match[1] ?? ''));
    const descriptor = /^\((?:AT_FDCWD(?:<[^>]*>)?, )?\d+<([^>]*)>/.exec(text)?.[1];
    if (name === 'openat' || name === 'creat') {
      const file = quoted[0] ?? '';
      if (/O_CREAT/.test(text) && inside(file)) {
        dirtyFiles.add(file);
        gained(file);
      }
    } else if (/^(write|pwrite64|writev|pwritev|ftruncate|sendfile|copy_file_range)$/.test(name)) {
      if (text.startsWith('(1<') && text.includes('acknowledged')) {
        acknowledgements += 1;
        for (const [folder, names] of dirtyFolders)
          if (path.basename(folder) === 'metadata' && [...names].some((file) => !file.startsWith('.tmp-')))
            faults.push(`acknowledged before ${folder} was synced`);
      }
      const target = name === 'copy_file_range' ? /, \d+<([^>]*)>/.exec(text)?.[1] : descriptor;
      if (target !== undefined && inside(target)) dirtyFiles.add(target);
    } else if (name === 'fsync' || name === 'fdatasync') {
      fsyncs += 1;
      if (descriptor !== undefined) {
        dirtyFiles.delete(descriptor);
        dirtyFolders.delete(descriptor);
      }
    } else if (name === 'mkdir' || name === 'mkdirat') {
      gained(quoted[0] ?? '');
    } else if (name === 'unlink' || name === 'unlinkat') {
      forget(quoted[0] ?? '');
    } else if (name.startsWith('rename')) {
      const [from = '', to = ''] = quoted;
      if (isHint(to)) forget(from);
      else if (inside(to)) {
        if (dirtyFiles.delete(from)) dirtyFiles.add(to);
        gained(to);
      }
    } else if (name.startsWith('link')) {
      const [from = '', to = ''] = quoted;
      if (!inside(to)) continue;
      links += 1;
      for (const file of dirtyFiles) if (!isHint(file)) faults.push(`${path.basename(to)} linked while ${file} was not synced`);
      for (const [folder, names] of dirtyFolders) {
        const unsynced = [...names].filter((file) => path.join(folder, file) !== from);
        if (unsynced.length > 0) faults.push(`${path.basename(to)} linked while ${folder} was not synced after gaining ${unsynced.join(', ')}`);
      }
      gained(to);
    }
  }
  return { links, acknowledgements, fsyncs, faults };
}

/** Joins `<unfinished ...>` and `resumed`, and yields calls in the order in which they returned; a write counts from its begin. */
function* completeCalls(trace: string): Generator<{ name: string; text: string; result: number }> {
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const head = /^(?:\[pid +)?(\d+)\]? +(.*)$/.exec(line);
    if (head === null) continue;
    const [, thread = '', rest = ''] = head;
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    const whole = resumed ? `${begun.get(thread) ?? ''}${resumed[2]}` : rest;
    if (resumed) begun.delete(thread);
    const match = /^(\w+)(\(.*)\) += (-?\d+)/s.exec(whole);
    if (match !== null) yield { name: match[1] ?? '', text: match[2] ?? '', result: Number(match[3]) };
  }
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
