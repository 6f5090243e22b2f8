import type { SerializedAst } from '@skein/ports';
import { AGGREGATE_FUNCTIONS, BY_NAME_FUNCTIONS, FUNCTIONS, TABLE_FUNCTIONS, VALUE_KEYWORDS_REFUSED, WINDOW_FUNCTIONS } from './gate-functions.ts';
import { asList, asNode, asText, isNode, lower, oneOf, own, parserError, plainSlot, position, unlisted, unlistedRelation } from './gate-checks.ts';
import { checkConstant, checkType } from './gate-constant.ts';
import { Depth, GATE_LIMITS, type GateLimits } from './gate-depth.ts';
import { EXPRESSIONS, MODIFIERS, PIVOT_ENTRY_SLOTS, PIVOT_SLOTS, QUALIFIED_COLUMN, QUERIES, RELATIONS, type Slot, type Slots } from './gate-grammar.ts';
import { refused, unknownProduct } from './refusal.ts';
import { parseTree, printTree, type TreeNode, type TreeValue } from './syntax-tree.ts';

/** The catalog of a sandbox in which the governed views stand. */
export const GOVERNED = 'governed';

/** A qualified reference to a relation, in lower case. */
export interface Reference {
  readonly schema: string;
  readonly table: string;
  /** As the user wrote it, for messages. */
  readonly written: string;
}

export interface Gated {
  /** The tree with every reference pinned to the governed catalog; otherwise as it came, digit by digit. */
  readonly ast: SerializedAst;
  /** Distinct references, in order of appearance. */
  readonly reads: readonly Reference[];
  /** Names of the bound parameters: `1`, `2` … or words. */
  readonly parameters: readonly string[];
}

/**
 * Decides from a serialized syntax tree whether it is one SELECT made of allowed parts only, finds what it reads by lexical
 * scope, and pins each read to the governed catalog.
 *
 * Throws SKEIN_QUERY_REFUSED (context: kind, position), SKEIN_QUERY_SYNTAX, SKEIN_QUERY_PARAMS, and SKEIN_PRODUCT_UNKNOWN for a
 * relation that is neither a CTE in scope nor a qualified name. Whether a qualified name is granted is for the caller to decide.
 */
export function gate(ast: SerializedAst, limits: GateLimits = GATE_LIMITS): Gated {
  const tree = parseTree(ast, limits.maxCharacters);
  const { reads, parameters } = walked(tree, limits, '');
  return { ast: printTree(tree), reads, parameters };
}

/** The same decision on the text as the engine will run it, where every reference names the governed catalog. */
export function gatePinned(ast: SerializedAst, limits: GateLimits = GATE_LIMITS): Omit<Gated, 'ast'> {
  return walked(parseTree(ast, limits.maxCharacters), limits, GOVERNED);
}

function walked(tree: TreeNode, limits: GateLimits, catalog: string): Omit<Gated, 'ast'> {
  const walk = new Walk(limits, catalog);
  walk.document(tree);
  return { reads: [...walk.reads.values()], parameters: [...walk.parameters] };
}

/** Names of CTEs in scope, innermost first. */
interface Scope {
  readonly name: string;
  readonly outer: Scope | undefined;
}

class Walk {
  readonly reads = new Map<string, Reference>();
  readonly parameters = new Set<string>();
  readonly #depth: Depth;
  /** What references name: nothing as the consumer writes, the governed catalog as the engine reads. */
  readonly #catalog: string;

  constructor(limits: GateLimits, catalog: string) {
    this.#depth = new Depth(limits);
    this.#catalog = catalog;
  }

  document(tree: TreeNode): void {
    if (tree['error'] === true) throw parserError(tree);
    for (const key of Object.keys(tree)) if (key !== 'error' && key !== 'statements') throw unlisted('the syntax tree', key);
    const statements = tree['statements'];
    if (tree['error'] !== false || !Array.isArray(statements)) throw refused('syntax', 'the parser gave no statements');
    if (statements.length !== 1) throw refused('statement', `the SQL holds ${statements.length} statements`, undefined, 'Send exactly one SELECT.');
    this.#statement(statements[0], undefined);
  }

  #statement(value: TreeValue | undefined, scope: Scope | undefined): void {
    const statement = asNode(value, 'statement');
    for (const [key, member] of Object.entries(statement)) {
      if (key === 'node') this.#query(member, scope);
      else if (key === 'named_param_map') this.#parameterMap(member);
      else throw unlisted('a statement', key);
    }
    if (statement['node'] === undefined) throw refused('statement', 'the SQL holds no SELECT');
  }

  #query(value: TreeValue | undefined, scope: Scope | undefined): void {
    const node = asNode(value, 'query');
    const type = asText(node['type'], 'query type');
    const slots = own(QUERIES, type);
    if (slots === undefined) throw refused('statement', `${type} is not allowed`);
    this.#depth.enter();
    // CTEs see the ones before them; everything else in the node sees them all
    const inner = this.#ctes(node['cte_map'], scope);
    for (const key in node) {
      const member = node[key] as TreeValue;
      if (key === 'type' || key === 'cte_map') continue;
      const self = type === 'RECURSIVE_CTE_NODE' && key === 'right' ? { name: lower(asText(node['cte_name'], 'CTE name')), outer: inner } : inner;
      this.#slot(own(slots, key), key, member, self, node, type);
    }
    this.#depth.leave();
  }

  #ctes(value: TreeValue | undefined, outer: Scope | undefined): Scope | undefined {
    if (value === undefined) return outer;
    const map = asNode(value, 'CTE map');
    for (const key of Object.keys(map)) if (key !== 'map') throw unlisted('a WITH clause', key);
    let scope = outer;
    for (const entry of asList(map['map'], 'CTE map').map((item) => asNode(item, 'CTE'))) {
      const name = lower(asText(entry['key'], 'CTE name'));
      const cte = asNode(entry['value'], 'CTE');
      const statement = asNode(cte['query'], 'CTE query');
      const query = asNode(statement['node'], 'CTE query');
      // the engine binds the recursive branch to this name, so it has to be the name that the scope will hold
      if (query['type'] === 'RECURSIVE_CTE_NODE' && lower(asText(query['cte_name'], 'CTE name')) !== name)
        throw refused('clause', 'a recursive CTE has two names');
      for (const [key, member] of Object.entries(cte)) {
        if (key === 'query') this.#statement(member, scope);
        else if (key === 'aliases') asList(member, 'CTE aliases').forEach((alias) => asText(alias, 'CTE alias'));
        else if (key === 'key_targets') this.#expressions(member, scope);
        else if (key === 'materialized') oneOf(member, ['CTE_MATERIALIZE_DEFAULT', 'CTE_MATERIALIZE_ALWAYS', 'CTE_MATERIALIZE_NEVER'], 'MATERIALIZED');
        else throw unlisted('a CTE', key);
      }
      for (const key of Object.keys(entry)) if (key !== 'key' && key !== 'value') throw unlisted('a CTE', key);
      scope = { name, outer: scope };
    }
    return scope;
  }

  #relation(value: TreeValue | undefined, scope: Scope | undefined): void {
    const node = asNode(value, 'relation');
    const type = asText(node['type'], 'relation type');
    const slots = own(RELATIONS, type);
    if (slots === undefined) throw unlistedRelation(type, node);
    this.#depth.enter();
    if (type === 'BASE_TABLE') this.#baseTable(node, scope);
    for (const key in node) {
      const member = node[key] as TreeValue;
      if (key === 'type') continue;
      if (type === 'TABLE_FUNCTION' && key === 'function') this.#tableFunction(member, scope);
      else this.#slot(own(slots, key), key, member, scope, node, type);
    }
    this.#depth.leave();
  }

  #baseTable(node: TreeNode, scope: Scope | undefined): void {
    const catalog = asText(node['catalog_name'], 'catalog');
    const schema = asText(node['schema_name'], 'schema');
    const table = asText(node['table_name'], 'table');
    const written = [catalog, schema, table].filter((part) => part !== '').join('.');
    if (catalog === '' && schema === '') {
      if (!inScope(scope, lower(table))) throw unknownProduct(written);
      return;
    }
    if (schema === '' || catalog !== this.#catalog) throw unknownProduct(written);
    const reference = { schema: lower(schema), table: lower(table), written: `${schema}.${table}` };
    const key = JSON.stringify([reference.schema, reference.table]);
    if (!this.reads.has(key)) this.reads.set(key, reference);
    node['catalog_name'] = GOVERNED;
  }

  #tableFunction(value: TreeValue | undefined, scope: Scope | undefined): void {
    const node = asNode(value, 'table function');
    if (node['class'] !== 'FUNCTION' || node['type'] !== 'FUNCTION') throw refused('table_function', 'this call is not allowed in FROM', position(node));
    const name = asText(node['function_name'], 'function name');
    if (!TABLE_FUNCTIONS.has(lower(name)))
      throw refused(
        'table_function',
        `table function ${name} is not allowed`,
        position(node),
        `Allowed in FROM: ${[...TABLE_FUNCTIONS].join(', ')}, products and CTEs.`,
      );
    this.#expression(node, scope);
  }

  #expressions(value: TreeValue | undefined, scope: Scope | undefined): void {
    for (const item of asList(value, 'expressions')) this.#expression(item, scope);
  }

  #expression(value: TreeValue | undefined, scope: Scope | undefined): void {
    const node = asNode(value, 'expression');
    const kind = asText(node['class'], 'expression class');
    const rule = own(EXPRESSIONS, kind);
    if (rule === undefined) throw refused('syntax', `expression ${kind} is not allowed`, position(node));
    if (!rule.types.includes(asText(node['type'], 'expression type')))
      throw refused('syntax', `expression ${String(node['type'])} is not allowed`, position(node));
    this.#depth.enter();
    for (const key in node) {
      const member = node[key] as TreeValue;
      if (key === 'class' || key === 'type') continue;
      this.#slot(own(rule.slots, key), key, member, scope, node, kind);
    }
    this.#depth.leave();
  }

  #slot(slot: Slot | undefined, key: string, value: TreeValue, scope: Scope | undefined, node: TreeNode, owner: string): void {
    if (typeof slot === 'object') return oneOf(value, slot, `${owner}.${key}`, position(node));
    switch (slot) {
      case 'expression?':
        if (value !== null) this.#expression(value, scope);
        return;
      case 'expression':
        return this.#expression(value, scope);
      case 'expressions':
        return this.#expressions(value, scope);
      case 'expressionRows':
        for (const row of asList(value, key)) this.#expressions(row, scope);
        return;
      case 'cases':
        for (const item of asList(value, key)) this.#members(item, { when_expr: 'expression', then_expr: 'expression' }, scope, 'CASE');
        return;
      case 'orders':
        for (const item of asList(value, key)) {
          this.#members(
            item,
            { type: ['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING'], null_order: ['ORDER_DEFAULT', 'NULLS FIRST', 'NULLS LAST'], expression: 'expression' },
            scope,
            'ORDER BY',
          );
        }
        return;
      case 'orderModifier':
        return this.#modifier(value, scope, ['ORDER_MODIFIER']);
      case 'modifiers':
        for (const item of asList(value, key)) this.#modifier(item, scope, Object.keys(MODIFIERS));
        return;
      case 'statement':
        return this.#statement(value, scope);
      case 'query':
        return this.#query(value, scope);
      case 'relation':
        return this.#relation(value, scope);
      case 'pivots':
        for (const item of asList(value, key)) this.#pivot(item, scope);
        return;
      case 'replacements':
        for (const item of asList(value, key)) this.#members(item, { key: 'name', value: 'expression' }, scope, 'REPLACE');
        return;
      case 'excludeColumns':
        for (const item of asList(value, key)) this.#members(item, QUALIFIED_COLUMN, scope, 'EXCLUDE');
        return;
      case 'renames':
        for (const item of asList(value, key)) {
          const rename = asNode(item, 'RENAME');
          this.#members(rename['key'], QUALIFIED_COLUMN, scope, 'RENAME');
          this.#members({ value: rename['value'] ?? null }, { value: 'name' }, scope, 'RENAME');
          for (const member of Object.keys(rename)) if (member !== 'key' && member !== 'value') throw unlisted('RENAME', member);
        }
        return;
      case 'sample':
        if (value !== null)
          this.#members(value, { sample_size: 'value', is_percentage: 'flag', method: ['System', 'Bernoulli', 'Reservoir'], seed: 'number' }, scope, 'SAMPLE');
        return;
      case 'function':
        return this.#function(asText(value, key), node, FUNCTIONS);
      case 'windowFunction':
        return this.#function(asText(value, key), node, WINDOW_FUNCTIONS);
      case 'columnNames':
        return this.#columnNames(value, node);
      case 'parameter':
        this.parameters.add(asText(value, key));
        return;
      case 'parameterMap':
        return this.#parameterMap(value);
      case 'value':
        return checkConstant(value, node, this.#depth);
      case 'sqlType':
        return checkType(value, node, this.#depth);
      default:
        return plainSlot(slot, key, value, node, owner);
    }
  }

  /** A node without a type of its own. */
  #members(value: TreeValue | undefined, slots: Slots, scope: Scope | undefined, owner: string): void {
    const node = asNode(value, owner);
    for (const [key, member] of Object.entries(node)) this.#slot(own(slots, key), key, member, scope, node, owner);
  }

  #modifier(value: TreeValue | undefined, scope: Scope | undefined, allowed: readonly string[]): void {
    const node = asNode(value, 'modifier');
    const type = asText(node['type'], 'modifier');
    const slots = allowed.includes(type) ? own(MODIFIERS, type) : undefined;
    if (slots === undefined) throw refused('clause', `${type} is not allowed`);
    for (const [key, member] of Object.entries(node)) if (key !== 'type') this.#slot(own(slots, key), key, member, scope, node, type);
  }

  #pivot(value: TreeValue, scope: Scope | undefined): void {
    const pivot = asNode(value, 'PIVOT');
    for (const [key, member] of Object.entries(pivot)) {
      if (key !== 'entries') this.#slot(own(PIVOT_SLOTS, key), key, member, scope, pivot, 'PIVOT');
      else {
        for (const item of asList(member, 'PIVOT entries')) {
          const entry = asNode(item, 'PIVOT entry');
          for (const [name, part] of Object.entries(entry)) {
            if (name === 'values') asList(part, 'PIVOT values').forEach((constant) => checkConstant(constant, pivot, this.#depth));
            else this.#slot(own(PIVOT_ENTRY_SLOTS, name), name, part, scope, pivot, 'PIVOT');
          }
        }
      }
    }
  }

  #function(written: string, node: TreeNode, allowed: ReadonlySet<string>): void {
    const name = lower(written);
    if (allowed.has(name)) return;
    if (!BY_NAME_FUNCTIONS.has(name) || node['class'] !== 'FUNCTION')
      throw refused(
        'function',
        `function ${written} is not allowed`,
        position(node),
        'Use functions that depend on their arguments only: aggregates, windows, and functions of text, numbers, times, lists and structs.',
      );
    const second = asList(node['children'], 'arguments')[1];
    const called = isNode(second) && second['class'] === 'CONSTANT' && isNode(second['value']) ? second['value']['value'] : undefined;
    if (typeof called !== 'string' || !AGGREGATE_FUNCTIONS.has(lower(called)))
      throw refused('function', `${written} may only call an aggregate that is written out and allowed`, position(node));
  }

  #columnNames(value: TreeValue, node: TreeNode): void {
    const names = asList(value, 'column reference').map((name) => asText(name, 'column name'));
    const [only] = names;
    if (only === undefined) throw refused('syntax', 'a column reference has no name', position(node));
    if (names.length === 1 && VALUE_KEYWORDS_REFUSED.has(lower(only))) throw refused('keyword', `${only} is not allowed`, position(node));
  }

  #parameterMap(value: TreeValue): void {
    for (const item of asList(value, 'parameters')) {
      const entry = asNode(item, 'parameter');
      this.parameters.add(asText(entry['key'], 'parameter'));
      for (const [key, member] of Object.entries(entry))
        if (key !== 'key' && (key !== 'value' || typeof member !== 'number')) throw unlisted('a parameter', key);
    }
  }
}

function inScope(scope: Scope | undefined, name: string): boolean {
  for (let at = scope; at !== undefined; at = at.outer) if (at.name === name) return true;
  return false;
}
