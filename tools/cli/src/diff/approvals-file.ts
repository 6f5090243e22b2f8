import { access } from 'node:fs/promises';
import path from 'node:path';
import { readText } from '../contract/contract-file.ts';
import type { VersionText } from './pair.ts';

/** The approvals in the folder of a contract; undefined where there are none. */
export async function approvalsBeside(contract: string): Promise<VersionText | undefined> {
  const file = path.join(path.dirname(contract), 'approvals.yaml');
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  return exists ? { file, text: await readText(file) } : undefined;
}
