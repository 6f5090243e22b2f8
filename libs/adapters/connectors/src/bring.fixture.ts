import { httpSource } from './http-source.ts';

// A process that can be killed while it takes what a source has.
const [url = '', directory = '', format] = process.argv.slice(2);
await httpSource({
  name: 'records',
  format: format === 'csv' ? 'csv' : 'ndjson',
  url,
  directory,
  allowHosts: ['127.0.0.1'],
  tenant: { column: 'tenant', value: 'ours' },
}).bring();
