import type { Connection } from '@duckdb/node-bindings';
import { ChildFailure, runText } from './child-engine.ts';

/**
 * The syntax tree of a SELECT. The text reaches the engine as a bound value only: `prepare` on raw text would evaluate
 * the arguments of a PRAGMA.
 */
export async function parseSql(connection: Connection, sql: string): Promise<string> {
  const tree = await runText(connection, 'SELECT json_serialize_sql($1::VARCHAR)', sql);
  if (!tree.startsWith('{"error":true')) return tree;
  const problem = JSON.parse(tree) as { error_type?: string; error_message?: string; position?: string };
  const position = problem.position === undefined ? undefined : Number(problem.position);
  throw new ChildFailure({
    stage: 'parse',
    kind: problem.error_type === 'not implemented' ? 'refused' : 'syntax',
    text: problem.error_message ?? 'the SQL could not be parsed',
    ...(position === undefined || !Number.isFinite(position) ? {} : { position }),
  });
}

export async function printAst(connection: Connection, ast: string): Promise<string> {
  return await runText(connection, 'SELECT json_deserialize_sql($1::JSON)', ast);
}
