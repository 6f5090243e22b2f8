import { SkeinError } from '@skein/kernel';
import type { Expression } from './pattern.ts';
import { growsTooLong } from './solution-size.ts';

const LONGEST_TEXT = 200_000;
const DEEPEST = 200;
/** Longest text that a solution may pad to: what is longer is an attack on memory. */
const LONGEST_PADDING = 1_000;

/**
 * SELECTs of the three parts of an expression, for a parser; placeholders become quoted names. Each part must parse on its own, so that none can
 * lean on what stands round it once it is bound; and in parentheses, as it is bound, where what belongs to a SELECT is none of it (`ALL x`, `x WINDOW w AS ()`).
 */
export function solutionQueries(expression: Expression): readonly string[] {
  const parts = [expression.transformation, expression.preConditions, expression.postValidation].map((sql) =>
    sql.replaceAll(/\{(?:value|column:[^{}]*)\}/g, (placeholder) => `"${placeholder}"`),
  );
  return [...parts.map((part) => `SELECT ${part}`), ...parts.map((part) => `SELECT (${part})`)];
}

/**
 * Decides whether an expression that comes from elsewhere (a peer, a model, a person) may be run. `asts` are DuckDB's serialized syntax
 * trees (`json_serialize_sql`) of `solutionQueries`; `columns` are the columns of the row that it may read. What is allowed is listed:
 * scalar functions that depend on their arguments only, over the failing value, those columns and constants. Throws SKEIN_QUERY_REFUSED.
 */
export function checkSolution(expression: Expression, asts: readonly string[], columns: readonly string[]): void {
  if (expression.kind !== 'expression') throw refused(`a solution of kind ${JSON.stringify(expression.kind)} is no expression`);
  const parts = [expression.transformation, expression.preConditions, expression.postValidation];
  if (asts.length !== 2 * parts.length) throw refused(`${asts.length} syntax trees were given for ${parts.length} parts`);
  for (const [index, ast] of asts.entries()) {
    const part = parts[index % parts.length];
    if (typeof part !== 'string' || part.length > LONGEST_TEXT) throw refused('a part of the solution is no text, or is too long');
    // The trees do not show comments; a placeholder in one would still be exchanged for a name that may end it.
    if (/--|\/\*|;\s*$/.test(part)) throw refused('a solution holds no comment and no end of a statement');
    const expression = selected(parsed(ast));
    new Walk(columns).expression(expression, 0, new Set());
    if (growsTooLong(expression)) throw refused('it makes texts that are over a thousand times as long as its cell');
  }
}

type Node = Readonly<Record<string, unknown>>;

function refused(message: string): SkeinError {
  return new SkeinError('SKEIN_QUERY_REFUSED', `the solution is refused: ${message}`, {
    hint: 'A solution is a scalar expression over {value} and {column:…}.',
  });
}

function nodeOf(value: unknown, what: string): Node {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw refused(`the syntax tree has no ${what}`);
  return value as Node;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(`the syntax tree has no ${what}`);
  return value;
}

function parsed(ast: string): Node {
  if (ast.length > LONGEST_TEXT * 10) throw refused('its syntax tree is too large');
  try {
    return nodeOf(JSON.parse(ast), 'root');
  } catch (cause) {
    if (cause instanceof SkeinError) throw cause;
    throw refused('its syntax tree is not JSON');
  }
}

/** The one expression of a SELECT that has nothing else. */
function selected(tree: Node): Node {
  if (tree['error'] !== false) throw refused('it could not be parsed');
  const statements = listOf(tree['statements'], 'statements');
  if (statements.length !== 1) throw refused(`it holds ${statements.length} statements`);
  const statement = nodeOf(statements[0], 'statement');
  const select = nodeOf(statement['node'], 'select');
  if (select['type'] !== 'SELECT_NODE') throw refused(`${String(select['type'])} is not allowed`);
  const empty = (value: unknown): boolean => value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  for (const [key, value] of Object.entries(select)) {
    if (key === 'type' || key === 'select_list') continue;
    const fine =
      key === 'from_table'
        ? nodeOf(value, key)['type'] === 'EMPTY'
        : key === 'cte_map'
          ? empty(nodeOf(value, key)['map'])
          : key === 'aggregate_handling'
            ? value === 'STANDARD_HANDLING'
            : empty(value);
    if (!fine) throw refused(`a clause ${key} is not allowed`);
  }
  for (const [key, value] of Object.entries(statement)) if (key !== 'node' && !empty(value)) throw refused(`${key} is not allowed`);
  const list = listOf(select['select_list'], 'select list');
  if (list.length !== 1) throw refused(`a part holds ${list.length} expressions`);
  return nodeOf(list[0], 'expression');
}

/** Functions of their arguments alone. `try`, comparison and arithmetic have nodes of their own, or stand here as operators. */
const FUNCTIONS = new Set([
  ...[
    '+',
    '-',
    '*',
    '/',
    '//',
    '%',
    '||',
    '~~',
    '!~~',
    'abs',
    'round',
    'floor',
    'ceil',
    'sign',
    'greatest',
    'least',
    'coalesce',
    'nullif',
    'if',
    'ifnull',
    'concat',
    'concat_ws',
  ],
  ...[
    'lower',
    'upper',
    'trim',
    'ltrim',
    'rtrim',
    'length',
    'substring',
    'substr',
    'left',
    'right',
    'split_part',
    'string_split',
    'replace',
    'translate',
    'reverse',
    'lpad',
    'printf',
  ],
  ...[
    'strip_accents',
    'nfc_normalize',
    'starts_with',
    'ends_with',
    'suffix',
    'prefix',
    'contains',
    'strpos',
    'instr',
    'position',
    'chr',
    'ord',
    'unicode',
    'levenshtein',
    'damerau_levenshtein',
  ],
  ...[
    'regexp_matches',
    'regexp_full_match',
    'regexp_extract',
    'regexp_replace',
    'hex',
    'unhex',
    'encode',
    'decode',
    'array_to_string',
    'list_transform',
    'list_value',
    'list_extract',
    'array_extract',
  ],
  ...[
    'make_date',
    'make_time',
    'make_timestamp',
    'strftime',
    'strptime',
    'try_strptime',
    'date_part',
    'year',
    'month',
    'day',
    'epoch_ms',
    'to_days',
    'isfinite',
  ],
]);
const PATTERNS = new Set(['regexp_matches', 'regexp_full_match', 'regexp_extract', 'regexp_replace']);
const TYPES = new Set([
  'VARCHAR',
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'BLOB',
]);
const OPERATORS = new Set([
  'OPERATOR_TRY',
  'OPERATOR_NOT',
  'OPERATOR_IS_NULL',
  'OPERATOR_IS_NOT_NULL',
  'OPERATOR_COALESCE',
  'OPERATOR_NULLIF',
  'COMPARE_IN',
  'COMPARE_NOT_IN',
  'ARRAY_EXTRACT',
  'ARRAY_SLICE',
]);
const COMPARISONS = new Set([
  'COMPARE_EQUAL',
  'COMPARE_NOTEQUAL',
  'COMPARE_LESSTHAN',
  'COMPARE_GREATERTHAN',
  'COMPARE_LESSTHANOREQUALTO',
  'COMPARE_GREATERTHANOREQUALTO',
  'COMPARE_DISTINCT_FROM',
  'COMPARE_NOT_DISTINCT_FROM',
]);
const COMMON = new Set(['class', 'type', 'alias', 'query_location']);

class Walk {
  readonly #columns: ReadonlySet<string>;

  constructor(columns: readonly string[]) {
    this.#columns = new Set(columns);
  }

  expression(value: unknown, depth: number, variables: ReadonlySet<string>): void {
    const node = nodeOf(value, 'expression');
    if (depth > DEEPEST) throw refused('it is nested too deeply');
    if (node['alias'] !== '' && node['alias'] !== undefined) throw refused('an alias is not allowed');
    const each = (values: unknown): void => {
      for (const one of listOf(values, 'operands')) this.expression(one, depth + 1, variables);
    };
    const one = (child: unknown): void => this.expression(child, depth + 1, variables);
    switch (node['class']) {
      case 'CONSTANT':
        keys(node, ['value']);
        return constant(node['value']);
      case 'COLUMN_REF':
        keys(node, ['column_names']);
        return this.#column(node, variables);
      case 'FUNCTION':
        return this.#function(node, depth, variables);
      case 'CASE':
        keys(node, ['case_checks', 'else_expr']);
        for (const check of listOf(node['case_checks'], 'branches').map((branch) => nodeOf(branch, 'branch'))) {
          one(check['when_expr']);
          one(check['then_expr']);
        }
        return one(node['else_expr']);
      case 'CAST': {
        keys(node, ['child', 'cast_type', 'try_cast']);
        const type = nodeOf(node['cast_type'], 'type');
        if (!TYPES.has(String(type['id']))) throw refused(`a cast to ${String(type['id'])} is not allowed`);
        return one(node['child']);
      }
      case 'OPERATOR':
        keys(node, ['children']);
        if (!OPERATORS.has(String(node['type']))) throw refused(`${String(node['type'])} is not allowed`);
        return each(node['children']);
      case 'COMPARISON':
        keys(node, ['left', 'right']);
        if (!COMPARISONS.has(String(node['type']))) throw refused(`${String(node['type'])} is not allowed`);
        one(node['left']);
        return one(node['right']);
      case 'CONJUNCTION':
        keys(node, ['children']);
        return each(node['children']);
      case 'BETWEEN':
        keys(node, ['input', 'lower', 'upper']);
        one(node['input']);
        one(node['lower']);
        return one(node['upper']);
      default:
        throw refused(`${String(node['class'])} is not allowed`);
    }
  }

  #column(node: Node, variables: ReadonlySet<string>): void {
    const names = listOf(node['column_names'], 'name');
    const [name] = names;
    if (names.length !== 1 || typeof name !== 'string') throw refused('a qualified name is not allowed');
    if (name === '{value}' || variables.has(name)) return;
    const column = /^\{column:([^{}]*)\}$/.exec(name)?.[1];
    if (column === undefined) throw refused(`it names ${JSON.stringify(name)}, which is neither {value} nor {column:…}`);
    let decoded: string;
    try {
      decoded = decodeURIComponent(column);
    } catch {
      throw refused(`the name of the column ${JSON.stringify(column)} is not percent-encoded`);
    }
    if (!this.#columns.has(decoded)) throw refused(`the row has no column ${JSON.stringify(decoded)}`);
  }

  #function(node: Node, depth: number, variables: ReadonlySet<string>): void {
    keys(node, ['function_name', 'schema', 'catalog', 'children', 'filter', 'order_bys', 'distinct', 'is_operator', 'export_state']);
    const name = String(node['function_name']).toLowerCase();
    if (!FUNCTIONS.has(name) || (node['schema'] !== '' && node['schema'] !== 'main') || node['catalog'] !== '')
      throw refused(`the function ${name} is not allowed`);
    const orders = node['order_bys'] === null ? [] : listOf(nodeOf(node['order_bys'], 'order')['orders'], 'orders');
    if (node['filter'] !== null || orders.length > 0 || node['distinct'] !== false || node['export_state'] !== false)
      throw refused(`${name} is not called as a scalar function`);
    const children = listOf(node['children'], 'arguments').map((child) => nodeOf(child, 'argument'));
    if (name === 'lpad' && !bounded(children[1])) throw refused(`padding to more than ${LONGEST_PADDING} characters, or to a computed length, is not allowed`);
    if (name === 'printf' && textOf(children[0]) !== '%02x') throw refused('printf takes the format %02x only');
    const pattern = children[1];
    if (PATTERNS.has(name) && (pattern === undefined || (pattern['class'] !== 'CONSTANT' && !isJoined(pattern)))) throw refused('a pattern must be a constant');
    for (const child of children) {
      if (child['class'] !== 'LAMBDA') this.expression(child, depth + 1, variables);
      else if (name === 'list_transform') this.#lambda(child, depth, variables);
      else throw refused('a lambda may stand in list_transform only');
    }
  }

  #lambda(node: Node, depth: number, variables: ReadonlySet<string>): void {
    keys(node, ['lhs', 'expr', 'syntax_type']);
    const names = listOf(nodeOf(node['lhs'], 'variable')['column_names'], 'variable');
    const [name] = names;
    if (names.length !== 1 || typeof name !== 'string' || name.startsWith('{')) throw refused('a lambda takes one plain variable');
    this.expression(node['expr'], depth + 1, new Set([...variables, name]));
  }
}

function keys(node: Node, allowed: readonly string[]): void {
  for (const key of Object.keys(node)) if (!COMMON.has(key) && !allowed.includes(key)) throw refused(`${String(node['class'])}.${key} is not allowed`);
}

function constant(value: unknown): void {
  const node = nodeOf(value, 'constant');
  const content = node['value'];
  // Placeholders are exchanged in the text: one inside quotes would put a name where a constant was.
  if (typeof content === 'string' && /\{(?:value|column:)/.test(content)) throw refused('a constant holds a placeholder');
  if (content !== null && typeof content === 'object') throw refused('a constant is nested');
}

function textOf(node: Node | undefined): string | undefined {
  if (node?.['class'] !== 'CONSTANT') return undefined;
  const content = nodeOf(node['value'], 'constant')['value'];
  return typeof content === 'string' ? content : undefined;
}

/** A constant that `constant()` wrote in pieces. */
function isJoined(node: Node): boolean {
  const name = node['function_name'];
  return (
    node['class'] === 'FUNCTION' &&
    (name === '||' || name === 'chr') &&
    listOf(node['children'], 'arguments').every((child) => nodeOf(child, 'argument')['class'] === 'CONSTANT' || isJoined(nodeOf(child, 'argument')))
  );
}

/** A length that is a small constant, or the greater of one and the length of a text that is there. */
function bounded(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if (node['class'] === 'CONSTANT') {
    const content = nodeOf(node['value'], 'constant')['value'];
    return typeof content === 'number' && content <= LONGEST_PADDING;
  }
  if (node['class'] === 'CAST') return bounded(nodeOf(node['child'], 'cast'));
  if (node['class'] !== 'FUNCTION') return false;
  if (node['function_name'] === 'length') return true;
  return node['function_name'] === 'greatest' && listOf(node['children'], 'arguments').every((child) => bounded(nodeOf(child, 'argument')));
}
