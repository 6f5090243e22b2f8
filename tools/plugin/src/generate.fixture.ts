import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { domainGenerator } from './domain/generator.ts';
import { treeOf } from './workspace/tree.fixture.ts';

// A generator in a process of its own: it says when it begins to write. It is killed in the place of a write, counted from 0, where one is named.
const [folder = '', name = '', kill] = process.argv.slice(2);
const { tree, flush } = treeOf(folder);
const finish = await domainGenerator(tree, { name, owner: 'Someone' });
process.stdout.write('writing\n');
if (kill !== undefined) {
  let left = Number(kill);
  for (const call of ['mkdirSync', 'writeFileSync', 'renameSync', 'rmSync', 'symlinkSync'] as const) {
    const own = fs[call] as (...args: unknown[]) => unknown;
    (fs as Record<string, unknown>)[call] = (...args: unknown[]): unknown => {
      if (left-- === 0) process.kill(process.pid, 'SIGKILL');
      return own(...args);
    };
  }
  syncBuiltinESMExports();
}
flush();
finish();
process.stdout.write('done\n');
