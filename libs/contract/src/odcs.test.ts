import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SkeinError } from '@skein/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectOdcs, readOdcs } from './odcs.ts';
import { readContract } from './read-contract.ts';

const EXAMPLES = fileURLToPath(new URL('../../../../shared/data/odcs/v3.1.0-main/valid/', import.meta.url));
const examples = existsSync(EXAMPLES) ? readdirSync(EXAMPLES) : [];

const HEAD = 'apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\n';
const SOUND = `${HEAD}team: { name: t, members: [{ username: u, role: Owner }] }
servers: [{ server: s, type: postgres, host: h, port: 5432, database: d, schema: p }]
price: { priceAmount: 9.95, priceCurrency: USD }
contractCreatedTs: "2022-11-15T02:59:43+00:00"
schema:
  - name: p
    customProperties: [{ property: quarantineTolerance, value: 1% }]
    quality: [{ metric: rowCount, mustBeGreaterThan: 1 }]
    properties:
      - { name: a, logicalType: string, primaryKey: true, logicalTypeOptions: { pattern: "^x", maxLength: 5 } }
      - { name: b, logicalType: number, physicalType: "DECIMAL(13,3)", logicalTypeOptions: { minimum: 0 } }
      - { name: c, logicalType: array, items: { logicalType: object, properties: [{ name: e, logicalType: date }] } }
`;

describe.skipIf(examples.length === 0)('the examples of the standard (../shared/data/odcs, skipped where it is absent)', () => {
  it.each(examples)('%s reads', (name) => {
    const { root, faults } = readOdcs(readFileSync(EXAMPLES + name, 'utf8'), name);
    expect(faults).toEqual([]);
    expect(root.entries.size).toBeGreaterThan(4);
  });
  it('are the 18 that were published', () => {
    expect(examples).toHaveLength(18);
  });
});

describe('the shape of the standard', () => {
  const at = (text: string) => inspectOdcs(text, 'x.yaml').faults.map(({ message, place }) => `${place.line}: ${message}`);
  it('is kept by a sound document', () => {
    expect(at(SOUND)).toEqual([]);
  });
  it.each([
    ['type: postgres', 'type: postgress', 'type is "postgress", which the standard does not know'],
    ['port: 5432', 'port: [5432]', 'port must be a whole number, here stands a list'],
    [', schema: p', '', 'a server of type postgres needs the field "schema"'],
    ['host: h', 'hots: h', 'a server of type postgres has no field "hots"'],
    ['username: u', 'user: u', 'a team member has no field "user"'],
    ['priceAmount: 9.95', 'priceAmount: .inf', 'priceAmount must be a finite number, here stands the number ".inf"'],
    ['"2022-11-15T02:59:43+00:00"', '"last year"', 'contractCreatedTs is "last year", which has not the form it must have'],
    ['team: {', 'team: [{ username: z }]\nt: {', 'a data contract has no field "t"'],
    ['kind: DataContract', 'kind: Contract', 'kind is "Contract", which the standard does not know'],
    ['id: x\n', '', 'a data contract needs the field "id"'],
    ['version: 1.0.0', 'version: 1.0', 'version must be text, here stands the number "1.0"'],
    ['logicalType: date', 'logicalType: date, logicalTypeOptions: { minLength: 1 }', 'a logicalTypeOptions of logicalType date has no field "minLength"'],
    ['name: e,', '', 'a property needs the field "name"'],
    ['maxLength: 5', 'maxLength: 5.5', 'maxLength must be a whole number, here stands the number "5.5"'],
    ['primaryKey: true', 'primaryKey: yes', 'primaryKey must be true or false, here stands the text "yes"'],
    ['schema:\n', 'schema: {}\nx:\n', 'schema must be a list, here stands a map'],
  ])('%s → %s', (from, to, message) => {
    expect(SOUND).toContain(from);
    expect(at(SOUND.replace(from, () => to)).map((fault) => fault.replace(/^\d+: /, ''))).toContain(message);
  });
});

const BOMBS: Readonly<Record<string, string>> = {
  'a billion laughs': `${HEAD}a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((name, index) => `${name}: &${name} [${`*${String.fromCharCode(97 + index)},`.repeat(9)}]`).join('\n')}`,
  '20,000 lists': `${HEAD}schema: ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  '20,000 maps': `${HEAD}schema: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`,
  '20,000 block lists': `${HEAD}schema:\n  ${'- '.repeat(20_000)}x`,
  '20,000 complex keys': `${HEAD}schema:\n  ${'? '.repeat(20_000)}x`,
  'a megabyte': `${HEAD}name: ${'x'.repeat(1 << 20)}`,
  'a cycle': `${HEAD}schema: &s\n  - *s\n`,
  'a merge key': `${HEAD}tags: &t [x]\nschema: [{<<: *t}]\n`,
  'a remote reference': `${HEAD}schema:\n  - $ref: https://example.com/x.yaml\n`,
  'a file reference': `${HEAD}schema:\n  - $ref: file:///etc/passwd\n`,
  __proto__: `${HEAD}__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
  '__proto__ as a column': `${HEAD}schema: [{ name: p, properties: [{ name: __proto__, logicalType: string }] }]\n`,
  'a tag with code': `${HEAD}name: !!js/function "function(){}"\n`,
  'faults without end': 'a: [}'.repeat(50_000),
  'quotes without end': '"""\n'.repeat(60_000),
  'keys without end': `${HEAD}${Array.from({ length: 15_000 }, (_, index) => `k${index}: 1`).join('\n')}`,
  'one key again and again': `${HEAD}${'k: 1\n'.repeat(9_000)}`,
  'wrong rules without end': `${HEAD}schema:\n  - name: p\n    properties: [{ name: a, logicalType: string }]\n    quality:\n${'      - { metric: rowCunt, mustBe: 0 }\n'.repeat(3_000)}`,
  'a type without end': `${HEAD}schema: [{ name: p, properties: [{ name: a, physicalType: "${'STRUCT(a '.repeat(1_500)}" }] }]`,
  'a list of lists without end': `${HEAD}schema: [{ name: p, properties: [{ name: a, physicalType: "INT${'[]'.repeat(8_000)}" }] }]`,
  'a number without end': `${HEAD}schema: [{ name: p, properties: [{ name: a, logicalType: integer, logicalTypeOptions: { minimum: 1e999999999 } }] }]`,
  'a reference without end': `${HEAD}schema: [{ name: p, properties: [{ name: a, logicalType: string, relationships: [{ to: "${'a/'.repeat(50_000)}!" }] }] }]`,
};

describe('hostile contracts are refused quickly, within 64 MB, and leave nothing behind', () => {
  // A process of its own, whose heap is the bar: what needs more dies and is seen. Time is the processor's, which no other work on the machine lengthens.
  const index = JSON.stringify(new URL('./index.ts', import.meta.url).href);
  const script = `
    const { readContract } = await import(${index});
    const bombs = JSON.parse(await new Response(process.stdin).text());
    const before = JSON.stringify([Object.getOwnPropertyNames(Object.prototype), Object.getOwnPropertyNames(Array.prototype)]);
    for (const [name, text] of Object.entries(bombs)) {
      const start = process.cpuUsage();
      let code = 'ACCEPTED', place;
      try { readContract(text, 'bomb.yaml'); } catch (error) { code = error.code ?? String(error); place = error.place; }
      console.log(JSON.stringify({ name, code, place, ms: process.cpuUsage(start).user / 1000, polluted: {}.polluted }));
    }
    const after = JSON.stringify([Object.getOwnPropertyNames(Object.prototype), Object.getOwnPropertyNames(Array.prototype)]);
    console.log(JSON.stringify({ name: 'end', same: before === after }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@skein/source', '--max-old-space-size=64', '--input-type=module', '-e', script], {
    input: JSON.stringify(BOMBS),
    encoding: 'utf8',
    timeout: 60_000,
  });
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { name: string; code: string; place?: { line: number }; ms: number; polluted?: unknown; same?: boolean });

  it('without the process dying', () => {
    expect(lines.at(-1), stderr.slice(0, 500)).toEqual({ name: 'end', same: true });
    expect(lines).toHaveLength(Object.keys(BOMBS).length + 1);
  });
  it.each(Object.keys(BOMBS))('%s', (name) => {
    const line = lines.find((one) => one.name === name);
    expect(line?.code).toMatch(/^SKEIN_CONTRACT_(?:SYNTAX|INVALID|LIMIT)$/);
    expect(line?.place?.line).toBeGreaterThan(0);
    expect(line?.ms).toBeLessThan(500);
    expect(line?.polluted).toBeUndefined();
  });
  it('and a large honest contract is read', () => {
    const columns = Array.from({ length: 2_000 }, (_, column) => `      - { name: c${column}, logicalType: string }`).join('\n');
    expect(readContract(`${HEAD}schema:\n  - name: p\n    properties:\n${columns}\n`, 'x.yaml').properties).toHaveLength(2_000);
  });
});

describe('contracts with random damage', () => {
  const sources = [SOUND, ...examples.filter((name) => !name.startsWith('postgresql')).map((name) => readFileSync(EXAMPLES + name, 'utf8'))];
  const damage = fc.oneof(
    fc.record({
      kind: fc.constant('insert' as const),
      at: fc.nat(),
      text: fc.oneof(
        fc.string(),
        fc.constantFrom(
          '{',
          '[',
          ']',
          '}',
          ': ',
          '- ',
          '"',
          "'",
          '&a ',
          '*a',
          '!!',
          '|',
          '>',
          '#',
          '\t',
          '\0',
          '\u2028',
          '%',
          '---\n',
          '1e999',
          '0x',
          '__proto__: 1\n',
          '\ud800',
        ),
      ),
    }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant('swap' as const), at: fc.nat(), other: fc.nat() }),
  );
  it('are read or refused with a SkeinError that has a place, and never hang', () => {
    let refused = 0;
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(fc.constant(SOUND), fc.constantFrom(...sources)), fc.array(damage, { minLength: 1, maxLength: 3 }), (source, damages) => {
        let text = source;
        for (const one of damages) {
          const at = one.at % (text.length + 1);
          if (one.kind === 'insert') text = text.slice(0, at) + one.text + text.slice(at);
          if (one.kind === 'cut') text = text.slice(0, at) + text.slice(at + one.length);
          if (one.kind === 'repeat') text = text.slice(0, at) + text.slice(at, at + one.length).repeat(2) + text.slice(at + one.length);
          if (one.kind === 'swap') {
            const lines = text.split('\n');
            const [a, b] = [one.at % lines.length, one.other % lines.length];
            [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
            text = lines.join('\n');
          }
        }
        const start = performance.now();
        try {
          readContract(text, 'fuzz.yaml');
          read += 1;
        } catch (error) {
          if (!(error instanceof SkeinError)) throw error;
          if (!error.place || !(Number(error.place.line) >= 1) || !(Number(error.place.column) >= 1))
            throw new Error(`no place: ${error.message}`, { cause: error });
          if (error.hint === '' || !error.code.startsWith('SKEIN_CONTRACT_')) throw error;
          refused += 1;
        }
        if (performance.now() - start > 2_000) throw new Error('took longer than 2 s');
      }),
      { numRuns: 1_500, seed: 20_261_120 },
    );
    expect(refused).toBeGreaterThan(500);
    expect(read).toBeGreaterThan(10);
  });
});
