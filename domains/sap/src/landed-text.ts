import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { BronzeTable, Domain } from '@skein/product';
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
export async function landedText(files: Readonly<Record<string, string>>): Promise<{ make(product: string): Promise<MadeRow[]>; close(): Promise<void> }> {
  const domain = sapDomain();
  const directory = await mkdtemp(path.join(tmpdir(), 'skein-sap-'));
  const engine = duckdbEngine();
  const session = await engine.open();
  const landed: Landed[] = [];
  for (const [file, text] of Object.entries(files)) {
    const source = domain.sources.find((one) => one.tableOf(file) !== undefined);
    const table = source?.tableOf(file);
    if (!source || table === undefined) throw new Error(`no source reads ${file}`);
    const target = path.join(directory, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
    const header = (text.split('\n')[0] ?? '').replace(/^\ufeff/, '').trim();
    const delimiter = header.includes(';') ? ';' : ',';
    const columns = header.split(delimiter).map((name, index) => name || `empty_${index}`);
    landed.push({ source: source.name, table, sequence: landed.length + 1, file, path: target, delimiter, columns });
  }
  return {
    async make(id) {
      const product = domain.products.find((one) => one.id === id);
      if (!product) throw new Error(`no product ${id}`);
      for (const bronze of domain.bronze.filter((one) => product.step.from.includes(one.name))) {
        await session.run(`CREATE OR REPLACE TEMP VIEW "${bronze.name}" AS WITH landing AS (${landingOf(bronze, landed)}) SELECT * FROM (${bronze.sql})`);
      }
      return session.rows<MadeRow>(`SELECT * FROM (${product.step.sql}) ORDER BY _file, _row`);
    },
    async close() {
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Landed {
  readonly source: string;
  readonly table: string;
  readonly sequence: number;
  readonly file: string;
  readonly path: string;
  readonly delimiter: string;
  readonly columns: readonly string[];
}

function landingOf(bronze: BronzeTable, landed: readonly Landed[]): string {
  const wanted = bronze.columns ?? [];
  const parts = landed
    .filter((one) => one.source === bronze.source && (bronze.tables?.(one.table) ?? true))
    .map((one) => {
      const columns = wanted.map((name) => {
        const has = one.columns.find((column) => column.toLowerCase() === name.toLowerCase());
        return `${has === undefined ? 'NULL::VARCHAR' : `"${has}"`} AS "${name}"`;
      });
      const types = one.columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
      return `SELECT ${literal(one.file)} AS _file, row_number() OVER () + 1 AS _row, ${one.sequence}::BIGINT AS _sequence, ${columns.join(', ')}
        FROM read_csv(${literal(one.path)}, columns = {${types}}, delim = ${literal(one.delimiter)}, quote = '"', header = true, auto_detect = false)`;
    });
  const none = `SELECT NULL::VARCHAR AS _file, NULL::BIGINT AS _row, NULL::BIGINT AS _sequence, ${wanted.map((name) => `NULL::VARCHAR AS "${name}"`).join(', ')} WHERE false`;
  return parts.length > 0 ? parts.join(' UNION ALL ') : none;
}
