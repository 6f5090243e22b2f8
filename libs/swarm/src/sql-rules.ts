import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { engineType, type Contract } from '@skein/contract';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession, QuerySandbox, SandboxCatalog } from '@skein/ports';
import type { Check, Figures } from '@skein/verifier';
import { columnsRead } from './sql-rule-columns.ts';

const DEADLINE_MS = 60_000;

export interface SqlRuleInput {
  readonly contract: Contract;
  readonly checks: readonly Check[];
  /** SQL that can stand after FROM, in the session. */
  readonly relation: string;
  /** Columns that it has; those of the contract are shown to the rules. */
  readonly offered: readonly string[];
  /** What one rule may take. Default: a minute. */
  readonly deadlineMs?: number;
}

/**
 * Figures of the SQL rules of a contract, which their author's queries yield in the sandbox of consumers: a child process that has
 * the judged rows as its one relation, and that no query can leave. Each rule is alone: one that fails is an error, and takes no
 * other with it. The columns that the rules read are written to a private folder for as long as it takes; where no check is an SQL
 * rule, nothing is.
 */
export async function sqlRuleFigures(session: EngineSession, sandbox: QuerySandbox, input: SqlRuleInput): Promise<Figures['results']> {
  const checks = input.checks.filter((check) => check.rule === 'sql' && check.reads.every((name) => input.offered.includes(name)));
  if (checks.length === 0) return {};
  const folder = await mkdtemp(path.join(tmpdir(), 'skein-rules-'));
  try {
    const catalog = await writeRows(session, { ...input, offered: await readByAny(session, checks, input) }, folder);
    const results: Record<string, Figures['results'][string]> = {};
    for (const check of checks) results[check.id] = await runRule(sandbox, catalog, check, input.deadlineMs ?? DEADLINE_MS);
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** What any of the rules reads; one column at least, since rows are counted by it. */
async function readByAny(session: EngineSession, checks: readonly Check[], { contract, offered }: SqlRuleInput): Promise<readonly string[]> {
  const shown = contract.properties.map(({ name }) => name).filter((name) => offered.includes(name));
  const read = new Set<string>();
  for (const check of checks) for (const name of await columnsRead(session, check.sql, shown)) read.add(name);
  return read.size === 0 ? shown.slice(0, 1) : shown.filter((name) => read.has(name));
}

async function writeRows(session: EngineSession, { contract, relation, offered }: SqlRuleInput, folder: string): Promise<SandboxCatalog> {
  const file = path.join(folder, 'rows.parquet');
  const columns = contract.properties.filter((property) => offered.includes(property.name));
  const typed = columns.map(({ name, type }) => `CAST(${ident(name)} AS ${engineType(type)}) AS ${ident(name)}`);
  await session.run(`COPY (SELECT ${typed.join(', ') || 'NULL AS "_none"'} FROM ${relation}) TO ${literal(file)} (FORMAT parquet)`);
  // The children may run as another user, who passes through the folder to this one file.
  await chmod(folder, 0o711);
  await chmod(file, 0o644);
  const fields = columns.map((property, index) => ({ id: index + 1, name: property.name, type: engineType(property.type) }));
  // The folder is new each time, and so is what a child bound to it may see.
  return { key: folder, views: [{ schema: 'data', name: 'rows', sql: 'SELECT * FROM {files}', files: [file], fields }] };
}

async function runRule(sandbox: QuerySandbox, catalog: SandboxCatalog, check: Check, deadlineMs: number): Promise<Figures['results'][string]> {
  try {
    const sql = check.sql.replaceAll('{relation}', () => '"governed"."data"."rows"');
    const { body, outcome } = await sandbox.execute({ catalog, sql, parameters: [], format: 'ndjson', deadlineMs, maxRows: 2 });
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    const { rows } = await outcome;
    if (rows !== 1n) return { error: `the rule yielded ${rows} rows` };
    const { value } = JSON.parse(Buffer.concat(parts).toString('utf8').trim()) as { value: string | null };
    // A value that is no number is not quoted: it may be text of a row.
    return value !== null && !NUMBER.test(value) ? { error: 'the rule yielded a value that is no number' } : { value };
  } catch (error) {
    // Messages of the sandbox are made of its error's class and of names: they quote no row.
    return { error: error instanceof SkeinError ? error.message : 'the rule could not be run' };
  }
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
