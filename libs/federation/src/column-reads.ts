import { asList, asNode, isNode, lower } from './gate-checks.ts';
import type { TreeNode, TreeValue } from './syntax-tree.ts';

/** What stands for all columns of a product. */
export const ALL_COLUMNS = '*';

/** A relation of a FROM clause: a product at an address, or (undefined) something made in the query. */
interface Relation {
  readonly address: string | undefined;
  /** Names by which its columns may be qualified, in lower case. */
  readonly names: readonly string[];
}

/** The relations of one FROM clause, and those around it. */
interface Scope {
  readonly relations: readonly Relation[];
  readonly outer: Scope | undefined;
}

/**
 * Which columns of each product a query reads, by address, from a tree that passed the gate: names are looked up by scope. Where
 * a name may mean more than one column it counts for each, and where columns cannot be told apart they all do (`*`): never too few.
 *
 * @param columns names of the columns of the product at an address, by lower case; undefined for what is no product
 */
export function columnReads(tree: TreeNode, columns: (address: string) => ReadonlyMap<string, string> | undefined): Map<string, ReadonlySet<string>> {
  const walk = new Walk(columns);
  walk.statement(asNode(asList(tree['statements'], 'statements')[0], 'statement'), undefined);
  return walk.reads;
}

class Walk {
  readonly reads = new Map<string, Set<string>>();
  readonly #columns: (address: string) => ReadonlyMap<string, string> | undefined;

  constructor(columns: (address: string) => ReadonlyMap<string, string> | undefined) {
    this.#columns = columns;
  }

  statement(value: TreeValue | undefined, outer: Scope | undefined): void {
    this.#query(asNode(asNode(value, 'statement')['node'], 'query'), outer);
  }

  #query(node: TreeNode, outer: Scope | undefined): void {
    const ctes = isNode(node['cte_map']) ? asList(node['cte_map']['map'], 'CTE map') : [];
    for (const entry of ctes) {
      const cte = asNode(asNode(entry, 'CTE')['value'], 'CTE');
      this.statement(cte['query'], outer);
    }
    let scope = outer;
    if (isNode(node['from_table'])) {
      const relations: Relation[] = [];
      this.#collect(node['from_table'], relations);
      scope = { relations, outer };
      this.#relation(node['from_table'], scope);
    }
    for (const [key, member] of Object.entries(node)) {
      if (key === 'left' || key === 'right') this.#query(asNode(member, 'query'), outer);
      else if (key !== 'cte_map' && key !== 'from_table') this.#any(member, scope);
    }
  }

  /** The relations that a FROM clause brings into scope. */
  #collect(node: TreeNode, into: Relation[]): void {
    const alias = lower(String(node['alias'] ?? ''));
    switch (node['type']) {
      case 'JOIN':
        this.#collect(asNode(node['left'], 'relation'), into);
        this.#collect(asNode(node['right'], 'relation'), into);
        return;
      case 'BASE_TABLE': {
        const [schema, table] = [lower(String(node['schema_name'])), lower(String(node['table_name']))];
        const address = schema === '' ? undefined : `${schema}.${table}`;
        if (address !== undefined && !this.reads.has(address)) this.reads.set(address, new Set());
        into.push({ address, names: alias === '' ? [table] : [alias] });
        return;
      }
      case 'PIVOT': {
        const within: Relation[] = [];
        this.#collect(asNode(node['source'], 'relation'), within);
        // its columns keep their names, under one alias or under their own
        for (const { address, names } of within) into.push({ address, names: [...names, ...(alias === '' ? [] : [alias])] });
        return;
      }
      default:
        into.push({ address: undefined, names: alias === '' ? [] : [alias] });
    }
  }

  #relation(node: TreeNode, scope: Scope): void {
    switch (node['type']) {
      case 'JOIN': {
        const natural = node['ref_type'] === 'NATURAL';
        const within: Relation[] = [];
        this.#collect(node, within);
        if (natural) for (const relation of within) this.#all(relation);
        for (const name of asList(node['using_columns'] ?? [], 'USING')) for (const relation of within) this.#add(relation, lower(String(name)));
        this.#any(node['condition'] ?? null, scope);
        this.#relation(asNode(node['left'], 'relation'), scope);
        this.#relation(asNode(node['right'], 'relation'), scope);
        return;
      }
      case 'BASE_TABLE': {
        // columns under other names cannot be followed
        if (asList(node['column_name_alias'] ?? [], 'aliases').length > 0) this.#allOf(node);
        return;
      }
      case 'SUBQUERY':
        // it sees what stands beside it when it is lateral
        this.statement(node['subquery'], scope);
        return;
      case 'PIVOT':
        // all other columns group the result
        this.#allOf(node);
        this.#relation(asNode(node['source'], 'relation'), scope);
        for (const [key, member] of Object.entries(node)) if (key !== 'source') this.#any(member, scope);
        return;
      default:
        for (const member of Object.values(node)) this.#any(member, scope);
    }
  }

  #any(value: TreeValue, scope: Scope | undefined): void {
    if (Array.isArray(value)) for (const item of value) this.#any(item, scope);
    if (!isNode(value)) return;
    switch (String(value['class'])) {
      case 'COLUMN_REF':
        this.#column(
          asList(value['column_names'], 'column').map((name) => lower(String(name))),
          scope,
        );
        return;
      case 'STAR':
        this.#star(lower(String(value['relation_name'] ?? '')), scope);
        break;
      case 'POSITIONAL_REFERENCE':
        for (const relation of scope?.relations ?? []) this.#all(relation);
        return;
      case 'SUBQUERY':
        this.statement(value['subquery'], scope);
        this.#any(value['child'] ?? null, scope);
        return;
      case 'CONSTANT':
        return;
    }
    for (const [key, member] of Object.entries(value)) if (key !== 'cast_type') this.#any(member, scope);
  }

  #column(parts: readonly string[], scope: Scope | undefined): void {
    const [first = '', second, third] = parts;
    let found = false;
    for (let at = scope; at !== undefined; at = at.outer)
      for (const relation of at.relations) {
        // column, column.field
        found = this.#add(relation, first) || found;
        // relation.column, schema.relation.column, catalog.schema.relation.column
        if (second !== undefined && relation.names.includes(first)) found = this.#add(relation, second) || found;
        if (third !== undefined && relation.address === `${first}.${second}`) found = this.#add(relation, third) || found;
        if (parts[3] !== undefined && relation.address === `${second}.${third}`) found = this.#add(relation, parts[3]) || found;
      }
    // a relation by its name alone is its whole row
    if (!found)
      for (let at = scope; at !== undefined; at = at.outer)
        for (const relation of at.relations)
          if (relation.names.includes(parts.at(-1) ?? '') || relation.address === parts.slice(-2).join('.')) this.#all(relation);
  }

  #star(name: string, scope: Scope | undefined): void {
    for (let at = scope; at !== undefined; at = at.outer) {
      const named = at.relations.filter((relation) => name === '' || relation.names.includes(name));
      for (const relation of named) this.#all(relation);
      if (named.length > 0) return;
    }
    // a name that was not found, such as that of a struct
    for (const relation of scope?.relations ?? []) this.#all(relation);
  }

  #add({ address }: Relation, name: string): boolean {
    if (address === undefined) return false;
    const written = this.#columns(address)?.get(name);
    if (written === undefined) return false;
    this.reads.get(address)?.add(written);
    return true;
  }

  #all({ address }: Relation): void {
    if (address !== undefined) this.reads.get(address)?.add(ALL_COLUMNS);
  }

  #allOf(node: TreeNode): void {
    const within: Relation[] = [];
    this.#collect(node, within);
    for (const relation of within) this.#all(relation);
  }
}
