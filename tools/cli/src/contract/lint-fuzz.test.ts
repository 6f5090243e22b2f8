import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { soak } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { lintText } from './lint.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
const SEEDS = [
  read('../../../../contracts/ga4/events/v1/contract.odcs.yaml'),
  read('../../../../libs/contract/src/formats/golden/every-type.odcs.yaml'),
  read('../../../../contracts/sap/material/v1/contract.odcs.yaml'),
  // What only ODCS 3.2 knows, and a data product.
  `apiVersion: v3.2.0
kind: DataContract
id: \${ID:-vectors}
version: 1.0.0
domain: docs
description: { purpose: "\${PURPOSE:-to be found}" }
servers: [{ server: s, type: iceberg, catalog: c, catalogUrl: "https://example.org", warehouse: w }]
schema:
  - name: chunks
    properties:
      - { name: id, id: c-id, logicalType: string, primaryKey: true }
      - { name: vector, logicalType: vector, required: true, physicalType: "FLOAT[3]", logicalTypeOptions: { dimensions: 3, distanceMetric: cosine, embeddingModel: m } }
      - { name: bits, logicalType: vector, deprecated: true, logicalTypeOptions: { dimensions: 8, elementType: binary, normalized: false } }
      - { name: kind, logicalType: string, semanticType: dimension, enum: [{ value: a, label: A }, { value: b }] }
      - { name: marks, logicalType: map, map: { key: { logicalType: string }, value: { logicalType: integer } }, logicalTypeOptions: { minProperties: 1 } }
`,
  `apiVersion: v1.1.0
kind: DataProduct
id: p
name: \${NAME:-Chunks}
inputPorts: [{ name: in, version: 1.0.0, contractId: sap-material }]
outputPorts:
  - name: out
    version: 1.0.0
    contractId: vectors
    sbom: [{ type: external, url: "https://example.org/sbom" }]
    inputContracts: [{ id: sap-material, version: 1.0.0 }]
managementPorts: [{ name: health, content: observability }]
support: [{ channel: help, url: "mailto:help@example.org" }]
team: { name: t, members: [{ username: u, dateIn: 2026-01-31 }] }
`,
];
const CONTRACTS = [{ id: 'sap-material', version: '1.0.0' }];

/** Texts that have broken readers before, and words of the standard in places where they do not belong. */
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '? ',
    '&a ',
    '*a',
    '!!binary ',
    '|',
    '>',
    '%',
    '@',
    '`',
    '"',
    "'",
    '#',
    '\t',
    '\r',
    '\n',
    '\0',
    '\u2028',
    '\ufeff',
    '\ud800',
    '---\n',
    '...\n',
    '<<: *a',
  ],
  ...['null', 'true', '.nan', '.inf', '1e999', '-0', '0x1F', '9007199254740993', '1_000', '2026-02-30', '~', ''],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'domain: ',
    'schema:',
    'properties:',
    'items: ',
    'map: ',
    'logicalType: map',
    'logicalType: array',
    'physicalType: STRUCT(',
    'physicalType: "DECIMAL(99,99)"',
    'enum: [',
    'quality:',
    'mustBeBetween: [9, 1]',
    'query: "SELECT ((("',
    'relationships:',
    'primaryKeyPosition: 0',
    '${VAR:-x}',
    '${VAR}',
    '${VAR:?',
    '${__proto__}',
    'logicalType: vector',
    'logicalTypeOptions: { dimensions: 3 }',
    'dimensions: 1e9',
    'elementType: int8',
    'physicalType: "FLOAT[384]"',
    'physicalType: VECTOR(3)',
    'deprecated: true',
    'semanticType: measure',
    'apiVersion: v3.2.0',
    'kind: DataProduct',
    'outputPorts: [{ name: a, contractId: x }]',
    'inputContracts: [{}]',
    '$ref: x',
  ],
  ...[
    'pattern: "(a+)+$"',
    'pattern: "(?=x)"',
    'pattern: "((((((((((x{1,1000}){1,1000})"',
    'pattern: "[[:alpha:]"',
    'minimum: 5',
    'maximum: -5',
    'minLength: 1e9',
  ],
];

function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * sides);
  };
}

/** One to eight changes: pieces put in, stretches cut out, copied or moved, lines indented anew. */
function mutant(roll: (sides: number) => number): string {
  let text = SEEDS[roll(SEEDS.length)] as string;
  for (let changes = roll(3) === 0 ? 1 : 1 + roll(8); changes > 0; changes -= 1) {
    const at = roll(text.length + 1);
    const length = roll(roll(4) === 0 ? 2_000 : 12);
    switch (roll(6)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at, at + length).repeat(1 + roll(4)) + text.slice(at);
        break;
      case 2: {
        const line = text.lastIndexOf('\n', at) + 1;
        text = text.slice(0, line) + ' '.repeat(roll(9)) + text.slice(line);
        break;
      }
      case 3: {
        const from = text.indexOf(': ', at);
        const end = from < 0 ? -1 : text.indexOf('\n', from);
        if (end > 0) text = `${text.slice(0, from + 2)}${PIECES[roll(PIECES.length)]}${text.slice(end)}`;
        break;
      }
      default:
        text = text.slice(0, at) + (PIECES[roll(PIECES.length)] as string) + text.slice(at + roll(3));
    }
  }
  return text;
}

const FULL = 10_000;
const SLOWEST_MS = 500;

describe(`${soak(FULL)} fuzzed contracts`, () => {
  it('are read or refused with a place; none crashes, none takes half a second', { timeout: 600_000 }, () => {
    const roll = dice(20_261_121);
    const tally = { sound: 0, refused: 0, findings: 0 };
    const slow: string[] = [];
    for (let round = 0; round < soak(FULL); round += 1) {
      const text = mutant(roll);
      const from = process.cpuUsage();
      const { findings } = lintText(text, 'fuzzed.odcs.yaml', undefined, { contracts: CONTRACTS, variables: { VAR: 'x' } });
      // Time of the process itself: on a busy machine the clock on the wall says little.
      const { user, system } = process.cpuUsage(from);
      if ((user + system) / 1_000 > SLOWEST_MS) slow.push(`${round}: ${(user + system) / 1_000} ms for ${text.length} characters`);
      const errors = findings.filter((finding) => finding.severity === 'error');
      for (const { place, message, fix, rule, frame } of findings) {
        if (
          !(
            place.file === 'fuzzed.odcs.yaml' &&
            (place.line ?? 0) >= 1 &&
            (place.column ?? 0) >= 1 &&
            message !== '' &&
            fix !== '' &&
            rule !== '' &&
            frame !== ''
          )
        )
          throw new Error(`round ${round}: ${JSON.stringify({ place, message, fix, rule })} has no place, fix or frame`);
        if (place.line !== undefined && place.line > text.split('\n').length) throw new Error(`round ${round}: line ${place.line} lies beyond the text`);
      }
      tally.findings += findings.length;
      tally[errors.length > 0 ? 'refused' : 'sound'] += 1;
    }
    expect(slow).toEqual([]);
    expect(tally.sound + tally.refused).toBe(soak(FULL));
    // Mutants that were all refused, or all let through, would say nothing about the rest of the reader.
    expect(Math.min(tally.sound, tally.refused)).toBeGreaterThan(soak(FULL) / 50);
    expect({} as Record<string, unknown>).not.toHaveProperty('polluted');
  });

  it('are not the only ones: large and deep texts are refused in time too', () => {
    const head = 'apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n';
    const wide =
      head +
      Array.from({ length: 1_500 }, (_, index) => `      - { name: c${index}, logicalType: string, logicalTypeOptions: { pattern: "(?=x)" } }\n`).join('');
    for (const [text, code] of [
      [head + '      - '.repeat(50_000), 'SKEIN_CONTRACT_LIMIT'],
      [`${head}${'x'.repeat(300_000)}`, 'SKEIN_CONTRACT_LIMIT'],
      [wide, 'SKEIN_CONTRACT_UNSUPPORTED'],
    ] as const) {
      const from = process.cpuUsage();
      const { findings } = lintText(text, 'f');
      const { user, system } = process.cpuUsage(from);
      expect(findings.map((finding) => finding.code)).toContain(code);
      expect((user + system) / 1_000).toBeLessThan(3_000);
    }
  });
});
