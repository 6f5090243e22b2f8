import module from 'node:module';
import type { FromWorker, WorkerTask } from './told.ts';

// A worker is started before it is needed: engine and libraries are loaded when an edit comes, and only the domain is not.
module.enableCompileCache();
const { prepare } = await import('./run-domain.ts');

const task = JSON.parse(process.argv[2] ?? '{}') as WorkerTask;
const tell = async (message: FromWorker): Promise<void> =>
  await new Promise((resolve, reject) => {
    if (process.send === undefined) reject(new Error('a worker of skein dev is started by it alone'));
    else process.send(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
// Who started it is gone: nobody waits for the answer.
process.on('disconnect', () => process.exit(0));
// Ctrl+C reaches the whole group of a terminal; whoever started this process ends it.
process.on('SIGINT', () => undefined);

const run = await prepare(task);
process.once('message', () => {
  void run(tell).then(async (answer) => {
    await tell(answer);
    process.exit(0);
  });
});
await tell({ kind: 'ready' });
