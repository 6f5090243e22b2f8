import { assertNode } from '@skein/kernel';

// An old Node is told what it lacks before anything is loaded that it could not run.
assertNode();
const { command } = await import('./command.ts');
command(process.argv.slice(2), process.env);
