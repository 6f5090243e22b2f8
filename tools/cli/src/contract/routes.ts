import { buildCommand, buildRouteMap } from '@stricli/core';

const CODES = 'Exit code 0: nothing wrong; 1: something was found; 2: the command was wrong, or a file could not be read or written.';

const reports = {
  json: { kind: 'boolean', brief: 'Print the report as one JSON document', default: false },
  junit: { kind: 'parsed', parse: String, brief: 'Write the report as JUnit XML to this file, - for standard output', optional: true, placeholder: 'file' },
  sarif: { kind: 'parsed', parse: String, brief: 'Write the report as SARIF 2.1.0 to this file, - for standard output', optional: true, placeholder: 'file' },
} as const;

const lint = buildCommand({
  loader: async () => (await import('./lint.ts')).lint,
  parameters: {
    positional: { kind: 'array', parameter: { brief: 'Contract files, and folders that hold *.odcs.yaml', parse: String, placeholder: 'path' } },
    flags: {
      ...reports,
      profile: {
        kind: 'enum',
        values: ['skein', 'odcs'],
        brief: 'skein: the contract of one output port; odcs: any ODCS document (what Skein cannot bind is a warning). Default: by what the document is',
        optional: true,
      },
      strict: { kind: 'boolean', brief: 'Warnings are findings too', default: false },
      quiet: { kind: 'boolean', brief: 'Do not show warnings', default: false },
    },
  },
  docs: {
    brief: 'Show every fault of contracts, with place, rule and fix',
    fullDescription: `Reads ODCS 3.0, 3.1 and 3.2. A fault has its file:line:column, the line, the rule and the way out. Warnings are advice. ${CODES}`,
  },
});

/** `skein contract …`. Only names and flags stand here; what a command does loads when it is called. */
export const contractRoutes = buildRouteMap({
  routes: { lint },
  docs: { brief: 'Read, judge, convert and document data contracts' },
});
