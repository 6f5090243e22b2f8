/** Functions whose first argument is one word of a fixed list, which decides the type of their result. */
export const PART_FUNCTIONS: ReadonlySet<string> = new Set([
  'date_trunc',
  'datetrunc',
  'date_part',
  'datepart',
  'date_diff',
  'datediff',
  'date_sub',
  'datesub',
]);
export const DATE_PARTS: ReadonlySet<string> = new Set(
  (
    'century day dayofweek dayofyear decade dow doy epoch era hour isodow isoyear microsecond microseconds millennium millisecond ' +
    'milliseconds minute month quarter second timezone timezone_hour timezone_minute week weekday year yearweek julian'
  ).split(' '),
);
export const FIELD_FUNCTIONS: ReadonlySet<string> = new Set(['struct_extract', 'array_extract']);
export const FIELD_OPERATORS: ReadonlySet<string> = new Set(['ARRAY_EXTRACT', 'STRUCT_EXTRACT']);
/** Names that the engine gives or knows by itself. */
export const ENGINE_NAMES: ReadonlySet<string> = new Set([
  'valueslist',
  'ordinality',
  'rowid',
  'excluded',
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
]);
export const GENERATED_NAME = /^col\d{1,2}$/;
