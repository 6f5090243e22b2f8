/**
 * What a member of a syntax node holds, so what the walker does with it. A member that no table names is refused: a new engine
 * cannot add a clause that passes unseen.
 */
export type Slot =
  | 'expression'
  | 'expression?'
  | 'expressions'
  | 'expressionRows'
  | 'cases'
  | 'orders'
  | 'orderModifier'
  | 'statement'
  | 'query'
  | 'relation'
  | 'ctes'
  | 'modifiers'
  | 'sample'
  | 'value'
  | 'sqlType'
  | 'columnNames'
  | 'names'
  | 'name'
  | 'excludeColumns'
  | 'renames'
  | 'replacements'
  | 'groupSets'
  | 'pivots'
  | 'parameter'
  | 'parameterMap'
  | 'function'
  | 'windowFunction'
  | 'functionSchema'
  | 'collation'
  | 'location'
  | 'flag'
  | 'number'
  // constants: the clause behind them is not for consumers
  | 'empty'
  | 'emptyList'
  | 'null'
  | 'no'
  | readonly string[];

export type Slots = Readonly<Record<string, Slot>>;

export interface NodeRule {
  /** Allowed values of `type`. */
  readonly types: readonly string[];
  readonly slots: Slots;
}

const ANYWHERE: Slots = { alias: 'name', query_location: 'location' };

const COMPARISONS = [
  'COMPARE_EQUAL',
  'COMPARE_NOTEQUAL',
  'COMPARE_LESSTHAN',
  'COMPARE_GREATERTHAN',
  'COMPARE_LESSTHANOREQUALTO',
  'COMPARE_GREATERTHANOREQUALTO',
  'COMPARE_DISTINCT_FROM',
  'COMPARE_NOT_DISTINCT_FROM',
] as const;

const FUNCTION_SLOTS: Slots = {
  ...ANYWHERE,
  function_name: 'function',
  schema: 'functionSchema',
  catalog: 'empty',
  children: 'expressions',
  filter: 'expression?',
  order_bys: 'orderModifier',
  distinct: 'flag',
  is_operator: 'flag',
  // aggregate states are raw memory: reading a forged one is out of bounds
  export_state: 'no',
};

const BOUNDARIES = [
  'INVALID',
  'UNBOUNDED_PRECEDING',
  'UNBOUNDED_FOLLOWING',
  'CURRENT_ROW_RANGE',
  'CURRENT_ROW_ROWS',
  'EXPR_PRECEDING_ROWS',
  'EXPR_FOLLOWING_ROWS',
  'EXPR_PRECEDING_RANGE',
  'EXPR_FOLLOWING_RANGE',
  'CURRENT_ROW_GROUPS',
  'EXPR_PRECEDING_GROUPS',
  'EXPR_FOLLOWING_GROUPS',
] as const;

/** By `class`. */
export const EXPRESSIONS: Readonly<Record<string, NodeRule>> = {
  COLUMN_REF: { types: ['COLUMN_REF'], slots: { ...ANYWHERE, column_names: 'columnNames' } },
  CONSTANT: { types: ['VALUE_CONSTANT'], slots: { ...ANYWHERE, value: 'value' } },
  PARAMETER: { types: ['VALUE_PARAMETER'], slots: { ...ANYWHERE, identifier: 'parameter' } },
  POSITIONAL_REFERENCE: { types: ['POSITIONAL_REFERENCE'], slots: { ...ANYWHERE, index: 'number' } },
  FUNCTION: { types: ['FUNCTION'], slots: FUNCTION_SLOTS },
  WINDOW: {
    types: [
      'WINDOW_AGGREGATE',
      'WINDOW_RANK',
      'WINDOW_RANK_DENSE',
      'WINDOW_NTILE',
      'WINDOW_PERCENT_RANK',
      'WINDOW_CUME_DIST',
      'WINDOW_ROW_NUMBER',
      'WINDOW_FIRST_VALUE',
      'WINDOW_LAST_VALUE',
      'WINDOW_LEAD',
      'WINDOW_LAG',
      'WINDOW_NTH_VALUE',
      'WINDOW_FILL',
    ],
    slots: {
      ...ANYWHERE,
      function_name: 'windowFunction',
      schema: 'functionSchema',
      catalog: 'empty',
      children: 'expressions',
      partitions: 'expressions',
      orders: 'orders',
      arg_orders: 'orders',
      start: BOUNDARIES,
      end: BOUNDARIES,
      start_expr: 'expression?',
      end_expr: 'expression?',
      offset_expr: 'expression?',
      default_expr: 'expression?',
      filter_expr: 'expression?',
      ignore_nulls: 'flag',
      distinct: 'flag',
      exclude_clause: ['NO_OTHER', 'CURRENT_ROW', 'GROUP', 'TIES'],
    },
  },
  COMPARISON: { types: COMPARISONS, slots: { ...ANYWHERE, left: 'expression', right: 'expression' } },
  BETWEEN: { types: ['COMPARE_BETWEEN', 'COMPARE_NOT_BETWEEN'], slots: { ...ANYWHERE, input: 'expression', lower: 'expression', upper: 'expression' } },
  CONJUNCTION: { types: ['CONJUNCTION_AND', 'CONJUNCTION_OR'], slots: { ...ANYWHERE, children: 'expressions' } },
  CASE: { types: ['CASE_EXPR'], slots: { ...ANYWHERE, case_checks: 'cases', else_expr: 'expression' } },
  CAST: { types: ['OPERATOR_CAST'], slots: { ...ANYWHERE, child: 'expression', cast_type: 'sqlType', try_cast: 'flag' } },
  COLLATE: { types: ['COLLATE'], slots: { ...ANYWHERE, child: 'expression', collation: 'collation' } },
  LAMBDA: { types: ['LAMBDA'], slots: { ...ANYWHERE, lhs: 'expression', expr: 'expression' } },
  OPERATOR: {
    types: [
      'OPERATOR_NOT',
      'OPERATOR_IS_NULL',
      'OPERATOR_IS_NOT_NULL',
      'OPERATOR_COALESCE',
      'OPERATOR_NULLIF',
      'OPERATOR_TRY',
      'OPERATOR_UNPACK',
      'COMPARE_IN',
      'COMPARE_NOT_IN',
      'ARRAY_EXTRACT',
      'ARRAY_SLICE',
      'STRUCT_EXTRACT',
      'ARRAY_CONSTRUCTOR',
      'GROUPING_FUNCTION',
    ],
    slots: { ...ANYWHERE, children: 'expressions' },
  },
  STAR: {
    types: ['STAR'],
    slots: {
      ...ANYWHERE,
      relation_name: 'name',
      exclude_list: 'names',
      replace_list: 'replacements',
      // COLUMNS(…) expands to columns in scope, which are those of governed views
      columns: 'flag',
      expr: 'expression?',
      qualified_exclude_list: 'excludeColumns',
      rename_list: 'renames',
    },
  },
  SUBQUERY: {
    types: ['SUBQUERY'],
    slots: {
      ...ANYWHERE,
      subquery_type: ['EXISTS', 'NOT_EXISTS', 'ANY', 'SCALAR'],
      subquery: 'statement',
      child: 'expression?',
      comparison_type: ['INVALID', ...COMPARISONS],
    },
  },
};

/** By `type`, within FROM. */
export const RELATIONS: Readonly<Record<string, Slots>> = {
  BASE_TABLE: { ...ANYWHERE, sample: 'sample', schema_name: 'name', table_name: 'name', catalog_name: 'name', column_name_alias: 'names', at_clause: 'null' },
  JOIN: {
    ...ANYWHERE,
    sample: 'sample',
    left: 'relation',
    right: 'relation',
    condition: 'expression?',
    join_type: ['LEFT', 'RIGHT', 'INNER', 'FULL', 'OUTER', 'SEMI', 'ANTI'],
    // POSITIONAL pairs rows by an order that products do not have
    ref_type: ['REGULAR', 'NATURAL', 'CROSS', 'ASOF'],
    using_columns: 'names',
    delim_flipped: 'no',
    duplicate_eliminated_columns: 'emptyList',
  },
  SUBQUERY: { ...ANYWHERE, sample: 'sample', subquery: 'statement', column_name_alias: 'names' },
  TABLE_FUNCTION: {
    ...ANYWHERE,
    sample: 'sample',
    function: 'expression',
    column_name_alias: 'names',
    with_ordinality: ['WITHOUT_ORDINALITY', 'WITH_ORDINALITY'],
  },
  EXPRESSION_LIST: { ...ANYWHERE, sample: 'sample', expected_names: 'names', expected_types: 'emptyList', values: 'expressionRows' },
  EMPTY: { ...ANYWHERE, sample: 'null' },
  PIVOT: {
    ...ANYWHERE,
    sample: 'sample',
    source: 'relation',
    aggregates: 'expressions',
    unpivot_names: 'names',
    pivots: 'pivots',
    groups: 'names',
    column_name_alias: 'names',
    include_nulls: 'flag',
  },
};

/** By `type`: what stands under `node`. */
export const QUERIES: Readonly<Record<string, Slots>> = {
  SELECT_NODE: {
    modifiers: 'modifiers',
    cte_map: 'ctes',
    select_list: 'expressions',
    from_table: 'relation',
    where_clause: 'expression?',
    group_expressions: 'expressions',
    group_sets: 'groupSets',
    aggregate_handling: ['STANDARD_HANDLING', 'FORCE_AGGREGATES', 'NO_AGGREGATES_ALLOWED'],
    having: 'expression?',
    sample: 'sample',
    qualify: 'expression?',
  },
  SET_OPERATION_NODE: {
    modifiers: 'modifiers',
    cte_map: 'ctes',
    setop_type: ['UNION', 'EXCEPT', 'INTERSECT', 'UNION_BY_NAME'],
    setop_all: 'flag',
    left: 'query',
    right: 'query',
  },
  RECURSIVE_CTE_NODE: {
    modifiers: 'modifiers',
    cte_map: 'ctes',
    cte_name: 'name',
    union_all: 'flag',
    left: 'query',
    right: 'query',
    aliases: 'names',
    key_targets: 'expressions',
  },
};

export const MODIFIERS: Readonly<Record<string, Slots>> = {
  ORDER_MODIFIER: { orders: 'orders' },
  LIMIT_MODIFIER: { limit: 'expression?', offset: 'expression?' },
  LIMIT_PERCENT_MODIFIER: { limit: 'expression?', offset: 'expression?' },
  DISTINCT_MODIFIER: { distinct_on_targets: 'expressions' },
};

/** Types by id. Left out: VARIANT, GEOMETRY (a BLOB with an alias), TYPE, POINTER, AGGREGATE_STATE and whatever comes. */
export const TYPES: ReadonlySet<string> = new Set([
  ...[
    'NULL',
    'BOOLEAN',
    'TINYINT',
    'SMALLINT',
    'INTEGER',
    'BIGINT',
    'HUGEINT',
    'UTINYINT',
    'USMALLINT',
    'UINTEGER',
    'UBIGINT',
    'UHUGEINT',
    'BIGNUM',
    'FLOAT',
    'DOUBLE',
    'DECIMAL',
  ],
  ...[
    'VARCHAR',
    'BLOB',
    'BIT',
    'UUID',
    'DATE',
    'TIME',
    'TIME_NS',
    'TIME WITH TIME ZONE',
    'TIMESTAMP',
    'TIMESTAMP_S',
    'TIMESTAMP_MS',
    'TIMESTAMP_NS',
    'TIMESTAMP WITH TIME ZONE',
    'INTERVAL',
  ],
  ...['STRUCT', 'LIST', 'ARRAY', 'MAP', 'UNION', 'UNBOUND'],
]);

/** Names that the parser leaves to the catalog (type id UNBOUND), lower case. */
export const NAMED_TYPES: ReadonlySet<string> = new Set(['json', 'enum']);

export const TYPE_INFO: Readonly<Record<string, Readonly<Record<string, 'type' | 'typeList' | 'values' | 'number' | 'empty' | 'null' | 'typeName'>>>> = {
  DECIMAL_TYPE_INFO: { alias: 'empty', extension_info: 'null', width: 'number', scale: 'number' },
  LIST_TYPE_INFO: { alias: 'empty', extension_info: 'null', child_type: 'type' },
  ARRAY_TYPE_INFO: { alias: 'empty', extension_info: 'null', child_type: 'type', size: 'number' },
  STRUCT_TYPE_INFO: { alias: 'empty', extension_info: 'null', child_types: 'typeList' },
  STRING_TYPE_INFO: { alias: 'empty', extension_info: 'null', collation: 'empty' },
  UNBOUND_TYPE_INFO: { alias: 'empty', extension_info: 'null', name: 'typeName', catalog: 'empty', schema: 'empty', user_type_modifiers: 'values' },
};

/** Members of nodes that have no type of their own. */
export const QUALIFIED_COLUMN: Slots = { catalog: 'name', schema: 'name', table: 'name', column: 'name' };
export const PIVOT_SLOTS: Slots = { pivot_expressions: 'expressions', unpivot_names: 'names', pivot_enum: 'empty', subquery: 'null' };
export const PIVOT_ENTRY_SLOTS: Slots = { star_expr: 'expression?', alias: 'name' };
