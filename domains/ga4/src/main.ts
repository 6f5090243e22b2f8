import { runLocalDomain } from '@skein/local';
import { ga4 } from './index.ts';

runLocalDomain({
  name: 'ga4',
  define: ga4,
  args: process.argv.slice(2),
  env: process.env,
});
