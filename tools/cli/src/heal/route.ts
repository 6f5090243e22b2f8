import { buildCommand, numberParser } from '@stricli/core';

export const healRoute = buildCommand({
  loader: async () => (await import('./heal.ts')).healCommand,
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'CSV, NDJSON or Parquet file', parse: String, placeholder: 'file' }] },
    flags: {
      contract: { kind: 'parsed', parse: String, brief: 'Contract file', placeholder: 'file' },
      labels: {
        kind: 'parsed',
        parse: String,
        brief: 'Rows that a person put right: CSV with _row and the columns looked at',
        optional: true,
        placeholder: 'file',
      },
      out: { kind: 'parsed', parse: String, brief: 'Repaired file; default: beside the file, NAME.healed.EXT', optional: true, placeholder: 'file' },
      feedback: { kind: 'parsed', parse: String, brief: 'Feedback dataset; default: NAME.healed.feedback.ndjson', optional: true, placeholder: 'file' },
      input: { kind: 'enum', values: ['parquet', 'ndjson', 'csv'], brief: 'Format of the file, where its name does not say it', optional: true },
      suggestLabels: { kind: 'parsed', parse: numberParser, brief: 'Only name so many rows whose labels would teach most', optional: true, placeholder: 'n' },
      undo: { kind: 'parsed', parse: String, brief: 'Take the repairs of this feedback dataset back', optional: true, placeholder: 'feedback' },
      json: { kind: 'boolean', brief: 'Print the report as one JSON document', default: false },
    },
  },
  docs: {
    brief: 'Repair a file by its contract, and never a cell that cannot be justified',
    fullDescription:
      'Writes the repaired file, a feedback dataset with every violation and what became of it, and a report. Untouched cells keep their bytes. Exit code 0: every violation was repaired; 1: some were left or escalated; 2: the command was wrong, or a file could not be read or written.',
  },
});
