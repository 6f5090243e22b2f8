import fc from 'fast-check';

export type Schema = boolean | { readonly [keyword: string]: unknown };

/** A schema in which names, texts, numbers and lengths are few, so that rules meet and values hit them. */
const NAMES = ['a', 'b', 'ab', 'hasOwnProperty'];
const TEXTS = ['', 'a', 'b', 'ab', 'aab', 'ba', '1'];
const PATTERNS = ['^a', 'b$', '^a*$', '[ab]', '^[ab]{1,2}$', '^(a|b)*$', 'a.*b', '1', '^$'];
const NUMBERS = [-2, -1, 0, 0.5, 1, 1.5, 2, 3, 4, 6];
const STEPS = [0.5, 1, 1.5, 2, 3];
const SIZES = [0, 1, 2, 3];
const KINDS = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

const one = <Item>(...items: readonly Item[]) => fc.constantFrom(...items);
const scalar: fc.Arbitrary<unknown> = fc.oneof(one<unknown>(...NUMBERS), one<unknown>(...TEXTS), fc.boolean(), fc.constant(null));

/** Values of all kinds, from the same few names, texts and numbers. */
export const instance: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'max', maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(one(...NAMES, 'c'), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** One keyword with its value. */
const keyword = (schema: fc.Arbitrary<Schema>): fc.Arbitrary<Record<string, unknown>> => {
  const some = fc.array(schema, { minLength: 1, maxLength: 3 });
  const members = fc.dictionary(one(...NAMES), schema, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  const key = (name: string, value: fc.Arbitrary<unknown>) => value.map((given) => ({ [name]: given }));
  return fc.oneof(
    { arbitrary: key('type', fc.oneof(one(...KINDS), fc.uniqueArray(one(...KINDS), { minLength: 1, maxLength: 3 }))), weight: 6 },
    key('enum', fc.uniqueArray(fc.oneof(scalar, instance), { minLength: 1, maxLength: 4, selector: (value) => JSON.stringify(value) })),
    key('const', fc.oneof(scalar, instance)),
    {
      arbitrary: fc.tuple(one('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'), one(...NUMBERS)).map(([name, value]) => ({ [name]: value })),
      weight: 3,
    },
    key('multipleOf', one(...STEPS)),
    {
      arbitrary: fc
        .tuple(one('minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'), one(...SIZES))
        .map(([name, value]) => ({ [name]: value })),
      weight: 3,
    },
    { arbitrary: key('pattern', one(...PATTERNS)), weight: 2 },
    key('prefixItems', some),
    { arbitrary: key('items', schema), weight: 2 },
    fc.tuple(schema, fc.option(one(0, 1, 2), { nil: undefined }), fc.option(one(0, 1, 2), { nil: undefined })).map(([contains, low, high]) => ({
      contains,
      ...(low === undefined ? {} : { minContains: low }),
      // Ajv takes contradicting counts for no rule at all.
      ...(high === undefined ? {} : { maxContains: Math.max(high, low ?? 1) }),
    })),
    key('uniqueItems', fc.boolean()),
    { arbitrary: key('properties', members), weight: 5 },
    key('patternProperties', fc.dictionary(one('^a', 'b', '^[ab]+$'), schema, { minKeys: 1, maxKeys: 2, noNullPrototype: true })),
    { arbitrary: key('additionalProperties', schema), weight: 2 },
    key('propertyNames', schema),
    { arbitrary: key('required', fc.uniqueArray(one(...NAMES), { minLength: 1, maxLength: 2 })), weight: 3 },
    key('dependentRequired', fc.dictionary(one(...NAMES), fc.uniqueArray(one(...NAMES), { maxLength: 2 }), { minKeys: 1, maxKeys: 2, noNullPrototype: true })),
    key('dependentSchemas', fc.dictionary(one(...NAMES), schema, { minKeys: 1, maxKeys: 1, noNullPrototype: true })),
    key('allOf', some),
    key('anyOf', some),
    key('oneOf', some),
    key('not', schema),
    fc.tuple(schema, schema, schema).map((parts) => Object.fromEntries(['if', 'then', 'else'].map((name, at) => [name, parts[at]]))),
    key('$ref', one('#/$defs/x', '#/$defs/y')),
  );
};

const inner: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'max', maxDepth: 3 },
    { arbitrary: one<Schema>(...KINDS.map((type) => ({ type }))), weight: 6 },
    { arbitrary: fc.boolean(), weight: 1 },
    { arbitrary: fc.array(keyword(tie('schema')), { minLength: 1, maxLength: 3 }).map((parts) => Object.assign({}, ...parts) as Schema), weight: 9 },
  ),
})).schema;

/** A whole document: its definitions refer to each other only from within members or items, so never without end. */
export const document: fc.Arbitrary<Schema> = fc
  .tuple(
    fc.array(keyword(inner), { minLength: 1, maxLength: 4 }).map((parts) => Object.assign({}, ...parts) as Record<string, unknown>),
    inner,
    inner,
  )
  .map(([schema, x, y]) => {
    return {
      ...schema,
      $defs: {
        x: { properties: { a: withoutRef(x, true), b: { $ref: '#/$defs/x' } } },
        y: { type: ['array', 'string', 'null'], items: { anyOf: [withoutRef(y, true), { $ref: '#/$defs/y' }] } },
      },
    };
  });

/** References are dropped where they could close a circle. */
function withoutRef(schema: unknown, drop: boolean): unknown {
  if (Array.isArray(schema)) return schema.map((part) => withoutRef(part, drop));
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(Object.entries(schema).flatMap(([key, part]) => (key === '$ref' && drop ? [] : [[key, withoutRef(part, drop)]])));
}

/** A pair whose second half is often the first with one change, as versions of a schema are. */
export const pair: fc.Arbitrary<readonly [Schema, Schema]> = fc.oneof(
  { arbitrary: fc.tuple(document, document), weight: 2 },
  {
    arbitrary: fc.tuple(document, fc.nat(), keyword(inner)).map(([schema, seed, extra]): readonly [Schema, Schema] => {
      const changed = change(schema, seed, extra);
      return seed % 2 === 0 ? [schema, changed] : [changed, schema];
    }),
    weight: 6,
  },
  fc
    .tuple(document, inner)
    .map(([schema, other]): readonly [Schema, Schema] => [
      schema,
      typeof schema === 'boolean' ? schema : { anyOf: [schema, other], $defs: (schema as { $defs?: unknown }).$defs },
    ]),
  fc
    .tuple(document, inner)
    .map(([schema, other]): readonly [Schema, Schema] => [
      { allOf: [other, schema], $defs: typeof schema === 'boolean' ? {} : (schema as { $defs?: unknown }).$defs },
      schema,
    ]),
);

/** Adds, drops or replaces keywords somewhere within a schema. */
function change(schema: Schema, seed: number, extra: Record<string, unknown>): Schema {
  if (typeof schema === 'boolean') return seed % 3 === 0 ? schema : extra;
  const keys = Object.keys(schema).filter((key) => key !== '$defs');
  const chosen = keys[seed % Math.max(1, keys.length)];
  const part = chosen === undefined ? undefined : schema[chosen];
  if (seed % 5 === 0 || chosen === undefined) return { ...schema, ...extra };
  if (seed % 5 === 1) return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== chosen));
  if (Array.isArray(part) && part.length > 0 && typeof part[0] === 'object' && chosen !== 'enum' && chosen !== 'type' && part[0] !== null)
    return { ...schema, [chosen]: [change(part[0] as Schema, Math.floor(seed / 5), extra), ...part.slice(1)] };
  if ((chosen === 'properties' || chosen === 'patternProperties') && part !== null && typeof part === 'object') {
    const [name = 'a', value] = Object.entries(part)[0] ?? [];
    return { ...schema, [chosen]: { ...part, [name]: change((value ?? true) as Schema, Math.floor(seed / 5), extra) } };
  }
  if (['items', 'not', 'additionalProperties', 'contains'].includes(chosen))
    return { ...schema, [chosen]: change(part as Schema, Math.floor(seed / 5), extra) };
  if (typeof part === 'number' && !['multipleOf'].includes(chosen)) return { ...schema, [chosen]: Math.max(0, part + ((seed % 3) - 1)) };
  return { ...schema, ...extra };
}
