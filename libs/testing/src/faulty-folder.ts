import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { partText, type FaultyFormat } from './faulty-source.ts';

/** A folder that others fill, for connectors that take files: whoever fills it goes on while the connector waits. */
export interface FaultyFolder {
  /** Where the files come, and a folder with a link that leads out of it. */
  readonly from: string;
  readonly trap: string;
  give(parts: readonly (readonly object[])[]): void;
  fail(fault: string, times: number): boolean;
  /** In place of waiting. */
  readonly sleep: () => Promise<void>;
}

/** Files `<name>_0.<format>` and so on, below `root`. The folder can be gone, its first file cut, or of another form. */
export function faultyFolder(root: string, name: string, format: FaultyFormat): FaultyFolder {
  const [from, trap, elsewhere] = ['inbox', 'trap', 'elsewhere'].map((one) => path.join(root, one)) as [string, string, string];
  let parts: readonly (readonly object[])[] = [];
  let failing: { readonly fault: string; readonly times: number } | undefined;
  const write = () => {
    rmSync(from, { recursive: true, force: true });
    const fault = failing && failing.times > 0 ? failing.fault : undefined;
    if (fault === 'gone') return;
    mkdirSync(from);
    for (const [index, rows] of parts.entries()) {
      const text = partText(rows, format);
      const body = index > 0 || fault === undefined ? text : fault === 'cut' ? text.slice(0, text.length - 9) : '<!doctype html>\n';
      writeFileSync(path.join(from, `${name}_${index}.${format}`), body);
    }
  };
  for (const folder of [trap, elsewhere]) mkdirSync(folder);
  writeFileSync(path.join(elsewhere, 'secret'), partText([], format));
  symlinkSync(path.join(elsewhere, 'secret'), path.join(trap, `${name}.${format}`));
  write();
  return {
    from,
    trap,
    give(of) {
      parts = of;
      write();
    },
    fail(fault, times) {
      if (fault === 'limited' || fault === 'stalls') return false;
      failing = { fault, times };
      write();
      return true;
    },
    sleep: async () => {
      if (failing) failing = { ...failing, times: failing.times - 1 };
      write();
    },
  };
}
