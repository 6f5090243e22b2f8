import { formatError, SkeinError } from '@skein/kernel';
import { succeeded } from '@skein/swarm';
import { contractsDirectory } from './compose.ts';
import { readConfig, USAGE } from './config.ts';
import { startMesh } from './mesh.ts';
import { outcomeJson } from './outcome.ts';
import { progressOn, silent } from './progress.ts';

async function start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(args, env, { contracts: contractsDirectory });
  if (config === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const progress = config.json ? silent : progressOn(process.stderr);
  const mesh = await startMesh(config, progress);
  let closing: Promise<void> | undefined;
  const stop = () => (closing ??= mesh.close());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop().then(() => process.exit(0)));
  try {
    const outcome = await mesh.work();
    const { showOutcome } = config.json ? { showOutcome: undefined } : await import('./show.ts');
    process.stdout.write(showOutcome ? showOutcome(outcome) : `${outcomeJson(outcome)}\n`);
    const done = outcome.domains.every((domain) => !domain.error && succeeded(domain));
    if (config.once) {
      if (!done || outcome.stockOutRisk.error) process.exitCode = 1;
      await stop();
    } else if (!config.json) {
      process.stdout.write(`\nThe gateway serves at ${mesh.url} until you press Ctrl+C. Look at it in a browser, or ask it:\n\n${outcome.curl}\n`);
    }
  } catch (error) {
    progress.end();
    // Told to stop in the middle of a run: that is no failure, and what was published stays.
    if (closing) return;
    await stop();
    throw error;
  }
}

/** `npm start`: does the main job and serves; sets the exit code. */
export function command(args: readonly string[], env: NodeJS.ProcessEnv): void {
  start(args, env).catch((error: unknown) => {
    if (args.includes('--json') && error instanceof SkeinError) process.stdout.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = 1;
  });
}
