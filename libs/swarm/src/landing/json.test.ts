import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';
import { expect, it } from 'vitest';
import { landFile } from './file.ts';

it('lands bytes and nanoseconds of Parquet in the form that contracts have for them in JSON', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-land-'));
  const engine = duckdbEngine({ threads: 1 });
  try {
    const session = await engine.open();
    const land = async (name: string, sql: string) => {
      const [from, target] = [path.join(folder, `${name}.parquet`), path.join(folder, `${name}.landed`)];
      await session.run(`COPY (${sql}) TO ${literal(from)}`);
      await landFile(session, { shape: 'json', from, file: `${name}.parquet`, stage: folder, target });
      return (await session.rows<{ raw: string }>(`SELECT raw FROM read_parquet(${literal(target)})`)).map(({ raw }) => JSON.parse(raw) as unknown);
    };
    expect(
      await land('odd', `SELECT 1 AS id, '\\xFF\\x00a'::BLOB AS "the bytes", NULL::BLOB AS none, TIMESTAMP_NS '2026-03-29 01:30:00.123456789' AS ns, 'x' AS t`),
    ).toEqual([{ id: 1, 'the bytes': '/wBh', none: null, ns: '2026-03-29 01:30:00.123456', t: 'x' }]);
    expect(await land('plain', `SELECT 1 AS id, TIMESTAMP '2026-03-29 01:30:00.5' AS at`)).toEqual([{ id: 1, at: '2026-03-29 01:30:00.5' }]);
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
