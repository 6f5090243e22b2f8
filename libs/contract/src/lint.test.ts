import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lintContract } from './lint.ts';

const HEAD = 'apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\n';
const SOUND = `${HEAD}domain: d
description: { purpose: what it is for }
team: { name: t }
status: active
slaProperties: [{ property: freshness, value: 24, unit: h }]
schema:
  - name: p
    properties:
      - { name: a, id: p-a, logicalType: string, primaryKey: true, description: the key }
      - { name: seen_at, id: p-seen, logicalType: timestamp, physicalType: TIMESTAMPTZ, description: when }
      - { name: email, id: p-mail, logicalType: string, classification: restricted, description: where to write }
`;
const rules = (text: string, profile?: 'skein' | 'odcs') =>
  lintContract(text, 'x.odcs.yaml', profile).findings.map(({ rule, severity }) => `${severity} ${rule}`);

describe('a lint', () => {
  it('has nothing to say of a sound contract', () => {
    const { findings, contract, profile } = lintContract(SOUND, 'x.odcs.yaml');
    expect(findings).toEqual([]);
    expect([contract?.product, profile]).toEqual(['d.p', 'skein']);
  });

  it.each([
    ['description: { purpose: what it is for }\n', '', 'warning advice.description'],
    ['team: { name: t }\n', '', 'warning advice.owner'],
    ['status: active', 'status: lively', 'warning advice.status'],
    ['slaProperties: [{ property: freshness, value: 24, unit: h }]\n', '', 'warning advice.freshness'],
    ['primaryKey: true, ', '', 'warning advice.key'],
    [', description: when', '', 'warning advice.property.description'],
    [' id: p-seen,', '', 'warning advice.property.id'],
    [' classification: restricted,', '', 'warning advice.classification'],
    [', physicalType: TIMESTAMPTZ', '', 'warning advice.timezone'],
    ['description: when }', 'description: when, quality: [{ type: text, description: look at it }] }', 'warning advice.unjudged'],
    ['logicalType: string, primaryKey', 'logicalType: number, primaryKey', 'error physicalType'],
    ['status: active', 'status: active\nstatus: draft', 'error yaml.unique'],
    ['id: x', 'id: [x', 'error yaml'],
    ['description: the key', 'logicalTypeOptions: { minLength: 5, maxLength: 2 }', 'error minLength'],
  ])('finds %j turned into %j', (from, to, rule) => {
    expect(SOUND).toContain(from);
    expect(rules(SOUND.replace(from, () => to))).toContain(rule);
  });

  it('shows place, frame and fix of each fault, in the order of the file, and all of them', () => {
    const { findings } = lintContract(
      SOUND.replace('status: active', 'status: 5').replace('name: seen_at', 'name: "1"').replace('unit: h', 'unti: h'),
      'f.yaml',
    );
    const errors = findings.filter((finding) => finding.severity === 'error');
    expect(errors.map(({ place }) => place.line)).toEqual([8, 9, 14]);
    for (const { place, frame, fix, rule } of errors) {
      expect(place).toMatchObject({ file: 'f.yaml', line: expect.any(Number) as number, column: expect.any(Number) as number });
      expect(frame).toContain('^');
      expect(fix.length + rule.length).toBeGreaterThan(5);
    }
  });

  it('takes a document without domain, or with several objects, for no output port, and forgives what only a port must have', () => {
    const two = `${HEAD}schema: [{ name: A, properties: [{ name: x, logicalType: number }] }, { name: B }]\n`;
    expect(rules(two).filter((rule) => rule.startsWith('error'))).toEqual([]);
    expect(rules(two)).toContain('warning physicalType');
    expect(rules(two, 'skein').filter((rule) => rule.startsWith('error')).length).toBeGreaterThan(2);
    // The standard itself is never forgiven, and neither is what contradicts itself.
    expect(rules(two.replace('logicalType: number', 'logicalType: numero'))).toContain('error schema.properties.logicalType');
    expect(rules(two.replace('logicalType: number', 'logicalType: string, logicalTypeOptions: { minLength: 3, maxLength: 1 }'))).toContain('error minLength');
  });
});

const EXAMPLES = fileURLToPath(new URL('../../../../shared/data/odcs/v3.1.0-main/valid/', import.meta.url));
describe.skipIf(!existsSync(EXAMPLES))('the 18 examples of the standard (../shared/data/odcs, skipped where it is absent)', () => {
  it.each(existsSync(EXAMPLES) ? readdirSync(EXAMPLES) : [])('%s has no errors', (name) => {
    const { findings } = lintContract(readFileSync(EXAMPLES + name, 'utf8'), name);
    expect(findings.filter((finding) => finding.severity === 'error')).toEqual([]);
  });
});
