import type { SchemaCompiler } from './compile-schema.ts';
import type { Judge } from './holds.ts';
import { kindOf, memberOf } from './json-value.ts';
import { Undecided } from './node.ts';
import type { Located, Plain } from './schema-source.ts';

/** One keyword that a value breaks. */
export interface Breach {
  readonly keyword: string;
  /** JSON pointer of the keyword in the schema. */
  readonly schemaPath: string;
  /** JSON pointer of the value that breaks it. */
  readonly instancePath: string;
}

const MOST = 20;

/** The innermost keywords of a schema that a value breaks. */
export function explain(compiler: SchemaCompiler, judge: Judge, value: unknown): Breach[] {
  const found: Breach[] = [];
  const walk = (at: Located, value: unknown, instance: string, depth: number): void => {
    if (found.length >= MOST || depth > 60) return;
    if (at.schema === false) return void found.push({ keyword: 'false', schemaPath: at.pointer, instancePath: instance });
    if (kindOf(at.schema) !== 'object') return;
    const schema = at.schema as Plain;
    compiler.compile(at);
    for (const { keyword, node } of compiler.parts.get(at.pointer) ?? []) {
      if (judge.holds(node, value)) continue;
      const before = found.length;
      const [head, name] = splitOnce(keyword);
      const into = (path: readonly (string | number)[], inner: unknown, part: unknown, step: string) =>
        walk(
          compiler.source.child(at, path, inner),
          part,
          step === '' ? instance : `${instance}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`,
          depth + 1,
        );
      if (keyword === '$ref') {
        const target = compiler.target(schema['$ref'], at);
        if (target) walk(target, value, instance, depth + 1);
      } else if (keyword === 'allOf') (schema['allOf'] as unknown[]).forEach((one, index) => into(['allOf', index], one, value, ''));
      else if ((head === 'properties' || head === 'dependentSchemas') && name !== undefined) {
        const part = head === 'properties' ? memberOf(value as object, name) : value;
        into([head, name], (schema[head] as Plain)[name], part, head === 'properties' ? name : '');
      } else if (keyword === 'items' && Array.isArray(value)) {
        const { items } = schema;
        const prefix = Array.isArray(items) ? items : [];
        const skip = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0;
        value.forEach((item, index) => {
          if (Array.isArray(items)) {
            if (index < prefix.length) into(['items', index], prefix[index], item, String(index));
          } else if (index >= skip) into(['items'], items, item, String(index));
        });
      } else if (keyword === 'prefixItems' && Array.isArray(value)) {
        (schema['prefixItems'] as unknown[]).forEach((one, index) => {
          if (index < value.length) into(['prefixItems', index], one, value[index], String(index));
        });
      }
      if (found.length === before) found.push({ keyword: head, schemaPath: `${at.pointer}/${keyword}`, instancePath: instance });
    }
  };
  try {
    walk(compiler.source.start, value, '', 0);
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
  }
  return found;
}

function splitOnce(keyword: string): [string, string | undefined] {
  const at = keyword.indexOf('/');
  return at < 0 ? [keyword, undefined] : [keyword.slice(0, at), keyword.slice(at + 1)];
}
