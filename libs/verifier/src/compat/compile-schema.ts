import { decimalOf, type Decimal } from './decimal.ts';
import { KINDS, kindOf, type Kind } from './json-value.ts';
import type { Node, Nodes } from './node.ts';
import { SchemaFault, SchemaSource, type Located, type Plain } from './schema-source.ts';
import { evaluatedItems, evaluatedMembers } from './unevaluated.ts';

/** A keyword of a schema with what it says, for explanations. */
export interface Part {
  readonly keyword: string;
  readonly node: Node;
}

export interface CompileOptions {
  /** Whether `format` judges values, or only describes them. */
  readonly formats: 'annotation' | 'assertion';
  /** Names the document where its references are told apart from those of the other. */
  readonly label: string;
}

/** Turns a JSON Schema (drafts 4 to 2020-12, by what its keywords say) into nodes. Throws SchemaFault for what is no schema. */
export class SchemaCompiler {
  readonly nodes: Nodes;
  readonly source: SchemaSource;
  /** What each schema object was compiled to, by its pointer. */
  readonly parts = new Map<string, readonly Part[]>();
  readonly #options: CompileOptions;
  readonly #done = new Map<string, Node>();
  readonly #open = new Set<string>();

  constructor(root: unknown, nodes: Nodes, options: CompileOptions) {
    this.nodes = nodes;
    this.#options = options;
    this.source = new SchemaSource(root);
  }

  compile(at: Located = this.source.start): Node {
    const known = this.#done.get(at.pointer);
    if (known) return known;
    if (at.schema === true) return this.nodes.true;
    if (at.schema === false) return this.nodes.false;
    if (kindOf(at.schema) !== 'object') throw new SchemaFault(at.pointer, 'a schema is an object, true or false');
    if (this.#open.has(at.pointer)) return this.#reference(at);
    this.#open.add(at.pointer);
    const schema = at.schema as Plain;
    const parts =
      this.source.refAlone && Object.hasOwn(schema, '$ref') ? [{ keyword: '$ref', node: this.#ref(schema['$ref'], at) }] : this.#keywords(schema, at);
    const node = this.nodes.and(parts.map((part) => part.node));
    this.parts.set(at.pointer, parts);
    this.#open.delete(at.pointer);
    this.#done.set(at.pointer, node);
    return node;
  }

  #reference(at: Located): Node {
    return this.nodes.ref(`${this.#options.label}#${at.pointer}`, () => this.#done.get(at.pointer) ?? this.compile(at));
  }

  /** What a `$ref` points to, as a node that is compiled at once unless it is being compiled. */
  target(reference: unknown, at: Located): Located | undefined {
    if (typeof reference !== 'string') throw new SchemaFault(at.pointer, '$ref is no text');
    return this.source.resolve(reference, at);
  }

  #ref(reference: unknown, at: Located): Node {
    const target = this.target(reference, at);
    if (target) return this.compile(target);
    if (String(reference).startsWith('#')) throw new SchemaFault(`${at.pointer}/$ref`, `$ref ${JSON.stringify(reference)} points to nothing`);
    return this.nodes.opaque(`the schema ${String(reference)} lies outside the document`);
  }

  child(at: Located, path: readonly (string | number)[], schema: unknown): Node {
    return this.compile(this.source.child(at, path, schema));
  }

  #keywords(schema: Plain, at: Located): Part[] {
    const { nodes } = this;
    const parts: Part[] = [];
    const own = (keyword: string) => Object.hasOwn(schema, keyword) && schema[keyword] !== undefined;
    const add = (keyword: string, node: Node) => void parts.push({ keyword, node });
    const child = (keyword: string) => this.child(at, [keyword], schema[keyword]);
    const wrong = (keyword: string, message: string) => new SchemaFault(`${at.pointer}/${keyword}`, message);
    const list = (keyword: string): Node[] => {
      const of = schema[keyword];
      if (!Array.isArray(of) || of.length === 0) throw wrong(keyword, `${keyword} is no list of schemas`);
      return of.map((one, index) => this.child(at, [keyword, index], one));
    };
    const map = (keyword: string): [string, unknown][] => {
      if (kindOf(schema[keyword]) !== 'object') throw wrong(keyword, `${keyword} is no object`);
      return Object.entries(schema[keyword] as Plain);
    };
    const size = (keyword: string): number => {
      const value = schema[keyword];
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) throw wrong(keyword, `${keyword} is no whole number from 0`);
      return number;
    };
    const number = (keyword: string): Decimal => {
      const value = decimalOf(schema[keyword]);
      if (!value) throw wrong(keyword, `${keyword} is no number`);
      return value;
    };

    if (own('$ref')) add('$ref', this.#ref(schema['$ref'], at));
    if (own('$recursiveRef'))
      add('$recursiveRef', this.source.recursiveAnchor ? nodes.opaque('$recursiveRef is not followed') : this.#ref(schema['$recursiveRef'], at));
    if (own('$dynamicRef')) {
      const name = String(schema['$dynamicRef']).replace(/^#/, '');
      add('$dynamicRef', this.source.dynamicAnchors(name) > 1 ? nodes.opaque(`$dynamicRef ${name} is not followed`) : this.#ref(schema['$dynamicRef'], at));
    }
    if (own('type')) add('type', this.#type(schema['type'], at));
    if (own('enum')) {
      if (!Array.isArray(schema['enum'])) throw wrong('enum', 'enum is no list');
      add('enum', nodes.values(schema['enum']));
    }
    if (own('const')) add('const', nodes.values([schema['const']]));
    if (own('allOf')) add('allOf', nodes.and(list('allOf')));
    if (own('anyOf')) add('anyOf', nodes.or(list('anyOf')));
    if (own('oneOf')) add('oneOf', nodes.one(list('oneOf')));
    if (own('not')) add('not', nodes.not(child('not')));
    if (own('if')) {
      const test = child('if');
      if (own('then')) add('then', nodes.or([nodes.not(test), child('then')]));
      if (own('else')) add('else', nodes.or([test, child('else')]));
    }

    // Draft 4 says by a boolean that the bound beside it is excluded.
    if (own('minimum')) add('minimum', nodes.bound('low', number('minimum'), schema['exclusiveMinimum'] === true));
    if (own('maximum')) add('maximum', nodes.bound('high', number('maximum'), schema['exclusiveMaximum'] === true));
    if (own('exclusiveMinimum') && typeof schema['exclusiveMinimum'] !== 'boolean')
      add('exclusiveMinimum', nodes.bound('low', number('exclusiveMinimum'), true));
    if (own('exclusiveMaximum') && typeof schema['exclusiveMaximum'] !== 'boolean')
      add('exclusiveMaximum', nodes.bound('high', number('exclusiveMaximum'), true));
    if (own('multipleOf')) {
      const step = number('multipleOf');
      if (step.digits <= 0n) throw wrong('multipleOf', 'multipleOf is not above 0');
      add('multipleOf', nodes.multiple(step));
    }

    for (const [low, high, kind] of SIZES) {
      if (own(low)) add(low, nodes.size(kind, 'low', size(low)));
      if (own(high)) add(high, nodes.size(kind, 'high', size(high)));
    }
    if (own('pattern')) {
      if (typeof schema['pattern'] !== 'string') throw wrong('pattern', 'pattern is no text');
      add('pattern', nodes.pattern(schema['pattern']));
    }
    if (own('format') && this.#options.formats === 'assertion') add('format', nodes.opaque(`the format ${String(schema['format'])}`, 'string'));

    this.#arrays(schema, at, { own, add, child, list, size });

    if (own('properties')) {
      for (const [name, one] of map('properties')) add(`properties/${name}`, nodes.member({ name }, this.child(at, ['properties', name], one)));
    }
    if (own('patternProperties')) {
      for (const [pattern, one] of map('patternProperties'))
        add(`patternProperties/${pattern}`, nodes.member({ pattern }, this.child(at, ['patternProperties', pattern], one)));
    }
    if (own('additionalProperties')) {
      const names = own('properties') ? map('properties').map(([name]) => name) : [];
      const patterns = own('patternProperties') ? map('patternProperties').map(([pattern]) => pattern) : [];
      add('additionalProperties', nodes.member({ others: { names, patterns } }, child('additionalProperties')));
    }
    if (own('propertyNames')) add('propertyNames', nodes.names(child('propertyNames')));
    const texts = (value: unknown, keyword: string): string[] => {
      if (!Array.isArray(value) || value.some((name) => typeof name !== 'string')) throw wrong(keyword, `${keyword} is no list of names`);
      return value as string[];
    };
    // Draft 3 wrote `required: true` at the property, which later drafts do not read.
    if (own('required') && typeof schema['required'] !== 'boolean')
      add('required', nodes.and(texts(schema['required'], 'required').map((name) => nodes.required(name))));
    const given = (name: string, then: Node) => nodes.or([nodes.not(nodes.and([nodes.kinds(['object']), nodes.required(name)])), then]);
    const all = (names: readonly string[]) => nodes.and(names.map((name) => nodes.required(name)));
    if (own('dependentRequired'))
      for (const [name, then] of map('dependentRequired')) add(`dependentRequired/${name}`, given(name, all(texts(then, 'dependentRequired'))));
    if (own('dependentSchemas'))
      for (const [name, then] of map('dependentSchemas')) add(`dependentSchemas/${name}`, given(name, this.child(at, ['dependentSchemas', name], then)));
    if (own('dependencies')) {
      for (const [name, then] of map('dependencies')) {
        const node = Array.isArray(then) ? all(texts(then, 'dependencies')) : this.child(at, ['dependencies', name], then);
        add(`dependencies/${name}`, given(name, node));
      }
    }
    if (own('unevaluatedProperties')) add('unevaluatedProperties', evaluatedMembers(this, at, child('unevaluatedProperties')));
    if (own('unevaluatedItems')) add('unevaluatedItems', evaluatedItems(this, at, child('unevaluatedItems')));
    return parts;
  }

  #type(type: unknown, at: Located): Node {
    const names = Array.isArray(type) ? type : [type];
    const kinds = new Set<Kind>();
    let whole = false;
    for (const name of names) {
      if (name === 'integer') whole = true;
      else if ((KINDS as readonly unknown[]).includes(name)) kinds.add(name as Kind);
      else throw new SchemaFault(`${at.pointer}/type`, `${JSON.stringify(name)} is no type of JSON Schema`);
    }
    const { nodes } = this;
    if (!whole || kinds.has('number')) return nodes.kinds(kinds);
    return nodes.and([nodes.kinds([...kinds, 'number']), nodes.multiple({ digits: 1n, scale: 0 })]);
  }

  #arrays(schema: Plain, at: Located, read: Readers): void {
    const { nodes } = this;
    const { own, add, child, list, size } = read;
    if (own('prefixItems')) {
      const rest = own('items') && !Array.isArray(schema['items']) ? child('items') : nodes.true;
      add('prefixItems', nodes.items(list('prefixItems'), nodes.true));
      if (rest !== nodes.true)
        add(
          'items',
          nodes.items(
            list('prefixItems').map(() => nodes.true),
            rest,
          ),
        );
    } else if (Array.isArray(schema['items'])) {
      // Drafts up to 2019-09: a list of items, and `additionalItems` behind it.
      const prefix = schema['items'].map((one, index) => this.child(at, ['items', index], one));
      add('items', nodes.items(prefix, nodes.true));
      if (own('additionalItems'))
        add(
          'additionalItems',
          nodes.items(
            prefix.map(() => nodes.true),
            child('additionalItems'),
          ),
        );
    } else if (own('items')) add('items', nodes.items([], child('items')));
    if (own('contains')) {
      const least = own('minContains') ? size('minContains') : 1;
      add('contains', nodes.contains(child('contains'), least, own('maxContains') ? size('maxContains') : Infinity));
    }
    if (schema['uniqueItems'] === true) add('uniqueItems', nodes.unique());
  }
}

interface Readers {
  own(keyword: string): boolean;
  add(keyword: string, node: Node): void;
  child(keyword: string): Node;
  list(keyword: string): Node[];
  size(keyword: string): number;
}

const SIZES = [
  ['minLength', 'maxLength', 'string'],
  ['minItems', 'maxItems', 'array'],
  ['minProperties', 'maxProperties', 'object'],
] as const;
