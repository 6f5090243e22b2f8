import { runLocalDomain } from '@skein/local';
import { blockchain } from './index.ts';

runLocalDomain({
  name: 'blockchain',
  define: blockchain,
  args: process.argv.slice(2),
  env: process.env,
});
