import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sqliteUsageLog } from '@skein/adapter-sqlite';
import { frameAt, readContract, sameType, type Contract } from '@skein/contract';
import { formatError, SkeinError } from '@skein/kernel';
import type { RecordedUse } from '@skein/ports';
import { USAGE_FILE } from './usage-file.ts';

/**
 * `check-neighbours.ts DOMAIN [--json]`: contracts against those who stand beside them. What they refer to exists and has the same type;
 * and where a gateway over the default data directory recorded queries, those go on with what is written now, or were agreed to break.
 */
const root = fileURLToPath(new URL('../../../../', import.meta.url));

interface Fault {
  readonly rule: 'reference.gone' | 'reference.type' | 'query.breaks';
  readonly message: string;
  readonly fix: string;
  readonly place: { readonly file: string; readonly line?: number; readonly column?: number };
  readonly frame?: string;
}

interface Read {
  readonly contract: Contract;
  readonly text: string;
}

/** Those that read: of the others, the lint says where and why. */
function readAll(pattern: string): Read[] {
  return globSync(pattern, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(path.join(root, file), 'utf8');
      try {
        return [{ contract: readContract(text, file), text }];
      } catch (error) {
        if (error instanceof SkeinError) return [];
        throw error;
      }
    });
}

function referenceFaults({ contract, text }: Read): { readonly looked: number; readonly faults: readonly Fault[] } {
  const all = contract.properties.flatMap((property) => property.references.map((reference) => ({ property, reference })));
  const faults = all.flatMap(({ property, reference }): Fault[] => {
    const { place } = reference;
    const at = { place, frame: place.line === undefined ? '' : frameAt(text, place) };
    const majors = readAll(`contracts/${reference.product.replace('.', '/')}/v*/contract.odcs.yaml`);
    const named = `${reference.product}.${reference.column}`;
    if (majors.length === 0)
      return [
        {
          ...at,
          rule: 'reference.gone',
          message: `column ${property.name} refers to ${named}, and no contract of ${reference.product} reads`,
          fix: 'Name a product of the mesh, or mend its contract first.',
        },
      ];
    const targets = majors.flatMap((one) => one.contract.properties.filter((column) => column.name === reference.column));
    if (targets.length === 0)
      return [
        {
          ...at,
          rule: 'reference.gone',
          message: `column ${property.name} refers to ${named}, which ${reference.product} does not have`,
          fix: `Name one of its columns: ${[...new Set(majors.flatMap((one) => one.contract.properties.map((column) => column.name)))].slice(0, 12).join(', ')}.`,
        },
      ];
    if (targets.some((target) => sameType(target.type, property.type))) return [];
    return [
      {
        ...at,
        rule: 'reference.type',
        message: `column ${property.name} is ${property.logicalType}, and ${named}, to which it refers, is ${targets.map((one) => one.logicalType).join(' or ')} of another type`,
        fix: 'Give both the same logical and physical type: keys are compared as they are.',
      },
    ];
  });
  return { looked: all.length, faults };
}

/** Holds what is about to be released against recorded queries, as `skein contract diff --uses` does. */
async function queryFaults(
  reads: readonly Read[],
  usesOf: (product: string) => Promise<readonly RecordedUse[]>,
): Promise<{ readonly looked: number; readonly faults: readonly Fault[]; readonly said: string }> {
  let looked = 0;
  let said = '';
  const faults: Fault[] = [];
  for (const { contract } of reads) {
    const last = lastRecord(contract);
    if (last === undefined) continue;
    const uses = await usesOf(contract.product);
    looked += uses.length;
    if (uses.length === 0) continue;
    const folder = mkdtempSync(path.join(tmpdir(), 'skein-uses-'));
    try {
      const file = path.join(folder, 'uses.json');
      writeFileSync(file, JSON.stringify(uses));
      const { code, output } = await diff([last, contract.file, '--uses', file]);
      if (code === 0) continue;
      said += output;
      faults.push({
        rule: 'query.breaks',
        message: `${contract.product} ${contract.version} may not follow what was released, by ${uses.length} recorded queries: see above`,
        fix: 'Let those who ask them approve it, keep what they read, or publish it as the next major.',
        place: { file: contract.file },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return { looked, faults, said };
}

/** The newest record of a contract's releases, where the contract is not that one itself. */
function lastRecord(contract: Contract): string | undefined {
  const folder = path.posix.dirname(contract.file);
  const records = readAll(`${folder}/released/*.yaml`).map((one) => one.contract);
  if (records.some(({ hash }) => hash === contract.hash)) return undefined;
  const parts = (version: string) => version.split(/[.+-]/).slice(0, 3).map(Number);
  const order = (a: Contract, b: Contract) => {
    const [x, y] = [parts(a.version), parts(b.version)];
    return (x[0] ?? 0) - (y[0] ?? 0) || (x[1] ?? 0) - (y[1] ?? 0) || (x[2] ?? 0) - (y[2] ?? 0);
  };
  return records.sort(order).at(-1)?.file;
}

function diff(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const words = ['--conditions=@skein/source', path.join(root, 'tools/cli/src/main.ts'), 'contract', 'diff', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` }),
    );
  });
}

async function main(domain: string, json: boolean): Promise<boolean> {
  const reads = readAll(`contracts/${domain}/*/v*/contract.odcs.yaml`);
  const references = reads.map(referenceFaults);
  const file = path.join(root, USAGE_FILE);
  const log = existsSync(file) ? sqliteUsageLog({ file }) : undefined;
  try {
    const queries = await queryFaults(reads, async (product) => (log ? await log.usesOf(product) : []));
    const faults = [...references.flatMap((one) => one.faults), ...queries.faults];
    const counts = { contracts: reads.length, references: references.reduce((sum, one) => sum + one.looked, 0), queries: queries.looked };
    const passed = faults.length === 0 && reads.length > 0;
    if (json) process.stdout.write(`${JSON.stringify({ passed, ...counts, recorded: log !== undefined, faults }, null, 2)}\n`);
    else {
      process.stdout.write(queries.said);
      for (const { place, rule, message, fix, frame = '' } of faults) {
        const at = place.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`;
        process.stdout.write(`✗ ${place.file}${at}\n  ${message}\n${frame === '' ? '' : `${frame}\n`}  fix: ${fix}\n  rule: ${rule}\n`);
      }
      const recorded = log === undefined ? `no queries are recorded in ${USAGE_FILE}` : `${counts.queries} recorded queries of what is not released yet`;
      process.stdout.write(`looked at ${counts.references} references of ${counts.contracts} contracts; ${recorded}\n`);
    }
    return passed;
  } finally {
    await log?.close();
  }
}

try {
  const [domain = '', ...flags] = process.argv.slice(2);
  process.exitCode = (await main(domain, flags.includes('--json'))) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
