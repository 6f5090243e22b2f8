import type { Contract } from '../contract.ts';
import { exportArrow } from './export-arrow.ts';
import { exportAvro } from './export-avro.ts';
import { exportDbt } from './export-dbt.ts';
import { exportDuckdbDdl, exportPostgresDdl } from './export-ddl.ts';
import { exportJsonSchema } from './export-json-schema.ts';
import { exportTypescript } from './export-typescript.ts';
import type { Exported } from './exported.ts';

/** The forms that a contract can be written in from itself alone. */
export const EXPORT_FORMATS = ['json-schema', 'typescript', 'ddl-duckdb', 'ddl-postgres', 'avro', 'dbt', 'arrow'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** `open` is for consumers, of JSON Schema only: columns that the contract does not name may stand. */
export function exportContract(contract: Contract, format: ExportFormat, options: { readonly open?: boolean } = {}): Exported {
  switch (format) {
    case 'json-schema':
      return exportJsonSchema(contract, options);
    case 'typescript':
      return exportTypescript(contract);
    case 'ddl-duckdb':
      return exportDuckdbDdl(contract);
    case 'ddl-postgres':
      return exportPostgresDdl(contract);
    case 'avro':
      return exportAvro(contract);
    case 'dbt':
      return exportDbt(contract);
    case 'arrow':
      return exportArrow(contract);
  }
}
