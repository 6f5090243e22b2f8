import { enableCompileCache } from 'node:module';
import { assertNode, formatError } from '@skein/kernel';

// The code below is some thousand files: the second start need not compile them again.
enableCompileCache();

try {
  assertNode();
  const { runGateway } = await import('./run-gateway.ts');
  await runGateway(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
