import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Knowledge } from '@skein/pattern';
import { samplePattern } from '@skein/ports/conformance';
import { afterEach, describe, expect, it } from 'vitest';
import { sqlitePatternLibrary } from './pattern-library.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skein-library-'));
  folders.push(folder);
  return join(folder, 'swarm', 'patterns.sqlite');
}

const ARM = 'type DATE 9\u001fdate';
const [first, second] = [samplePattern(1), samplePattern(2)];
const knowledge = (successes: number, failures: number): Knowledge => ({
  patterns: [{ ...first, evidence: { a: { successes, failures } } }, second].sort((one, other) => (one.id < other.id ? -1 : 1)),
  evidence: { ['e'.repeat(64)]: { a: { successes: 1, failures: 0 } } },
  rejected: { [second.id]: 'the year is wrong' },
  rewards: { [ARM]: { a: { successes: successes + 0.5, failures: failures + 0.25 } } },
});

describe('sqlite pattern library', () => {
  it('keeps what one run learned, by agent, and merges it by the higher counter', async () => {
    const file = newFile();
    const library = await sqlitePatternLibrary({ file, run: 'r1' });
    library.keep(knowledge(3, 0));
    library.keep(knowledge(2, 1));
    library.keep(knowledge(3, 1));
    expect(library.load()).toEqual(knowledge(3, 1));
    library.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await sqlitePatternLibrary({ file, run: 'r1' });
    expect(again.load()).toEqual(knowledge(3, 1));
    again.close();
  });

  it('gives later runs the sum of the earlier ones, and does not count it again', async () => {
    const file = newFile();
    for (const run of ['r1', 'r2', 'r3']) {
      const library = await sqlitePatternLibrary({ file, run });
      const before = library.load();
      const earlier = before.patterns.find(({ id }) => id === first.id)?.evidence ?? {};
      library.keep({ ...knowledge(5, 1), patterns: [{ ...first, evidence: { ...earlier, a: { successes: 5, failures: 1 } } }, second] });
      library.close();
    }
    const library = await sqlitePatternLibrary({ file, run: 'r4' });
    expect(library.load().patterns.find(({ id }) => id === first.id)?.evidence).toEqual({ library: { successes: 15, failures: 3 } });
    expect(library.load().rewards).toEqual({ [ARM]: { library: { successes: 16.5, failures: 3.75 } } });
    library.close();
  });

  it('goes on with a file from before rewards were kept', async () => {
    const file = newFile();
    (await sqlitePatternLibrary({ file, run: 'r1' })).close();
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(file);
    database.exec('DROP TABLE reward; PRAGMA user_version = 1;');
    database.close();
    const library = await sqlitePatternLibrary({ file, run: 'r1' });
    library.keep(knowledge(3, 0));
    expect(library.load()).toEqual(knowledge(3, 0));
    library.close();
  });

  it('finds similar gaps by their vectors, and none that was rejected', async () => {
    const library = await sqlitePatternLibrary({ file: newFile(), run: 'r1' });
    const patterns = Array.from({ length: 200 }, (_, index) => samplePattern(index));
    library.keep({ patterns, evidence: {}, rewards: {}, rejected: { [(patterns[17] as (typeof patterns)[0]).id]: 'wrong' } });
    const sought = samplePattern(42).signature;
    const found = library.nearest(sought, 5);
    expect(found).toHaveLength(5);
    expect(found[0]?.pattern.id).toBe(samplePattern(42).id);
    expect(found[0]?.similarity).toBeCloseTo(1, 5);
    expect(found[4]?.similarity).toBeLessThan(1);
    const other = library.nearest({ rule: 'required', target: 'VARCHAR', shapes: ['∅'] }, 1);
    expect(other[0]?.similarity).toBeLessThan(0.5);
    expect(library.nearest(samplePattern(17).signature, 200).map(({ pattern }) => pattern.id)).not.toContain(samplePattern(17).id);
    library.close();
  });

  it('leaves out rows that are damaged, and refuses files that are no library', async () => {
    const file = newFile();
    const library = await sqlitePatternLibrary({ file, run: 'r1' });
    library.keep(knowledge(1, 0));
    library.close();
    const { DatabaseSync } = await import('node:sqlite');
    const raw = new DatabaseSync(file);
    raw.exec(`UPDATE pattern SET body = '{"category"' WHERE id = '${first.id}'; INSERT INTO pattern VALUES ('x', 'k', '{}', x'00')`);
    raw.close();
    const damaged = await sqlitePatternLibrary({ file, run: 'r1' });
    expect(damaged.load().patterns.map(({ id }) => id)).toEqual([second.id]);
    expect(damaged.unreadable).toBe(2);
    damaged.close();
    writeFileSync(file, 'no database '.repeat(1_000));
    await expect(sqlitePatternLibrary({ file, run: 'r1' })).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
  });

  it('loses nothing that it said it kept when its process is killed, and writes nothing to standard error', async () => {
    const file = newFile();
    const script = `
      const { sqlitePatternLibrary } = await import(${JSON.stringify(new URL('./pattern-library.ts', import.meta.url).href)});
      const library = await sqlitePatternLibrary({ file: ${JSON.stringify(file)}, run: 'r1' });
      for (let count = 1; ; count += 1) {
        library.keep({ patterns: [{ ...${JSON.stringify(first)}, evidence: { a: { successes: count, failures: 0 } } }], evidence: {}, rejected: {}, rewards: {} });
        process.stdout.write(count + '\\n');
      }`;
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, ['--conditions=@skein/source', '--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [said, complained] = ['', ''];
      child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.split('\n').length > 30 + round * 17) child.kill('SIGKILL');
      });
      await once(child, 'close');
      expect(complained).toBe('');
      const kept = Number(said.split('\n').slice(0, -1).at(-1));
      const library = await sqlitePatternLibrary({ file, run: 'r1' });
      expect(library.load().patterns[0]?.evidence['a']?.successes).toBeGreaterThanOrEqual(kept);
      library.close();
    }
  });
});
