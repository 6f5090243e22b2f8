import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GitTree } from '@skein/cli';
import { sha256 } from '@skein/kernel';

/**
 * The records of releases below a folder as they stood at the commit that the check compares with, in one word; `none` where git knows no
 * such commit.
 */
export async function baseRecords(root: string, folder: string): Promise<string> {
  const ref = await GitTree.base(root);
  if (ref === undefined) return 'none';
  const { stdout } = await promisify(execFile)('git', ['-C', root, 'ls-tree', '-r', '-z', ref, '--', folder], { maxBuffer: 64 * 1024 * 1024 });
  const records = stdout.split('\0').filter((line) => line.includes('/released/'));
  return records.length === 0 ? 'none' : sha256(records.join('\n'));
}
