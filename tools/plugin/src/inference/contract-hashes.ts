import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readContract, type Contract } from '@skein/contract';
import { sha256 } from '@skein/kernel';
import { USAGE_FILE } from '../executors/usage-file.ts';

/**
 * `contract-hashes.ts [DOMAIN] [--with-references] [--with-history] [--with-uses]`: prints what the answer to a check of a domain's
 * contracts depends on, one line each, for Nx to make a key of. A contract that reads counts by its hash, so that comments and the
 * order of keys do not; one that does not read counts by its bytes.
 */
// What only some keys need is loaded for those: Nx waits for this program.
const root = fileURLToPath(new URL('../../../../', import.meta.url));

interface Hashed {
  readonly file: string;
  readonly hash: string;
  readonly contract: Contract | undefined;
}

function hashed(file: string): Hashed {
  const text = readFileSync(path.join(root, file), 'utf8');
  try {
    const contract = readContract(text, file);
    return { file, hash: contract.hash, contract };
  } catch {
    return { file, hash: `bytes ${sha256(text)}`, contract: undefined };
  }
}

function find(pattern: string): Hashed[] {
  return globSync(pattern, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map(hashed);
}

const flags = new Set(process.argv.slice(2).filter((word) => word.startsWith('--')));
const domain = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? '*';
const own = find(`contracts/${domain}/*/v*/contract.odcs.yaml`);
const lines = own.map(({ file, hash }) => `${file} ${hash}`);
if (flags.has('--with-references')) {
  const products = new Set(own.flatMap(({ contract }) => contract?.properties.flatMap(({ references }) => references.map(({ product }) => product)) ?? []));
  for (const product of [...products].sort())
    for (const { file, hash } of find(`contracts/${product.replace('.', '/')}/v*/contract.odcs.yaml`)) lines.push(`refers to ${file} ${hash}`);
}
if (flags.has('--with-history')) {
  const { baseRecords } = await import('./base-records.ts');
  lines.push(`before ${await baseRecords(root, `contracts/${domain}`)}`);
  // Whether a column may go depends on the day, where its notice named one.
  const texts = globSync(`contracts/${domain}/*/v*/{contract.odcs.yaml,released/*.yaml}`, { cwd: root }).map((file) =>
    readFileSync(path.join(root, file), 'utf8'),
  );
  if (texts.some((text) => text.includes('removeAfter'))) lines.push(`on ${new Date().toISOString().slice(0, 10)}`);
}
if (flags.has('--with-uses') && existsSync(path.join(root, USAGE_FILE))) {
  const { sqliteUsageLog } = await import('@skein/adapter-sqlite');
  const log = sqliteUsageLog({ file: path.join(root, USAGE_FILE) });
  try {
    for (const product of new Set(own.flatMap(({ contract }) => contract?.product ?? []))) {
      const uses = (await log.usesOf(product)).map(({ queryHash, principal }) => `${queryHash} ${principal}`).sort();
      lines.push(`${product} is read by ${sha256(uses.join('\n'))}`);
    }
  } finally {
    await log.close();
  }
}
process.stdout.write(`${lines.join('\n')}\n`);
