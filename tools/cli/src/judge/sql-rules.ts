import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { engineType, type Contract } from '@skein/contract';
import { ident, literal, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { Check, Figures } from '@skein/verifier';

const DEADLINE_MS = 60_000;

/**
 * Runs the SQL rules of a contract in the consumers' sandbox: child processes that see the judged rows as their one relation, and
 * that no query of a contract's author can leave. Each rule is alone: one that fails takes no other with it.
 */
export async function runSqlRules(
  session: EngineSession,
  contract: Contract,
  checks: readonly Check[],
  relation: string,
  offered: readonly string[],
  folder: string,
): Promise<Figures['results']> {
  const results: Record<string, Figures['results'][string]> = {};
  if (checks.length === 0) return results;
  const file = path.join(folder, 'rows.parquet');
  const columns = contract.properties.filter((property) => offered.includes(property.name));
  await session.run(
    `COPY (SELECT ${columns.map((property) => ident(property.name)).join(', ') || 'NULL AS "_none"'} FROM ${relation}) TO ${literal(file)} (FORMAT parquet)`,
  );
  // The children may run as another user, who passes through the folder to this one file.
  await chmod(folder, 0o711);
  await chmod(file, 0o644);
  const sandbox = duckdbSandbox({ workers: 1, spares: 0, threads: 2 });
  const fields = columns.map((property, index) => ({ id: index + 1, name: property.name, type: engineType(property.type) }));
  const catalog = { key: 'rows', views: [{ schema: 'data', name: 'rows', sql: 'SELECT * FROM {files}', files: [file], fields }] };
  try {
    for (const check of checks) {
      try {
        const sql = check.sql.replaceAll('{relation}', () => '"governed"."data"."rows"');
        const { body, outcome } = await sandbox.execute({ catalog, sql, parameters: [], format: 'ndjson', deadlineMs: DEADLINE_MS, maxRows: 2 });
        const parts: Uint8Array[] = [];
        for await (const part of body) parts.push(part);
        const { rows } = await outcome;
        const line = Buffer.concat(parts).toString('utf8').trim();
        results[check.id] = rows === 1n ? { value: (JSON.parse(line) as { value: string | null }).value } : { error: `the rule yielded ${rows} rows` };
      } catch (error) {
        // Messages of the sandbox are made of its error's class and of names: they quote no row.
        results[check.id] = { error: error instanceof SkeinError ? error.message : 'the rule could not be run' };
      }
    }
  } finally {
    await sandbox.close();
  }
  return results;
}
