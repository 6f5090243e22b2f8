import module from 'node:module';
import { chownSync, closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Database } from '@duckdb/node-bindings';
import { lockCatalog } from './catalog.ts';
import { closeConnection, failureNote, openConnection, openEngine, type QueryConnection } from './child-engine.ts';
import { FRAME, FrameReader, jsonFrame, type BindCommand, type ExecuteCommand, type FailureNote } from './frames.ts';
import { loadArrow, runQuery } from './run-query.ts';
import { syntaxTools, type SyntaxTools } from './syntax.ts';

/**
 * The child process in which consumers' SQL is parsed or run. It starts as neither: an engine without data. The first
 * `parse` makes it a parser; `bind` gives it a catalog, takes away everything else, and it serves queries of that catalog, one
 * at a time, until it is killed. Arguments: memory limit, threads, temporary directory, its limit, the uid to become.
 */
const [memory = '256MB', threads = '1', tempDirectory = '', tempLimit = '1GB', uid = ''] = process.argv.slice(2);

const socket = new Socket({ fd: 3, readable: true, writable: true });
// the parent is gone: nothing here outlives it, least of all a running query
socket.on('close', () => process.kill(process.pid, 'SIGKILL'));
socket.on('error', () => process.kill(process.pid, 'SIGKILL'));

try {
  // when memory runs out the kernel takes this process before any other
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // not Linux
}

// it is killed, not ended, so nothing else would keep what was compiled (from TypeScript only)
if (import.meta.url.endsWith('.ts')) module.flushCompileCache();
const database: Database = await openEngine({ memory, threads: Number(threads), tempDirectory, tempLimit });
let current: QueryConnection = await openConnection(database);
let queue: Promise<void> = Promise.resolve();

const answer = (payload: unknown): void => void socket.write(jsonFrame(FRAME.reply, payload));
const fail = (note: FailureNote): void => void socket.write(jsonFrame(FRAME.failed, note));

let tools: Promise<SyntaxTools> | undefined;
const syntax = (): Promise<SyntaxTools> => (tools ??= syntaxTools(current.connection));

async function handle(type: number, text: string): Promise<void> {
  switch (type) {
    case FRAME.parse:
      return await (await syntax()).parse(text).then(answer, (error: unknown) => fail(failureNote('parse', error)));
    case FRAME.print:
      return await (await syntax()).print(text).then(answer, (error: unknown) => fail(failureNote('print', error)));
    case FRAME.bind: {
      const command = JSON.parse(text) as BindCommand;
      try {
        await loadArrow();
        await lockCatalog(current.connection, command.views);
        const kept = dropRoot(command);
        await freshConnection();
        answer({ uid: kept });
      } catch (error) {
        fail(failureNote('bind', error));
      }
      return;
    }
    case FRAME.execute: {
      try {
        await runQuery(current, JSON.parse(text) as ExecuteCommand, socket);
      } catch (error) {
        fail(failureNote('run', error));
      }
      // made now, so that the next query finds it ready; the transaction ends with its connection
      await freshConnection();
      return;
    }
  }
}

async function freshConnection(): Promise<void> {
  closeConnection(current);
  current = await openConnection(database);
}

/** Becomes `uid` for good, if it is root and that user can read every file and spill. Returns the uid it runs as. */
function dropRoot(command: BindCommand): number | undefined {
  const { setegid, setgid, setgroups, seteuid, setuid, getuid } = process;
  if (uid === '' || getuid?.() !== 0 || !setegid || !setgid || !setgroups || !seteuid || !setuid) return getuid?.();
  const user = Number(uid);
  if (tempDirectory !== '') chownSync(tempDirectory, user, user);
  setegid(user);
  seteuid(user);
  try {
    for (const view of command.views) for (const file of view.files) closeSync(openSync(file, 'r'));
    const probe = join(tempDirectory, 'probe');
    writeFileSync(probe, '');
    unlinkSync(probe);
  } catch {
    seteuid(0);
    setegid(0);
    return 0;
  }
  seteuid(0);
  setegid(0);
  setgroups([]);
  setgid(user);
  setuid(user);
  return user;
}

// a spare makes itself ready for Arrow when it has nothing else to do; a parser never needs it
const preload = setTimeout(() => void loadArrow(), 100);
const reader = new FrameReader((type, payload) => {
  clearTimeout(preload);
  const text = payload.toString('utf8');
  queue = queue.then(() => handle(type, text));
});
socket.on('data', (chunk: Buffer) => reader.push(chunk));
socket.write(jsonFrame(FRAME.ready, {}));
