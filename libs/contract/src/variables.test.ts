import { describe, expect, it } from 'vitest';
import { setInDocument } from './formats/index.ts';
import { lintContract } from './lint.ts';
import { inspectOdcs } from './odcs.ts';
import { readContract } from './read-contract.ts';
import { textAt } from './reading.ts';

const HEAD = 'apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\n';
const contract = (rest: string, head = HEAD) => `${head}${rest}schema: [{ name: p, properties: [{ name: a, logicalType: string }] }]\n`;
const nameOf = (value: string, variables: Record<string, string> = {}, head = HEAD) => {
  const { root, faults } = inspectOdcs(contract(`name: ${value}\n`, head), 'f.yaml', { variables });
  return faults.length > 0 ? faults.map(({ rule, message, place }) => `${rule} ${place.line}:${place.column} ${message}`) : textAt(root, 'name');
};

describe('a variable', () => {
  it.each([
    ['${V}', { V: 'one' }, 'one'],
    ['a${V}b${W}c', { V: '1', W: '2' }, 'a1b2c'],
    ['${V:-else}', {}, 'else'],
    ['${V:-else}', { V: '' }, 'else'],
    ['${V:-else}', { V: 'one' }, 'one'],
    ['"${V:-}"', {}, ''],
    ['"${V:-a: {b}"', {}, 'a: {b'],
    // Values are not looked at again, and a default is taken verbatim.
    ['${V}', { V: '${W}', W: 'no' }, '${W}'],
    ['${V:-$W}', { W: 'no' }, '$W'],
    // What looks like a number or like YAML stays text.
    ['${V}', { V: '12' }, '12'],
    ['${V}', { V: 'x\nschema: []' }, 'x\nschema: []'],
    ['${V}', { V: '$&$1' }, '$&$1'],
    ['$V and {V} and $ {V} and ${1}', {}, '$V and {V} and $ {V} and ${1}'],
  ])('%s with %o', (value, variables, expected) => {
    expect(nameOf(value, variables as Record<string, string>)).toBe(expected);
  });
  it.each([
    ['${V}', {}, 'variable 6:7 the variable V has no value and no default'],
    ['${V}', { V: '' }, 'variable 6:7 the variable V has no value and no default'],
    ['x${toString}', {}, 'variable 6:7 the variable toString has no value and no default'],
    ['x${__proto__}', {}, 'variable 6:7 the variable __proto__ has no value and no default'],
    ['${V-x}', { V: '1' }, 'variable 6:7 "${V-x}" holds a variable that cannot be read'],
    ['${V:?x}', { V: '1' }, 'variable 6:7 "${V:?x}" holds a variable that cannot be read'],
    ['${V', { V: '1' }, 'variable 6:7 "${V" holds a variable that cannot be read'],
  ])('%s with %o is refused', (value, variables, fault) => {
    expect(nameOf(value, variables as Record<string, string>)).toEqual([fault]);
  });
  it('is no variable before ODCS 3.2, where `${…}` was text', () => {
    expect(nameOf('${V}', { V: 'one' }, HEAD.replace('v3.2.0', 'v3.1.0'))).toBe('${V}');
  });
  it('holds text only: a number must be written', () => {
    const { faults } = inspectOdcs(contract('price: { priceAmount: "${V:-5}" }\n'), 'f');
    expect(faults.map((fault) => fault.rule)).toEqual(['price.priceAmount']);
    expect(inspectOdcs(contract('servers: [{ server: s, type: mysql, host: h, port: "${PORT:-1}", database: d }]\n'), 'f').faults).toEqual([]);
  });
  it('never makes a document longer than the limit', () => {
    const text = contract(`tags: [${Array.from({ length: 100 }, () => '"${V}"').join(', ')}]\n`);
    const { faults } = inspectOdcs(text, 'f', { variables: { V: 'x'.repeat(10_000) } });
    expect(faults.map((fault) => [fault.code, fault.rule])).toContainEqual(['SKEIN_CONTRACT_LIMIT', 'variable']);
    expect(inspectOdcs(text, 'f', { variables: { V: 'x' } }).faults).toEqual([]);
  });
  it('is part of the hash by its value, not by its name', () => {
    const hash = (name: string, variables = {}) => readContract(contract(`name: ${name}\n`), 'f', { variables }).hash;
    expect(hash('${V}', { V: 'one' })).toBe(hash('one'));
    expect(hash('${V:-one}')).toBe(hash('one'));
    expect(hash('${V}', { V: 'two' })).not.toBe(hash('one'));
  });
  it('takes nothing from the environment', () => {
    expect(nameOf('${PATH}')).toEqual(['variable 6:7 the variable PATH has no value and no default']);
  });
  it('is found by the lint, and stands as written after an edit', () => {
    const text = contract('name: ${V} # who\ntenant: ${T:-t}   # where\n');
    expect(
      lintContract(text, 'f')
        .findings.filter((one) => one.severity === 'error')
        .map((one) => [one.rule, one.place.line]),
    ).toEqual([['variable', 6]]);
    expect(lintContract(text, 'f', undefined, { variables: { V: 'v' } }).findings.filter((one) => one.severity === 'error')).toEqual([]);
    const added = setInDocument(text, 'f', 'status', 'active');
    for (const kept of ['name: ${V} # who\n', 'tenant: ${T:-t} # where\n', 'status: active\n']) expect(added).toContain(kept);
    expect(setInDocument(text, 'f', 'tenant', '${U:-u}')).toBe(text.replace('${T:-t}', '${U:-u}'));
  });
});
