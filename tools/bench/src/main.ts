import { formatError } from '@skein/kernel';
import { runBenches } from './run.ts';

/** `npm run bench`: figures on standard output, everything else on standard error. */
try {
  const measured = await runBenches({
    args: process.argv.slice(2),
    print: (line) => void process.stdout.write(`${line}\n`),
    progress: (line) => void process.stderr.write(`${line}\n`),
  });
  process.exitCode = measured ? 0 : 1;
} catch (error) {
  console.error(formatError(error));
  process.exitCode = 2;
}
