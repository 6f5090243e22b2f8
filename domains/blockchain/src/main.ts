import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { formatError, SkeinError } from '@skein/kernel';
import { runLocalDomain } from '@skein/local';
import { followChains } from './follow-chains.ts';
import { blockchain } from './index.ts';

/** Folder below the data directory that the connectors fill. */
const CHAINS = 'chains';

const serve = (args: readonly string[]): void => runLocalDomain({ name: 'blockchain', define: blockchain, fed: CHAINS, args, env: process.env });

const count = (name: string, text: string | undefined): bigint | undefined => {
  if (text === undefined) return undefined;
  if (!/^\d{1,18}$/.test(text))
    throw new SkeinError('SKEIN_USAGE', `--${name} ${JSON.stringify(text)} is no block number`, { hint: `Such as --${name} 19000000.` });
  return BigInt(text);
};

const failed = (error: unknown): void => {
  process.stderr.write(`${formatError(error instanceof TypeError ? new SkeinError('SKEIN_USAGE', error.message) : error)}\n`);
  // The domain ends in order, and says by its exit code that a chain did not.
  process.once('exit', () => (process.exitCode = 1));
  process.exitCode = 1;
};

/** Chains are followed beside the domain, in one process, where an address is given; without, only what lies in the folder is read. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ethereum: { type: 'string', multiple: true },
      heads: { type: 'string' },
      solana: { type: 'string' },
      'allow-host': { type: 'string', multiple: true },
      'from-block': { type: 'string' },
      'from-slot': { type: 'string' },
      from: { type: 'string' },
      data: { type: 'string', default: process.env['SKEIN_DATA'] ?? '.skein' },
      redis: { type: 'string' },
      once: { type: 'boolean', default: false },
    },
  });
  const rest = [
    ...['--data', values.data],
    ...(values.from === undefined ? [] : ['--from', values.from]),
    ...(values.redis === undefined ? [] : ['--redis', values.redis]),
    ...(values.once ? ['--once'] : []),
  ];
  if (values.ethereum === undefined && values.solana === undefined) return serve(rest);
  const [fromBlock, fromSlot] = [count('from-block', values['from-block']), count('from-slot', values['from-slot'])];
  const engine = duckdbEngine({ tempDirectory: path.join(path.resolve(values.data), 'tmp', `chains-${process.pid}`) });
  const session = await engine.open();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { promise: files, resolve: onFiles } = Promise.withResolvers<void>();
  const following = followChains({
    onFiles,
    ethereum: values.ethereum,
    heads: values.heads,
    solana: values.solana,
    allowHosts: values['allow-host'],
    fromBlock,
    fromSlot,
    directory: path.resolve(values.from ?? path.join(values.data, CHAINS)),
    session,
    signal: stop.signal,
    once: values.once,
    say: (line) => process.stdout.write(`${line}\n`),
  }).finally(async () => {
    await session.close();
    await engine.close();
  });
  // The domain begins when there is something to read; a node that cannot be reached is said before.
  await (values.once ? following : Promise.race([following, files]));
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
  if (stop.signal.aborted) return;
  serve(rest);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await following.catch(async (error: unknown) => {
    failed(error);
    // Ours, and the domain's, which it sets when it has started.
    while (process.listenerCount('SIGTERM') < 2) await sleep(100);
    process.kill(process.pid, 'SIGTERM');
  });
}

main(process.argv.slice(2)).catch(failed);
