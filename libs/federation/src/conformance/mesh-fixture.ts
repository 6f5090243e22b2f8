import { readFileSync } from 'node:fs';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { fixedClock, sha256 } from '@skein/kernel';
import type { AuditLog, AuditRecord, QueryEngine, SnapshotStore } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';
import { temporaryDirectory } from '@skein/testing';
import { composeCatalog, type Catalog } from '../catalog.ts';
import type { Policy } from '../policy.ts';
import { readPolicy } from '../policy-file.ts';
import type { Principal } from '../principal.ts';

/** Every secret of the fixture holds this word: where it turns up outside its grants, something leaked. */
export const CANARY = 'CANARY';

export const NOON = Date.parse('2026-01-15T12:00:00Z');

/** A column, written short: `user_id string confidential joinKey=user required`. */
type ColumnText = string;

export interface ProductText {
  readonly columns: readonly ColumnText[];
  readonly policy?: string;
  readonly version?: string;
  readonly status?: string;
  readonly id?: string;
  readonly owner?: string;
  readonly sla?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'logicalType: string',
  int: 'logicalType: integer\n        physicalType: BIGINT',
  small: 'logicalType: integer\n        physicalType: INTEGER',
  decimal: 'logicalType: number\n        physicalType: DECIMAL(18,4)',
  double: 'logicalType: number\n        physicalType: DOUBLE',
  boolean: 'logicalType: boolean',
  date: 'logicalType: date',
  instant: 'logicalType: timestamp\n        physicalType: TIMESTAMPTZ',
  texts: 'logicalType: array\n        physicalType: VARCHAR[]\n        items:\n          logicalType: string',
  size: 'logicalType: object\n        physicalType: STRUCT(length DOUBLE, width DOUBLE)',
};

/** An ODCS document of one product. */
export function contractText(product: string, text: ProductText): string {
  const [domain = '', name = ''] = product.split('.');
  const properties = text.columns.map((column) => {
    const [column_name = '', type = 'string', ...marks] = column.split(' ');
    const mark = (key: string): string | undefined => marks.find((candidate) => candidate.startsWith(`${key}=`))?.slice(key.length + 1);
    const classification = marks.find((candidate) => ['public', 'internal', 'confidential', 'restricted'].includes(candidate)) ?? 'public';
    return [
      `      - name: ${column_name}`,
      `        id: ${mark('id') ?? `${domain}-${name}-${column_name}`}`,
      `        ${TYPES[type] ?? type}`,
      `        classification: ${classification}`,
      ...(marks.includes('required') ? ['        required: true'] : []),
      ...(mark('pattern') === undefined ? [] : [`        logicalTypeOptions:\n          pattern: '${mark('pattern')}'`]),
      ...(mark('joinKey') === undefined ? [] : [`        customProperties:\n          - property: joinKey\n            value: ${mark('joinKey')}`]),
      ...(mark('references') === undefined ? [] : [`        relationships:\n          - type: foreignKey\n            to: ${mark('references')}`]),
    ].join('\n');
  });
  return [
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${text.id ?? `${domain}-${name}`}`,
    `version: ${text.version ?? '1.0.0'}`,
    `status: ${text.status ?? 'active'}`,
    `domain: ${domain}`,
    ...(text.owner === undefined ? [] : [`team:\n  name: ${text.owner}\n  members:\n    - username: ${text.owner}\n      role: Owner`]),
    ...(text.sla === undefined ? [] : [text.sla]),
    'schema:',
    `  - name: ${name}`,
    '    logicalType: object',
    '    properties:',
    ...properties,
    '',
  ].join('\n');
}

export function contractOf(product: string, text: ProductText): Contract {
  const [domain = '', name = ''] = product.split('.');
  return readContract(contractText(product, text), `contracts/${domain}/${name}/v${Number.parseInt(text.version ?? '1', 10)}/contract.odcs.yaml`);
}

const OPEN = `version: 1
grants:
  - roles: [public]
    columns: { allow: [public] }
  - roles: [analyst]
    columns: { allow: [public, internal], mask: { confidential: pseudonym }, deny: [restricted] }
  - roles: [steward]
    columns: { allow: [public, internal, confidential, restricted] }
`;

export const PRODUCTS: Readonly<Record<string, ProductText & { readonly rows: string }>> = {
  'sap.material': {
    columns: [
      'matnr string joinKey=material_number required',
      'description',
      'grp string',
      'plant',
      'cost decimal confidential',
      'supplier string confidential',
      'formula string restricted',
      'tags texts',
      'size size',
      'valid_from date',
      'changed_at instant',
      'active boolean',
      'weight double',
      'n int',
    ],
    policy: OPEN,
    sla: 'slaProperties:\n  - property: latency\n    value: 2\n    unit: d',
    rows: `SELECT 'M' || i AS matnr, 'material ' || i AS description, 'G' || (i % 3) AS grp, 'P' || (i % 2) AS plant, CAST(i * 1.25 AS DECIMAL(18,4)) AS cost, 'S' || (i % 4) AS supplier, 'CANARY-formula-' || i AS formula, ['t' || i, 'u'] AS tags, {'length': i + 0.5, 'width': 2.0} AS size, DATE '2025-01-01' + CAST(i AS INTEGER) AS valid_from, TIMESTAMPTZ '2025-01-01 00:00:00+00' + to_hours(CAST(i AS INTEGER)) AS changed_at, i % 2 = 0 AS active, i / 2.0 AS weight, i AS n FROM range(12) t(i)`,
  },
  'sap.stock': {
    columns: ['matnr string joinKey=material_number', 'plant', 'quantity decimal', 'note', 'counted_on date', 'keeper string confidential'],
    policy: `${OPEN}  - roles: [planner]
    columns: { allow: [public], mask: { confidential: pseudonym } }
    rows: [{ column: plant, operator: in, claim: plants }]
  - roles: [auditor]
    columns: { allow: [public, confidential] }
    rows: [{ column: plant, operator: equals, value: P1 }]
  - roles: [reviewer]
    columns: { allow: [public] }
    purposes: [review]
`,
    // what planners of P0 may not see would break every cast
    rows: `SELECT 'M' || (i % 12) AS matnr, 'P' || (i % 3) AS plant, CAST(CASE WHEN i % 3 = 0 THEN i ELSE -i END AS DECIMAL(18,4)) AS quantity, CASE WHEN i % 3 = 0 THEN '1' ELSE 'HIDDEN-note-' || i END AS note, DATE '2025-06-01' + CAST(i AS INTEGER) AS counted_on, 'K' || i AS keeper FROM range(36) t(i)`,
  },
  'ga4.events': {
    columns: [
      'event_id',
      'user_id string confidential joinKey=user',
      'event_name',
      'event_time instant',
      'matnr string joinKey=material_number',
      'revenue decimal internal',
      'payload',
      'session int',
    ],
    policy: OPEN,
    rows: `SELECT 'E' || i AS event_id, 'CANARY-user-' || (i % 5) AS user_id, ['view', 'cart', 'purchase'][1 + i % 3] AS event_name, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_minutes(CAST(i * 7 AS INTEGER)) AS event_time, 'M' || (i % 12) AS matnr, CASE WHEN i % 3 = 2 THEN CAST(i AS DECIMAL(18,4)) END AS revenue, '{"k":' || i || ',"l":[1,2]}' AS payload, i // 4 AS session FROM range(40) t(i)`,
  },
  'ga4.users': {
    columns: ['user_id string confidential joinKey=user', 'country', 'email string restricted', 'name string confidential'],
    policy: OPEN,
    rows: `SELECT 'CANARY-user-' || i AS user_id, ['DE', 'FR', 'US'][1 + i % 3] AS country, 'CANARY-' || i || '@mail.test' AS email, 'CANARY-name-' || i AS name FROM range(5) t(i)`,
  },
  'hr.salaries': {
    columns: ['employee string restricted', 'salary decimal restricted', 'plant string restricted'],
    policy: `version: 1\ngrants:\n  - roles: [hr]\n    columns: { allow: [restricted] }\n`,
    rows: `SELECT 'CANARY-employee-' || i AS employee, CAST(777000 + i AS DECIMAL(18,4)) AS salary, 'P0' AS plant FROM range(3) t(i)`,
  },
};

export const ANALYST: Principal = { subject: 'ann', roles: ['analyst'], purposes: ['planning'], claims: {} };
export const STEWARD: Principal = { subject: 'stu', roles: ['steward'], purposes: [], claims: {} };
export const PLANNER: Principal = { subject: 'pia', roles: ['planner'], purposes: ['review'], claims: { plants: ['P0'] } };
export const NOBODY: Principal = { subject: 'noa', roles: ['guest'], purposes: [], claims: {} };

/** Publishes by the real engine into the real store; nobody judges. */
export class MeshFixture {
  readonly clock = fixedClock(NOON);
  readonly folder = temporaryDirectory('skein-federation-');
  readonly store: SnapshotStore;
  readonly engine: QueryEngine;
  readonly records: AuditRecord[] = [];
  readonly audit: AuditLog;

  constructor() {
    this.store = localSnapshotStore({ root: this.folder.file('tables'), clock: this.clock });
    this.engine = duckdbEngine({ tempDirectory: this.folder.file('tmp') });
    this.audit = {
      append: async (record) => void this.records.push(record),
      close: async () => undefined,
    };
  }

  /** A file that no query may read, change or remove. */
  get canaryFile(): string {
    return this.folder.file('canary.csv');
  }

  async publish(
    contract: Contract,
    query: string,
    as: TableRef = { domain: contract.domain, name: contract.name, major: Number.parseInt(contract.version, 10) },
  ): Promise<Snapshot> {
    const columns = contract.properties.map((property) => ({ propertyId: property.id, name: property.name, type: property.type, required: property.required }));
    return this.publishColumns(contract, as, columns, query);
  }

  async publishColumns(contract: Contract, table: TableRef, columns: Parameters<SnapshotStore['begin']>[1], query: string): Promise<Snapshot> {
    const staging = await this.store.begin(table, columns);
    const session = await this.engine.open();
    try {
      const files = await session.writeParquet(query, staging.directory, staging.fields);
      return await this.store.commit(staging, {
        files,
        contractHash: contract.hash,
        contractVersion: contract.version,
        verdictHash: sha256('verdict'),
        inputHash: sha256(query),
        lineage: {
          run: 'r1',
          inputs: [{ kind: 'landing', name: 'extract', sha256: sha256('x') }],
          columns: columns.map(({ name }) => ({ column: name, from: [`landing:extract.${name}`] })),
        },
        verdict: { passed: true, rows: '12', gates: columns.map(({ name }) => ({ check: `${name}.required`, column: name, outcome: 'passed' })) },
      });
    } finally {
      await session.close();
    }
  }

  async close(): Promise<void> {
    await this.engine.close();
    this.folder[Symbol.dispose]();
  }
}

/** All products above, published once. */
export async function publishedMesh(): Promise<{ mesh: MeshFixture; catalog: Catalog; contracts: Contract[]; policies: Policy[] }> {
  const mesh = new MeshFixture();
  const contracts: Contract[] = [];
  const policies: Policy[] = [];
  for (const [product, text] of Object.entries(PRODUCTS)) {
    const contract = contractOf(product, text);
    contracts.push(contract);
    if (text.policy !== undefined) policies.push(readPolicy(text.policy, path.join(path.dirname(contract.file), 'policy.yaml'), contract));
    await mesh.publish(contract, text.rows);
  }
  return { mesh, catalog: composeCatalog(contracts, policies), contracts, policies };
}

/** Lines of a golden file. */
export function goldenLines<Line>(name: string): Line[] {
  return readFileSync(path.join(import.meta.dirname, '..', 'golden', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const bytes of body) chunks.push(bytes);
  return Buffer.concat(chunks).toString('utf8');
}
