import bindings, { type Connection } from '@duckdb/node-bindings';
import { ChildFailure, runText } from './child-engine.ts';

export interface SyntaxTools {
  /** The syntax tree of a SELECT, as JSON. */
  parse(sql: string): Promise<string>;
  /** The SQL of a syntax tree. */
  print(ast: string): Promise<string>;
}

/**
 * DuckDB's own parser and printer. The text reaches the engine as a bound value only: `prepare` on raw text would evaluate
 * the arguments of a PRAGMA. The two statements are planned once, which is most of what a small text costs.
 */
export async function syntaxTools(connection: Connection): Promise<SyntaxTools> {
  const parsing = await bindings.prepare(connection, 'SELECT json_serialize_sql($1::VARCHAR)');
  const printing = await bindings.prepare(connection, 'SELECT json_deserialize_sql($1::JSON)');
  return {
    async parse(sql) {
      const tree = await runText(parsing, sql);
      if (!tree.startsWith('{"error":true')) return tree;
      const problem = JSON.parse(tree) as { error_type?: string; error_message?: string; position?: string };
      const position = problem.position === undefined ? undefined : Number(problem.position);
      throw new ChildFailure({
        stage: 'parse',
        kind: problem.error_type === 'not implemented' ? 'refused' : 'syntax',
        text: problem.error_message ?? 'the SQL could not be parsed',
        ...(position === undefined || !Number.isFinite(position) ? {} : { position }),
      });
    },
    print: (ast) => runText(printing, ast),
  };
}
