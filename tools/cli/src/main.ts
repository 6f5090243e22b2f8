import { run } from '@stricli/core';
import { assertNode } from '@skein/kernel';
import { buildApp } from './app.ts';

assertNode();
await run(buildApp({ data: process.env['SKEIN_DATA'] ?? '.skein' }), process.argv.slice(2), { process });
