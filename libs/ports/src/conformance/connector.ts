import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector } from '../connector.ts';

/** A record of the source that the suite makes: whose it is, and something to tell it by. */
export interface SampleRecord {
  readonly id: string;
  readonly tenant: string;
  readonly text: string;
}

/**
 * How a source fails its connector:
 * - `gone`, `cut`, `limited`: it does not answer, its answer ends too early, it asks to be spared; each of these may pass;
 * - `other-form`: what comes is no record (the first line of the first part);
 * - `stalls`: the third part comes in no time.
 */
export type SourceFault = 'gone' | 'cut' | 'limited' | 'other-form' | 'stalls';

/** A connector, and the source that it reads: real, on this machine, and in the hands of the suite. */
export interface ConnectorUnderTest {
  readonly connector: Connector;
  /** Lines of a part before its first record, as CSV has one; default none. */
  readonly headers?: number;
  /** Attempts that it makes at what may pass. */
  readonly attempts: number;
  /** What the source holds from now on, in parts (pages, files). */
  give(parts: readonly (readonly SampleRecord[])[]): void | Promise<void>;
  /** The source fails so the next `times` times that a part is asked for, then no more; `false` where this kind of source has no such fault. */
  fail(fault: SourceFault, times: number): boolean | Promise<boolean>;
  /** Parts that were sent whole, and requests that were made, since it was made; undefined where nobody can count them. */
  counts(): { readonly parts: number; readonly asked: number } | undefined;
  /** The same connector in a process of its own, which brings once; undefined where it cannot be stopped half-way. */
  start?(): ChildProcess;
  /** A connector of the same kind at an address that it must not reach. */
  readonly outside: Connector;
  dispose(): void | Promise<void>;
}

const OURS = 'ours';
const record = (id: number, tenant = OURS): SampleRecord => ({ id: `r${id}`, tenant, text: `Größe "${id}", 日本` });
const part = (from: number, count: number): SampleRecord[] => Array.from({ length: count }, (_, at) => record(from + at));
const PARTS = [part(0, 5), part(5, 5), part(10, 3)];

/** Every file that a domain would see, with its text; of names that begin with a dot it sees none. */
function folderOf(directory: string): Record<string, string> {
  if (!existsSync(directory)) return {};
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
      .filter((name) => !name.split(path.sep).some((one) => one.startsWith('.')))
      .sort()
      .map((name) => [name, readFileSync(path.join(directory, name), 'utf8')]),
  );
}

function recordsIn(directory: string): string[] {
  return Object.entries(folderOf(directory))
    .flatMap(([name, text]) => {
      const lines = text.split('\n').filter((line) => line !== '');
      return name.endsWith('.csv') ? lines.slice(1).map((line) => line.split(',')[0] ?? '') : lines.map((line) => (JSON.parse(line) as SampleRecord).id);
    })
    .sort();
}

const ids = (parts: readonly (readonly SampleRecord[])[]) => parts.flatMap((one) => one.map(({ id }) => id)).sort();

/**
 * What every Connector keeps: the source folder is whole at any moment, and what may not pass is told with its place. `make` gives a connector over an
 * empty folder that takes records (NDJSON, or CSV with `id` first), and those of the tenant `ours` only. Call it at the top level of a test file.
 */
export function connectorConformance(name: string, make: () => Promise<ConnectorUnderTest>): void {
  describe(`connector: ${name}`, () => {
    let made: ConnectorUnderTest;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());
    const bring = () => made.connector.bring();
    const directory = () => made.connector.directory;

    it('brings all that the source has, and nothing when nothing is new', async () => {
      await made.give(PARTS);
      expect(await bring()).toMatchObject({ records: 13, repeated: 0 });
      expect(recordsIn(directory())).toEqual(ids(PARTS));
      const before = folderOf(directory());
      expect(await bring()).toEqual({ files: [], records: 0, repeated: 0 });
      expect(folderOf(directory())).toEqual(before);
    });

    it('follows the source', async () => {
      await made.give(PARTS);
      await bring();
      const next = [part(0, 5), [...part(20, 4)]];
      await made.give(next);
      expect((await bring()).files.length).toBeGreaterThan(0);
      expect(recordsIn(directory())).toEqual(expect.arrayContaining(ids(next)));
    });

    it('writes a record that comes more than once only once, and counts it', async () => {
      await made.give([[...part(0, 3), record(1), record(1)]]);
      expect(await bring()).toMatchObject({ records: 3, repeated: 2 });
      expect(recordsIn(directory())).toEqual(['r0', 'r1', 'r2']);
    });

    it.each(['gone', 'cut', 'limited'] as const)('tries again within bounds when the source is %s, and leaves what stands', async (fault) => {
      await made.give(PARTS);
      if (!(await made.fail(fault, made.attempts - 1))) return;
      expect(await bring()).toMatchObject({ records: 13 });
      const before = folderOf(directory());
      await made.give([part(30, 2), part(32, 2)]);
      await made.fail(fault, Number.POSITIVE_INFINITY);
      const asked = made.counts()?.asked;
      const error = await bring().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE', place: { file: expect.stringMatching(/./) as string } });
      if (asked !== undefined) expect((made.counts()?.asked ?? 0) - asked).toBeLessThanOrEqual(made.attempts);
      expect(folderOf(directory())).toEqual(before);
      await made.fail(fault, 0);
      await bring();
      expect(recordsIn(directory())).toEqual(expect.arrayContaining(['r30', 'r31', 'r32', 'r33']));
    });

    it('refuses what is no record, says where, and takes nothing of the delivery', async () => {
      await made.give(PARTS);
      await bring();
      const before = folderOf(directory());
      await made.give([part(40, 2), part(42, 2)]);
      if (!(await made.fail('other-form', Number.POSITIVE_INFINITY))) return;
      await expect(bring()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ANSWER', place: { line: 1 } });
      expect(folderOf(directory())).toEqual(before);
    });

    it('refuses rows of another tenant, says where, quotes nothing of them, and takes nothing of the delivery', async () => {
      await made.give(PARTS);
      await bring();
      const before = folderOf(directory());
      await made.give([part(50, 2), [record(52), record(53, 'theirs-4711')]]);
      const error = await bring().then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(error).toMatchObject({ code: 'SKEIN_SOURCE_UNTRUE', place: { line: 2 + (made.headers ?? 0) } });
      expect(JSON.stringify(error)).not.toContain('4711');
      expect(folderOf(directory())).toEqual(before);
    });

    it('goes on after it was killed, without taking again what it had, and leaves no half of a file', async () => {
      await made.give(PARTS);
      if (made.start === undefined || !(await made.fail('stalls', Number.POSITIVE_INFINITY))) return;
      const child = made.start();
      const gone = once(child, 'exit');
      await expect.poll(() => made.counts()?.asked ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
      child.kill('SIGKILL');
      await gone;
      expect(folderOf(directory())).toEqual({});
      await made.fail('stalls', 0);
      expect(await bring()).toMatchObject({ records: 13 });
      expect(recordsIn(directory())).toEqual(ids(PARTS));
      expect(made.counts()?.parts).toBe(3);
    }, 60_000);

    it('stops when it is told to, and leaves what stands', async () => {
      await made.give(PARTS);
      await expect(made.connector.bring(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
      expect(folderOf(directory())).toEqual({});
      expect(await bring()).toMatchObject({ records: 13 });
    });

    it('does not reach what it must not', async () => {
      await expect(made.outside.bring()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ADDRESS' });
      expect(folderOf(made.outside.directory)).toEqual({});
    });
  });
}
