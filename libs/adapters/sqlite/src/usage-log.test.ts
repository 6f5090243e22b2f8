import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SkeinError } from '@skein/kernel';
import type { QueryUse } from '@skein/ports';
import { usageLogConformance } from '@skein/ports/conformance';
import { afterEach, describe, expect, it } from 'vitest';
import { sqliteUsageLog } from './usage-log.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skein-usage-'));
  folders.push(folder);
  return join(folder, 'usage', 'usage.sqlite');
}

usageLogConformance('sqlite', async (maxUses) => {
  const file = newFile();
  return { log: sqliteUsageLog({ file, maxUses }), reopen: async () => sqliteUsageLog({ file, maxUses }) };
});

const use = (at: number): QueryUse => ({
  queryHash: `hash-${at}`,
  sql: `SELECT price + ${'$int1 + '.repeat(20)} n${at} FROM shop.item`,
  principal: 'ann',
  purpose: 'planning',
  reads: [{ product: 'shop.item', major: 1, address: 'shop.item', columns: ['price'] }],
  time: at,
});

describe('sqlite usage log', () => {
  it('writes by itself within its time, into files that only their owner reads', async () => {
    const file = newFile();
    const log = sqliteUsageLog({ file, flushMs: 10 });
    log.record(use(1));
    const other = sqliteUsageLog({ file });
    await expect.poll(async () => (await other.usesOf('shop.item')).length).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    await log.close();
    await other.close();
  });

  it('stays small over 10,000 distinct queries', async () => {
    const file = newFile();
    const log = sqliteUsageLog({ file, maxUses: 500 });
    for (let at = 0; at < 10_000; at += 1) {
      log.record(use(at));
      if (at % 1_000 === 999) await log.flush();
    }
    expect(await log.usesOf('shop.item')).toHaveLength(500);
    expect(await log.dropped()).toEqual([{ product: 'shop.item', dropped: 9_500 }]);
    await log.close();
    expect(statSync(file).size).toBeLessThan(2_000_000);
  });

  it('counts what a broken file cannot take, tells of it, and recovers when the file does', async () => {
    const file = newFile();
    const good = sqliteUsageLog({ file });
    expect(await good.usesOf('shop.item')).toEqual([]);
    await good.close();
    writeFileSync(file, 'no database '.repeat(1_000));
    const told: SkeinError[] = [];
    const log = sqliteUsageLog({ file, flushMs: 5, onError: (error) => told.push(error) });
    log.record(use(1));
    log.record(use(1));
    await expect.poll(() => told.length).toBe(1);
    expect(told[0]).toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
    expect(log.stats()).toEqual({ recorded: 0, failed: 2 });
    rmSync(file);
    log.record(use(2));
    expect(await log.usesOf('shop.item')).toHaveLength(1);
    expect(log.stats()).toEqual({ recorded: 1, failed: 2 });
    await log.close();
  });

  it('says nothing on standard error', async () => {
    const module = new URL('./usage-log.ts', import.meta.url).href;
    const script = `const { sqliteUsageLog } = await import(${JSON.stringify(module)}); const log = sqliteUsageLog({ file: ${JSON.stringify(newFile())} }); console.log((await log.usesOf('a.b')).length); await log.close();`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=@skein/source', '--input-type=module', '-e', script]);
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });
});
