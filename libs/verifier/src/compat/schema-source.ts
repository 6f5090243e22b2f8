import { kindOf } from './json-value.ts';

/** Why a document is no JSON Schema; `pointer` says where. */
export class SchemaFault extends Error {
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(message);
    this.pointer = pointer;
  }
}

export type Plain = Readonly<Record<string, unknown>>;

export interface Located {
  readonly schema: unknown;
  readonly pointer: string;
  /** The resource (schema with an `$id`, or the document) that references are relative to. */
  readonly resource: string;
}

const DEEPEST = 120;
const SINGLE = [
  'not',
  'if',
  'then',
  'else',
  'contains',
  'additionalProperties',
  'additionalItems',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'];

/** A schema document: its resources, its anchors, and what its references point to. */
export class SchemaSource {
  readonly root: unknown;
  /** Whether keywords beside `$ref` count: not before draft 2019-09. */
  readonly refAlone: boolean;
  /** Whether items that `contains` accepts have been looked at: from draft 2020-12 on. */
  readonly containsEvaluates: boolean;
  readonly #resources = new Map<string, Located>();
  readonly #anchors = new Map<string, Located>();
  readonly #dynamic = new Map<string, number>();

  constructor(root: unknown) {
    this.root = root;
    const dialect = kindOf(root) === 'object' ? (root as Plain)['$schema'] : undefined;
    this.refAlone = typeof dialect === 'string' && /draft-0[3-7]/.test(dialect);
    this.containsEvaluates = !(typeof dialect === 'string' && dialect.includes('2019-09'));
    this.#resources.set('', { schema: root, pointer: '', resource: '' });
    this.#scan({ schema: root, pointer: '', resource: '' }, 0);
  }

  get recursiveAnchor(): boolean {
    return this.#dynamic.has('#recursive');
  }

  /** How many schemas carry a `$dynamicAnchor` of that name. */
  dynamicAnchors(name: string): number {
    return this.#dynamic.get(name) ?? 0;
  }

  /** What a reference points to; undefined where it leaves the document. */
  resolve(reference: string, from: Located): Located | undefined {
    const [path, fragment] = splitOnce(reference, '#');
    const resource = path === '' ? from.resource : joinUri(from.resource, path);
    const base = this.#resources.get(resource);
    if (!base) return undefined;
    if (fragment === '') return base;
    let decoded: string;
    try {
      decoded = decodeURIComponent(fragment);
    } catch {
      return undefined;
    }
    if (!decoded.startsWith('/')) return this.#anchors.get(`${resource}#${decoded}`);
    let at: Located = base;
    for (const part of decoded.slice(1).split('/')) {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const value = at.schema;
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined;
      const schema = (value as Plain)[name];
      const own = idOf(schema);
      at = { schema, pointer: `${at.pointer}/${part}`, resource: own === undefined ? at.resource : joinUri(at.resource, own) };
    }
    return at;
  }

  /** The place of a schema directly under another. */
  child(from: Located, path: readonly (string | number)[], schema: unknown): Located {
    const own = this.refAlone && kindOf(schema) === 'object' && Object.hasOwn(schema as object, '$ref') ? undefined : idOf(schema);
    return {
      schema,
      pointer: from.pointer + path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
      resource: own === undefined ? from.resource : joinUri(from.resource, own),
    };
  }

  #scan(at: Located, depth: number): void {
    if (depth > DEEPEST) throw new SchemaFault(at.pointer, `the schema nests deeper than ${DEEPEST} levels`);
    if (kindOf(at.schema) !== 'object') return;
    const schema = at.schema as Plain;
    const own = idOf(schema);
    let { resource } = at;
    if (own !== undefined) {
      if (depth === 0) this.#resources.set(joinUri('', own), { ...at, resource: joinUri('', own) });
      resource = joinUri(depth === 0 ? '' : at.resource, own);
      if (!this.#resources.has(resource)) this.#resources.set(resource, { ...at, resource });
      // The root is found by its identifier and by the empty one.
      if (depth === 0) this.#resources.set('', { ...at, resource });
    }
    const located = { ...at, resource };
    for (const key of ['$anchor', '$dynamicAnchor']) {
      const anchor = schema[key];
      if (typeof anchor !== 'string') continue;
      this.#anchors.set(`${resource}#${anchor}`, located);
      if (key === '$dynamicAnchor') this.#dynamic.set(anchor, (this.#dynamic.get(anchor) ?? 0) + 1);
    }
    for (const key of ['$id', 'id']) {
      const id = schema[key];
      if (typeof id === 'string' && id.startsWith('#') && id.length > 1) this.#anchors.set(`${at.resource}${id}`, located);
    }
    if (schema['$recursiveAnchor'] === true) this.#dynamic.set('#recursive', 1);
    const visit = (path: readonly (string | number)[], child: unknown) => this.#scan(this.child(located, path, child), depth + 1);
    for (const key of SINGLE) if (Object.hasOwn(schema, key)) visit([key], schema[key]);
    for (const key of [...LISTS, 'items']) {
      const list = schema[key];
      if (Array.isArray(list)) list.forEach((child, index) => visit([key, index], child));
      else if (key === 'items' && Object.hasOwn(schema, key)) visit([key], list);
    }
    for (const key of MAPS) {
      const map = schema[key];
      if (kindOf(map) === 'object') for (const [name, child] of Object.entries(map as Plain)) visit([key, name], child);
    }
  }

  /** The whole document as a schema. */
  get start(): Located {
    return this.#resources.get('') as Located;
  }
}

function idOf(schema: unknown): string | undefined {
  if (kindOf(schema) !== 'object') return undefined;
  const id = (schema as Plain)['$id'] ?? (schema as Plain)['id'];
  return typeof id === 'string' && !id.startsWith('#') && id !== '' ? id : undefined;
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}

function joinUri(base: string, path: string): string {
  const plain = splitOnce(path, '#')[0];
  try {
    return new URL(plain, /^[A-Za-z][A-Za-z0-9+.-]*:/.test(base) ? base : `skein-local:///${base.replace(/^skein-local:\/*/, '')}`).href;
  } catch {
    return plain;
  }
}
