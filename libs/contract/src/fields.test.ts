import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspectOdcs } from './odcs.ts';
import { inspectOdps } from './odps.ts';
import { ODCS } from './odcs-shape.ts';
import { ODPS } from './odps-shape.ts';
import { shapeFields } from './shape-fields.fixture.ts';
import { any } from './shape.ts';

interface Golden {
  readonly key: string;
  readonly how: 'valid' | 'refused' | 'missing';
  readonly rule: string;
  readonly column: number;
  readonly text: string;
}

/** The documents of a golden file: each begins with `--- # <map>.<field>: valid`, or `refused`, or `missing`, with rule and column. */
function goldens(name: string): Golden[] {
  const text = readFileSync(new URL(`golden/fields/${name}.yaml`, import.meta.url), 'utf8');
  return text
    .split(/^--- # /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...rest] = part.split('\n');
      const [, key, how, rule, column] = /^(.+): (valid|refused|missing)(?:, (\S+) at (\d+))?$/.exec(head) ?? [];
      if (key === undefined) throw new Error(`${name}: ${head} is no head of a document`);
      return { key, how: how as Golden['how'], rule: rule ?? '', column: Number(column), text: rest.join('\n') };
    });
}

describe.each([
  {
    standard: 'ODCS',
    shape: ODCS,
    files: ['document', 'servers', 'schema', 'type-options', 'quality', 'others'].map((file) => `odcs/${file}`),
    faults: (text: string) => inspectOdcs(text, 'f').faults,
  },
  { standard: 'ODPS', shape: ODPS, files: ['odps/document', 'odps/others'], faults: (text: string) => inspectOdps(text, 'f').standard },
])('every field of $standard', ({ shape, files, faults }) => {
  const documents = files.flatMap(goldens);
  const fields = shapeFields(shape);

  it('has a document in which it stands, and one in which it is refused', () => {
    const told = (how: readonly string[]) => new Set(documents.filter((one) => how.includes(one.how)).map((one) => one.key));
    const [valid, refused] = [told(['valid']), told(['refused', 'missing'])];
    const keys = fields.map((field) => field.key);
    expect(keys.filter((key) => !valid.has(key))).toEqual([]);
    // What may be anything cannot be refused for what it is.
    expect(fields.filter((field) => !refused.has(field.key)).map((field) => [field.key, field.shape])).toEqual(
      fields.filter((field) => !refused.has(field.key)).map((field) => [field.key, any]),
    );
    expect([...valid, ...refused].filter((key) => !keys.includes(key))).toEqual([]);
    expect(keys.length).toBeGreaterThan(100);
  });

  it('is missed in its own document only', () => {
    const required = fields.filter((field) => field.map.required?.includes(field.field)).map((field) => field.key);
    expect(required.length).toBeGreaterThan(10);
    expect(documents.filter((one) => one.how === 'missing' && !required.includes(one.key))).toEqual([]);
  });

  it.each(documents.map((one) => ({ ...one, name: `${one.key}: ${one.how}` })))('$name', ({ key, how, rule, column, text }) => {
    const field = key.slice(key.lastIndexOf('.') + 1);
    const found = faults(text);
    if (how === 'valid') {
      expect(found).toEqual([]);
      expect(text).toMatch(new RegExp(`[{ ]${field}: `));
      return;
    }
    expect(found.map((fault) => [fault.rule, fault.place.line, fault.place.column])).toEqual([[rule, 1, column]]);
    expect(found[0]?.fix).not.toBe('');
    // The place is the field's value, or its key; where the field is missing, the map that lacks it.
    const [before, after] = [text.slice(0, column - 1), text.slice(column - 1)];
    if (how === 'missing') expect(after.startsWith('{')).toBe(true);
    else expect([before.endsWith(`${field}: `), before.endsWith(`${field}: [`), after.startsWith('mustBe')]).toContain(true);
    expect(rule.includes(field) || rule === 'schema.quality' || rule === 'schema.properties.quality').toBe(true);
  });
});
