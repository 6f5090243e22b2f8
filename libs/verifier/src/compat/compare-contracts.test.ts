import { readFileSync } from 'node:fs';
import { readContract, type Contract } from '@skein/contract';
import { describe, expect, it } from 'vitest';
import { recordValidator } from '../record.ts';
import { compareContracts, type ContractFinding, type Mode } from './compare-contracts.ts';
import { CONTRACT_RULES, type ContractRuleId } from './contract-rule.ts';

interface Half {
  readonly name?: string;
  readonly id?: string;
  readonly version?: string;
  readonly columns?: readonly unknown[];
  readonly object?: object;
  readonly root?: object;
}

interface Case {
  readonly old: Half;
  readonly new: Half;
  readonly today?: string;
  readonly witness: 'row' | 'rows' | 'statement';
}

const CASES: readonly [ContractRuleId, Case][] = Object.entries(
  JSON.parse(readFileSync(new URL('./golden/contract-changes.json', import.meta.url), 'utf8')) as Record<string, Case>,
) as [ContractRuleId, Case][];

/** JSON is YAML; `"#1.5"` is a number with all its digits. */
function contractOf({ name = 'p', id = 'x', version = '1.0.0', columns = [{ name: 'a', logicalType: 'string' }], object = {}, root = {} }: Half): Contract {
  const document = { apiVersion: 'v3.2.0', kind: 'DataContract', id, version, domain: 'd', ...root, schema: [{ name, properties: columns, ...object }] };
  const text = JSON.stringify(document).replaceAll(/"#(-?[\d.]+)"/g, '$1');
  return readContract(text, 'contract.yaml');
}

const options = (one: Case, mode?: Mode) => ({ ...(mode ? { mode } : {}), ...(one.today === undefined ? {} : { today: one.today }) });

/** Puts a witness to validators of its own. */
function expectShown(finding: ContractFinding, old: Contract, next: Contract): void {
  const { witness } = finding;
  if (witness.kind === 'statement') return expect(witness.text.length).toBeGreaterThan(5);
  const [from, to] = witness.validUnder === 'old' ? [old, next] : [next, old];
  const [accepts, refuses] = [recordValidator(from), recordValidator(to)];
  expect(witness.refusedBy.length).toBeGreaterThan(0);
  if (witness.kind === 'row') {
    expect([witness.row, accepts(witness.row)]).toEqual([witness.row, []]);
    expect(refuses(witness.row).map((violation) => violation.check)).toEqual(expect.arrayContaining([...witness.refusedBy]));
    return;
  }
  expect(witness.rows).toHaveLength(2);
  for (const row of witness.rows) expect([...accepts(row), ...refuses(row)]).toEqual([]);
  // Equal in what must be unique on one side, and not on the other.
  const repeats = (contract: Contract) => {
    const sets = [contract.properties.filter((one) => one.keyPosition !== undefined), ...contract.properties.filter((one) => one.unique).map((one) => [one])];
    return sets.some((set) => set.length > 0 && new Set(witness.rows.map((row) => JSON.stringify(set.map((one) => row[one.name])))).size < 2);
  };
  expect([repeats(from), repeats(to)]).toEqual([false, true]);
}

describe('each rule', () => {
  it('has a golden pair of contracts, and each golden pair a rule', () => {
    expect(CASES.map(([rule]) => rule).sort()).toEqual(Object.keys(CONTRACT_RULES).sort());
    expect(CASES.length).toBeGreaterThan(80);
  });

  it.each(CASES)('%s', (rule, one) => {
    const [old, next] = [contractOf(one.old), contractOf(one.new)];
    const { findings } = compareContracts(old, next, options(one));
    const found = findings.filter((finding) => finding.rule === rule);
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    for (const finding of found) expectShown(finding, old, next);
    expect(found.map((finding) => finding.witness.kind)).toContain(one.witness);
    for (const finding of findings) expectShown(finding, old, next);
    // Every finding points into at least one of the two files.
    for (const finding of findings) if (finding.subject !== 'columns') expect(finding.places.old ?? finding.places.next).toBeDefined();
    // Its broken twins: no change, no finding; and the change undone is another one, unless it breaks both ways.
    expect(compareContracts(old, old).findings).toEqual([]);
    const undone = compareContracts(next, old, options(one)).findings;
    expect(undone.length).toBeGreaterThan(0);
    if (CONTRACT_RULES[rule].direction === 'backward' || CONTRACT_RULES[rule].direction === 'forward') {
      if (rule !== 'column.id_changed' && rule !== 'sla.changed') expect(undone.map((finding) => finding.rule)).not.toContain(rule);
    }
    for (const finding of undone) expectShown(finding, next, old);
  });

  it('is refused by the modes of its direction, and by no other', () => {
    for (const [rule, one] of CASES) {
      const [old, next] = [contractOf(one.old), contractOf(one.new)];
      const { direction } = CONTRACT_RULES[rule];
      for (const mode of ['BACKWARD', 'FORWARD', 'FULL', 'NONE'] as const) {
        const finding = compareContracts(old, next, options(one, mode)).findings.find((candidate) => candidate.rule === rule);
        const wanted = mode !== 'NONE' && direction !== 'none' && (mode === 'FULL' || direction === 'both' || direction === mode.toLowerCase());
        expect([rule, mode, finding?.breaking, finding?.bump]).toEqual([rule, mode, wanted, wanted ? 'major' : CONTRACT_RULES[rule].bump]);
      }
    }
  });
});

describe('a version', () => {
  const column = (more: object = {}) => ({ columns: [{ name: 'a', logicalType: 'string', ...more }] });
  const judged = (from: string, to: string, after: Half, mode?: Mode) => {
    const { asked, given, versionSuffices } = compareContracts(
      contractOf({ version: from, ...column() }),
      contractOf({ version: to, ...after }),
      mode ? { mode } : {},
    );
    return [asked, given, versionSuffices];
  };
  const documented = column({ description: 'words' });
  const added = { columns: [...column().columns, { name: 'b', logicalType: 'string' }] };
  const narrowed = column({ required: true });
  it.each([
    ['1.0.0', '1.0.0', column(), ['none', 'none', true]],
    ['1.0.0', '1.0.0', documented, ['patch', 'none', false]],
    ['1.0.0', '1.0.1', documented, ['patch', 'patch', true]],
    ['1.0.0', '1.0.1', added, ['minor', 'patch', false]],
    ['1.0.0', '1.1.0', added, ['minor', 'minor', true]],
    ['1.9.0', '1.10.0', added, ['minor', 'minor', true]],
    ['1.0.0', '1.1.0', narrowed, ['major', 'minor', false]],
    ['1.0.0', '2.0.0', narrowed, ['major', 'major', true]],
    ['0.1.0', '0.2.0', narrowed, ['major', 'minor', true]],
    ['0.1.0', '0.1.1', narrowed, ['major', 'patch', false]],
    ['2.0.0', '1.9.9', column(), ['none', 'lower', false]],
    ['1.0.0-rc.1', '1.0.0', documented, ['patch', 'none', false]],
  ] as const)('%s to %s', (from, to, after, wanted) => {
    expect(judged(from, to, after)).toEqual(wanted);
  });
  it('need not be a major one for what its mode does not refuse', () => {
    expect(judged('1.0.0', '1.1.0', narrowed, 'FORWARD')).toEqual(['minor', 'minor', true]);
  });
});

describe('several versions', () => {
  const bound = (maximum: number, version: string) =>
    contractOf({ version, columns: [{ name: 'a', logicalType: 'integer', logicalTypeOptions: { maximum } }] });
  const versions = [bound(10, '1.0.0'), bound(5, '2.0.0')];
  it('are compared with the last one, or with all', () => {
    const next = bound(7, '2.1.0');
    expect(compareContracts(versions, next, { mode: 'BACKWARD' }).compatible).toBe(true);
    const all = compareContracts(versions, next, { mode: 'BACKWARD_TRANSITIVE' });
    expect(all.compatible).toBe(false);
    expect(all.findings.filter((finding) => finding.breaking)).toMatchObject([
      { rule: 'upper_bound.lowered', against: '1.0.0', witness: { kind: 'row', validUnder: 'old' } },
    ]);
    // What earlier versions refuse is no step from the last one.
    expect(all).toMatchObject({ asked: 'minor', given: 'minor', versionSuffices: true });
    expect(compareContracts(versions, next, { mode: 'FULL_TRANSITIVE' }).compatible).toBe(false);
    expect(compareContracts(versions, bound(5, '2.0.1'), { mode: 'FORWARD_TRANSITIVE' }).compatible).toBe(true);
  });
  it('must be at least one', () => {
    expect(() => compareContracts([], bound(1, '1.0.0'))).toThrow(/no version/);
  });
});

describe('a rename', () => {
  const old = contractOf({ columns: [{ id: 'x', name: 'a', logicalType: 'string' }] });
  it('is not a removal and an addition', () => {
    expect(compareContracts(old, contractOf({ columns: [{ id: 'x', name: 'b', logicalType: 'string' }] })).findings.map((finding) => finding.rule)).toEqual([
      'column.renamed',
    ]);
    expect(compareContracts(old, contractOf({ columns: [{ id: 'y', name: 'b', logicalType: 'string' }] })).findings.map((finding) => finding.rule)).toEqual([
      'column.removed',
      'column.added',
    ]);
  });
  it('is softened by an alias only when that can be read', () => {
    const aliased = (logicalType: string) =>
      contractOf({
        columns: [
          { id: 'x', name: 'b', logicalType: 'string' },
          { id: 'y', name: 'a', logicalType },
        ],
      });
    expect(compareContracts(old, aliased('string')).compatible).toBe(true);
    expect(compareContracts(old, aliased('integer')).findings.map((finding) => finding.rule)).toContain('column.renamed');
  });
  it.each<[string, object, object, ContractRuleId]>([
    ['takes less', {}, { logicalTypeOptions: { maxLength: 3 } }, 'max_length.lowered'],
    ['takes more', { logicalTypeOptions: { maxLength: 3 } }, {}, 'max_length.raised'],
    ['shows what was masked', { classification: 'restricted' }, {}, 'classification.lowered'],
    ['must be unique', {}, { unique: true }, 'unique.added'],
    ['may be null', { required: true }, {}, 'required.removed'],
  ])('is not softened by an alias that %s', (_, was, is, rule) => {
    const before = contractOf({ columns: [{ id: 'x', name: 'a', logicalType: 'string', ...was }] });
    const after = contractOf({
      columns: [
        { id: 'x', name: 'b', logicalType: 'string', ...was, required: false },
        { id: 'y', name: 'a', logicalType: 'string', ...is },
      ],
    });
    const comparison = compareContracts(before, after);
    expect(comparison.findings.filter((finding) => finding.breaking).map((finding) => finding.rule)).toContain(rule);
    for (const finding of comparison.findings) expectShown(finding, before, after);
  });
  it('to a required column is refused to who writes the old name alone, alias or not', () => {
    const before = contractOf({ columns: [{ id: 'x', name: 'a', logicalType: 'string', required: true }] });
    const after = contractOf({
      columns: [
        { id: 'x', name: 'b', logicalType: 'string', required: true },
        { id: 'y', name: 'a', logicalType: 'string' },
      ],
    });
    const { compatible, findings } = compareContracts(before, after, { mode: 'BACKWARD' });
    expect([compatible, recordValidator(before)({ a: 'v' }), recordValidator(after)({ a: 'v' }).map(({ check }) => check)]).toEqual([
      false,
      [],
      ['b.required'],
    ]);
    expect(findings.find((finding) => finding.rule === 'column.added_required')?.witness.kind).toBe('row');
  });
  it('breaks where two columns change their names with each other: neither is an alias', () => {
    const [a, b] = [
      { id: 'x', logicalType: 'string' },
      { id: 'y', logicalType: 'string' },
    ];
    const before = contractOf({
      columns: [
        { ...a, name: 'a' },
        { ...b, name: 'b' },
      ],
    });
    const after = contractOf({
      columns: [
        { ...a, name: 'b' },
        { ...b, name: 'a' },
      ],
    });
    const { compatible, findings } = compareContracts(before, after);
    expect([compatible, findings.map((finding) => finding.rule)]).toEqual([false, ['column.renamed', 'column.renamed']]);
  });
});

describe('a float of another width', () => {
  const float = (physicalType: string) => contractOf({ columns: [{ name: 'a', logicalType: 'number', physicalType, logicalTypeOptions: { maximum: 0.1 } }] });
  it('holds a bound of the same digits elsewhere: the greatest 32-bit value lies above it in 64 bits', () => {
    const [narrow, wide] = [float('FLOAT'), float('DOUBLE')];
    const row = { a: Math.fround(0.1) };
    expect([recordValidator(narrow)(row), recordValidator(wide)(row).map(({ check }) => check)]).toEqual([[], ['a.maximum']]);
    const { compatible, findings } = compareContracts(narrow, wide, { mode: 'BACKWARD' });
    expect([compatible, findings.map((finding) => finding.rule)]).toEqual([false, ['upper_bound.lowered', 'type.widened']]);
    for (const finding of findings) expectShown(finding, narrow, wide);
  });
});

describe('what is the same in other words', () => {
  const rules = (a: object, b: object) =>
    compareContracts(contractOf({ columns: [{ name: 'a', ...a }] }), contractOf({ columns: [{ name: 'a', ...b }] })).findings.map((finding) => finding.rule);
  it.each([
    ['a pattern', { logicalType: 'string', logicalTypeOptions: { pattern: '^(a|b)$' } }, { logicalType: 'string', logicalTypeOptions: { pattern: '^[ab]$' } }],
    [
      'a bound',
      { logicalType: 'number', physicalType: 'DECIMAL(9,2)', logicalTypeOptions: { minimum: 1 } },
      { logicalType: 'number', physicalType: 'DECIMAL(9,2)', logicalTypeOptions: { minimum: 1.0 } },
    ],
    [
      'codes in another order',
      { logicalType: 'string', enum: [{ value: 'a' }, { value: 'b' }] },
      { logicalType: 'string', enum: [{ value: 'b' }, { value: 'a' }] },
    ],
    ['a length', { logicalType: 'string', physicalType: 'VARCHAR(3)' }, { logicalType: 'string', logicalTypeOptions: { maxLength: 3 } }],
  ])('%s has no finding of its own', (_, a, b) => {
    expect(rules(a, b).filter((rule) => rule !== 'document.changed')).toEqual([]);
  });
  it('service levels in other units', () => {
    const sla = (value: unknown, unit: string) => contractOf({ root: { slaProperties: [{ property: 'latency', value, unit }] } });
    expect(compareContracts(sla(1, 'd'), sla(24, 'h')).findings.map((finding) => finding.rule)).toEqual(['document.changed']);
    expect(compareContracts(sla(1, 'd'), sla(25, 'h')).findings.map((finding) => finding.rule)).toEqual(['sla.weakened']);
  });
  it.each([
    // [before, after, rule]: a latency promises more where it is shorter
    [[1, 'mo'], [4, 'w'], 'sla.changed'],
    [[1, 'mo'], [27, 'd'], 'sla.strengthened'],
    [[1, 'mo'], [32, 'd'], 'sla.weakened'],
    [[1, 'y'], [12, 'months'], 'document.changed'],
    [[1, 'y'], [365, 'd'], 'sla.changed'],
    [[1, 'y'], [364, 'd'], 'sla.strengthened'],
    [[1, 'y'], [367, 'd'], 'sla.weakened'],
    [[2, 'y'], [25, 'mo'], 'sla.weakened'],
    // minutes or months: with each other they can be ordered, with others not
    [[30, 'm'], [20, 'm'], 'sla.strengthened'],
    [[1, 'h'], [30, 'm'], 'sla.changed'],
    [[1, 'h'], [30, 'min'], 'sla.strengthened'],
    [['9007199254740993', 'ms'], ['9007199254740992', 'MS'], 'sla.strengthened'],
    [[1, 'h'], [1, 'fortnight'], 'sla.changed'],
    [[0, 'h'], [1, 'h'], 'sla.weakened'],
  ] as const)('a latency of %j that became %j is %s', (before, after, rule) => {
    const latency = ([value, unit]: readonly [number | string, string]) =>
      contractOf({ root: { slaProperties: [{ property: 'latency', value: String(value), unit }] } });
    expect(compareContracts(latency(before), latency(after)).findings.map((finding) => finding.rule)).toEqual([rule]);
  });
});

describe('a vector', () => {
  const vector = (options: object): Half => ({ columns: [{ name: 'v', logicalType: 'vector', logicalTypeOptions: { dimensions: 3, ...options } }] });
  const rules = (old: object, next: object) => compareContracts(contractOf(vector(old)), contractOf(vector(next))).findings.map((finding) => finding.rule);
  it.each([
    [{}, { embeddingModel: 'm' }, []],
    [{ embeddingModel: 'm' }, {}, ['vector.changed']],
    [{ distanceMetric: 'cosine' }, { distanceMetric: 'euclidean' }, ['vector.changed']],
    [{ elementType: 'int8' }, { elementType: 'uint8' }, ['vector.changed']],
    [{ normalized: true }, {}, ['vector.changed']],
    [{}, { dimensions: 4 }, ['min_items.raised', 'max_items.raised']],
  ])('%o turned into %o', (old, next, expected) => {
    expect(rules(old, next).filter((rule) => rule !== 'document.changed')).toEqual(expected);
  });
});
