import { buildCommand } from '@stricli/core';
import { domainArgument, productNames } from '../completion/names.ts';

/** Commands that publish, or say what a publish would change. */
export function publishRoutes(data: string) {
  const common = {
    from: { kind: 'parsed', parse: String, brief: 'Folder with the source files; without it, what has landed before', optional: true, placeholder: 'folder' },
    data: { kind: 'parsed', parse: String, brief: 'Where everything lies', default: data },
    json: { kind: 'boolean', brief: 'Print one JSON document', default: false },
  } as const;
  const plan = buildCommand({
    loader: async () => (await import('./commands.ts')).plan,
    parameters: {
      positional: domainArgument,
      flags: {
        ...common,
        product: {
          kind: 'parsed',
          parse: String,
          proposeCompletions: productNames,
          brief: 'Compare the rows of this product only',
          optional: true,
          placeholder: 'product',
        },
      },
    },
    docs: {
      brief: 'Show what a publish would change',
      fullDescription:
        'Runs the domain over a scratch folder and compares what comes of it with what is live: rows by the primary key, the contract, the gates. The data directory is only read. Values of columns that are confidential or restricted are not shown. Exit code 0: all of it could be published; 1: not all of it; 2: the command was wrong.',
    },
  });
  const publish = buildCommand({
    loader: async () => (await import('./commands.ts')).publish,
    parameters: { positional: domainArgument, flags: { ...common, yes: { kind: 'boolean', brief: 'Do not ask', default: false } }, aliases: { y: 'yes' } },
    docs: {
      brief: 'Plan, ask, and publish what was planned',
      fullDescription:
        'What is published is what was planned: where files, tables or contracts changed meanwhile, it says so and plans again. Exit code 0: published, or nothing to change; 1: a file, a product or a contract was refused; 2: the command was wrong, or nobody could be asked; 3: the answer was no.',
    },
  });
  return { plan, publish };
}
