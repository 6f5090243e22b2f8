import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { draftContract, importAvro, importDbt, importDdl, importJsonSchema, productName, type Draft } from '@skein/contract/formats';
import { checkName, SkeinError } from '@skein/kernel';
import { dataFiles } from '../judge/data-file.ts';
import { humanText } from '../output/human.ts';
import { writeOut } from '../output/write-reports.ts';
import { readText } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { lintText, subjectOf } from './lint.ts';

export const IMPORT_FORMATS = ['json-schema', 'avro', 'parquet', 'ndjson', 'csv', 'ddl', 'dbt'] as const;

export interface ImportFlags {
  readonly format: (typeof IMPORT_FORMATS)[number];
  readonly id: string;
  readonly domain: string;
  readonly name?: string;
  readonly table?: string;
  readonly out?: string;
}

export async function importCommand(this: CommandContext, flags: ImportFlags, file: string): Promise<void> {
  await finish(this, false, async () => {
    const cwd = process.cwd();
    checkName('domain', flags.domain);
    if (flags.name !== undefined) checkName('product', flags.name);
    if (flags.id.trim() === '') throw new SkeinError('SKEIN_USAGE', 'a contract needs an id', { hint: 'Give --id a text that stays with the contract.' });
    const draft = await readDraft(flags, path.resolve(cwd, file));
    const text = draftContract(draft, { id: flags.id, domain: flags.domain, name: flags.name });
    if (flags.out === undefined) this.process.stdout.write(text);
    else await writeOut(path.resolve(cwd, flags.out), text);
    // The draft is judged as any contract is: what the source says wrongly is told at its place in the draft.
    const linted = lintText(text, flags.out ?? 'draft.odcs.yaml');
    const errors = { ...linted, findings: linted.findings.filter((finding) => finding.severity === 'error') };
    if (errors.findings.length > 0) this.process.stderr.write(humanText([subjectOf(errors, cwd)], cwd));
    const notes = draft.notes.length + draft.columns.reduce((sum, column) => sum + (column.notes?.length ?? 0), 0);
    this.process.stderr.write(
      `${draft.columns.length} columns, ${notes} remarks on what could not be carried, ${errors.findings.length} faults, ${linted.findings.length - errors.findings.length} warnings\n`,
    );
    return errors.findings.length > 0 ? EXIT.findings : EXIT.ok;
  });
}

async function readDraft({ format, table, domain, name }: ImportFlags, file: string): Promise<Draft> {
  if (table !== undefined && format !== 'ddl' && format !== 'dbt') throw new SkeinError('SKEIN_USAGE', `--table is for ddl and dbt, not for ${format}`);
  switch (format) {
    case 'parquet':
    case 'ndjson':
    case 'csv': {
      await dataFiles([file], '.', format);
      return await (await import('../draft/data-draft.ts')).dataDraft(file, format, { domain, name: name ?? productName(path.parse(file).name) });
    }
    case 'json-schema':
      return importJsonSchema(await readText(file), file);
    case 'avro':
      return importAvro(await readText(file), file);
    case 'ddl':
      return (await import('../draft/classified.ts')).classifiedByName(importDdl(await readText(file), file, table));
    case 'dbt':
      return importDbt(await readText(file), file, table);
  }
}
