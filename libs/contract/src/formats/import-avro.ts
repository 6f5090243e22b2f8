import type { ColumnType, StructField } from '../contract.ts';
import type { Tree } from '../yaml-tree.ts';
import type { Draft, DraftColumn, DraftOptions } from './draft.ts';
import { listOf, member, readImport, refuse, textOf, wordOf } from './import-source.ts';

const MAX_DEPTH = 32;
const MOST_TYPES = 20_000;

interface Read {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly options?: DraftOptions;
  readonly codes?: readonly string[];
  readonly notes: readonly string[];
}

/** Reads the Avro schema of a record (specification 1.11) as columns; logical types keep their meaning. */
export function importAvro(text: string, file: string): Draft {
  const { root, source } = readImport(text, file);
  const named = new Map<string, { node: Tree; namespace: string }>();
  let looked = 0;

  const nameOf = (node: Tree, namespace: string): { full: string; namespace: string } => {
    const name = textOf(member(node, 'name')) ?? '';
    const own = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : (textOf(member(node, 'namespace')) ?? namespace);
    return { full: name.includes('.') || own === '' ? name : `${own}.${name}`, namespace: own };
  };
  /** Names are declared where they stand first, so they are all collected before any is used. */
  const declare = (node: Tree, namespace: string, depth: number): void => {
    if (depth > 64) return;
    if (node.kind === 'list') for (const item of node.items) declare(item, namespace, depth + 1);
    if (node.kind !== 'map') return;
    const kind = textOf(member(node, 'type'));
    let inner = namespace;
    if (kind === 'record' || kind === 'enum' || kind === 'fixed' || kind === 'error') {
      const { full, namespace: own } = nameOf(node, namespace);
      inner = own;
      if (!named.has(full)) named.set(full, { node, namespace: own });
    }
    for (const name of ['type', 'items', 'values']) {
      const part = member(node, name);
      if (part && part.kind !== 'scalar') declare(part, inner, depth + 1);
    }
    for (const field of listOf(member(node, 'fields'))) {
      const type = member(field, 'type');
      if (type) declare(type, inner, depth + 1);
    }
  };
  declare(root, '', 0);

  const read = (node: Tree | undefined, namespace: string, depth: number, path: readonly Tree[]): Read => {
    if (!node) return refuse(source, root.at, 'a field has no type', 'Give every field of the record a type.');
    if (depth > MAX_DEPTH || path.includes(node))
      return refuse(
        source,
        node.at,
        'the record holds itself, or nests deeper than 32 levels',
        'A contract cannot hold a type within itself; cut the recursion.',
      );
    if ((looked += 1) > MOST_TYPES) return refuse(source, node.at, `the schema leads to more than ${MOST_TYPES} types`, 'Import one record at a time.');
    const inner = (part: Tree | undefined, space = namespace) => read(part, space, depth + 1, [...path, node]);
    const notes: string[] = [];
    if (node.kind === 'list') {
      const others = node.items.filter((item) => wordOf(item) !== 'null' && !(item.kind === 'scalar' && item.value === null));
      const nullable = others.length < node.items.length;
      const [only] = others;
      if (only && others.length === 1) return { ...inner(only), nullable };
      return { type: { kind: 'string' }, nullable, notes: [`a union of ${others.length} types has no column type: kept as text`] };
    }
    const logical = textOf(member(node, 'logicalType'));
    const given = node.kind === 'map' ? member(node, 'type') : node;
    // `{"type": {"type": "string"}}`, and a named type within an object.
    if (node.kind === 'map' && given && given.kind !== 'scalar') return inner(given);
    const kind = wordOf(given) ?? 'null';
    const is = (type: ColumnType, options?: DraftOptions): Read => ({ type, nullable: false, notes, ...(options ? { options } : {}) });
    switch (kind) {
      case 'null':
        return { type: { kind: 'string' }, nullable: true, notes: ['nothing but null is allowed: kept as text'] };
      case 'boolean':
        return is({ kind: 'boolean' });
      case 'int':
        if (logical === 'date') return is({ kind: 'date' });
        if (logical === 'time-millis') return is({ kind: 'time' });
        return is({ kind: 'int', bits: 32 });
      case 'long':
        if (logical === 'time-micros') return is({ kind: 'time' });
        if (logical?.endsWith('-nanos')) notes.push('nanoseconds are cut to microseconds');
        if (logical && /^timestamp-(?:millis|micros|nanos)$/.test(logical))
          return is({ kind: 'timestamp', zoned: wordOf(member(node, 'adjust-to-utc')) !== 'false' });
        if (logical && /^local-timestamp-(?:millis|micros|nanos)$/.test(logical)) return is({ kind: 'timestamp', zoned: false });
        return is({ kind: 'int', bits: 64 });
      case 'float':
      case 'double':
        return is({ kind: 'float', bits: kind === 'float' ? 32 : 64 });
      case 'bytes':
      case 'fixed': {
        if (logical === 'decimal') {
          const [precision, scale] = [Number(wordOf(member(node, 'precision')) ?? 'x'), Number(wordOf(member(node, 'scale')) ?? '0')];
          if (Number.isInteger(precision) && precision >= 1 && precision <= 38 && Number.isInteger(scale) && scale >= 0 && scale <= precision)
            return is({ kind: 'decimal', precision, scale });
          notes.push(`a decimal of precision ${precision} and scale ${scale} is beyond DECIMAL(38,…): kept as bytes`);
        }
        if (logical === 'uuid') return is({ kind: 'string' }, { format: 'uuid' });
        if (logical === 'duration') notes.push('a duration has no type in a contract: kept as bytes');
        return is({ kind: 'binary' });
      }
      case 'string':
        if (logical !== undefined && logical !== 'uuid') notes.push(`the logical type ${JSON.stringify(logical.slice(0, 60))} is not carried`);
        return is({ kind: 'string' }, logical === 'uuid' ? { format: 'uuid' } : undefined);
      case 'enum':
        return { ...is({ kind: 'string' }), codes: [...new Set(listOf(member(node, 'symbols')).flatMap((symbol) => wordOf(symbol) ?? []))] };
      case 'array': {
        const items = member(node, 'items');
        const element = inner(items);
        notes.push(...element.notes);
        if (logical === 'map' && element.type.kind === 'struct' && element.type.fields.length === 2) {
          const [key, value] = element.type.fields;
          if (key && value) return is({ kind: 'map', key: key.type, value: value.type });
        }
        return is({ kind: 'list', element: element.type });
      }
      case 'map': {
        const value = inner(member(node, 'values'));
        notes.push(...value.notes);
        return is({ kind: 'map', key: { kind: 'string' }, value: value.type });
      }
      case 'record':
      case 'error': {
        const space = nameOf(node, namespace).namespace;
        const fields: StructField[] = [];
        for (const field of listOf(member(node, 'fields'))) {
          const name = textOf(member(field, 'skein.name')) ?? textOf(member(field, 'iceberg-field-name')) ?? textOf(member(field, 'name')) ?? '';
          const one = inner(member(field, 'type') ?? field, space);
          notes.push(...one.notes.map((note) => `${name}: ${note}`));
          if (name === '' || /[\p{Cc}{}]/u.test(name) || fields.some((other) => other.name.toLowerCase() === name.toLowerCase()))
            notes.push(`the field ${JSON.stringify(name)} was dropped: a contract cannot have that name here`);
          else fields.push({ name, type: one.type, required: !one.nullable });
        }
        if (fields.length === 0) return refuse(source, node.at, 'a record has no fields', 'Give it a field, or leave the record out.');
        return is({ kind: 'struct', fields });
      }
      default: {
        const target = named.get(kind.includes('.') || namespace === '' ? kind : `${namespace}.${kind}`) ?? named.get(kind);
        if (!target)
          return refuse(source, node.at, `the type ${JSON.stringify(kind.slice(0, 100))} is not declared`, 'Put the schema of that type into the file.');
        return inner(target.node, target.namespace);
      }
    }
  };

  if (root.kind !== 'map' || textOf(member(root, 'type')) !== 'record')
    return refuse(source, root.at, 'the schema is no record', 'Import the schema of one record: {"type": "record", …}.');
  const { namespace } = nameOf(root, '');
  return {
    name: (textOf(member(root, 'name')) ?? 'record').split('.').at(-1) ?? 'record',
    description: textOf(member(root, 'doc')),
    notes: [],
    columns: listOf(member(root, 'fields')).map((field): DraftColumn => {
      const { type, nullable, notes, options, codes } = read(member(field, 'type'), namespace, 1, [root]);
      return {
        name: textOf(member(field, 'skein.name')) ?? textOf(member(field, 'iceberg-field-name')) ?? textOf(member(field, 'name')) ?? '',
        type,
        required: !nullable,
        description: textOf(member(field, 'doc')),
        options,
        codes,
        notes: member(field, 'default') && !nullable ? [...notes, 'that a missing value has a default is not carried'] : notes,
      };
    }),
  };
}
