import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { exportContract, icebergColumns, type ExportFormat, type Exported } from '@skein/contract/formats';
import type { Contract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { writeOut } from '../output/write-reports.ts';
import { readText } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { readContractFile } from './read-file.ts';

export interface ExportFlags {
  readonly format: ExportFormat | 'iceberg';
  readonly out?: string;
  readonly open: boolean;
  readonly table?: string;
}

export async function exportCommand(this: CommandContext, flags: ExportFlags, file: string): Promise<void> {
  await finish(this, false, async () => {
    const cwd = process.cwd();
    if (flags.open && flags.format !== 'json-schema') throw new SkeinError('SKEIN_USAGE', `--open is for json-schema, not for ${flags.format}`);
    if (flags.table !== undefined && flags.format !== 'iceberg') throw new SkeinError('SKEIN_USAGE', `--table is for iceberg, not for ${flags.format}`);
    const contract = await readContractFile(path.resolve(cwd, file));
    const { text, notes } =
      flags.format === 'iceberg'
        ? await icebergSchema(contract, flags.table && path.resolve(cwd, flags.table))
        : exportContract(contract, flags.format, { open: flags.open });
    if (flags.out === undefined) this.process.stdout.write(text);
    else await writeOut(path.resolve(cwd, flags.out), text);
    for (const note of notes) this.process.stderr.write(`note: ${note}\n`);
    return EXIT.ok;
  });
}

/**
 * The schema of the contract's Iceberg table (spec v2, appendix C). Field ids follow the stable ids of properties: with the
 * metadata of the table as it is, a renamed column keeps its field id, and ids are never given twice.
 */
export async function icebergSchema(contract: Contract, metadataFile?: string): Promise<Exported> {
  const { parseTableMetadata, planColumns } = await import('@skein/iceberg');
  const base = metadataFile === undefined ? undefined : parseTableMetadata(await readText(metadataFile), metadataFile);
  const { fields, lastColumnId } = planColumns(base, icebergColumns(contract));
  const described = new Map(contract.properties.map((property) => [property.name, property.description]));
  const keys = new Set(contract.properties.filter((property) => property.keyPosition !== undefined).map((property) => property.name));
  // Only required single values may identify a row (spec, "Identifier Field IDs"); floating-point ones may not.
  const identifiers = fields
    .filter((field) => keys.has(field.name) && field.required && field.type !== 'float' && field.type !== 'double')
    .map((field) => field.id);
  const schema = {
    type: 'struct',
    'schema-id': 0,
    ...(identifiers.length > 0 && identifiers.length === keys.size ? { 'identifier-field-ids': identifiers } : {}),
    fields: fields.map((field) => ({ ...field, ...(described.get(field.name) === undefined ? {} : { doc: described.get(field.name) }) })),
  };
  return {
    text: `${JSON.stringify(schema, null, 2)}\n`,
    notes:
      base === undefined ? [`field ids are those of a new table, 1 to ${lastColumnId}: give --table metadata.json to keep those of a table that exists`] : [],
  };
}
