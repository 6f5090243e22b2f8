import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Gate from '../gate.ts';

/** A change to the gate's own source: `find` stands there exactly once. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * The gate with checks removed: its sources copied, patched and loaded. Whoever moves a check breaks its patch, so no twin can
 * quietly become the gate itself.
 */
export async function brokenGate(patches: readonly Patch[]): Promise<{ gate: typeof Gate.gate } & Disposable> {
  const source = path.join(import.meta.dirname, '..');
  // below the package, so that its imports resolve, and where version control does not look
  const built = path.join(source, '..', 'dist');
  mkdirSync(built, { recursive: true });
  const folder = mkdtempSync(path.join(built, '.twin-'));
  try {
    for (const file of readdirSync(source).filter((name) => /^(gate.*|syntax-tree|refusal)\.ts$/.test(name) && !name.endsWith('.test.ts')))
      cpSync(path.join(source, file), path.join(folder, file));
    for (const { file, find, replace } of patches) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      if (text.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`);
      writeFileSync(
        path.join(folder, file),
        text.replace(find, () => replace),
      );
    }
    const twin = (await import(/* @vite-ignore */ pathToFileURL(path.join(folder, 'gate.ts')).href)) as typeof Gate;
    return { gate: twin.gate, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
