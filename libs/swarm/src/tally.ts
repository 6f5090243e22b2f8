import type { EngineSession } from '@skein/ports';

export async function count(session: EngineSession, relation: string): Promise<bigint> {
  const [row] = await session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${relation}`);
  return row?.n ?? 0n;
}

export async function tally(session: EngineSession, sql: string): Promise<Record<string, number>> {
  const rows = await session.rows<{ key: string; n: bigint }>(`${sql} ORDER BY 1`);
  return Object.fromEntries(rows.map(({ key, n }) => [key, Number(n)]));
}
