import { SERVERS } from './odcs-server.ts';
import { any, boolean, either, integer, lazy, list, map, matching, number, oneOf, open, positive, scalar, text, type Fields, type Shape } from './shape.ts';
import { TEXT_FORMATS } from './text-format.ts';

/**
 * The Open Data Contract Standard as a table: the union of what its JSON Schemas 3.0.0 to 3.2.0 allow, so that a document
 * of any of these versions reads. Names and nesting follow https://github.com/bitol-io/open-data-contract-standard/tree/main/schema.
 */

export const API_VERSIONS = ['v3.0.0', 'v3.0.1', 'v3.0.2', 'v3.1.0', 'v3.2.0'] as const;

const stableId = matching(/^[A-Za-z0-9_-]+$/, 'customer_id');
const tags = list(text);
const natural: Shape = { is: 'integer', least: 0 };
export const date = matching(new RegExp(TEXT_FORMATS['date'] as string), '2026-01-31');
export const moment = matching(new RegExp(TEXT_FORMATS['date-time'] as string), '2026-01-31T12:00:00Z');

const customProperties = list(map('custom property', { id: stableId, property: text, value: any, description: text, vendor: text }, ['property', 'value']));
const authoritativeDefinitions = list(map('authoritative definition', { id: stableId, url: text, type: text, description: text }, ['url', 'type']));
const documented = { tags, customProperties, authoritativeDefinitions };

const role = map(
  'role',
  { id: stableId, role: text, description: text, access: text, firstLevelApprovers: text, secondLevelApprovers: text, customProperties },
  ['role'],
);

const server: Shape = {
  is: 'variant',
  name: 'server',
  choose: (field) => {
    const type = field('type');
    const known = typeof type === 'string' && Object.hasOwn(SERVERS, type) ? SERVERS[type] : undefined;
    const common = {
      id: stableId,
      server: text,
      type: oneOf(...Object.keys(SERVERS)),
      description: text,
      environment: text,
      roles: list(role),
      customProperties,
    };
    return map(known ? `server of type ${String(type)}` : 'server', { ...(known?.fields ?? SERVERS['custom']?.fields), ...common }, [
      'server',
      'type',
      ...(known?.required ?? []),
    ]);
  },
};

const statement = (words: string) => map('context entry', { id: text, [words]: text, answer: text, ...documented }, [words]);
const context = either(
  text,
  map('context', { instructions: text, verifiedStatements: list(statement('question')), constraints: list(statement('constraint')) }),
);

const member = map(
  'team member',
  { id: stableId, username: text, name: text, description: text, role: text, dateIn: date, dateOut: date, replacedByUsername: text, ...documented },
  ['username'],
);
const team = either(map('team', { id: stableId, name: text, description: text, members: list(member), ...documented }), list(member));

/** Exactly one of these compares the figure of a quality rule. */
export const OPERATORS = [
  'mustBe',
  'mustNotBe',
  'mustBeGreaterThan',
  'mustBeGreaterOrEqualTo',
  'mustBeLessThan',
  'mustBeLessOrEqualTo',
  'mustBeBetween',
  'mustNotBeBetween',
] as const;
const between = list(number, { least: 2, most: 2, unique: true });
const comparison: Fields = {
  mustBe: any,
  mustNotBe: any,
  mustBeGreaterThan: number,
  mustBeGreaterOrEqualTo: number,
  mustBeLessThan: number,
  mustBeLessOrEqualTo: number,
  mustBeBetween: between,
  mustNotBeBetween: between,
};

export const METRICS = ['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount'] as const;
export const DIMENSIONS = ['accuracy', 'completeness', 'conformity', 'consistency', 'coverage', 'timeliness', 'uniqueness'] as const;

const RULE_TYPES = ['text', 'library', 'sql', 'custom'];
const ruleFields: Fields = {
  id: stableId,
  name: text,
  description: text,
  type: oneOf(...RULE_TYPES),
  dimension: oneOf(...DIMENSIONS),
  severity: text,
  businessImpact: text,
  method: text,
  schedule: text,
  scheduler: text,
  unit: text,
  ...documented,
};

const rule: Shape = {
  is: 'variant',
  name: 'quality rule',
  choose: (field) => {
    const type = field('type');
    if (type === 'sql') return compared(map('SQL rule', { ...ruleFields, query: text, ...comparison }, ['query']));
    if (type === 'custom') return map('custom rule', { ...ruleFields, engine: text, implementation: either(text, open) }, ['engine', 'implementation']);
    // Of an unknown type nothing but the type is known to be wrong.
    if (typeof type === 'string' && !RULE_TYPES.includes(type))
      return map('quality rule', { ...ruleFields, ...comparison, metric: text, rule: text, arguments: open, query: text, engine: text, implementation: any });
    const said = (name: string) => field(name) !== undefined;
    if (type === 'text' || (type === undefined && !['metric', 'rule', 'query', ...OPERATORS].some(said))) return map('text rule', ruleFields);
    // ODCS 3.0 called the metric `rule`.
    const metric = said('rule') && !said('metric') ? 'rule' : 'metric';
    return compared(map('library rule', { ...ruleFields, metric: oneOf(...METRICS), rule: text, arguments: open, ...comparison }, [metric]));
  },
};

function compared(shape: Shape): Shape {
  return shape.is === 'map' ? { ...shape, oneOf: OPERATORS } : shape;
}

const word = '[A-Za-z_][A-Za-z0-9_]*';
const dashed = '[A-Za-z_][A-Za-z0-9_-]*';
const reference = matching(
  new RegExp(`^(?:${dashed}(?:\\.${dashed})+|(?:(?:https?://)?[A-Za-z0-9._/-]+\\.ya?ml#)?/?${word}/[A-Za-z0-9_-]+(?:/${word}/[A-Za-z0-9_-]+)*)$`),
  'sap.material.material_number',
);
const references = either(reference, list(reference, { least: 1 }));
const relationship = { id: text, type: oneOf('foreignKey'), customProperties };

/** One column to one column, or as many to as many. */
const objectRelationship: Shape = {
  is: 'variant',
  name: 'relationship of a schema object',
  choose: (field) => {
    const side = field('from') === null ? list(reference, { least: 1 }) : reference;
    return map('relationship of a schema object', { ...relationship, from: side, to: side }, ['from', 'to']);
  },
};

const bounds = (of: Shape) => ({ minimum: of, maximum: of, exclusiveMinimum: of, exclusiveMaximum: of });
const aboveZero: Shape = { is: 'number', above: 0 };
const moments = { format: text, ...bounds(text), timezone: boolean, defaultTimezone: text };

/** ODCS `logicalTypeOptions`: the options of each logical type. */
export const TYPE_OPTIONS: Readonly<Record<string, Fields>> = {
  string: { minLength: natural, maxLength: natural, pattern: text, format: text },
  date: { format: text, ...bounds(text) },
  timestamp: moments,
  time: moments,
  integer: { ...bounds(number), multipleOf: aboveZero, format: oneOf('i8', 'i16', 'i32', 'i64', 'i128', 'u8', 'u16', 'u32', 'u64', 'u128') },
  number: { ...bounds(number), multipleOf: aboveZero, format: oneOf('f32', 'f64') },
  boolean: {},
  object: { minProperties: natural, maxProperties: natural, required: list(text, { least: 1, unique: true }) },
  map: { minProperties: natural, maxProperties: natural },
  array: { minItems: natural, maxItems: natural, uniqueItems: boolean },
  vector: {
    dimensions: positive,
    elementType: oneOf('bfloat16', 'binary', 'float16', 'float32', 'float64', 'int8', 'uint8'),
    distanceMetric: oneOf('cosine', 'dotProduct', 'euclidean', 'hamming', 'manhattan'),
    embeddingModel: text,
    embeddingModelVersion: text,
    normalized: boolean,
  },
};

export const LOGICAL_TYPES = Object.keys(TYPE_OPTIONS);

const synonym = map('synonym', { id: stableId, synonym: text, description: text, locale: text, source: text, status: text, customProperties }, ['synonym']);
const element: Fields = {
  id: stableId,
  name: text,
  description: text,
  businessName: text,
  physicalName: text,
  physicalType: text,
  deprecated: boolean,
  synonyms: list(synonym),
  ...documented,
};

const enumValue = map('enum value', { id: stableId, value: scalar, label: text, description: text, ...documented }, ['value']);

/** What a property is made of, by its logical type. */
const PARTS: Readonly<Record<string, Fields>> = {
  object: { properties: list(lazy(() => namedProperty)) },
  array: { items: lazy(() => itemProperty) },
  map: { map: map('map', { key: lazy(() => itemProperty), value: lazy(() => itemProperty) }, ['key', 'value']) },
};
const parts: Fields = { ...PARTS['object'], ...PARTS['array'], ...PARTS['map'] };

const property = (what: string, required: readonly string[]): Shape => ({
  is: 'variant',
  name: what,
  choose: (field) => {
    const type = field('logicalType');
    const options = typeof type === 'string' && Object.hasOwn(TYPE_OPTIONS, type) ? TYPE_OPTIONS[type] : undefined;
    return map(
      what,
      {
        ...element,
        logicalType: oneOf(...LOGICAL_TYPES),
        logicalTypeOptions: options
          ? map(`logicalTypeOptions of logicalType ${String(type)}`, options, type === 'vector' ? ['dimensions'] : [])
          : type === undefined
            ? map('logicalTypeOptions without logicalType', {})
            : any,
        primaryKey: boolean,
        primaryKeyPosition: integer,
        required: boolean,
        unique: boolean,
        semanticType: oneOf('column', 'measure', 'dimension'),
        partitioned: boolean,
        partitionKeyPosition: integer,
        classification: text,
        encryptedName: text,
        transformSourceObjects: list(text),
        transformLogic: text,
        transformDescription: text,
        examples: list(any),
        enum: list(enumValue, { least: 1, unique: true }),
        criticalDataElement: boolean,
        relationships: list(map('relationship of a property', { ...relationship, to: references }, ['to'])),
        quality: list(rule),
        ...(type === undefined ? parts : Object.hasOwn(PARTS, String(type)) ? PARTS[String(type)] : {}),
      },
      required,
    );
  },
});
const namedProperty = property('property', ['name']);
const itemProperty = property('item', []);

const schemaObject = map(
  'schema object',
  {
    ...element,
    logicalType: oneOf('object'),
    dataGranularityDescription: text,
    context,
    properties: list(namedProperty),
    relationships: list(objectRelationship),
    quality: list(rule),
  },
  ['name'],
);

/** The whole document. */
export const ODCS: Shape = map(
  'data contract',
  {
    version: text,
    kind: oneOf('DataContract'),
    apiVersion: oneOf(...API_VERSIONS),
    id: text,
    name: text,
    tenant: text,
    tags,
    status: text,
    servers: list(server),
    dataProduct: text,
    description: { ...map('description', { usage: text, purpose: text, limitations: text, authoritativeDefinitions, customProperties }), open: true },
    domain: text,
    context,
    schema: list(schemaObject),
    support: list(
      map('support channel', { id: stableId, channel: text, url: text, description: text, tool: text, scope: text, invitationUrl: text, customProperties }, [
        'channel',
      ]),
    ),
    price: map('price', { id: stableId, priceAmount: number, priceCurrency: text, priceUnit: text }),
    team,
    roles: list(role),
    slaDefaultElement: text,
    slaProperties: list(
      map(
        'service level',
        {
          id: stableId,
          property: text,
          value: scalar,
          valueExt: scalar,
          unit: text,
          element: text,
          driver: text,
          description: text,
          scheduler: text,
          schedule: text,
          customProperties,
          authoritativeDefinitions,
        },
        ['property', 'value'],
      ),
    ),
    authoritativeDefinitions,
    customProperties,
    contractCreatedTs: moment,
  },
  ['version', 'apiVersion', 'kind', 'id'],
);
