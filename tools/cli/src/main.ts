import module from 'node:module';

// What is loaded after this line is compiled once for all starts: a lint of one contract is mostly the loading of its reader.
// An old Node has no such cache; it is told what it lacks by the next line.
(module as Partial<typeof module>).enableCompileCache?.();
const { assertNode } = await import('@skein/kernel');
assertNode();
const [{ run }, { buildApp }] = await Promise.all([import('@stricli/core'), import('./app.ts')]);
const app = buildApp({ data: process.env['SKEIN_DATA'] ?? '.skein', at: process.env['SKEIN_AT'], redis: process.env['SKEIN_REDIS'] });
const words = process.argv.slice(2);
// What is typed may begin with a dash, so it does not go through the reader of flags.
if (words[0] === '__complete') await (await import('./completion/propose.ts')).proposeWords(app, words.slice(1), process);
else await run(app, words, { process });
// Stricli's own codes for a command that it could not understand or load are negative; to a shell they would be 251 and the like.
if (Number(process.exitCode ?? 0) < 0) process.exitCode = 2;
