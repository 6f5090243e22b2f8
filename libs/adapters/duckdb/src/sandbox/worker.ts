import { tmpdir } from 'node:os';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { SkeinError } from '@skein/kernel';
import { FRAME, FrameReader, jsonFrame, type FailureNote, type FrameType } from './frames.ts';

export interface WorkerSettings {
  readonly memoryMb: number;
  readonly threads: number;
  readonly tempDirectory: string;
  readonly tempLimitMb: number;
  readonly uid: number | undefined;
}

/** What a request hears from the child. */
export interface FrameListener {
  frame(type: number, payload: Buffer): void;
  /** The child is gone, killed with a reason or lost. */
  gone(error: SkeinError): void;
}

/**
 * A child that had ended already when it was asked is noticed this soon. The question never reached it, so that another child
 * may be asked; one that ended later may have ended because of the question.
 */
const AT_ONCE_MS = 50;

/** Asks again, once or twice, while the answer is that the child was gone before it could have begun. */
export async function askAgainIfLost<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const started = performance.now();
    try {
      return await ask();
    } catch (error) {
      const lost = error instanceof SkeinError && error.code === 'SKEIN_WORKER_LOST' && performance.now() - started < AT_ONCE_MS;
      if (!lost || attempt === 3) throw error;
    }
  }
}

/** A new directory for one child. What cleans the system's temporary files may have taken the one above it. */
function directoryBelow(parent: string): string {
  try {
    // children that gave up root must pass through to their own directory
    if (mkdirSync(parent, { recursive: true }) !== undefined) chmodSync(parent, 0o711);
    return mkdtempSync(join(parent, 'worker-'));
  } catch (error) {
    throw new SkeinError('SKEIN_WORKER_LOST', 'no process could be started for the query', { cause: error });
  }
}

/** V8 needs little: results pass through it in batches. */
const OLD_SPACE_MB = 192;

/** One child process. At most one request at a time; whoever holds the worker sets the listener. */
export class SandboxWorker {
  readonly #ready: Promise<void>;
  readonly gone: Promise<void>;
  /** The catalog it is bound to. */
  catalogKey: string | undefined;
  /** Uid of the child after it was bound, where the platform has uids. */
  uid: number | undefined;
  /** The child's own directory, removed when it ends. */
  readonly tempDirectory: string;
  lastUsed = 0;
  queries = 0;
  #listener: FrameListener | undefined;
  #killed: SkeinError | undefined;
  #dead = false;
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  #stderr = '';

  constructor(settings: WorkerSettings) {
    this.tempDirectory = directoryBelow(settings.tempDirectory);
    if (settings.uid !== undefined && process.getuid?.() === 0) chownSync(this.tempDirectory, settings.uid, settings.uid);
    const source = import.meta.url.endsWith('.ts');
    const entry = fileURLToPath(new URL(source ? './child.ts' : './child.js', import.meta.url));
    const flags = [`--max-old-space-size=${OLD_SPACE_MB}`, '--disable-warning=ExperimentalWarning', ...(source ? ['--conditions=@skein/source'] : [])];
    this.#child = spawn(
      process.execPath,
      [
        ...flags,
        entry,
        `${settings.memoryMb}MB`,
        String(settings.threads),
        this.tempDirectory,
        `${settings.tempLimitMb}MB`,
        settings.uid === undefined ? '' : String(settings.uid),
      ],
      // one libuv thread: the child has one call to the engine under way at a time, and waking always the same thread halves
      // what a call costs; MALLOC_ARENA_MAX keeps freed memory from being scattered over one arena a thread
      {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        cwd: this.tempDirectory,
        // from TypeScript, as tests start it, half of the start is the compiler's
        env: { TZ: 'UTC', UV_THREADPOOL_SIZE: '1', MALLOC_ARENA_MAX: '2', ...(source ? { NODE_COMPILE_CACHE: join(tmpdir(), 'skein-compiled') } : {}) },
      },
    );
    this.#socket = this.#child.stdio[3] as unknown as Socket;
    this.gone = new Promise((resolve) => {
      const end = (): void => {
        if (this.#dead) return;
        this.#dead = true;
        rmSync(this.tempDirectory, { recursive: true, force: true });
        this.#listener?.gone(this.#reason());
        this.#listener = undefined;
        resolve();
      };
      this.#child.once('exit', end);
      this.#child.once('error', end);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-2000)));
    this.#socket.on('error', () => this.kill(this.#reason()));
    this.#ready = new Promise((resolve, reject) => {
      this.#listener = { frame: () => resolve(), gone: reject };
    });
    this.#ready.catch(() => {});
    const reader = new FrameReader((type, payload) => this.#listener?.frame(type, payload));
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk));
    this.unref();
  }

  get alive(): boolean {
    return !this.#dead && this.#killed === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The engine in the child is open. */
  async ready(): Promise<void> {
    this.ref();
    try {
      await this.#ready;
    } finally {
      this.unref();
    }
  }

  listen(listener: FrameListener | undefined): void {
    if (listener !== undefined && !this.alive) listener.gone(this.#reason());
    else this.#listener = listener;
  }

  send(type: FrameType, payload: unknown): void {
    this.#socket.write(jsonFrame(type, payload));
  }

  sendText(type: FrameType, text: string): void {
    const body = Buffer.from(text, 'utf8');
    const head = Buffer.allocUnsafe(5);
    head.writeUInt32LE(body.length, 0);
    head[4] = type;
    this.#socket.write(Buffer.concat([head, body]));
  }

  /** One question, one answer; for parse, print and bind. Throws what `failed` makes of a failure. */
  ask<T>(write: () => void, failed: (note: FailureNote) => SkeinError): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.ref();
      const done = (settle: () => void): void => {
        this.#listener = undefined;
        this.unref();
        settle();
      };
      this.listen({
        frame: (type, payload) => {
          if (type === FRAME.reply) done(() => resolve(JSON.parse(payload.toString('utf8')) as T));
          else if (type === FRAME.failed) done(() => reject(failed(JSON.parse(payload.toString('utf8')) as FailureNote)));
        },
        gone: (error) => done(() => reject(error)),
      });
      if (this.alive) write();
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** A request keeps the process alive; an idle worker does not. */
  ref(): void {
    this.#child.ref();
    this.#socket.ref();
  }

  unref(): void {
    this.#child.unref();
    this.#socket.unref();
    (this.#child.stderr as Socket | null)?.unref?.();
  }

  /** At once and for good. The one who listens hears `reason` when the process has ended. */
  kill(reason: SkeinError): void {
    if (!this.alive) return;
    this.#killed = reason;
    this.#child.ref();
    this.#child.kill('SIGKILL');
    // nothing the child still had in the pipe is wanted, and a paused socket would hold its end back
    this.#socket.destroy();
  }

  #reason(): SkeinError {
    return this.#killed ?? new SkeinError('SKEIN_WORKER_LOST', 'the worker ended unexpectedly', { cause: new Error(this.#stderr || 'no output') });
  }
}
