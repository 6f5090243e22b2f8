import { develop } from './dev.ts';

/** `skein dev` in a process of its own, over a workspace that is not this one. */
const [root = '', from = '', data = '', types = ''] = process.argv.slice(2);
await develop({ root, from, data, types: types === 'types', json: true, domain: 'crm' }, process.stdout);
