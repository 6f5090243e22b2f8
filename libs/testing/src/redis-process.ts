import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** How to run a `redis-server` that stands on this machine. */
export interface RedisProgram {
  readonly command: string;
  /** Folders of shared libraries that the program needs besides the system's. */
  readonly libraries: readonly string[];
  /** Where it comes from, in words. */
  readonly origin: string;
}

/** A Redis process of a test's own: on 127.0.0.1, append-only, in a folder that is removed with it. */
export interface RedisProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number | undefined;
  /** SIGKILL, as a crash: returns when the process has gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port with what its files hold; returns when it accepts connections. */
  start(): Promise<void>;
}

const READY = /Ready to accept connections/;
const READY_MS = 20_000;
const PORT_TRIES = 5;

/** Throws when the program does not come to accept connections. `appendfsync` is how often it brings its log to the disk. */
export async function redisProcess(program: RedisProgram, appendfsync: 'always' | 'everysec' | 'no' = 'everysec'): Promise<RedisProcess> {
  const folder = temporaryDirectory('skein-redis-');
  let child: ChildProcess | undefined;
  let port = 0;
  const end = (): void => void child?.kill('SIGKILL');

  const launch = async (): Promise<void> => {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path, '--appendonly', 'yes', '--appendfsync', appendfsync];
    child = await ready(program, [...settings, '--save', '', '--daemonize', 'no', '--maxmemory-policy', 'noeviction']);
  };
  for (let left = PORT_TRIES; ; left -= 1) {
    port = await freePort();
    try {
      await launch();
      break;
    } catch (error) {
      if (left > 1 && /in use/i.test(String(error))) continue;
      folder[Symbol.dispose]();
      throw error;
    }
  }
  // A test that throws out of its scope must not leave a server behind.
  process.once('exit', end);
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    end();
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child?.pid;
    },
    kill,
    start: launch,
    async [Symbol.asyncDispose]() {
      process.removeListener('exit', end);
      await kill();
      folder[Symbol.dispose]();
    },
  };
}

/** Runs the program until it says that it is ready, and gives up with what it said before. */
async function ready({ command, libraries }: RedisProgram, args: readonly string[]): Promise<ChildProcess> {
  // `env` sets the one variable and passes the rest on: this package reads the environment in one place.
  const [file, before] = libraries.length === 0 ? [command, []] : ['env', [`LD_LIBRARY_PATH=${libraries.join(':')}`, command]];
  const child = spawn(file, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} was not ready after ${READY_MS} ms: ${said}`));
    }, READY_MS);
    const hear = (chunk: Buffer): void => {
      // What it says later is read and dropped, or the pipe would fill and stop it.
      if (said.length > 65_536) return;
      said += chunk.toString();
      if (!READY.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${command} ended with ${code ?? signal}: ${said}`));
    });
  });
  child.unref();
  return child;
}
