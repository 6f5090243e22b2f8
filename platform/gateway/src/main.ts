import module from 'node:module';
import { assertNode, formatError } from '@skein/kernel';

try {
  // An old Node is told what it lacks before anything is loaded that it could not run.
  assertNode();
  // The rest is a thousand files: a second start need not compile them again.
  module.enableCompileCache();
  const { runGateway } = await import('./run-gateway.ts');
  await runGateway(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
