import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromWorker, WorkerTask } from './told.ts';

const WORKER = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url));

/** What a run comes to. */
export type Answer = Extract<FromWorker, { kind: 'run' | 'broken' }>;

/** What is told before a run ends. */
export type Told = Extract<FromWorker, { kind: 'sampled' | 'made' }>;

interface Worker {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly answer: Promise<Answer>;
  tell: (told: Told) => void;
}

/** Runs a domain in processes of their own, one for each run, since a module that was loaded cannot be loaded anew; the next one waits, warm. */
export class Workers {
  readonly #task: WorkerTask;
  #spare: Worker | undefined;
  #running: Worker | undefined;
  #closed = false;

  constructor(task: WorkerTask) {
    this.#task = task;
    this.#spare = this.#start();
  }

  /** What the domain comes to as its files are now; undefined where another run was asked for meanwhile, which ends this one. */
  async run(onTold: (told: Told) => void = () => undefined): Promise<Answer | undefined> {
    this.#running?.child.kill('SIGKILL');
    const worker = this.#spare ?? this.#start();
    this.#spare = undefined;
    this.#running = worker;
    await worker.ready;
    if (this.#running !== worker || this.#closed) {
      worker.child.kill('SIGKILL');
      return undefined;
    }
    worker.tell = (told) => {
      if (this.#running === worker && !this.#closed) onTold(told);
    };
    worker.child.send('run');
    const answer = await worker.answer;
    if (this.#running !== worker || this.#closed) return undefined;
    this.#running = undefined;
    this.#spare = this.#start();
    return answer;
  }

  /** Resolves when the next run will find a warm worker. */
  async warm(): Promise<void> {
    await this.#spare?.ready;
  }

  /** Ends every process that was started here, by its id. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const worker of [this.#running, this.#spare]) {
      if (worker === undefined || worker.child.exitCode !== null || worker.child.signalCode !== null) continue;
      const gone = new Promise((resolve) => worker.child.once('exit', resolve));
      worker.child.kill('SIGKILL');
      await gone;
    }
  }

  #start(): Worker {
    const child = fork(WORKER, [JSON.stringify(this.#task)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: process.execArgv });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)));
    const ready = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Answer>();
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') ready.resolve();
      else if (message.kind === 'made' || message.kind === 'sampled') worker.tell(message);
      else answer.resolve(message);
    });
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(`the process ended with ${signal ?? code}${said.trim() === '' ? '' : `: ${said.trim()}`}`));
    const end = (message: string) => {
      ready.resolve();
      answer.resolve({ kind: 'broken', error: { message } });
    };
    const worker: Worker = { child, ready: ready.promise, answer: answer.promise, tell: () => undefined };
    return worker;
  }
}
