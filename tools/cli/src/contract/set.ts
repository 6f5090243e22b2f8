import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { setInDocument } from '@skein/contract/formats';
import { SkeinError } from '@skein/kernel';
import { humanText } from '../output/human.ts';
import { readText } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { lintText, subjectOf } from './lint.ts';

/** `set FILE PATH VALUE`: one value, and not a byte beside it. The file is written only where the contract is sound afterwards. */
export async function set(this: CommandContext, _flags: object, file: string, where: string, value: string): Promise<void> {
  await finish(this, false, async () => {
    const cwd = process.cwd();
    const target = path.resolve(cwd, file);
    const edited = setInDocument(await readText(target), file, where, valueOf(value));
    const linted = lintText(edited, target);
    // A variable has its value elsewhere; it is written as it stands.
    const errors = linted.findings.filter((finding) => finding.severity === 'error' && finding.rule !== 'variable');
    if (errors.length > 0) {
      this.process.stderr.write(`${humanText([subjectOf({ ...linted, findings: errors }, cwd)], cwd)}nothing was written\n`);
      return EXIT.findings;
    }
    const half = `${target}.${process.pid}.tmp`;
    try {
      // The mark of byte order is not read with the text, and stays.
      const mark = (await readFile(target)).subarray(0, 3).equals(MARK) ? '\uFEFF' : '';
      await writeFile(half, mark + edited);
      await rename(half, target);
    } catch (cause) {
      throw new SkeinError('SKEIN_USAGE', `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
        hint: 'Check its permissions.',
        cause,
      });
    }
    return EXIT.ok;
  });
}

const MARK = Buffer.from('\uFEFF');

/** JSON where it is JSON (`true`, `5`, `["a"]`), else the text itself. A number that a double would round stays text of its digits. */
function valueOf(written: string): unknown {
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === 'number' && !Number.isSafeInteger(value) && String(value) !== written.trim()
      ? /^-?\d+$/.test(written.trim())
        ? BigInt(written.trim())
        : written
      : value;
  } catch {
    return written;
  }
}
