import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { frameAt } from '@skein/contract';
import type { ToldError } from './told.ts';

/** Type-checks a domain by the compiler of the workspace; one at a time, and the last that was asked for counts. */
export class TypeCheck {
  readonly #root: string;
  readonly #domain: string;
  #asked = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #child: ChildProcess | undefined;

  constructor(root: string, domain: string) {
    this.#root = root;
    this.#domain = domain;
  }

  /** Faults; undefined where there is no compiler, or another check was asked for meanwhile. */
  check(): Promise<readonly ToldError[] | undefined> {
    const asked = (this.#asked += 1);
    const result = this.#turn.then(async () => (asked === this.#asked ? await this.#run(asked) : undefined));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  close(): void {
    this.#asked += 1;
    this.#child?.kill('SIGKILL');
  }

  async #run(asked: number): Promise<readonly ToldError[] | undefined> {
    const compiler = path.join(this.#root, 'node_modules', 'typescript', 'bin', 'tsc');
    const project = path.join(this.#root, 'domains', this.#domain, 'tsconfig.json');
    if (!existsSync(compiler) || !existsSync(project)) return undefined;
    const child = spawn(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', project], { cwd: this.#root, stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
    this.#child = undefined;
    if (asked !== this.#asked) return undefined;
    return await faultsIn(said, this.#root);
  }
}

/** `file(line,column): error TS2322: message`, with the line. */
export async function faultsIn(said: string, root: string): Promise<ToldError[]> {
  const faults = [...said.matchAll(/^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/gm)];
  return await Promise.all(
    faults.map(async ([, name = '', line, column, code = '', message = '']) => {
      const file = path.resolve(root, name);
      const frame = frameAt(await readFile(file, 'utf8').catch(() => ''), { file, line: Number(line), column: Number(column) });
      return { message: `${path.relative(process.cwd(), file)}:${line}:${column}: ${message}`, code, ...(frame === '' ? {} : { frame }) };
    }),
  );
}
