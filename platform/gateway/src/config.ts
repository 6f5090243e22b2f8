import path from 'node:path';
import { parseArgs } from 'node:util';
import { SkeinError } from '@skein/kernel';

/** Settings of a gateway that runs alone: `main.ts` reads them once. */
export interface GatewayConfig {
  readonly data: string;
  readonly contracts: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Where the swarms share what they learn, beside the library in the data directory. */
  readonly redis: string | undefined;
  /** Tokens of this issuer are good, and development tokens are not. */
  readonly oidc: { readonly issuer: string; readonly audience: string } | undefined;
}

export const USAGE = `skein gateway over a data directory that swarms publish into

  --data DIR        SKEIN_DATA           where everything lies (default .skein)
  --contracts DIR                        contracts and policies (default: those of this repository)
  --host HOST       SKEIN_HOST           address to listen on (default 127.0.0.1)
  --port N          SKEIN_PORT           port (default 4747; 0: a free one)
  --redis URL       SKEIN_REDIS          where swarms share what they learn (default: a file of the data directory)
                    SKEIN_OIDC_ISSUER    whose tokens are good; without it, development tokens are
                    SKEIN_OIDC_AUDIENCE  audience of those tokens (default skein)
  --help                                 this text`;

/** Reads command line and environment; the command line wins. Throws SKEIN_USAGE or SKEIN_CONFIG_INVALID. */
export function readGatewayConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  defaults: { readonly contracts: string },
): GatewayConfig | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const port = values.port ?? env['SKEIN_PORT'] ?? '4747';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw invalid(values.port === undefined ? 'SKEIN_PORT' : '--port', port, 'a whole number from 0 to 65535');
  const host = values.host ?? env['SKEIN_HOST'] ?? '127.0.0.1';
  if (!/^[\w.:-]{1,253}$/.test(host)) throw invalid(values.host === undefined ? 'SKEIN_HOST' : '--host', host, 'an address or a host name');
  const issuer = env['SKEIN_OIDC_ISSUER'];
  const audience = env['SKEIN_OIDC_AUDIENCE'];
  if (issuer === undefined && audience !== undefined)
    throw new SkeinError('SKEIN_CONFIG_INVALID', 'SKEIN_OIDC_AUDIENCE is set without SKEIN_OIDC_ISSUER', { hint: 'Set both, or neither.' });
  return {
    data: path.resolve(values.data ?? env['SKEIN_DATA'] ?? '.skein'),
    contracts: path.resolve(values.contracts ?? defaults.contracts),
    host,
    port: Number(port),
    redis: redisOf(values.redis ?? env['SKEIN_REDIS']),
    oidc: issuer === undefined ? undefined : { issuer, audience: audience ?? 'skein' },
  };
}

function parse(args: readonly string[]): { data?: string; contracts?: string; host?: string; port?: string; redis?: string; help?: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        contracts: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        redis: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new SkeinError('SKEIN_USAGE', error instanceof Error ? (error.message.split('\n')[0] as string) : String(error), { hint: USAGE, cause: error });
  }
}

function redisOf(address: string | undefined): string | undefined {
  if (address === undefined || address === '') return undefined;
  if (!/^rediss?:\/\//.test(address) || !URL.canParse(address)) throw invalid('--redis or SKEIN_REDIS', address, 'an address such as redis://127.0.0.1:6379');
  return address;
}

function invalid(name: string, value: string, wanted: string): SkeinError {
  return new SkeinError('SKEIN_CONFIG_INVALID', `${name} ${JSON.stringify(value)} is not ${wanted}`, { hint: `Give ${name} ${wanted}.` });
}
