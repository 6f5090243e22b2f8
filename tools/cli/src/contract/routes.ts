import { buildCommand, buildRouteMap, numberParser } from '@stricli/core';

const CODES = 'Exit code 0: nothing wrong; 1: something was found; 2: the command was wrong, or a file could not be read or written.';

const reports = {
  json: { kind: 'boolean', brief: 'Print the report as one JSON document', default: false },
  junit: { kind: 'parsed', parse: String, brief: 'Write the report as JUnit XML to this file, - for standard output', optional: true, placeholder: 'file' },
  sarif: { kind: 'parsed', parse: String, brief: 'Write the report as SARIF 2.1.0 to this file, - for standard output', optional: true, placeholder: 'file' },
} as const;

const variables = {
  kind: 'parsed',
  parse: String,
  brief: 'NAME=value for ${NAME} in the document; as often as wanted',
  optional: true,
  variadic: true,
  placeholder: 'NAME=value',
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
      var: variables,
    },
  },
  docs: {
    brief: 'Show every fault of contracts, with place, rule and fix',
    fullDescription: `Reads ODCS 3.0, 3.1 and 3.2, and the ODPS 0.9 to 1.1 descriptors of data products (*.odps.yaml), whose ports must name contracts that are linted with them. A fault has its file:line:column, the line, the rule and the way out. Warnings are advice. ${CODES}`,
  },
});

const test = buildCommand({
  loader: async () => (await import('./test.ts')).test,
  parameters: {
    positional: { kind: 'array', parameter: { brief: 'Parquet, NDJSON or CSV files, gzipped or not', parse: String, placeholder: 'data' } },
    flags: {
      contract: { kind: 'parsed', parse: String, brief: 'Contract file', placeholder: 'file' },
      ...reports,
      input: { kind: 'enum', values: ['parquet', 'ndjson', 'csv'], brief: 'Format of the data, where names of files do not say it', optional: true },
      samples: { kind: 'parsed', parse: numberParser, brief: 'Rows shown for each gate that failed', default: '5' },
      ref: {
        kind: 'parsed',
        parse: String,
        variadic: true,
        brief: 'Data of a product that it refers to; may stand several times',
        optional: true,
        placeholder: 'domain.product=file',
      },
      refContract: {
        kind: 'parsed',
        parse: String,
        variadic: true,
        brief: 'Contract of such a product, or a folder that holds *.odcs.yaml; without it, its columns are read as the referring ones are typed',
        optional: true,
        placeholder: 'path',
      },
      at: {
        kind: 'parsed',
        parse: String,
        brief: 'The moment by which service levels are judged, such as 2026-01-31T12:00:00Z; by default now',
        optional: true,
        placeholder: 'moment',
      },
      absentAsNull: { kind: 'boolean', brief: 'ndjson: a key that no record has is a column of nulls, not a missing column', default: false },
      var: variables,
    },
  },
  docs: {
    brief: 'Judge data files by a contract, without a mesh',
    fullDescription: `Every gate of the contract with its figures, scores, and rows that broke it; values of confidential and restricted columns are never shown. ${CODES}`,
  },
});

const against = {
  mode: {
    kind: 'enum',
    // The list of @skein/contract: to load it for its names alone would cost every start.
    values: ['BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE', 'NONE'],
    brief: 'What must not break. Default: what the version before promised (custom property compatibilityMode), or FULL',
    optional: true,
  },
  quiet: { kind: 'boolean', brief: 'Show only what is refused', default: false },
} as const;

const tokenFile = {
  kind: 'parsed',
  parse: String,
  brief: 'File with the token for the gateway, - for standard input',
  optional: true,
  placeholder: 'file',
} as const;

const diff = buildCommand({
  loader: async () => (await import('./diff.ts')).diff,
  parameters: {
    positional: {
      kind: 'array',
      parameter: { brief: 'Two contract files, old and new; with --against, any files and folders', parse: String, placeholder: 'path' },
    },
    flags: {
      against: {
        kind: 'parsed',
        parse: String,
        brief: 'What to compare with: a commit, branch or tag of git, or the address of a gateway (http://…)',
        optional: true,
        placeholder: 'ref|url',
      },
      ...against,
      ...reports,
      tokenFile,
      operations: {
        kind: 'boolean',
        brief: 'Ask the gateway what recorded queries do; --no-operations compares without them',
        default: true,
      },
      uses: {
        kind: 'parsed',
        parse: String,
        brief: 'JSON file with recorded queries, to weigh findings without a gateway',
        optional: true,
        placeholder: 'file',
      },
    },
  },
  docs: {
    brief: 'Say what a change of contracts breaks, for whom, and what version it asks for',
    fullDescription:
      'Every finding with its rule, direction, place, a row that shows it, and the way out. What the mode refuses, and what recorded queries fail on, passes in a new major version, or when all whom it concerns have approved it in approvals.yaml beside the contract. Exit code 0: all changes are allowed; 1: a change is refused, a version says too little, or a document is faulty; 2: the command was wrong, or a file, commit or gateway could not be read.',
  },
});

const push = buildCommand({
  loader: async () => (await import('./push.ts')).push,
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'Contract file', parse: String, placeholder: 'contract' }] },
    flags: {
      to: { kind: 'parsed', parse: String, brief: 'Address of the gateway: http://…', placeholder: 'url' },
      tokenFile,
      json: reports.json,
    },
  },
  docs: {
    brief: 'Register a version of a contract with a gateway',
    fullDescription:
      'Exit code 0: it is registered; 1: the contract is faulty, or the registry refuses the version; 2: the command was wrong, or the gateway could not be asked.',
  },
});

const release = buildCommand({
  loader: async () => (await import('./release.ts')).release,
  parameters: {
    positional: { kind: 'array', parameter: { brief: 'Contract files, and folders that hold *.odcs.yaml', parse: String, placeholder: 'path' } },
    flags: {
      check: { kind: 'boolean', brief: 'Write nothing, and refuse a version that is not recorded', default: false },
      against: {
        kind: 'parsed',
        parse: String,
        brief: 'Commit whose records must stand unchanged. Default: where this branch left the default one, or the parent commit',
        optional: true,
        placeholder: 'ref',
      },
      ...reports,
    },
  },
  docs: {
    brief: 'Record the versions of contracts that are released, and hold contracts against them',
    fullDescription: `Each version stands in released/ beside its contract. A change that the version before does not allow, and that is not approved, is refused. ${CODES}`,
  },
});

const out = { kind: 'parsed', parse: String, brief: 'Write to this file instead of standard output', optional: true, placeholder: 'file' } as const;

const exportRoute = buildCommand({
  loader: async () => (await import('./export.ts')).exportCommand,
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'Contract file', parse: String, placeholder: 'contract' }] },
    flags: {
      format: {
        kind: 'enum',
        values: ['json-schema', 'typescript', 'ddl-duckdb', 'ddl-postgres', 'avro', 'dbt', 'arrow', 'iceberg'],
        brief: 'The form to write',
      },
      out,
      open: { kind: 'boolean', brief: 'json-schema: for consumers, so that columns which the contract does not name may stand', default: false },
      table: { kind: 'parsed', parse: String, brief: 'iceberg: metadata.json of the table, whose field ids are kept', optional: true, placeholder: 'file' },
    },
  },
  docs: { brief: 'Write a contract in another form, types exact', fullDescription: `What the form cannot carry is said on standard error. ${CODES}` },
});

const importRoute = buildCommand({
  loader: async () => (await import('./import.ts')).importCommand,
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'File to import', parse: String, placeholder: 'file' }] },
    flags: {
      format: { kind: 'enum', values: ['json-schema', 'avro', 'parquet', 'ndjson', 'csv', 'ddl', 'dbt'], brief: 'The form of the file' },
      id: { kind: 'parsed', parse: String, brief: 'Id of the contract' },
      domain: { kind: 'parsed', parse: String, brief: 'Domain of the product' },
      name: { kind: 'parsed', parse: String, brief: "Name of the product; by default the source's own", optional: true },
      table: { kind: 'parsed', parse: String, brief: 'ddl, dbt: which table or model, where the file has several', optional: true },
      out,
    },
  },
  docs: {
    brief: 'Draft a contract from a schema that exists, or from data',
    fullDescription: `The draft has status draft, and a comment for everything that could not be carried, and for what in the data speaks for each rule. ${CODES}`,
  },
});

const docs = buildCommand({
  loader: async () => (await import('./docs.ts')).docs,
  parameters: {
    positional: { kind: 'array', parameter: { brief: 'Contract files, and folders that hold *.odcs.yaml', parse: String, placeholder: 'path' } },
    flags: { out: { kind: 'parsed', parse: String, brief: 'Folder for the pages', placeholder: 'dir' } },
  },
  docs: { brief: 'Write data dictionary pages: Markdown, and one self-contained HTML', fullDescription: CODES },
});

const set = buildCommand({
  loader: async () => (await import('./set.ts')).set,
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'Contract file', parse: String, placeholder: 'file' },
        { brief: 'Where: schema.0.properties.name=amount.description', parse: String, placeholder: 'path' },
        { brief: 'JSON, or text', parse: String, placeholder: 'value' },
      ],
    },
  },
  docs: {
    brief: 'Change one value of a contract; comments and order stay',
    fullDescription: `Nothing is written where the contract would not be sound afterwards. ${CODES}`,
  },
});

/** `skein contract …`. Only names and flags stand here; what a command does loads when it is called. */
export const contractRoutes = buildRouteMap({
  routes: { lint, test, diff, release, push, export: exportRoute, import: importRoute, docs, set },
  docs: { brief: 'Read, judge, convert and document data contracts' },
});
