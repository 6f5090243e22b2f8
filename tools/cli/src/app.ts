import { buildApplication, buildCommand, buildRouteMap, numberParser, text_en, type Application, type CommandContext } from '@stricli/core';
import { formatError } from '@skein/kernel';
import { askRoutes } from './ask/routes.ts';
import { completionRoute } from './completion/routes.ts';
import { domainArgument, roleNames } from './completion/names.ts';
import { devRoute } from './dev/routes.ts';
import { doctorRoute } from './doctor/routes.ts';
import { exitCodeOf } from './exit-code.ts';
import { contractRoutes } from './contract/routes.ts';
import { healRoute } from './heal/route.ts';
import { marketRoutes } from './market/routes.ts';
import { publishRoutes } from './publish/routes.ts';
import { reviewRoutes } from './reviews/routes.ts';

export interface Defaults {
  /** Where everything lies. */
  readonly data: string;
  /** Address of the gateway; by default the one that `npm start` takes. */
  readonly at?: string | undefined;
  readonly redis?: string | undefined;
}

/** The `skein` command. Implementations load when their command is called, so that `skein --help` costs nothing. */
export function buildApp(defaults: Defaults): Application<CommandContext> {
  const { at = 'http://127.0.0.1:4747' } = defaults;
  const ingest = buildCommand({
    loader: async () => (await import('./commands/ingest.ts')).ingest,
    parameters: {
      positional: domainArgument,
      flags: {
        from: { kind: 'parsed', parse: String, brief: 'Folder with the source files' },
        data: { kind: 'parsed', parse: String, brief: 'Where everything lies', default: defaults.data },
        partitionFrom: {
          kind: 'parsed',
          parse: megabytes,
          brief: 'MB of source files from which on typed rows are kept as partitioned files',
          default: '10240',
          placeholder: 'MB',
        },
        json: { kind: 'boolean', brief: 'Print the report as JSON', default: false },
      },
    },
    docs: {
      brief: 'Take files into a domain and publish its products',
      fullDescription:
        'Lands every file of the folder that the domain reads, makes its products and publishes those that their contracts let pass. Rows of the demo stop counting when real ones arrive. Exit code 0: all done; 1: a file was refused or a product not published; 2: the command was wrong.',
    },
  });

  const token = buildCommand({
    loader: async () => (await import('./commands/token.ts')).token,
    parameters: {
      flags: {
        as: { kind: 'parsed', parse: String, brief: 'Role of the principal: analyst, steward, public', placeholder: 'role', proposeCompletions: roleNames },
        purposes: { kind: 'parsed', parse: String, brief: 'Purposes that the token allows, separated by commas', default: 'analytics' },
        hours: { kind: 'parsed', parse: numberParser, brief: 'Hours until it expires', default: '8' },
        data: { kind: 'parsed', parse: String, brief: 'Where everything lies', default: defaults.data },
      },
    },
    docs: { brief: 'Issue a development token, signed by the local key' },
  });

  return buildApplication(
    buildRouteMap({
      routes: {
        dev: devRoute(defaults.data),
        ...publishRoutes(defaults.data),
        ingest,
        ...askRoutes(defaults.data, at),
        contract: contractRoutes,
        heal: healRoute,
        reviews: reviewRoutes(at),
        market: marketRoutes(at),
        token,
        doctor: doctorRoute(defaults.data, at, defaults.redis),
        completion: completionRoute,
      },
      docs: { brief: 'Skein: a data mesh in which the contract is the verifier' },
    }),
    {
      name: 'skein',
      scanner: { caseStyle: 'allow-kebab-for-camel' },
      localization: {
        text: {
          ...text_en,
          exceptionWhileRunningCommand: (error) => formatError(error),
          exceptionWhileLoadingCommandFunction: (error) => formatError(error),
        },
      },
      determineExitCode: exitCodeOf,
    },
  );
}

function megabytes(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new SyntaxError(`${JSON.stringify(text)} is not a whole number of MB`);
  return Number(text);
}
