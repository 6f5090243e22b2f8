import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from '@skein/checks';
import { formatError, SkeinError } from '@skein/kernel';

/** `write-generated.ts [DOMAIN]`: the files beside a domain's contracts, or, without one, those that follow from all contracts. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));

const find = (pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();

async function write(domain: string | undefined): Promise<void> {
  const contracts = find(`contracts/${domain ?? '*'}/*/v*/contract.odcs.yaml`);
  if (contracts.length === 0)
    throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `there is no contract below contracts/${domain ?? ''}`, {
      hint: 'A product begins with one: npx nx g @skein/plugin:product DOMAIN NAME --from FILE.',
    });
  const made = await generate(contracts.map((file) => ({ path: file, text: readFileSync(path.join(root, file), 'utf8') })));
  const isBeside = (file: string) => /^contracts\/[^/]+\/[^/]+\/v\d+\//.test(file);
  const wanted = made.filter(({ path: file }) => isBeside(file) === (domain !== undefined));
  let written = 0;
  for (const { path: file, text } of wanted) {
    const absolute = path.join(root, file);
    if (existsSync(absolute) && readFileSync(absolute, 'utf8') === text) continue;
    mkdirSync(path.dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
    written += 1;
  }
  const known = new Set(wanted.map(({ path: file }) => file));
  const names = [...new Set(wanted.map(({ path: file }) => path.posix.basename(file)))].join(',');
  const orphans = domain === undefined ? [] : find(`contracts/${domain}/*/v*/{${names}}`).filter((file) => !known.has(file));
  for (const file of orphans) rmSync(path.join(root, file));
  process.stdout.write(`${wanted.length} generated files of ${contracts.length} contracts: ${written} written, ${orphans.length} removed\n`);
}

try {
  await write(process.argv[2]);
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
