import { buildCommand } from '@stricli/core';
import { domainArgument } from '../completion/names.ts';

export function devRoute(data: string) {
  return buildCommand({
    loader: async () => (await import('./dev.ts')).dev,
    parameters: {
      positional: domainArgument,
      flags: {
        from: { kind: 'parsed', parse: String, brief: 'Folder with source files; of large ones a sample is judged first', placeholder: 'folder' },
        data: { kind: 'parsed', parse: String, brief: 'Where tables of other domains lie; only read', default: data },
        types: { kind: 'boolean', brief: 'Check types after each edit', default: true },
        json: { kind: 'boolean', brief: 'Print one JSON document a line', default: false },
      },
    },
    docs: {
      brief: "Watch a domain's steps, contracts and files, and show the verdict after each edit",
      fullDescription:
        'Loads the domain from its sources, so nothing need be built, and publishes into a scratch folder that goes when Ctrl+C ends it. Exit code 0: ended; 2: the command was wrong.',
    },
  });
}
