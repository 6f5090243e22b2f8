import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';

export interface TextFile {
  /** Path as shown in messages: relative to the working directory where that is shorter. */
  readonly file: string;
  readonly text: string;
}

/** A contract, and the policy and the approvals beside it. */
export interface ContractFiles {
  readonly contract: TextFile;
  readonly policy: TextFile | undefined;
  readonly approvals: TextFile | undefined;
}

/** Reads `<root>/<domain>/<product>/v<major>/{contract.odcs,policy,approvals}.yaml`, sorted by path. Throws SKEIN_CONTRACT_NOT_FOUND when there are none. */
export async function readContractFiles(root: string): Promise<ContractFiles[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const found = entries
    .filter((entry) => entry.isFile() && entry.name === 'contract.odcs.yaml')
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  if (found.length === 0) throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `${root} holds no contract`, { context: { root } });
  return Promise.all(
    found.map(async (file) => ({
      contract: { file: shown(file), text: await readFile(file, 'utf8') },
      policy: await beside(file, 'policy.yaml'),
      approvals: await beside(file, 'approvals.yaml'),
    })),
  );
}

async function beside(contract: string, name: string): Promise<TextFile | undefined> {
  const file = path.join(path.dirname(contract), name);
  try {
    return { file: shown(file), text: await readFile(file, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function shown(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}
