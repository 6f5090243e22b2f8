import { runLocalDomain } from '@skein/local';
import { brokerage } from './index.ts';

runLocalDomain({
  name: 'brokerage',
  define: brokerage,
  // where gateways write the market's log
  fed: 'market/log',
  args: process.argv.slice(2),
  env: process.env,
});
