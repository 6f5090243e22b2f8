import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { Domain } from '@skein/product';
import { sap } from './sap.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** The domain with its real contracts. */
export function sapDomain(): Domain {
  return sap({
    get(product) {
      const file = `contracts/${product.replace('.', '/')}/v1/contract.odcs.yaml`;
      return readContract(readFileSync(path.join(ROOT, file), 'utf8'), file);
    },
  });
}

export interface MadeRow {
  readonly [column: string]: unknown;
  readonly _repairs: readonly string[];
  readonly _invalid: readonly { readonly column: string; readonly value: string | null; readonly rule: string }[];
}

/**
 * For tests of the domain's SQL alone: lands files of text by the plainest means, and runs one product's step over them.
 * The swarm is left out, so a fault in one does not hide in the other.
 */
export async function landedText(
  files: Readonly<Record<string, string>>,
): Promise<{ make(product: string): Promise<MadeRow[]>; session: EngineSession; close(): Promise<void> }> {
  const domain = sapDomain();
  const directory = await mkdtemp(path.join(tmpdir(), 'skein-sap-'));
  const engine = duckdbEngine();
  const session = await engine.open();
  const landed: { source: string; table: string; sequence: number; file: string; path: string; columns: string[] }[] = [];
  for (const [file, text] of Object.entries(files)) {
    const source = domain.sources.find((one) => one.tableOf(file) !== undefined);
    const table = source?.tableOf(file);
    if (!source || table === undefined) throw new Error(`no source reads ${file}`);
    const target = path.join(directory, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
    const header = (text.split('\n')[0] ?? '').replace(/^\ufeff/, '').trim();
    const delimiter = header.includes(';') ? ';' : ',';
    const columns = header.split(delimiter).map((name) => name.replaceAll('"', ''));
    landed.push({ source: source.name, table, sequence: landed.length + 1, file, path: target, columns });
  }
  for (const bronze of domain.bronze) {
    const parts = landed
      .filter((landing) => landing.source === bronze.source && (bronze.tables?.(landing.table) ?? true))
      .map((landing) => {
        const named = landing.columns.map((name, index) => name || `empty_${index}`);
        const columns = (bronze.columns ?? []).map((name) => {
          const has = named.find((one) => one.toLowerCase() === name.toLowerCase());
          return `${has === undefined ? 'NULL::VARCHAR' : `"${has}"`} AS "${name}"`;
        });
        const types = named.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
        return `SELECT ${literal(landing.file)} AS _file, row_number() OVER () + 1 AS _row, ${landing.sequence}::BIGINT AS _sequence, ${columns.join(', ')}
          FROM read_csv(${literal(landing.path)}, columns = {${types}}, delim = ${literal(landing.columns.length > 1 && landing.path && files[landing.file]?.split('\n')[0]?.includes(';') ? ';' : ',')}, quote = '"', header = true, auto_detect = false)`;
      });
    const none = `SELECT NULL::VARCHAR AS _file, NULL::BIGINT AS _row, NULL::BIGINT AS _sequence, ${(bronze.columns ?? []).map((name) => `NULL::VARCHAR AS "${name}"`).join(', ')} WHERE false`;
    await session.run(
      `CREATE TEMP VIEW "${bronze.name}" AS WITH landing AS (${parts.length > 0 ? parts.join(' UNION ALL ') : none}) SELECT * FROM (${bronze.sql})`,
    );
  }
  return {
    session,
    async make(id) {
      const product = domain.products.find((one) => one.id === id);
      if (!product) throw new Error(`no product ${id}`);
      return session.rows<MadeRow>(`SELECT * FROM (${product.step.sql}) ORDER BY _file, _row`);
    },
    async close() {
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
