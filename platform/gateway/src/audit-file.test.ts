import { appendFile, chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditRecord } from '@skein/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileAuditLog } from './audit-file.ts';

let home: string;
let directory: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'skein-audit-'));
  directory = join(home, 'audit');
});
afterEach(() => rm(home, { recursive: true }));

const record = (queryId: string, time = Date.UTC(2026, 5, 1)): AuditRecord => ({
  time,
  queryId,
  sqlHash: 'h',
  principal: 'ann',
  roles: ['analyst'],
  purpose: undefined,
  decision: 'allowed',
  products: ['ga4.sessions'],
  snapshots: ['ga4.sessions@3'],
  policyHash: 'p',
  rows: 2n ** 53n,
  bytes: 10,
  truncated: false,
  durationMs: 1.5,
  errorCode: undefined,
  engineText: 'two\nlines "quoted"\u2028',
});
const lines = async (day: string): Promise<string[]> => (await readFile(join(directory, `${day}.ndjson`), 'utf8')).trimEnd().split('\n');

describe('file audit log', () => {
  it('keeps each record as one line, in order, in the file of its UTC day', async () => {
    const log = fileAuditLog({ directory });
    const midnight = Date.UTC(2026, 5, 2);
    await Promise.all([log.append(record('a', midnight - 1)), log.append(record('b', midnight)), log.append(record('c', midnight))]);
    await log.append(record('d', midnight - 1));
    await log.close();
    expect(await readdir(directory)).toEqual(['2026-06-01.ndjson', '2026-06-02.ndjson']);
    expect((await lines('2026-06-01')).map((line) => JSON.parse(line).queryId)).toEqual(['a', 'd']);
    expect((await lines('2026-06-02')).map((line) => JSON.parse(line).queryId)).toEqual(['b', 'c']);
    expect(JSON.parse((await lines('2026-06-01'))[0] as string)).toEqual({
      ...record('a'),
      time: '2026-06-01T23:59:59.999Z',
      rows: '9007199254740992',
      purpose: undefined,
      errorCode: undefined,
    });
    expect((await stat(join(directory, '2026-06-01.ndjson'))).mode & 0o777).toBe(0o600);
  });

  it('has a record on disk when append returns, and writes many at once', async () => {
    const log = fileAuditLog({ directory });
    await log.append(record('first'));
    expect(await lines('2026-06-01')).toHaveLength(1);
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => log.append(record(`q${index}`))));
    const ids = (await lines('2026-06-01')).map((line) => JSON.parse(line).queryId);
    expect(ids).toEqual(['first', ...Array.from({ length: 2_000 }, (_, index) => `q${index}`)]);
    await log.close();
  });

  it('takes the next record as soon as the last is kept', async () => {
    const log = fileAuditLog({ directory });
    for (let index = 0; index < 200; index += 1) await log.append(record(`q${index}`));
    await log.close();
    expect(await lines('2026-06-01')).toHaveLength(200);
  });

  it('flushes what waits when it closes, and takes nothing after', async () => {
    const log = fileAuditLog({ directory });
    const waiting = Promise.all([log.append(record('a')), log.append(record('b'))]);
    await log.close();
    await waiting;
    expect(await lines('2026-06-01')).toHaveLength(2);
    await expect(log.append(record('c'))).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
  });

  it('goes on after a record that a crash cut off, without losing the next', async () => {
    const first = fileAuditLog({ directory });
    await first.append(record('a'));
    await first.close();
    await appendFile(join(directory, '2026-06-01.ndjson'), '{"time":"2026-06-01T00:');
    const second = fileAuditLog({ directory });
    await second.append(record('b'));
    await second.close();
    const all = await lines('2026-06-01');
    expect(all).toHaveLength(3);
    expect([all[0], all[2]].map((line) => JSON.parse(line as string).queryId)).toEqual(['a', 'b']);
  });

  it('fails the append when the directory cannot be written, and recovers when it can', async () => {
    await writeFile(directory, 'a file stands where the directory should be');
    const log = fileAuditLog({ directory });
    await expect(log.append(record('a'))).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
    await rm(directory);
    await log.append(record('b'));
    await log.close();
    await chmod(directory, 0o700);
    expect(await lines('2026-06-01')).toHaveLength(1);
  });
});
