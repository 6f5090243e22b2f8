import type { EngineSession } from '@skein/ports';

/** A relation as rules name it, where only their syntax counts. */
const RELATION = '"governed"."data"."rows"';
/** Table functions that read nothing but their arguments. */
const PURE = new Set(['range', 'generate_series', 'unnest']);

/**
 * Which of `offered` a statement over `{relation}` reads, as `singleSelect` of the verifier makes it: never too few. All, where
 * that cannot be told: a star, a whole row as a value, a natural join, columns by number or pattern, a function that reads tables.
 */
export async function columnsRead(session: EngineSession, sql: string, offered: readonly string[]): Promise<readonly string[]> {
  const statements = (await treeOf(session, sql)).statements ?? [];
  const node = statements[0]?.node;
  const rest = node?.cte_map?.map?.slice(1);
  if (!node || !rest || statements.length !== 1) return offered;
  // The first CTE is the statement's own: all columns of the relation, under the product's name.
  const found = new Names();
  found.visit({ ...node, cte_map: { map: rest } });
  if (found.unclear) return offered;
  const wanted = new Set<string>();
  for (const parts of found.references) {
    const columns = parts.filter((part) => offered.some((name) => name.toLowerCase() === part));
    // What is no column may be a name within the query, unless it is that of a relation: then it is a whole row.
    if (columns.length === 0 && parts.some((part) => found.relations.has(part))) return offered;
    for (const one of columns) wanted.add(one);
  }
  return offered.filter((name) => wanted.has(name.toLowerCase()));
}

interface Tree {
  readonly statements?: readonly { readonly node?: { readonly cte_map?: { readonly map?: readonly unknown[] } } }[];
}

/** Empty for what the parser does not take, and for what it prints as no JSON (a constant beyond DOUBLE). */
async function treeOf(session: EngineSession, sql: string): Promise<Tree> {
  try {
    const text = sql.replaceAll('{relation}', () => RELATION);
    const [row] = await session.rows<{ tree: string }>('SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR) AS tree', [text]);
    return JSON.parse(row?.tree ?? '{}') as Tree;
  } catch {
    return {};
  }
}

/** The names in a syntax tree, in lower case. */
class Names {
  readonly references: string[][] = [];
  readonly relations = new Set<string>();
  unclear = false;

  visit(value: unknown): void {
    if (Array.isArray(value)) for (const one of value) this.visit(one);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Readonly<Record<string, unknown>>;
    const kind = node['class'] ?? node['type'];
    if (kind === 'COLUMN_REF') this.references.push(texts(node['column_names']));
    if (kind === 'STAR' || kind === 'POSITIONAL_REFERENCE' || kind === 'PIVOT' || kind === 'SHOW_REF') this.unclear = true;
    // Columns under other names, by their places.
    if (kind === 'BASE_TABLE' && texts(node['column_name_alias']).length > 0) this.unclear = true;
    if (node['ref_type'] === 'NATURAL' || node['ref_type'] === 'POSITIONAL') this.unclear = true;
    if (kind === 'TABLE_FUNCTION' && !PURE.has(String((node['function'] as { function_name?: unknown } | undefined)?.function_name))) this.unclear = true;
    if ('using_columns' in node) this.references.push(...texts(node['using_columns']).map((name) => [name]));
    if (typeof node['table_name'] === 'string') this.relations.add(node['table_name'].toLowerCase());
    if (typeof node['alias'] === 'string' && 'sample' in node) this.relations.add(node['alias'].toLowerCase());
    for (const member of Object.values(node)) this.visit(member);
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map((one) => String(one).toLowerCase()) : [];
}
