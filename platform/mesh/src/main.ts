import module from 'node:module';
import { assertNode } from '@skein/kernel';

// An old Node is told what it lacks before anything is loaded that it could not run.
assertNode();
// Long engine calls must not keep file reads waiting: libuv's four threads are too few (it reads this before its first use).
process.env['UV_THREADPOOL_SIZE'] ??= '32';
// The rest is a thousand files: a second start need not compile them again.
module.enableCompileCache();
const { command } = await import('./command.ts');
command(process.argv.slice(2), process.env);
