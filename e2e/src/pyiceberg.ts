import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');
const VENV = path.join(ROOT, '.cache/peers/venv');
const PACKAGES = ['pyiceberg[pyarrow]==0.12.0'];

export interface PyRequest {
  readonly metadata: string;
  readonly snapshot?: string;
  readonly filter?: string;
}

export interface PyAnswer {
  readonly columns: readonly (readonly [id: number, name: string, type: string, required: boolean])[];
  /** Files left after pruning by bounds. */
  readonly planned: number;
  readonly rows: readonly Record<string, unknown>[];
}

/** Why pyiceberg cannot be asked here, or undefined. */
export async function pythonMissing(): Promise<string | undefined> {
  try {
    await promisify(execFile)('python3', ['-c', 'import sys, venv; assert sys.version_info >= (3, 10)']);
    return undefined;
  } catch {
    return 'python3 ≥ 3.10 with venv is not at hand';
  }
}

/** Asks pyiceberg, which is installed into a cache of the repository when it is first needed. */
export async function askPyiceberg(requests: readonly PyRequest[]): Promise<PyAnswer[]> {
  await install();
  // request ids are integers beyond what JSON.stringify of a number would keep
  const lines = requests.map(
    ({ metadata, snapshot, filter }) => `{"metadata":${JSON.stringify(metadata)},"snapshot":${snapshot ?? 'null'},"filter":${JSON.stringify(filter ?? null)}}`,
  );
  const child = spawn(path.join(VENV, 'bin/python'), [path.join(ROOT, 'e2e/peers/read_tables.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stdin.end(`${lines.join('\n')}\n`);
  let out = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) out += chunk as string;
  const code = await ended;
  if (code !== 0) throw new Error(`pyiceberg ended with ${code}`);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PyAnswer);
}

/** A Python with pyiceberg and pyarrow. */
export async function peerPython(): Promise<string> {
  await install();
  return path.join(VENV, 'bin/python');
}

async function install(): Promise<void> {
  const marker = path.join(VENV, 'bin/python');
  if (existsSync(marker) && (await works(marker))) return;
  await mkdir(path.dirname(VENV), { recursive: true });
  await promisify(execFile)('python3', ['-m', 'venv', '--clear', VENV]);
  await promisify(execFile)(marker, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], { timeout: 300_000 });
}

async function works(python: string): Promise<boolean> {
  return promisify(execFile)(python, ['-c', 'import pyarrow, pyiceberg']).then(
    () => true,
    () => false,
  );
}
