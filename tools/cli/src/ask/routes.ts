import { buildCommand, numberParser } from '@stricli/core';
import { productNames, roleNames } from '../completion/names.ts';

const CODES = 'Exit code 0: answered; 1: the gateway said no; 2: the command was wrong, or the gateway could not be asked.';

/** Commands that ask a gateway. `data` is where the development key lies. */
export function askRoutes(data: string, at: string) {
  const asks = {
    at: { kind: 'parsed', parse: String, brief: 'Address of the gateway', default: at, placeholder: 'url' },
    tokenFile: { kind: 'parsed', parse: String, brief: 'File with the token, - for standard input', optional: true, placeholder: 'file' },
    as: { kind: 'parsed', parse: String, brief: 'Role to ask as, by the development key', optional: true, placeholder: 'role', proposeCompletions: roleNames },
    data: { kind: 'parsed', parse: String, brief: 'Where that key lies', default: data },
    json: { kind: 'boolean', brief: 'Print JSON', default: false },
  } as const;
  const product = { brief: 'Product, such as sap.material', parse: String, placeholder: 'product', proposeCompletions: productNames } as const;

  const query = buildCommand({
    loader: async () => (await import('./query.ts')).query,
    parameters: {
      positional: { kind: 'tuple', parameters: [{ brief: 'One SELECT', parse: String, placeholder: 'sql' }] },
      flags: {
        ...asks,
        out: { kind: 'parsed', parse: String, brief: 'Write the answer to this file; its ending says the form', optional: true, placeholder: 'file' },
        format: { kind: 'enum', values: ['csv', 'ndjson', 'arrow', 'json', 'parquet'], brief: 'Form of the answer', optional: true },
        plot: { kind: 'boolean', brief: 'Show bars: the last number by the first column', default: false },
        purpose: { kind: 'parsed', parse: String, brief: 'What it is for', optional: true },
        maxRows: { kind: 'parsed', parse: numberParser, brief: 'Rows at most', optional: true },
        param: { kind: 'parsed', parse: String, variadic: true, brief: 'Values for $1, $2 …, in order', optional: true, placeholder: 'value' },
      },
    },
    docs: { brief: 'Ask all products as one database', fullDescription: CODES },
  });
  const products = buildCommand({
    loader: async () => (await import('./products.ts')).products,
    parameters: { positional: { kind: 'tuple', parameters: [{ ...product, optional: true }] }, flags: asks },
    docs: { brief: 'List the products, or show one', fullDescription: CODES },
  });
  const lineage = buildCommand({
    loader: async () => (await import('./products.ts')).lineage,
    parameters: {
      positional: { kind: 'tuple', parameters: [product] },
      flags: {
        ...asks,
        mermaid: { kind: 'boolean', brief: 'Print a Mermaid flowchart', default: false },
        column: { kind: 'parsed', parse: String, brief: 'What one column is made of', optional: true },
      },
    },
    docs: { brief: 'Show what a product is made of', fullDescription: CODES },
  });
  const gaps = buildCommand({
    loader: async () => (await import('./products.ts')).gaps,
    parameters: {
      positional: { kind: 'tuple', parameters: [product] },
      flags: { ...asks, limit: { kind: 'parsed', parse: numberParser, brief: 'Kinds of gaps at most', default: '50' } },
    },
    docs: { brief: 'Show what the last run could not make good, by rule', fullDescription: CODES },
  });
  return { query, products, lineage, gaps };
}
