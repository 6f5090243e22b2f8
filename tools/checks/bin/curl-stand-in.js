#!/usr/bin/env node
// Stands in for curl where a page's commands are tested on a machine that has none: the options that pages use, and no more.
// Like `curl --fail-with-body`, it prints the answer and ends with 22 when its status is 400 or above.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    'show-error': { type: 'boolean', short: 'S' },
    'no-buffer': { type: 'boolean', short: 'N' },
    fail: { type: 'boolean', short: 'f' },
    include: { type: 'boolean', short: 'i' },
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
    'data-binary': { type: 'string' },
    output: { type: 'string', short: 'o' },
  },
});

const data = values.data ?? values['data-binary'];
const headers = values.header.map((line) => {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
});
if (data !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type')) {
  headers.push(['content-type', 'application/x-www-form-urlencoded']);
}
const body = data?.startsWith('@') ? readFileSync(data === '@-' ? 0 : data.slice(1)) : data;
const method = values.request ?? (body === undefined ? 'GET' : 'POST');

for (const url of positionals) {
  const answer = await fetch(url, { method, headers, body, redirect: 'manual' }).catch((error) => {
    console.error(`curl: ${url}: ${error.cause?.message ?? error.message}`);
    process.exit(7);
  });
  if (values.include)
    process.stdout.write(
      `HTTP/1.1 ${answer.status} ${answer.statusText}\r\n${[...answer.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (values.output === undefined) process.stdout.write(bytes);
  else writeFileSync(values.output, bytes);
  if (answer.status >= 400) process.exitCode = 22;
}
