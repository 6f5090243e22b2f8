#!/usr/bin/env node
// Runs one of the house's own tools from its TypeScript source: `node tools/checks/bin/source.js FILE [ARGUMENT…]`.
// Plain JavaScript, so that an old Node is told what it lacks instead of failing on the first `.ts`.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const NEEDED = 24;
const [file, ...args] = process.argv.slice(2);

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(`this is Node ${process.versions.node}, and the repository's tools need Node ${NEEDED} or newer`);
  console.error('  fix: run them by npm scripts (npm ci brings Node 24 for Linux), or install the version in .nvmrc');
  console.error('  code: SKEIN_NODE_VERSION');
  process.exitCode = 1;
} else if (file === undefined) {
  console.error('usage: node tools/checks/bin/source.js FILE [ARGUMENT…]');
  process.exitCode = 2;
} else {
  const child = spawn(process.execPath, ['--conditions=@skein/source', file, ...args], { stdio: 'inherit' });
  // A terminal signals the whole group; a supervisor only this process: pass on what comes, and wait for the child's own end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
