import module from 'node:module';
import { assertNode } from '@skein/kernel';

// An old Node is told what it lacks before anything is loaded that it could not run.
assertNode();
// The rest is a thousand files: a second start need not compile them again.
module.enableCompileCache();
const { command } = await import('./command.ts');
command(process.argv.slice(2), process.env);
