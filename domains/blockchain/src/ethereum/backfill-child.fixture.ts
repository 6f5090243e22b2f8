import { duckdbEngine } from '@skein/adapter-duckdb';
import { ethereumConnector } from './connector.ts';

/** Test support: a process that backfills, and is killed with SIGKILL when it has written `stop` ranges. */
const [url = '', directory = '', stop = ''] = process.argv.slice(2);
const engine = duckdbEngine({});
const session = await engine.open();
let ranges = 0;
const connector = await ethereumConnector({ url, allowHosts: ['127.0.0.1'], directory, session, chunk: 20, tail: 5, pace: { start: 500 } });
await connector.backfill({
  onRange() {
    // While the next range is fetched, or written already.
    if (++ranges === Number(stop)) process.kill(process.pid, 'SIGKILL');
  },
});
throw new Error(`only ${ranges} ranges were there to be written`);
