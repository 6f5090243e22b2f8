import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { contractOf } from './conformance/mesh-fixture.ts';
import { readPolicy } from './policy-file.ts';

const STOCK = contractOf('sap.stock', {
  columns: ['plant', 'n small', 'big int', 'price decimal confidential', 'day date', 'moment instant', 'ok boolean', 'tags texts', 'secret string restricted'],
});

const policy = (grants: string): string => `version: 1\ngrants:\n${grants}`;
const row = (condition: string): string => policy(`  - roles: [analyst]\n    columns: { allow: [public] }\n    rows:\n      - ${condition}\n`);

function faultOf(text: string): SkeinError {
  try {
    readPolicy(text, 'contracts/sap/stock/v1/policy.yaml', STOCK);
  } catch (error) {
    if (error instanceof SkeinError) return error;
    throw error;
  }
  throw new Error(`no fault in ${text}`);
}

describe('policy file', () => {
  it('is read with grants, masks and typed row conditions', () => {
    const text = policy(`  - roles: [analyst, planner]
    purposes: [planning]
    columns: { allow: [public], mask: { confidential: pseudonym, restricted: null }, deny: [plant] }
    rows:
      - { column: plant, operator: in, claim: plants }
      - { column: big, operator: greaterOrEqual, value: 9223372036854775807 }
      - { column: price, operator: lessThan, value: 12.5000 }
      - { column: plant, operator: equals, value: 0100 }
      - { column: moment, operator: greaterThan, value: 2026-01-01T00:00:00+02:00 }
      - { column: day, operator: isNotNull }
`);
    const { grants, product } = readPolicy(text, 'policy.yaml', STOCK);
    expect(product).toBe('sap.stock');
    expect(grants[0]).toMatchObject({
      roles: ['analyst', 'planner'],
      purposes: ['planning'],
      allow: ['public'],
      mask: { confidential: 'pseudonym', restricted: 'null' },
      deny: ['plant'],
    });
    expect(grants[0]?.rows.map(({ column, operator, operand }) => [column, operator, operand])).toEqual([
      ['plant', 'in', { claim: 'plants' }],
      ['big', 'greaterOrEqual', { constants: ["CAST('9223372036854775807' AS BIGINT)"] }],
      ['price', 'lessThan', { constants: ["CAST('12.5' AS DECIMAL(18,4))"] }],
      ['plant', 'equals', { constants: ["'0100'"] }],
      ['moment', 'greaterThan', { constants: ["CAST('2025-12-31 22:00:00.000000+00' AS TIMESTAMP WITH TIME ZONE)"] }],
      ['day', 'isNotNull', undefined],
    ]);
  });

  it('says how many persons approve a review, 1 where it is silent', () => {
    const text = policy('  - roles: [analyst]\n    columns: { allow: [public] }\n');
    const approvals = (line: string): string => text.replace('grants:', `${line}\ngrants:`);
    expect([text, approvals('approvals: 1'), approvals('approvals: 2')].map((one) => readPolicy(one, 'policy.yaml', STOCK).approvals)).toEqual([1, 1, 2]);
    for (const wrong of ['0', '3', '-1', 'two', '[2]', '2.0']) expect(faultOf(approvals(`approvals: ${wrong}`)).message).toContain('approvals must be 1 or 2');
  });

  it('shows file, line, column and the line for every fault', () => {
    const error = faultOf(policy('  - roles: [analyst]\n    columns: { allow: [pubic] }\n'));
    expect(error.code).toBe('SKEIN_POLICY_INVALID');
    expect(error.place).toEqual({ file: 'contracts/sap/stock/v1/policy.yaml', line: 4, column: 24 });
    expect(error.frame).toContain('columns: { allow: [pubic] }');
    expect(error.message).toContain('"pubic"');
    expect(error.hint).toContain('public');
  });

  it.each<[string, string]>([
    ['', 'the file holds no YAML document'],
    ['grants: []', 'version'],
    ['version: 2\ngrants: []', 'version'],
    ['version: 1', 'grants is missing'],
    ['version: 1\ngrants: all', 'grants must be a list'],
    ['[', 'Flow sequence'],
    ['version: 1\nversion: 1\ngrants: []', 'stands twice'],
    ['a: &x [1]\nb: *x', '"a" is not known here'],
    [policy('  - columns: { allow: [public] }\n'), 'roles is missing'],
    [policy('  - roles: []\n    columns: { allow: [public] }\n'), 'roles is empty'],
    [policy('  - roles: [Analyst]\n    columns: { allow: [public] }\n'), 'role name "Analyst"'],
    [policy('  - roles: [analyst]\n    purposes: []\n    columns: { allow: [public] }\n'), 'purposes is empty'],
    [policy('  - roles: [analyst]\n'), 'which columns'],
    [policy('  - roles: [analyst]\n    columns: { allow: [public], hide: [x] }\n'), '"hide" is not known'],
    [policy('  - roles: [analyst]\n    columns: { allow: [public], mask: { public: redact } }\n'), 'both allowed and masked'],
    [policy('  - roles: [analyst]\n    columns: { mask: { confidential: blur } }\n'), '"blur" is no mask'],
    [policy('  - roles: [analyst]\n    columns: { mask: [confidential] }\n'), 'mask must map'],
    [policy('  - roles: [analyst]\n    columns: { deny: [nothing] }\n'), 'neither a column nor a class'],
    [row('{ column: nothing, operator: equals, value: x }'), '"nothing" is no column'],
    [row('{ column: tags, operator: equals, value: x }'), 'rows cannot be chosen by tags'],
    [row('{ column: plant, operator: like, value: x }'), '"like" is no operator'],
    [row('{ column: plant, operator: equals }'), 'takes a value or a claim'],
    [row('{ column: plant, operator: equals, value: x, claim: y }'), 'takes a value or a claim'],
    [row('{ column: plant, operator: isNull, value: x }'), 'takes no value'],
    [row('{ column: plant, operator: in, value: x }'), 'takes a list'],
    [row('{ column: plant, operator: equals, value: [x] }'), 'takes one value'],
    [row('{ column: plant, operator: equals, value: null }'), 'no value of the column plant'],
    [row('{ column: n, operator: equals, value: 2147483648 }'), 'no value of the column n'],
    [row('{ column: n, operator: equals, value: 1.5 }'), 'no value of the column n'],
    [row('{ column: big, operator: equals, value: 9223372036854775808 }'), 'no value of the column big'],
    [row('{ column: price, operator: equals, value: 1.00001 }'), 'no value of the column price'],
    [row('{ column: price, operator: equals, value: 100000000000000 }'), 'no value of the column price'],
    [row('{ column: day, operator: equals, value: 2026-02-30 }'), 'no value of the column day'],
    [row('{ column: moment, operator: equals, value: 2026-01-01T00:00:00 }'), 'no value of the column moment'],
    [row('{ column: ok, operator: equals, value: yes }'), 'no value of the column ok'],
    [row('{ operator: equals, value: x }'), 'column is missing'],
  ])('refuses %j', (text, message) => {
    const error = faultOf(text);
    expect(error.code).toBe('SKEIN_POLICY_INVALID');
    expect((error.context['faults'] as { message: string }[] | undefined)?.map((fault) => fault.message).join('\n') ?? error.message).toContain(message);
    expect(error.place?.line).toBeGreaterThan(0);
  });

  it('refuses what is too large or too deep in short time', () => {
    const start = process.cpuUsage();
    expect(faultOf(`version: 1\ngrants: ${'['.repeat(20_000)}`).code).toBe('SKEIN_POLICY_INVALID');
    expect(faultOf(`# ${'x'.repeat(300_000)}`).code).toBe('SKEIN_POLICY_INVALID');
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(500);
  });
});
