import { literal, SkeinError } from '@skein/kernel';
import { bindExpression, checkSolution, solutionQueries, type Expression } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';

/** Whether the SQL of a solution is on the allow-list, with the engine's own parser as the reader. Who wrote it makes no difference. */
export async function isAllowed(session: EngineSession, solution: Expression, columns: readonly string[]): Promise<boolean> {
  try {
    const asts: string[] = [];
    for (const query of solutionQueries(solution)) {
      const [row] = await session.rows<{ ast: string }>(`SELECT CAST(json_serialize_sql(${literal(query)}) AS VARCHAR) AS ast`);
      asts.push(row?.ast ?? '');
    }
    checkSolution(solution, asts, columns);
    return true;
  } catch (error) {
    if (error instanceof SkeinError) return false;
    throw error;
  }
}

/** What a solution that reads nothing but its value makes of values; values that it does not touch are left out. */
export async function repairedBy(
  session: EngineSession,
  solution: Expression,
  values: readonly { readonly value: string | null }[],
): Promise<Map<string, string | null>> {
  const texts = values.flatMap(({ value }) => (value === null || value.includes('\0') ? [] : [value]));
  if (texts.length === 0) return new Map();
  const { touches, repaired } = bindExpression(solution, 'v.value', () => 'NULL::VARCHAR');
  const rows = await session.rows<{ value: string; repaired: string | null }>(
    `SELECT v.value, ${repaired} AS repaired FROM (VALUES ${texts.map((value) => `(${literal(value)})`).join(', ')}) v(value) WHERE ${touches}`,
  );
  return new Map(rows.map((row) => [row.value, row.repaired]));
}
