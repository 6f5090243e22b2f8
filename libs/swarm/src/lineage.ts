import { literal } from '@skein/kernel';
import { tableOf, type Domain, type Snapshot, type TableRef } from '@skein/product';

/** The product whose rows a table holds: of several majors of one name, the one whose major it is; other tables by their own name. */
export function productIdOf(domain: Domain, { name, major }: TableRef): string {
  const product = domain.products.find(({ contract }) => contract.name === name && tableOf(contract).major === major);
  return product?.id ?? `${domain.name}.${name}`;
}

/**
 * Rows of the lineage table: for each live product and column, the inputs it was made of, back to the landed files.
 * Products whose step declares no columns are recorded as a whole (column_name NULL).
 */
export function lineageRows(domain: Domain, snapshots: readonly Snapshot[]): string {
  const rows: (string | number | null)[][] = [];
  for (const snapshot of snapshots) {
    const id = productIdOf(domain, snapshot.table);
    const product = domain.products.find((one) => one.id === id);
    if (!product) continue;
    const { run, inputs, columns } = snapshot.lineage;
    for (const input of inputs) {
      rows.push([id, snapshot.version, null, input.kind, input.name, null, input.version ?? null, product.step.name, run.slice(0, 16)]);
    }
    for (const { column, from } of columns) {
      for (const name of from) {
        const [input, inputColumn] = splitLast(name);
        const kind = name.startsWith('landing:') ? 'landing' : domain.bronze.some((table) => input === `${domain.name}.${table.name}`) ? 'bronze' : 'product';
        const version = inputs.find((one) => one.name === input)?.version ?? null;
        rows.push([id, snapshot.version, column, kind, input, inputColumn, version, product.step.name, run.slice(0, 16)]);
      }
    }
  }
  const names = '(product, version, column_name, input_kind, input_name, input_column, input_version, step, run_id)';
  if (rows.length === 0) {
    return `SELECT * FROM (VALUES (NULL::VARCHAR, NULL::BIGINT, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::BIGINT, NULL::VARCHAR, NULL::VARCHAR)) AS t${names} WHERE false`;
  }
  return `SELECT * FROM (VALUES ${rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')}) AS t${names} ORDER BY ALL`;
}

/** `ga4.events.revenue` → [`ga4.events`, `revenue`]; nested parts stay with the column: only domain and table are cut off. */
function splitLast(name: string): [string, string | null] {
  const parts = name.split('.');
  return name.startsWith('landing:') ? [parts[0] ?? name, parts.slice(1).join('.') || null] : [parts.slice(0, 2).join('.'), parts.slice(2).join('.') || null];
}
