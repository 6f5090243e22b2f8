import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatError } from '@skein/kernel';
import { CONTRACT_FILES, generate, type GeneratedFile } from './generate.ts';

/** What one run found: files that differ from their source, files whose source is gone, and how many were looked at. */
export interface CodegenReport {
  readonly contracts: number;
  readonly looked: number;
  readonly stale: readonly GeneratedFile[];
  readonly orphaned: readonly string[];
}

/** Compares the generated files under `root` with what their sources say now. Writes nothing. */
export async function compareGenerated(root: string): Promise<CodegenReport> {
  const find = (name: string) =>
    globSync(`contracts/*/*/v*/${name}`, { cwd: root })
      .map((path) => path.replaceAll('\\', '/'))
      .sort();
  const sources = find('contract.odcs.yaml');
  const wanted = await generate(sources.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })));
  const known = new Set(wanted.map((file) => file.path));
  const stale = wanted.filter(({ path, text }) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text);
  const orphaned = CONTRACT_FILES.flatMap(find).filter((path) => !known.has(path));
  return { contracts: sources.length, looked: wanted.length + orphaned.length, stale, orphaned };
}

/** `codegen [--check]`: writes what is stale, or only says so and fails. */
async function main(root: string, check: boolean): Promise<number> {
  const { contracts, looked, stale, orphaned } = await compareGenerated(root);
  if (contracts === 0) {
    console.error('found no contract under contracts/<domain>/<name>/v<major>/contract.odcs.yaml');
    return 1;
  }
  if (check) {
    for (const { path } of stale) console.error(`${path}: differs from its source`);
    for (const path of orphaned) console.error(`${path}: its contract is gone`);
    console.log(
      `${looked} generated files of ${contracts} contracts: ${stale.length + orphaned.length === 0 ? 'all as their sources say' : `${stale.length + orphaned.length} are not; run npm run codegen`}`,
    );
    return stale.length + orphaned.length === 0 ? 0 : 1;
  }
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
  for (const path of orphaned) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
  console.log(`${looked} generated files of ${contracts} contracts: ${stale.length} written, ${orphaned.length} removed`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
  if (unknown.length > 0) {
    console.error(`codegen does not know ${unknown.join(' ')}; usage: codegen [--check]`);
    process.exitCode = 2;
  } else {
    try {
      process.exitCode = await main(fileURLToPath(new URL('../../../', import.meta.url)), process.argv.includes('--check'));
    } catch (error) {
      console.error(formatError(error));
      process.exitCode = 1;
    }
  }
}
