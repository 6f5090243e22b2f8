import path from 'node:path';
import { parseArgs } from 'node:util';
import type { OpenaiProposerOptions } from '@skein/adapter-openai';
import { SkeinError } from '@skein/kernel';

export interface MeshConfig {
  /** Do the job, print the outcome, exit. */
  readonly once: boolean;
  /** Print the outcome as one JSON document on standard output, and nothing else there. */
  readonly json: boolean;
  /** Events of the demo's GA4 source; the SAP source grows with it. Undefined: what is there stays, else 50,000. */
  readonly rows: number | undefined;
  readonly seed: number | undefined;
  /** Everything lies below this directory. */
  readonly data: string;
  readonly contracts: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** What one query may hold in memory, in MB; two run at once, and what does not fit spills to disk. */
  readonly queryMemory: number;
  /** Bytes of source files from which on a bronze table is kept as partitioned files, and no longer read from its landings. */
  readonly partitionFrom: number;
  /** Who proposes repairs where no agent can read a gap; undefined: nobody. */
  readonly model: OpenaiProposerOptions | undefined;
  /** Write and read demo sources where a domain has no data of its own. */
  readonly demo: boolean;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

export const USAGE = `npm start -- [options]

  --once          do the job and exit
  --json          print the outcome as JSON
  --rows N        events of the demo source (default 50000)
  --seed N        seed of the demo sources (default 1)
  --data DIR      where everything lies (default .skein)
  --port N        port of the gateway (default 4747; 0: a free one)
  --query-memory N  MB that one query may use before it spills (default 256)
  --partition-from N  MB of source files from which on typed rows are kept as partitioned files (default 10240)
  --model-address URL  an OpenAI-compatible service that proposes repairs where no agent reads a gap (default: none; see docs/swarm.md)
  --model NAME    its model
  --model-key-file FILE  holds its key
  --model-calls N, --model-tokens N  what one run of a domain may spend (default 20 and 50000)
  --model-timeout N  seconds that one call may take (default 30)
  --model-sees-values  tell it failing values of public columns
  --no-demo       serve what is there, write no demo sources
  --help          this text`;

/** Reads the command line and the environment: the only place of this process that does. Throws SKEIN_USAGE or SKEIN_CONFIG_INVALID. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv, defaults: { contracts: string }): MeshConfig | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        rows: { type: 'string' },
        seed: { type: 'string' },
        data: { type: 'string', default: env['SKEIN_DATA'] ?? '.skein' },
        contracts: { type: 'string', default: defaults.contracts },
        port: { type: 'string', default: env['SKEIN_PORT'] ?? '4747' },
        host: { type: 'string', default: env['SKEIN_HOST'] ?? '127.0.0.1' },
        'query-memory': { type: 'string', default: env['SKEIN_QUERY_MEMORY'] ?? '256' },
        'partition-from': { type: 'string', default: '10240' },
        'model-address': { type: 'string' },
        model: { type: 'string' },
        'model-key-file': { type: 'string' },
        'model-calls': { type: 'string', default: '20' },
        'model-tokens': { type: 'string', default: '50000' },
        'model-timeout': { type: 'string', default: '30' },
        'model-sees-values': { type: 'boolean', default: false },
        demo: { type: 'boolean', default: true },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new SkeinError('SKEIN_USAGE', error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error), { hint: USAGE, cause: error });
  }
  if (values.help) return 'help';
  return {
    once: values.once,
    json: values.json,
    rows: values.rows === undefined ? undefined : whole('--rows', values.rows, 1000, 100_000_000),
    seed: values.seed === undefined ? undefined : whole('--seed', values.seed, 0, 999_999_999),
    data: path.resolve(values.data),
    contracts: path.resolve(values.contracts),
    host: values.host,
    port: whole('--port', values.port, 0, 65_535),
    queryMemory: whole('--query-memory', values['query-memory'], 64, 1_000_000),
    partitionFrom: whole('--partition-from', values['partition-from'], 0, 100_000_000) * 2 ** 20,
    model: modelOf(values),
    demo: values.demo,
    issuer: env['SKEIN_OIDC_ISSUER'],
    audience: env['SKEIN_OIDC_AUDIENCE'],
  };
}

function modelOf(values: {
  readonly 'model-address'?: string | undefined;
  readonly model?: string | undefined;
  readonly 'model-key-file'?: string | undefined;
  readonly 'model-calls': string;
  readonly 'model-tokens': string;
  readonly 'model-timeout': string;
  readonly 'model-sees-values': boolean;
}): OpenaiProposerOptions | undefined {
  const { 'model-address': address, model, 'model-key-file': keyFile } = values;
  if (address === undefined && model === undefined && keyFile === undefined && !values['model-sees-values']) return undefined;
  if (address === undefined || model === undefined)
    throw new SkeinError('SKEIN_CONFIG_INVALID', 'a model needs both an address and a name', { hint: 'Give --model-address and --model, or neither.' });
  return {
    address,
    model,
    ...(keyFile !== undefined && { keyFile: path.resolve(keyFile) }),
    budget: { calls: whole('--model-calls', values['model-calls'], 1, 1_000_000), tokens: whole('--model-tokens', values['model-tokens'], 1, 999_999_999) },
    timeoutMs: whole('--model-timeout', values['model-timeout'], 1, 3_600) * 1_000,
    tellValues: values['model-sees-values'],
  };
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new SkeinError('SKEIN_CONFIG_INVALID', `${name} ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`, {
    hint: `Give ${name} a number.`,
  });
}
