import path from 'node:path';
import { formatError, SkeinError } from '@skein/kernel';
import { composeSwarms, contractsDirectory, DOMAINS, progressOn, outcomeJson, showEvent, showRun, silent } from '@skein/mesh';
import { succeeded } from '@skein/swarm';
import { exitCodeOf } from '../exit-code.ts';

export async function ingest(flags: { from: string; data: string; partitionFrom: number; json: boolean }, domain: string): Promise<void> {
  const progress = flags.json ? silent : progressOn(process.stderr);
  let mesh: Awaited<ReturnType<typeof composeSwarms>> | undefined;
  try {
    if (!Object.hasOwn(DOMAINS, domain)) {
      throw new SkeinError('SKEIN_DOMAIN_UNKNOWN', `there is no domain ${JSON.stringify(domain)}`, {
        hint: `Use one of ${Object.keys(DOMAINS).join(', ')}.`,
        context: { domain },
      });
    }
    mesh = await composeSwarms({ data: path.resolve(flags.data), contracts: contractsDirectory, partitionFrom: flags.partitionFrom * 2 ** 20 });
    const report = await mesh.swarm(domain).run({ from: path.resolve(flags.from), onEvent: (event) => showEvent(progress, event) });
    progress.end();
    process.stdout.write(flags.json ? `${outcomeJson(report)}\n` : showRun(report));
    if (!succeeded(report)) process.exitCode = 1;
  } catch (error) {
    progress.end();
    if (flags.json && error instanceof SkeinError) {
      process.stdout.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
      process.stderr.write(`${formatError(error)}\n`);
      process.exitCode = exitCodeOf(error);
      return;
    }
    throw error;
  } finally {
    await mesh?.close();
  }
}
