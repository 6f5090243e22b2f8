import { parsePhysicalType, PhysicalTypeError } from '../column-type.ts';
import type { ColumnType, StructField } from '../contract.ts';
import { RECORD_FORMS, TEXT_FORMATS } from '../text-format.ts';
import { exactNumber, type Tree } from '../yaml-tree.ts';
import type { Draft, DraftColumn, DraftOptions } from './draft.ts';
import { examplesOf, listOf, member, members, readImport, refuse, textOf, wordOf } from './import-source.ts';

const MAX_DEPTH = 32;
/** Schemas looked at, those reached by references included: references multiply what a small file says. */
const MOST_SCHEMAS = 20_000;

interface Read {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly options: DraftOptions;
  readonly codes: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Reads a JSON Schema of an object (drafts 04 to 2020-12) as columns. References within the document are followed, others
 * refused: nothing is fetched.
 */
export function importJsonSchema(text: string, file: string): Draft {
  const { root, source } = readImport(text, file);
  let looked = 0;
  const resolve = (node: Tree, seen: readonly string[] = []): Tree => {
    const to = textOf(member(node, '$ref'));
    if (to === undefined) return node;
    if (!to.startsWith('#'))
      return refuse(
        source,
        node.at,
        `the reference ${JSON.stringify(to.slice(0, 100))} leaves the document`,
        'Put what it names into the document, below $defs.',
      );
    if (seen.includes(to))
      return refuse(
        source,
        node.at,
        `the reference ${JSON.stringify(to)} leads back to itself`,
        'A contract cannot hold a type within itself; cut the recursion.',
      );
    let target: Tree | undefined = root;
    for (const part of to
      .slice(1)
      .split('/')
      .filter((one) => one !== '')) {
      const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
      target = target?.kind === 'list' ? target.items[Number(name)] : member(target, name);
    }
    if (!target) return refuse(source, node.at, `the reference ${JSON.stringify(to)} names nothing`, 'Mend the reference.');
    return resolve(target, [...seen, to]);
  };

  const read = (given: Tree, depth: number, path: readonly Tree[]): Read => {
    const node = resolve(given);
    if (depth > MAX_DEPTH || path.includes(node))
      return refuse(
        source,
        given.at,
        'the schema holds itself, or nests deeper than 32 levels',
        'A contract cannot hold a type within itself; cut the recursion.',
      );
    if ((looked += 1) > MOST_SCHEMAS) return refuse(source, given.at, `the schema leads to more than ${MOST_SCHEMAS} types`, 'Import one table at a time.');
    const inner = (part: Tree) => read(part, depth + 1, [...path, node]);
    const notes: string[] = [];
    const kinds = kindsOf(node);
    const nullable =
      kinds.includes('null') ||
      wordOf(member(node, 'nullable')) === 'true' ||
      listOf(member(node, 'enum')).some((one) => one.kind === 'scalar' && one.value === null);
    const annotated = physicalOf(node);

    const branches = ['anyOf', 'oneOf'].flatMap((name) => listOf(member(node, name)));
    if (branches.length > 0 && kinds.filter((kind) => kind !== 'null').length === 0) {
      const nulls = branches.some((branch) => kindsOf(branch).includes('null'));
      const others = branches.filter((branch) => !(kindsOf(branch).length === 1 && kindsOf(branch)[0] === 'null'));
      if (annotated) return { type: annotated, nullable: nulls, options: {}, codes: [], notes };
      const [only, ...more] = others;
      if (!only) return { type: { kind: 'string' }, nullable: true, options: {}, codes: [], notes: ['nothing but null is allowed: kept as text'] };
      const first = inner(only);
      if (more.length === 0) return { ...first, nullable: nulls || first.nullable };
      // The form of a 64-bit integer: a number while it is exact, else digits.
      if (
        others.length === 2 &&
        others.some((one) => kindsOf(one)[0] === 'integer') &&
        others.some((one) => textOf(member(one, 'pattern')) === RECORD_FORMS.integer)
      )
        return { type: { kind: 'int', bits: 64 }, nullable: nulls, options: {}, codes: [], notes };
      return {
        type: { kind: 'string' },
        nullable: nulls,
        options: {},
        codes: [],
        notes: [`a choice of ${others.length} types has no column type: kept as text`],
      };
    }
    const all = listOf(member(node, 'allOf'));
    if (all.length > 0 && kinds.length === 0) {
      const [first, ...more] = all;
      const one = inner(first as Tree);
      return more.length === 0 ? one : { ...one, notes: [...one.notes, `allOf has ${all.length} parts: only the first is carried`] };
    }

    const types = kinds.filter((kind) => kind !== 'null');
    if (types.length > 1) notes.push(`several types (${types.join(', ')}) have no column type: kept as text`);
    const codes = codesOf(node, notes);
    const kind = types.length === 1 ? types[0] : types.length > 1 ? 'string' : (impliedKind(node) ?? codeKind(node));
    const done = (type: ColumnType, options: DraftOptions = {}): Read => ({
      type: annotated ?? type,
      nullable,
      options,
      codes: type.kind === 'string' || type.kind === 'int' || type.kind === 'boolean' ? codes : [],
      notes,
    });
    switch (kind) {
      case 'boolean':
        return { ...done({ kind: 'boolean' }), codes: [] };
      case 'integer':
        return done(...integerOf(node));
      case 'number': {
        if (!annotated) notes.push('JSON Schema does not say whether a number is exact: write physicalType DECIMAL(p,s) if it is');
        return { ...done({ kind: 'float', bits: textOf(member(node, 'format')) === 'float' ? 32 : 64 }, boundsOf(node)), codes: [] };
      }
      case 'array': {
        const items = member(node, 'items');
        if (items?.kind !== 'map') {
          notes.push('the array does not say what it holds: kept as a list of text');
          return done({ kind: 'list', element: { kind: 'string' } });
        }
        const element = inner(items);
        if (Object.keys(element.options).length + element.codes.length > 0) notes.push('lengths, bounds and codes of elements are not carried');
        return {
          ...done(
            { kind: 'list', element: element.type },
            {
              ...counts(node, { minItems: 'minItems', maxItems: 'maxItems' }),
              ...(wordOf(member(node, 'uniqueItems')) === 'true' ? { uniqueItems: true } : {}),
            },
          ),
          notes: [...notes, ...element.notes],
        };
      }
      case 'object': {
        const fields = members(member(node, 'properties'));
        const values = member(node, 'additionalProperties');
        if (fields.length === 0 && values?.kind === 'map') {
          const value = inner(values);
          const key = physicalOf(member(node, 'propertyNames')) ?? { kind: 'string' };
          return {
            ...done({ kind: 'map', key, value: value.type }, counts(node, { minProperties: 'minProperties', maxProperties: 'maxProperties' })),
            notes: [...notes, ...value.notes],
          };
        }
        if (fields.length === 0) {
          notes.push('the object does not say what it holds: kept as a map of text');
          return done({ kind: 'map', key: { kind: 'string' }, value: { kind: 'string' } });
        }
        const required = new Set(listOf(member(node, 'required')).map(wordOf));
        const parts: StructField[] = [];
        for (const [name, part] of fields) {
          const one = inner(part);
          notes.push(...one.notes.map((note) => `${name}: ${note}`));
          if (Object.keys(one.options).length + one.codes.length > 0) notes.push(`${name}: lengths, bounds and codes of nested fields are not carried`);
          if (/[\p{Cc}{}]/u.test(name) || name === '' || parts.some((other) => other.name.toLowerCase() === name.toLowerCase()))
            notes.push(`the field ${JSON.stringify(name)} was dropped: a contract cannot have that name here`);
          else parts.push({ name, type: one.type, required: required.has(name) && !one.nullable });
        }
        return parts.length === 0 ? done({ kind: 'map', key: { kind: 'string' }, value: { kind: 'string' } }) : done({ kind: 'struct', fields: parts });
      }
      case 'string':
        return types.length > 1 ? done({ kind: 'string' }) : textual(node, annotated, done, notes);
      default:
        notes.push('the schema does not say which type it has: kept as text');
        return done({ kind: 'string' });
    }
  };

  const table = resolve(root);
  const columns = members(member(table, 'properties'));
  if (columns.length === 0)
    return refuse(source, table.at, 'the schema describes no object with properties', 'Import the schema of one record: type object, with properties.');
  const required = new Set(listOf(member(table, 'required')).map(wordOf));
  const notes = ['if', 'dependentRequired', 'dependentSchemas', 'dependencies', 'not', 'patternProperties', 'unevaluatedProperties']
    .filter((keyword) => member(table, keyword))
    .map((keyword) => `${keyword} is not carried`);
  return {
    name: textOf(member(table, 'title')) ?? 'record',
    description: textOf(member(table, 'description')),
    notes,
    columns: columns.map(([name, node]): DraftColumn => {
      const { type, nullable, options, codes, notes: remarks } = read(node, 0, [table]);
      const described = resolve(node);
      return {
        name,
        type,
        required: required.has(name) && !nullable,
        description: textOf(member(node, 'description')) ?? textOf(member(described, 'description')) ?? textOf(member(described, 'title')),
        options,
        codes,
        examples: type.kind === 'string' || type.kind === 'int' || type.kind === 'boolean' ? examplesOf(listOf(member(described, 'examples'))).slice(0, 5) : [],
        notes: remarks,
      };
    }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function kindsOf(node: Tree): string[] {
  const type = member(node, 'type');
  return type?.kind === 'list' ? type.items.flatMap((one) => wordOf(one) ?? 'null') : type?.kind === 'scalar' ? [type.value === null ? 'null' : type.text] : [];
}

function impliedKind(node: Tree): string | undefined {
  if (member(node, 'properties') ?? member(node, 'additionalProperties')) return 'object';
  if (member(node, 'items')) return 'array';
  return ['pattern', 'minLength', 'maxLength', 'format'].some((keyword) => member(node, keyword)) ? 'string' : undefined;
}

function codeKind(node: Tree): string | undefined {
  const codes = [...listOf(member(node, 'enum')), ...[member(node, 'const')].filter((one) => one !== undefined)];
  return codes.length > 0 && codes.every((code) => code.kind === 'scalar' && (code.value === null || typeof code.value === 'string')) ? 'string' : undefined;
}

/** The annotation that our own export writes beside what JSON cannot say. */
function physicalOf(node: Tree | undefined): ColumnType | undefined {
  const match = /^physicalType (.{1,200})$/.exec(textOf(member(node, '$comment')) ?? '');
  if (!match) return undefined;
  try {
    return parsePhysicalType(match[1] ?? '').type;
  } catch (error) {
    if (error instanceof PhysicalTypeError) return undefined;
    throw error;
  }
}

function codesOf(node: Tree, notes: string[]): string[] {
  const constant = member(node, 'const');
  const given = [...listOf(member(node, 'enum')), ...(constant ? [constant] : [])].filter((one) => one.kind !== 'scalar' || one.value !== null);
  const words = given.flatMap((one) => wordOf(one) ?? []);
  if (words.length < given.length) notes.push('codes that are no single values are not carried');
  return [...new Set(words)];
}

function integerOf(node: Tree): [ColumnType, DraftOptions] {
  const options = boundsOf(node);
  const format = textOf(member(node, 'format'));
  const { minimum, maximum } = options;
  if (minimum === '-2147483648' && maximum === '2147483647') {
    const { minimum: _low, maximum: _high, ...rest } = options;
    return [{ kind: 'int', bits: 32 }, rest];
  }
  return [{ kind: 'int', bits: format === 'int32' ? 32 : 64 }, options];
}

function boundsOf(node: Tree): DraftOptions {
  const options: { -readonly [Name in keyof DraftOptions]: DraftOptions[Name] } = {};
  for (const name of ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] as const) {
    const value = member(node, name);
    const exact = value?.kind === 'scalar' && typeof value.value === 'number' ? exactNumber(value.text) : undefined;
    if (exact !== undefined) options[name] = exact;
  }
  // Draft 04 said with a boolean that the bound itself does not count.
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (wordOf(member(node, flag)) !== 'true' || options[bound] === undefined) continue;
    options[flag] = options[bound];
    delete options[bound];
  }
  return options;
}

function counts(
  node: Tree,
  names: Readonly<Record<string, 'minItems' | 'maxItems' | 'minProperties' | 'maxProperties' | 'minLength' | 'maxLength'>>,
): DraftOptions {
  return Object.fromEntries(
    Object.entries(names).flatMap(([keyword, option]) => {
      const text = wordOf(member(node, keyword));
      return text !== undefined && /^\d{1,9}$/.test(text) ? [[option, Number(text)]] : [];
    }),
  );
}

const FORMATS: Readonly<Record<string, ColumnType>> = { date: { kind: 'date' }, 'date-time': { kind: 'timestamp', zoned: true } };
const FORMS = new Map<string, ColumnType>([
  [RECORD_FORMS.date, { kind: 'date' }],
  [RECORD_FORMS.time, { kind: 'time' }],
  [RECORD_FORMS.timestamp, { kind: 'timestamp', zoned: false }],
  [RECORD_FORMS.instant, { kind: 'timestamp', zoned: true }],
  [RECORD_FORMS.base64, { kind: 'binary' }],
]);

function textual(node: Tree, annotated: ColumnType | undefined, done: (type: ColumnType, options?: DraftOptions) => Read, notes: string[]): Read {
  const pattern = textOf(member(node, 'pattern'));
  const format = textOf(member(node, 'format'));
  if (annotated && annotated.kind !== 'string') return { ...done(annotated), codes: [] };
  const form = pattern === undefined ? undefined : FORMS.get(pattern);
  const typed = form ?? (format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined);
  if (typed) return { ...done(typed), codes: [] };
  const encoding = textOf(member(node, 'contentEncoding'));
  if (encoding === 'base64') return { ...done({ kind: 'binary' }), codes: [] };
  const own = listOf(member(node, 'allOf'))
    .map((part) => textOf(member(part, 'pattern')))
    .flatMap((one) => Object.entries(TEXT_FORMATS).find(([, form]) => form === one)?.[0] ?? []);
  const known = format !== undefined && Object.hasOwn(TEXT_FORMATS, format) ? format : own[0];
  if (format !== undefined && known === undefined) notes.push(`the format ${JSON.stringify(format.slice(0, 60))} is not carried`);
  return done(
    { kind: 'string' },
    {
      ...counts(node, { minLength: 'minLength', maxLength: 'maxLength' }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(known === undefined ? {} : { format: known }),
    },
  );
}
