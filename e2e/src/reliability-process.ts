import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { temporaryDirectory } from '@skein/testing';
import type { ChildEvent, ChildTask } from './reliability-child.ts';

const SCRIPT = new URL(`./reliability-child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** Children start three times as quickly on code that was compiled before; a child that is killed leaves nothing here, `warmUp` does. */
const COMPILE_CACHE = path.join(tmpdir(), `skein-compile-${process.version}`);

/** Runs a child that does nothing and ends in peace. */
export async function warmUp(): Promise<void> {
  using folder = temporaryDirectory('skein-warm-');
  await startChild({ kind: 'publish', root: folder.path, count: 1, fault: 'none' }).ended;
}

/** The command line of a child, to be put behind another command (strace, unshare). */
export function childCommand(task: ChildTask): string[] {
  return [process.execPath, '--conditions=@skein/source', '--disable-warning=ExperimentalWarning', SCRIPT.pathname, JSON.stringify(task)];
}

export interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it has said so far, complete lines only. */
  readonly events: ChildEvent[];
  readonly ready: Promise<void>;
  /** Resolves with what it wrote to standard error. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>;
}

/** Starts a child from source, or from dist when the tests are compiled. */
export function startChild(task: ChildTask, wrap: readonly string[] = []): Child {
  const [command = '', ...rest] = [...wrap, ...childCommand(task)];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, UV_USE_IO_URING: '0', NODE_COMPILE_CACHE: COMPILE_CACHE } });
  const events: ChildEvent[] = [];
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
  let pending = '';
  let errors = '';
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as ChildEvent);
    if (events.length > 0) isReady();
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) => {
    child.on('close', (code) => {
      isReady();
      resolve({ code, errors });
    });
  });
  return { process: child, events, ready, ended };
}
