import { domainGenerator } from './domain/generator.ts';
import { treeOf } from './workspace/tree.fixture.ts';

// A generator in a process of its own, which can be killed: it says when it begins to write.
const [folder = '', name = ''] = process.argv.slice(2);
const { tree, flush } = treeOf(folder);
const finish = await domainGenerator(tree, { name, owner: 'Someone' });
process.stdout.write('writing\n');
flush();
finish();
process.stdout.write('done\n');
