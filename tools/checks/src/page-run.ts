import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandBlock } from './page.ts';
import { withoutColours } from './run-command.ts';

/**
 * Commands that a page must show and a test cannot run as they stand, because it would run itself, or delete the packages
 * that it runs on: what stands in for each, and proves it.
 */
const STANDS_FOR: readonly (readonly [command: RegExp, instead: string, why: string])[] = [
  [/\bnpm ci\b/g, 'npm ci --dry-run --ignore-scripts >/dev/null', 'shows that package-lock.json is whole and fits package.json, and touches nothing'],
  [/\bnpm test$/gm, 'npm test -- floors', 'the whole check is what runs this test'],
  [/\bnpm run test:(soak|peers)$/gm, 'npm run | grep -F test:$1', 'hours, or tools that the machine lacks'],
  [/^\.ci\/run$/gm, 'bash -n .ci/run', 'npm ci and npm test, which are proven apart'],
];

/** A machine that has only Node runs the tests too: there, commands meet a curl that knows what pages use of it. */
const CURL = fileURLToPath(new URL('../bin/curl-stand-in.js', import.meta.url));
const WITH_CURL = `command -v curl >/dev/null || curl() { "${process.execPath}" "${CURL}" "$@"; }\n`;

/**
 * npx takes seven times as long as most commands of ours to find them in the packages: once it has found one, they are called as it calls them, with what lies
 * there before all else.
 */
const NPX = 'npx';
const WITHOUT_NPX = `${NPX}() { PATH="$PWD/node_modules/.bin:$PATH" "$@"; }\n`;

const ADDRESS = /http:\/\/(?:127\.0\.0\.1|localhost):\d+/;
const EVERY_ADDRESS = new RegExp(ADDRESS.source, 'g');

export interface PageRunOptions {
  /** Where the commands run: a copy of the workspace, so that what they write is thrown away. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds that one block may take, or a server to say its address. */
  readonly timeout: number;
  /** What stood in for a command already, and ended well: it is not run again over the same workspace; and `npx`, once it has found a command. */
  readonly proven?: Set<string>;
}

/** Runs the blocks of one page, one after the other, as a reader would. */
export class PageRun {
  readonly #options: PageRunOptions;
  #server: { readonly child: ChildProcess; readonly ended: Promise<Ended> } | undefined;
  /** The address that the page's server printed; it stands in for the one that the page shows. */
  #address: string | undefined;

  constructor(options: PageRunOptions) {
    // To curl an answer of 500 is a success, unless told otherwise; to a reader it is not.
    writeFileSync(join(options.folder, '.curlrc'), 'fail-with-body\nshow-error\n');
    this.#options = { ...options, env: { ...options.env, CURL_HOME: options.folder } };
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** The text that is run for a block: with stand-ins, the test's arguments, and the server's real address. */
  scriptOf(block: CommandBlock): string {
    let text = block.marker.args === '' ? block.text : withArguments(block);
    for (const [command, instead] of STANDS_FOR) text = text.replaceAll(command, this.#options.proven?.has(instead) === true ? 'true' : instead);
    return this.#address === undefined || block.marker.kind === 'serve' ? text : text.replaceAll(EVERY_ADDRESS, this.#address);
  }

  /**
   * Runs a block to its end, or until it serves.
   * @returns what it printed; a block that serves, up to its address.
   * @throws Error with the output, when it fails, takes too long, or serves no address.
   */
  async run(block: CommandBlock): Promise<string> {
    const script = this.scriptOf(block);
    if (block.marker.kind !== 'serve') {
      const { code, output } = await ended(this.#start(script), this.#options.timeout);
      if (code !== 0) throw new Error(`exit code ${code}\n${output}`);
      for (const [command, instead] of STANDS_FOR) if (block.text.search(command) >= 0) this.#options.proven?.add(instead);
      if (/\bnpx /.test(block.text)) this.#options.proven?.add(NPX);
      return output;
    }
    await this.stop();
    const child = this.#start(script);
    const end = ended(child, undefined);
    this.#server = { child, ended: end };
    const { address, printed } = await addressOf(child, end, this.#options.timeout);
    this.#address = address;
    this.#options.env['SKEIN_AT'] = address;
    return printed;
  }

  /** Stops the server of the page, as Ctrl+C would. @throws Error when it does not end well within half a minute. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    signal(server.child, 'SIGINT');
    const late = setTimeout(() => signal(server.child, 'SIGKILL'), 30_000);
    const { code, output } = await server.ended;
    clearTimeout(late);
    if (code !== 0 && code !== 130) throw new Error(`the server ended with exit code ${code}\n${output}`);
  }

  #start(script: string): ChildProcess {
    // A group of its own: a signal reaches what npm started, not only npm.
    const child = spawn('bash', ['-euo', 'pipefail', '-c', WITH_CURL + (this.#options.proven?.has(NPX) === true ? WITHOUT_NPX : '') + script], {
      cwd: this.#options.folder,
      env: this.#options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    // A letter of several bytes may come in two parts.
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8');
    return child;
  }
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

function ended(child: ChildProcess, timeout: number | undefined): Promise<Ended> {
  return new Promise((resolve) => {
    const chunks: string[] = [];
    const late = timeout === undefined ? undefined : setTimeout(() => (chunks.push(`took longer than ${timeout} ms`), signal(child, 'SIGKILL')), timeout);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: string) => chunks.push(chunk));
    child.on('error', (error) => chunks.push(error.message));
    child.on('close', (code, by) => {
      clearTimeout(late);
      resolve({ code: code ?? (by === 'SIGINT' ? 130 : 1), output: withoutColours(chunks.join('')) });
    });
  });
}

function addressOf(child: ChildProcess, end: Promise<Ended>, timeout: number): Promise<{ readonly address: string; readonly printed: string }> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const late = setTimeout(() => {
      signal(child, 'SIGKILL');
      reject(new Error(`served no address within ${timeout} ms\n${seen}`));
    }, timeout);
    child.stdout?.on('data', (chunk: string) => {
      seen += withoutColours(chunk);
      const address = ADDRESS.exec(seen)?.[0];
      // The rest of the line may still come: an address counts when something follows it.
      if (address !== undefined && !seen.endsWith(address)) {
        clearTimeout(late);
        resolve({ address, printed: seen });
      }
    });
    void end.then(({ code, output }) => {
      clearTimeout(late);
      reject(new Error(`ended with exit code ${code} before it served\n${output}`));
    });
  });
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function withArguments(block: CommandBlock): string {
  const last = block.commands.at(-1) ?? '';
  const separator = /^npm (start|run|test)\b|&& npm (start|run|test)\b/.test(last) && !last.includes(' -- ') ? ' -- ' : ' ';
  return `${block.text.trimEnd()}${separator}${block.marker.args}`;
}
