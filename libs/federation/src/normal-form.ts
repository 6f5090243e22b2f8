import { asList, asNode, isNode, lower, own } from './gate-checks.ts';
import { AGGREGATE_FUNCTIONS, BY_NAME_FUNCTIONS, FUNCTIONS } from './gate-functions.ts';
import { EXPRESSIONS, MODIFIERS, PIVOT_ENTRY_SLOTS, PIVOT_SLOTS, QUALIFIED_COLUMN, QUERIES, RELATIONS, type Slot, type Slots } from './gate-grammar.ts';
import { DATE_PARTS, ENGINE_NAMES, FIELD_FUNCTIONS, FIELD_OPERATORS, GENERATED_NAME, PART_FUNCTIONS } from './normal-words.ts';
import { isRawNumber, type TreeNode, type TreeValue } from './syntax-tree.ts';

/** A larger number names no column of a result: such a query fails. */
const MAX_POSITION = 999;

type Kind = 'text' | 'int' | 'number' | 'flag' | 'any';
const KINDS: Readonly<Record<string, Kind>> = {
  VARCHAR: 'text',
  BOOLEAN: 'flag',
  DECIMAL: 'number',
  FLOAT: 'number',
  DOUBLE: 'number',
  ...Object.fromEntries(
    ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT', 'BIGNUM'].map((id) => [id, 'int']),
  ),
};

/**
 * Takes every value out of a tree that passed the gate, in place, so that queries which differ in values only become one:
 *
 * - constants and parameters become marks that tell their kind (`$text1`, `$int2`, `$number3`, `$flag4`, `$any5` for what the
 *   consumer bound); lists of them shrink to one of each kind, and samples to a fixed size
 * - names that neither a contract, nor the engine, knows (`known` holds the contracts', by lower case) become `n1`, `n2` … in order of
 *   appearance, the same name always the same one: an alias may hold a value
 *
 * What stays are NULL, positions in ORDER BY and GROUP BY, parts of dates such as `'month'` and names of aggregates: words of
 * fixed lists, not values. Texts that name a field (`size['length']`) or, in COLUMNS, a column are names.
 */
export function normalise(tree: TreeNode, known: ReadonlyMap<string, string>): void {
  new Normaliser(known).document(tree);
}

class Normaliser {
  readonly #known: ReadonlyMap<string, string>;
  readonly #names = new Map<string, string>();
  readonly #given = new Map<string, string>();
  readonly #marks: string[] = [];
  /** Within COLUMNS(…), texts may be names of columns. */
  #columnsDepth = 0;

  constructor(known: ReadonlyMap<string, string>) {
    this.#known = known;
  }

  document(tree: TreeNode): void {
    const statement = asNode(asList(tree['statements'], 'statements')[0], 'statement');
    this.#statement(statement);
    statement['named_param_map'] = this.#marks.map((key, at) => ({ key, value: at + 1 }));
  }

  #statement(value: TreeValue | undefined): void {
    const statement = asNode(value, 'statement');
    statement['named_param_map'] = [];
    this.#query(statement['node']);
  }

  #query(value: TreeValue | undefined): void {
    const node = asNode(value, 'query');
    for (const entry of asList(asNode(node['cte_map'] ?? { map: [] }, 'CTE map')['map'], 'CTE map').map((item) => asNode(item, 'CTE'))) {
      entry['key'] = this.#name(entry['key']);
      const cte = asNode(entry['value'], 'CTE');
      this.#statement(cte['query']);
      if (cte['aliases'] !== undefined) cte['aliases'] = this.#nameList(cte['aliases']);
      for (const target of asList(cte['key_targets'] ?? [], 'CTE')) this.#inPlace(target);
    }
    this.#members(node, own(QUERIES, String(node['type'])) ?? {}, ['cte_map', 'group_expressions']);
    if (node['group_expressions'] !== undefined) node['group_expressions'] = this.#positions(node['group_expressions']);
  }

  /** Each member by what its slot holds. */
  #members(node: TreeNode, slots: Slots, except: readonly string[] = []): void {
    for (const key of Object.keys(node)) if (!except.includes(key)) node[key] = this.#slot(own(slots, key), node[key] as TreeValue, node);
  }

  #slot(slot: Slot | undefined, value: TreeValue, node: TreeNode): TreeValue {
    switch (slot) {
      case 'expression':
      case 'expression?':
        return value === null ? null : this.#expression(value);
      case 'expressions':
        return asList(value, 'expressions').map((item) => this.#expression(item));
      case 'expressionRows':
        return this.#rows(asList(value, 'rows'));
      case 'cases':
        for (const item of asList(value, 'cases')) this.#members(asNode(item, 'case'), { when_expr: 'expression', then_expr: 'expression' });
        return value;
      case 'orders':
        for (const item of asList(value, 'orders')) this.#members(asNode(item, 'order'), { expression: 'expression' });
        return value;
      case 'orderModifier':
        this.#members(asNode(value, 'modifier'), { orders: 'orders' });
        return value;
      case 'modifiers':
        for (const item of asList(value, 'modifiers')) this.#modifier(asNode(item, 'modifier'));
        return value;
      case 'statement':
        this.#statement(value);
        return value;
      case 'query':
        this.#query(value);
        return value;
      case 'relation':
        this.#relation(asNode(value, 'relation'));
        return value;
      case 'pivots':
        for (const item of asList(value, 'pivots'))
          this.#pivot(asNode(item, 'pivot'), Array.isArray(node['unpivot_names']) && node['unpivot_names'].length > 0);
        return value;
      case 'replacements':
        for (const item of asList(value, 'REPLACE')) this.#members(asNode(item, 'REPLACE'), { key: 'name', value: 'expression' });
        return value;
      case 'excludeColumns':
        for (const item of asList(value, 'EXCLUDE')) this.#members(asNode(item, 'EXCLUDE'), QUALIFIED_COLUMN);
        return value;
      case 'renames':
        for (const item of asList(value, 'RENAME').map((one) => asNode(one, 'RENAME'))) {
          this.#members(asNode(item['key'], 'RENAME'), QUALIFIED_COLUMN);
          item['value'] = this.#name(item['value']);
        }
        return value;
      case 'sample':
        return value === null ? null : { ...asNode(value, 'sample'), sample_size: fixedValue('int'), seed: -1 };
      case 'name':
        return this.#name(value);
      case 'names':
      case 'columnNames':
        return this.#nameList(value);
      case 'sqlType':
        return this.#type(value);
      case 'parameter':
      case 'value':
        throw new TypeError(`a ${String(node['class'])} was not replaced`);
      case 'location':
        return null;
      case 'parameterMap':
        return [];
      default:
        // flags, words of fixed lists, and members that the gate allows to be empty only
        return value;
    }
  }

  #modifier(modifier: TreeNode): void {
    if (modifier['type'] === 'ORDER_MODIFIER') {
      for (const item of asList(modifier['orders'], 'orders').map((one) => asNode(one, 'order')))
        if (!isPosition(item['expression'])) item['expression'] = this.#expression(item['expression']);
        else this.#inPlace(item['expression']);
    } else if (modifier['type'] === 'DISTINCT_MODIFIER') modifier['distinct_on_targets'] = this.#positions(modifier['distinct_on_targets']);
    else this.#members(modifier, own(MODIFIERS, String(modifier['type'])) ?? {});
  }

  #relation(node: TreeNode): void {
    const type = String(node['type']);
    const slots = own(RELATIONS, type) ?? {};
    if (type !== 'BASE_TABLE') return this.#members(node, slots);
    const own_ = node['schema_name'] === '' ? [] : ['table_name'];
    this.#members(node, slots, ['schema_name', 'catalog_name', ...own_]);
    node['catalog_name'] = '';
    for (const key of ['schema_name', ...own_]) node[key] = lower(String(node[key]));
  }

  /** Values of a PIVOT become one; those of an UNPIVOT are names of columns. */
  #pivot(pivot: TreeNode, named: boolean): void {
    this.#members(pivot, PIVOT_SLOTS, ['entries']);
    const entries = asList(pivot['entries'] ?? [], 'PIVOT').map((item) => asNode(item, 'PIVOT'));
    pivot['entries'] = named ? entries : entries.slice(0, 1);
    for (const entry of entries) {
      this.#members(entry, PIVOT_ENTRY_SLOTS, ['values']);
      const values = asList(entry['values'] ?? [], 'PIVOT').map((value) => asNode(value, 'PIVOT'));
      entry['values'] = values.map((value) => (named ? this.#nameConstant(value) : fixedValue(kindOf(value))));
    }
  }

  #nameConstant(constant: TreeNode): TreeNode {
    const text = constant['value'];
    return typeof text === 'string' ? { ...constant, value: this.#name(text) } : fixedValue('text');
  }

  #expressionMembers(node: TreeNode): void {
    const rule = own(EXPRESSIONS, String(node['class']));
    const naming = node['class'] === 'STAR' ? 1 : 0;
    this.#columnsDepth += naming;
    this.#members(node, rule?.slots ?? {}, ['class', 'type', 'children']);
    this.#columnsDepth -= naming;
    if (!Array.isArray(node['children'])) return;
    const children = node['children'];
    const name = lower(String(node['function_name'] ?? ''));
    const type = node['type'];
    if (type === 'COMPARE_IN' || type === 'COMPARE_NOT_IN')
      node['children'] = [...children.slice(0, 1).map((child) => this.#expression(child)), ...this.#shrunk(children.slice(1))];
    else if (name === 'list_value') node['children'] = this.#shrunk(children);
    else
      node['children'] = children.map((child, at) =>
        this.#isWord(child, at, name, String(type)) ? this.#inPlace(child, !FIELD_FUNCTIONS.has(name) && name !== '') : this.#expression(child),
      );
  }

  /** A constant that says what is to be done, out of a fixed list, or that names a field or a column. */
  #isWord(child: TreeValue, at: number, called: string, type: string): boolean {
    const text = textConstant(child);
    if (text === undefined) return false;
    if (PART_FUNCTIONS.has(called)) return at === 0 && DATE_PARTS.has(lower(text));
    if (BY_NAME_FUNCTIONS.has(called)) return at === 1 && AGGREGATE_FUNCTIONS.has(lower(text));
    return at === 1 && (FIELD_FUNCTIONS.has(called) || FIELD_OPERATORS.has(type));
  }

  #expression(value: TreeValue | undefined): TreeValue {
    const node = asNode(value, 'expression');
    const kind = literalKind(node);
    if (kind === undefined || (this.#columnsDepth > 0 && this.#known.has(lower(textConstant(node) ?? '')))) return this.#inPlace(node);
    return this.#mark(node, kind);
  }

  /** Keeps what the expression is, and goes on within it. */
  #inPlace(value: TreeValue | undefined, word = false): TreeValue {
    const node = asNode(value, 'expression');
    if (node['class'] === 'CONSTANT') {
      node['alias'] = this.#name(node['alias']);
      node['query_location'] = null;
      const constant = asNode(node['value'], 'constant');
      // a word of a fixed list is what it is, and any other is a name
      if (typeof constant['value'] === 'string') node['value'] = { ...constant, value: word ? lower(constant['value']) : this.#name(constant['value']) };
    } else this.#expressionMembers(node);
    return node;
  }

  #mark(node: TreeNode, kind: Kind): TreeNode {
    const alias = this.#name(node['alias']);
    const given = node['class'] === 'PARAMETER' ? String(node['identifier']) : undefined;
    let mark = given === undefined ? undefined : this.#given.get(given);
    if (mark === undefined) {
      mark = `${kind}${this.#marks.length + 1}`;
      this.#marks.push(mark);
      if (given !== undefined) this.#given.set(given, mark);
    }
    return { class: 'PARAMETER', type: 'VALUE_PARAMETER', alias, query_location: null, identifier: mark };
  }

  /** Of several literals of one kind the first. */
  #shrunk(items: readonly TreeValue[]): TreeValue[] {
    const seen = new Set<Kind>();
    return items.flatMap((item) => {
      const kind = this.#columnsDepth > 0 ? undefined : literalKind(asNode(item, 'expression'));
      if (kind !== undefined && seen.has(kind)) return [];
      if (kind !== undefined) seen.add(kind);
      return [this.#expression(item)];
    });
  }

  /** Of several rows of literals of the same kinds the first. */
  #rows(rows: readonly TreeValue[]): TreeValue[] {
    const seen = new Set<string>();
    return rows.flatMap((row) => {
      const items = asList(row, 'row');
      const kinds = items.map((item) => literalKind(asNode(item, 'expression')) ?? '');
      const key = kinds.includes('') ? undefined : kinds.join();
      if (key !== undefined && seen.has(key)) return [];
      if (key !== undefined) seen.add(key);
      return [items.map((item) => this.#expression(item))];
    });
  }

  #positions(value: TreeValue | undefined): TreeValue[] {
    return asList(value, 'expressions').map((item) => (isPosition(item) ? this.#inPlace(item) : this.#expression(item)));
  }

  #nameList(value: TreeValue | undefined): TreeValue[] {
    return asList(value, 'names').map((name) => this.#name(name));
  }

  #name(value: TreeValue | undefined): string {
    if (typeof value !== 'string' || value === '') return '';
    const key = lower(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (FUNCTIONS.has(key) || ENGINE_NAMES.has(key) || GENERATED_NAME.test(key)) return key;
    let name = this.#names.get(key);
    if (name === undefined) {
      let at = this.#names.size + 1;
      while (this.#known.has(`n${at}`)) at += 1_000;
      name = `n${at}`;
      this.#names.set(key, name);
    }
    return name;
  }

  /** Names of fields and members of an ENUM are names; widths and sizes are the type. */
  #type(value: TreeValue | undefined): TreeValue {
    const type = asNode(value, 'type');
    const info = type['type_info'];
    if (!isNode(info)) return type;
    if (isNode(info['child_type'])) info['child_type'] = this.#type(info['child_type']);
    if (Array.isArray(info['child_types']))
      info['child_types'] = info['child_types'].map((item) => {
        const pair = asNode(item, 'type part');
        return { ...pair, first: this.#name(pair['first']), second: this.#type(pair['second']) };
      });
    if (Array.isArray(info['user_type_modifiers'])) {
      const named = lower(String(info['name'])) === 'enum';
      for (const item of info['user_type_modifiers'].map((one) => asNode(one, 'type modifier')))
        item['value'] = named && typeof item['value'] === 'string' ? this.#name(item['value']) : item['value'] === null ? null : 1;
    }
    return type;
  }
}

/** The kind of a constant other than NULL, or of a parameter; undefined for other expressions. */
function literalKind(node: TreeNode): Kind | undefined {
  if (node['class'] === 'PARAMETER') return 'any';
  if (node['class'] !== 'CONSTANT') return undefined;
  const constant = asNode(node['value'], 'constant');
  return constant['is_null'] === true ? undefined : kindOf(constant);
}

function kindOf(constant: TreeNode): Kind {
  const id = isNode(constant['type']) ? String(constant['type']['id']) : '';
  return own(KINDS, id) ?? 'any';
}

/** A whole number by which ORDER BY and GROUP BY name a column of the result. */
function isPosition(value: TreeValue | undefined): boolean {
  if (!isNode(value) || value['class'] !== 'CONSTANT' || literalKind(value) !== 'int' || !isNode(value['value'])) return false;
  const at = value['value']['value'];
  return typeof at === 'number' && !isRawNumber(at) && at >= 1 && at <= MAX_POSITION;
}

function textConstant(value: TreeValue): string | undefined {
  const text = isNode(value) && value['class'] === 'CONSTANT' && isNode(value['value']) ? value['value']['value'] : undefined;
  return typeof text === 'string' && isNode(value) && literalKind(value) === 'text' ? text : undefined;
}

function fixedValue(kind: Kind): TreeNode {
  const [id, value] =
    kind === 'int' || kind === 'number' ? (['INTEGER', 1] as const) : kind === 'flag' ? (['BOOLEAN', true] as const) : (['VARCHAR', 'v'] as const);
  return { type: { id, type_info: null }, is_null: false, value };
}
