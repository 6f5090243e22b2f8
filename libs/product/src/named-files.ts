import type { Source } from './product.ts';

const ENDINGS = { columns: 'csv|tsv|txt', json: '(?:json|jsonl|ndjson)(?:\\.gz)?|parquet' } as const;

/**
 * The files of one table, told by their names: `accounts.csv`, `accounts_2026-11.csv`, also in folders. Of a file that comes again, the
 * newest counts; files of different names are united.
 */
export function namedFiles(table: string, shape: 'columns' | 'json'): Source {
  const file = new RegExp(`(?:^|/)${table}(?:[._-][^/]*)?\\.(?:${ENDINGS[shape]})$`, 'i');
  return {
    name: `${table}_files`,
    describes:
      shape === 'columns' ? `${table}.csv, ${table}_*.csv (also .tsv, .txt)` : `${table}.ndjson, ${table}_*.ndjson (also .json, .jsonl, .gz, .parquet)`,
    shape,
    tableOf: (name) => (file.test(name) ? table : undefined),
  };
}
