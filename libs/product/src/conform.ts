import { primaryKey, type ColumnType, type Contract, type Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { jsonForm, jsonMembers, keepDigits, numberForm, textForm, type Form } from '@skein/verifier';
import type { BronzeTable, Step } from './product.ts';

/** Rows of a source that a product takes over as its contract types them: one landed column for each of the contract's. */
export interface Conforming {
  /** Name of the bronze table. */
  readonly name: string;
  readonly source: string;
  /** Landed table that it reads; default its own name. */
  readonly table?: string;
  readonly shape: 'columns' | 'json';
  /** Names in the source, where they differ from the contract's: `{ account_id: 'Account ID' }`. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** Blanks at the edges of delimited text: space, tab, line ends, no-break space. */
const BLANKS = `' ' || chr(9) || chr(10) || chr(13) || chr(160)`;
const NOTHING = `NULL::STRUCT("column" VARCHAR, "value" VARCHAR, "rule" VARCHAR)`;

/** The bronze table: landed rows as they are, text by text. A file that lacks a column of the contract's key is refused. */
export function conformedTable(contract: Contract, { name, source, table = name, shape, columns = {} }: Conforming): BronzeTable {
  const tables = (landed: string) => landed === table;
  if (shape === 'json') return { name, source, tables, sql: `SELECT _file, _row, ${keepDigits('raw')} AS raw FROM landing` };
  const named = (property: string) => columns[property] ?? property;
  return {
    name,
    source,
    tables,
    columns: contract.properties.map((property) => named(property.name)),
    requiredColumns: primaryKey(contract).map(({ name: property }) => named(property)),
    sql: `SELECT _file, _row, ${contract.properties.map((property) => ident(named(property.name))).join(', ')} FROM landing`,
  };
}

/**
 * The step that types the rows of a `conformedTable`: each text is read by the form that the contract's checks take for its type. What
 * cannot be read stands in `_invalid` with the rule `type`, blanks cut from the edges of a text in `_repairs`; columns of single values may be
 * repaired by the swarm. Of rows that are equal in the primary key and in all else one remains; the rest is the validator's.
 */
export function conformedStep(contract: Contract, { name, shape, columns = {} }: Conforming): Pick<Step, 'from' | 'sql' | 'repairable' | 'lineage'> {
  const fields = contract.properties.map((property, index) => ({
    property,
    index,
    from: columns[property.name] ?? property.name,
    ...(shape === 'json' ? fromJson(property, index) : fromText(property, index)),
  }));
  const read =
    shape === 'json'
      ? `SELECT _file, _row, ${jsonMembers(
          'raw::JSON',
          fields.map(({ from }) => from),
        )} AS members FROM ${ident(name)}`
      : `SELECT _file, _row, ${fields.map(({ from, index }) => `${ident(from)} AS r${index}, nullif(trim(${ident(from)}, ${BLANKS}), '') AS t${index}`).join(', ')} FROM ${ident(name)}`;
  const found =
    shape === 'json'
      ? `SELECT _file, _row, ${fields.map(({ index }) => `CASE WHEN json_type(members[${index + 1}]) <> 'NULL' THEN members[${index + 1}] END AS t${index}`).join(', ')} FROM (${read})`
      : read;
  const values = fields.map(({ property, index, form }) => `CASE WHEN t${index} IS NOT NULL AND ${form.ok} THEN ${form.value} END AS ${ident(property.name)}`);
  const faults = fields
    .filter(({ form }) => form.ok !== 'TRUE')
    .map(
      ({ property, index, form, raw }) =>
        `CASE WHEN t${index} IS NOT NULL AND NOT ${form.ok} THEN {'column': ${literal(property.name)}, 'value': ${raw}, 'rule': 'type'} END`,
    );
  const repairs = fields.flatMap(({ property, index }) =>
    shape === 'json' ? [] : [`CASE WHEN r${index} <> t${index} THEN ${literal(`${property.name}:whitespace`)} END`],
  );
  return {
    from: [name],
    sql: `SELECT ${values.join(', ')}, _file, _row,
      list_filter([${[...repairs, 'NULL::VARCHAR'].join(', ')}], lambda _r: _r IS NOT NULL) AS _repairs,
      list_filter([${[...faults, NOTHING].join(', ')}], lambda _f: _f IS NOT NULL) AS _invalid
      FROM (${found})`,
    repairable: fields.filter(({ property }) => !isNested(property.type)).map(({ property }) => property.name),
    lineage: Object.fromEntries(fields.map(({ property, from }) => [property.name, [`${name}.${from}`]])),
  };
}

interface Read {
  readonly form: Form;
  /** SQL of the text that is shown where the form does not hold. */
  readonly raw: string;
}

function fromJson({ type }: Property, index: number): Read {
  return { form: jsonForm(`t${index}`, type), raw: `ltrim(json_extract_string(t${index}, '$'), chr(1))` };
}

/** Delimited text does not tell numbers from text; nested values are JSON in it. */
function fromText({ type }: Property, index: number): Read {
  const text = `t${index}`;
  if (type.kind === 'int' || type.kind === 'decimal') return { form: numberForm(text, type), raw: text };
  if (!isNested(type)) return { form: textForm(text, type), raw: text };
  const { ok, value } = jsonForm(`(CASE WHEN json_valid(${text}) THEN ${keepDigits(text)} END)::JSON`, type);
  return { form: { ok: `(json_valid(${text}) AND ${ok})`, value }, raw: text };
}

function isNested({ kind }: ColumnType): boolean {
  return kind === 'struct' || kind === 'list' || kind === 'map';
}
