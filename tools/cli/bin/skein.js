#!/usr/bin/env node
// The `skein` command. It is committed JavaScript, so that npm can link it before anything is built, and so that an old
// Node is told what it lacks instead of failing on syntax that it does not know.
import { existsSync } from 'node:fs';

const NEEDED = 24;
const main = new URL('../dist/main.js', import.meta.url);

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(`skein: this is Node ${process.versions.node}, and Skein needs Node ${NEEDED} or newer`);
  console.error('  fix: run it by `npx skein` (npm ci brings Node 24 for Linux), or install the version in .nvmrc');
  console.error('  code: SKEIN_NODE_VERSION');
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error('skein: the command is not built');
  console.error('  fix: run `npm run build` in the folder of the repository');
  process.exitCode = 1;
} else {
  await import(main.href);
}
