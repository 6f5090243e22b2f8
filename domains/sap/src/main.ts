import { runLocalDomain } from '@skein/local';
import { sap } from './index.ts';

runLocalDomain({
  name: 'sap',
  define: sap,
  args: process.argv.slice(2),
  env: process.env,
});
