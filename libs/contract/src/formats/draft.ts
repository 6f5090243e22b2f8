import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { SkeinError } from '@skein/kernel';
import { engineType } from '../column-type.ts';
import type { ColumnType } from '../contract.ts';
import { logicalOf } from '../resolve-type.ts';

/** A column of a contract to be, as another form describes it. */
export interface DraftColumn {
  /** As the source spells it. */
  readonly name: string;
  readonly type: ColumnType;
  readonly required?: boolean | undefined;
  readonly unique?: boolean | undefined;
  /** 1-based position within the primary key. */
  readonly keyPosition?: number | undefined;
  readonly description?: string | undefined;
  readonly classification?: string | undefined;
  /** ODCS `logicalTypeOptions`; numbers are exact text. */
  readonly options?: DraftOptions | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly examples?: readonly (string | number | boolean)[] | undefined;
  /** ODCS relationship targets. */
  readonly references?: readonly string[] | undefined;
  /** What could not be carried: one comment each. */
  readonly notes?: readonly string[] | undefined;
}

export type DraftOptions = Partial<Record<'pattern' | 'format', string>> &
  Partial<Record<'minLength' | 'maxLength' | 'minItems' | 'maxItems' | 'minProperties' | 'maxProperties', number>> &
  Partial<Record<'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum' | 'multipleOf', string>> & { readonly uniqueItems?: boolean };

export interface Draft {
  readonly name: string;
  readonly description?: string | undefined;
  readonly columns: readonly DraftColumn[];
  readonly notes: readonly string[];
}

export interface DraftIdentity {
  readonly id: string;
  readonly domain: string;
  /** Name of the product; by default the source's own, spelled as a name. */
  readonly name?: string | undefined;
  /** By default 0.1.0. */
  readonly version?: string;
  /** Name of the team that answers for it. */
  readonly owner?: string;
}

/** Columns beyond this make no readable contract, and no contract within the limits of the reader. */
const MOST_COLUMNS = 2000;

/**
 * An ODCS document with status draft. Names that a contract may not have are spelled anew, with the source's own as
 * `physicalName`; what could not be carried stands as a comment where it belongs.
 */
export function draftContract(draft: Draft, identity: DraftIdentity): string {
  if (draft.columns.length === 0)
    throw new SkeinError('SKEIN_CONTRACT_INVALID', 'the source describes no column', { hint: 'Name a schema, a table or a model that has columns.' });
  if (draft.columns.length > MOST_COLUMNS)
    throw new SkeinError('SKEIN_CONTRACT_LIMIT', `the source describes ${draft.columns.length} columns, a contract may have ${MOST_COLUMNS}`);
  const name = identity.name ?? productName(draft.name);
  const mapped = draft.columns.some((column) => holdsMap(column.type));
  // Readers of YAML 1.1, which most tools in Python are, would take a bare `no` for false and 2026-01-01 for a day.
  const document = new Document(new YAMLMap(), { compat: 'yaml-1.1' });
  const exact = new ExactNumbers(JSON.stringify(draft));
  const root = document.contents as unknown as YAMLMap;
  if (draft.notes.length > 0) document.commentBefore = remarks(draft.notes);
  const put = (map: YAMLMap, key: string, value: unknown) => {
    const node = value instanceof YAMLMap || value instanceof YAMLSeq || value instanceof Scalar ? value : document.createNode(value);
    map.items.push(new Pair(document.createNode(key), node));
  };
  put(root, 'apiVersion', mapped ? 'v3.2.0' : 'v3.1.0');
  put(root, 'kind', 'DataContract');
  put(root, 'id', identity.id);
  put(root, 'version', identity.version ?? '0.1.0');
  put(root, 'status', 'draft');
  put(root, 'domain', identity.domain);
  if (identity.owner !== undefined) put(root, 'team', { name: identity.owner });
  if (draft.description !== undefined && draft.description.trim() !== '') put(root, 'description', { purpose: draft.description });
  const object = new YAMLMap();
  put(object, 'name', name);
  put(object, 'logicalType', 'object');
  if (draft.name !== name) put(object, 'physicalName', draft.name);
  const properties = new YAMLSeq();
  for (const { column, spelled } of spellings(draft.columns)) {
    const property = typeNode(column.type, put);
    property.items.unshift(new Pair(document.createNode('name'), document.createNode(spelled)));
    if (spelled !== column.name) put(property, 'physicalName', column.name);
    if (column.required === true || column.keyPosition !== undefined) put(property, 'required', true);
    if (column.unique === true) put(property, 'unique', true);
    if (column.keyPosition !== undefined) {
      put(property, 'primaryKey', true);
      put(property, 'primaryKeyPosition', column.keyPosition);
    }
    if (column.description !== undefined && column.description.trim() !== '') put(property, 'description', column.description);
    if (column.classification !== undefined) put(property, 'classification', column.classification);
    const options = optionsNode(column, document, exact);
    if (options.items.length > 0) put(property, 'logicalTypeOptions', options);
    if (column.codes && column.codes.length > 0)
      put(
        property,
        'enum',
        column.codes.map((value) => ({ value: codeNode(value, column.type, exact) })),
      );
    if (column.references && column.references.length > 0)
      put(
        property,
        'relationships',
        column.references.map((to) => ({ type: 'foreignKey', to })),
      );
    if (column.examples && column.examples.length > 0) put(property, 'examples', column.examples);
    if (column.notes && column.notes.length > 0) property.commentBefore = remarks(column.notes);
    properties.items.push(property);
  }
  put(object, 'properties', properties);
  const schema = new YAMLSeq();
  schema.items.push(object);
  put(root, 'schema', schema);
  return exact.written(document.toString({ lineWidth: 0 }));
}

type Put = (map: YAMLMap, key: string, value: unknown) => void;

/** `logicalType`, `physicalType` and the parts of nested types; required parts are kept, which a physical type alone could not say. */
function typeNode(type: ColumnType, put: Put): YAMLMap {
  const node = new YAMLMap();
  put(node, 'logicalType', logicalOf(type));
  switch (type.kind) {
    case 'struct': {
      const parts = new YAMLSeq();
      for (const field of type.fields) {
        const part = typeNode(field.type, put);
        part.items.unshift(new Pair(new Scalar('name'), new Scalar(field.name)));
        if (field.required) put(part, 'required', true);
        parts.items.push(part);
      }
      put(node, 'properties', parts);
      return node;
    }
    case 'list':
      put(node, 'items', typeNode(type.element, put));
      return node;
    case 'map': {
      const parts = new YAMLMap();
      put(parts, 'key', typeNode(type.key, put));
      put(parts, 'value', typeNode(type.value, put));
      put(node, 'map', parts);
      return node;
    }
    case 'string':
    case 'boolean':
    case 'date':
    case 'time':
      return node;
    default:
      put(node, 'physicalType', engineType(type));
      return node;
  }
}

function optionsNode(column: DraftColumn, document: Document, exact: ExactNumbers): YAMLMap {
  const node = new YAMLMap();
  const numeric = column.type.kind === 'int' || column.type.kind === 'decimal' || column.type.kind === 'float';
  for (const [name, value] of Object.entries(column.options ?? {})) {
    if (value === undefined) continue;
    const number = typeof value === 'string' && numeric && name !== 'pattern' && name !== 'format';
    node.items.push(new Pair(document.createNode(name), number ? exact.node(value) : document.createNode(value)));
  }
  return node;
}

function codeNode(value: string, type: ColumnType, exact: ExactNumbers): Scalar {
  if (type.kind === 'int' || type.kind === 'decimal' || type.kind === 'float') return exact.node(value);
  return new Scalar(type.kind === 'boolean' ? value === 'true' : value);
}

/** Numbers whose digits must stand as they are: a JavaScript number would round them. A mark stands for each until the text is made. */
class ExactNumbers {
  readonly #mark: string;
  readonly #digits: string[] = [];

  constructor(content: string) {
    let mark = 'exact_digits_';
    while (content.includes(mark)) mark += '_';
    this.#mark = mark;
  }

  node(digits: string): Scalar {
    return new Scalar(`${this.#mark}${this.#digits.push(digits) - 1}.`);
  }

  written(text: string): string {
    return this.#digits.length === 0
      ? text
      : text.replaceAll(new RegExp(`${this.#mark}(\\d+)\\.`, 'g'), (_, index: string) => this.#digits[Number(index)] ?? '');
  }
}

function remarks(notes: readonly string[]): string {
  return notes.map((note) => ` ${note.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 400)}`).join('\n');
}

function holdsMap(type: ColumnType): boolean {
  if (type.kind === 'map') return true;
  if (type.kind === 'list') return holdsMap(type.element);
  return type.kind === 'struct' && type.fields.some((field) => holdsMap(field.type));
}

/** A name that a contract's column may have, none twice (names are compared without case). */
function spellings(columns: readonly DraftColumn[]): { column: DraftColumn; spelled: string }[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let base = column.name
      .toWellFormed()
      .replaceAll(/[\p{Cc}{}]/gu, '_')
      .trim()
      .slice(0, 120);
    if (!/^\p{L}/u.test(base)) base = /^_+\p{L}/u.test(base) ? base.replace(/^_+/, '') : `c_${base.replace(/^[^\p{L}\p{N}]+/u, '')}`;
    let spelled = base;
    for (let copy = 2; taken.has(spelled.toLowerCase()); copy += 1) spelled = `${base}_${copy}`;
    taken.add(spelled.toLowerCase());
    return { column, spelled };
  });
}

/** A name of a product: lower case, digits and _, a letter first. */
export function productName(name: string): string {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .replace(/_+$/, '')
    .slice(0, 63);
  return plain === '' ? 'product' : plain;
}
