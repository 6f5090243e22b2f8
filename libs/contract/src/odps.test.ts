import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { lintContract } from './lint.ts';
import { inspectOdps, readOdps } from './odps.ts';

const SOUND = `apiVersion: v1.1.0
kind: DataProduct
id: p-1
name: \${NAME:-Sales}
version: 2.0.0
status: active
domain: sales
inputPorts:
  - { name: orders, version: 1.0.0, contractId: c-orders }
  - { name: orders, version: 2.0.0, contractId: c-orders }
outputPorts:
  - name: positions
    version: v1.2.0
    contractId: c-positions
    type: tables
    sbom: [{ type: external, url: "https://example.org/sbom" }]
    inputContracts: [{ id: c-orders, version: 2.0.0 }]
managementPorts: [{ name: health, content: observability, url: "https://example.org/health" }]
support: [{ channel: help, url: "mailto:help@example.org" }]
team: { name: sales, members: [{ username: a, dateIn: 2026-01-31 }] }
`;
const CONTRACTS = [
  { id: 'c-orders', version: '1.0.0' },
  { id: 'c-orders', version: '2.0.0' },
  { id: 'c-positions', version: '1.2.0' },
];
const faults = (text: string, contracts = CONTRACTS) => {
  const { standard, meaning } = inspectOdps(text, 'p.odps.yaml', { contracts });
  return [...standard, ...meaning].map(({ rule, message, place }) => `${rule} ${place.line}:${place.column} ${message}`);
};

describe('a data product', () => {
  it('is read with its ports', () => {
    const product = readOdps(SOUND, 'p.odps.yaml', { contracts: CONTRACTS, variables: { NAME: 'Umsatz' } });
    expect(product).toMatchObject({
      id: 'p-1',
      name: 'Umsatz',
      status: 'active',
      deprecated: false,
      inputPorts: [
        { name: 'orders', version: '1.0.0', contractId: 'c-orders', place: { line: 9, column: 5 } },
        { name: 'orders', version: '2.0.0' },
      ],
      outputPorts: [{ name: 'positions', type: 'tables', sbom: ['https://example.org/sbom'], inputContracts: [{ id: 'c-orders', version: '2.0.0' }] }],
      managementPorts: [{ name: 'health', content: 'observability', type: 'rest', url: 'https://example.org/health' }],
    });
  });
  it.each([
    ['c-positions', 'c-position', 'outputPorts.contractId 14:17 there is no contract "c-position"'],
    ['contractId: c-orders }', 'contractId: c-x }', 'inputPorts.contractId 9:49 there is no contract "c-x"'],
    ['v1.2.0', 'v1.3.0', 'outputPorts.version 13:14 the contract "c-positions" has no version "v1.3.0"'],
    ['version: 2.0.0, contractId', 'version: 3.0.0, contractId', 'inputPorts.version 10:30 the contract "c-orders" has no version "3.0.0"'],
    ['id: c-orders, version: 2.0.0', 'id: c-o, version: 2.0.0', 'outputPorts.inputContracts.id 17:28 there is no contract "c-o"'],
    ['version: 2.0.0, contractId', 'version: 1.0.0, contractId', 'inputPorts.name 10:13 a port "orders" of version 1.0.0 stands already'],
    ['v1.1.0', 'v1.2.0', 'apiVersion 1:13 apiVersion is "v1.2.0", which the standard does not know'],
    ['id: p-1\n', '', 'id 1:1 a data product needs the field "id"'],
    ['url: "mailto:help@example.org"', 'tool: mail', 'support.url 19:11 a support channel needs the field "url"'],
    ['content: observability, ', '', 'managementPorts.content 18:19 a management port needs the field "content"'],
    ['dateIn: 2026-01-31', 'dateIn: 2026-02-30', 'team.members.dateIn 20:55 dateIn is "2026-02-30", which has not the form it must have'],
    ['outputPorts:', 'outputs:', 'unknown 11:1 a data product has no field "outputs"'],
    ['${NAME:-Sales}', '${NAME}', 'variable 4:7 the variable NAME has no value and no default'],
  ])('%j turned into %j is refused', (from, to, fault) => {
    expect(SOUND).toContain(from);
    expect(faults(SOUND.replace(from, () => to))).toEqual([fault]);
  });
  it('two management ports of one name are refused', () => {
    expect(faults(SOUND.replace('managementPorts: [', 'managementPorts: [{ name: health, content: control }, '))).toEqual([
      'managementPorts.name 18:63 a port "health" stands already',
    ]);
  });
  it('names contracts freely where none are given', () => {
    expect(inspectOdps(SOUND, 'f').meaning).toEqual([]);
    expect(faults(SOUND, [])).toHaveLength(4);
  });
  it('throws the first fault with its place, and all of them beside it', () => {
    try {
      readOdps(SOUND.replace('kind: DataProduct', 'kind: Product').replace('id: p-1\n', ''), 'f');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SkeinError);
      expect((error as SkeinError).place).toMatchObject({ file: 'f', line: 1 });
      expect((error as SkeinError).context['faults']).toHaveLength(2);
    }
  });
  it('is linted as what it is; a contract that another team keeps is a warning', () => {
    expect(lintContract(SOUND, 'f')).toMatchObject({ profile: 'odps', findings: [], contract: undefined, product: { id: 'p-1' } });
    const { findings } = lintContract(SOUND, 'f', 'skein', { contracts: [{ id: 'c-x', version: '1.0.0' }] });
    expect(findings.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual([
      'warning inputPorts.contractId',
      'warning inputPorts.contractId',
      'error outputPorts.contractId',
      'warning outputPorts.inputContracts.id',
    ]);
    for (const { fix, frame } of findings) expect(fix !== '' && frame.includes('^')).toBe(true);
  });
  it.each(['[1, 2]', 'x', '', '{}: 1', 'kind: DataProduct\n*a', 'kind: DataProduct\noutputPorts: {a: 1}', 'kind: DataProduct\ninputPorts: [1, null, [x]]'])(
    'hostile text %j is refused with a place',
    (text) => {
      const { findings } = lintContract(text, 'f');
      expect(findings.length).toBeGreaterThan(0);
      for (const { place } of findings) expect([place.file, Number(place.line) > 0, Number(place.column) > 0]).toEqual(['f', true, true]);
    },
  );
});
