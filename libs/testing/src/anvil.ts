import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { freePort } from './free-port.ts';

/** An Ethereum node of a test's own, on 127.0.0.1, with funded and unlocked accounts, that mines when told (`evm_mine`). */
export interface AnvilForTests extends AsyncDisposable {
  readonly url: string;
  readonly pid: number | undefined;
  /** One call; throws what the node refuses. */
  rpc<Result = unknown>(method: string, ...params: readonly unknown[]): Promise<Result>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
}

const READY_MS = 20_000;
const PORT_TRIES = 5;

/** Where anvil is: the package of this platform, else the PATH. */
function anvilCommand(): string {
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const file = path.join(folder, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
    if (existsSync(file)) return file;
  } catch {
    // Not a platform that there is a package for.
  }
  return 'anvil';
}

/**
 * Starts anvil with a fixed mnemonic and fixed times, so that equal calls make equal chains.
 * @returns the node, or in words why there is none and how to get one: for the name of the skipped tests.
 */
export async function anvilForTests(options: readonly string[] = []): Promise<AnvilForTests | string> {
  const command = anvilCommand();
  for (let left = PORT_TRIES; ; left--) {
    const port = await freePort();
    const child = spawn(
      command,
      ['--host', '127.0.0.1', '--port', String(port), '--no-mining', '--accounts', '4', '--timestamp', '1700000000', '--gas-limit', '1000000000', ...options],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const started = await ready(child);
    if (started === true) return node(child, port);
    if (left > 1 && /in use/i.test(started)) continue;
    if (/ENOENT/.test(started)) return 'no anvil: npm ci brings it for Linux on x64; elsewhere install Foundry, so that anvil is on the PATH';
    throw new Error(`anvil did not start: ${started}`);
  }
}

function ready(child: ChildProcess): Promise<true | string> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(`not ready after ${READY_MS} ms: ${said}`);
    }, READY_MS);
    const end = (result: true | string): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const hear = (chunk: Buffer): void => {
      // What it says later is read and dropped, or the pipe would fill and stop it.
      if (said.length > 65_536) return;
      said += chunk.toString();
      if (said.includes('Listening on')) end(true);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', (error) => end(String(error)));
    child.once('exit', (code, signal) => end(`ended with ${code ?? signal}: ${said}`));
  });
}

function node(child: ChildProcess, port: number): AnvilForTests {
  const url = `http://127.0.0.1:${port}`;
  const end = (): void => void child.kill('SIGKILL');
  // A test that throws out of its scope must not leave a server behind.
  process.once('exit', end);
  child.unref();
  const kill = async (): Promise<void> => {
    process.removeListener('exit', end);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    end();
    await gone;
  };
  return {
    url,
    pid: child.pid,
    async rpc<Result>(method: string, ...params: readonly unknown[]): Promise<Result> {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      });
      const { result, error } = (await response.json()) as { result: Result; error?: unknown };
      if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
      return result;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
