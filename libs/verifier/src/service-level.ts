import { ident } from '@skein/kernel';
import { engineType, type Contract, type Property, type ServiceLevel } from '@skein/contract';
import { readPeriod, type Period } from './period.ts';
import { measuring } from './statement.ts';
import type { Check, Unjudged } from './verdict.ts';

/**
 * `slaProperties` as checks. ODCS names the properties (with their short forms) and leaves open what is measured; this is the
 * reading of Skein (ODCS, "Service-Level Agreement"; `latency` is "preferred to freshness", so with one element they are one):
 *
 * - `latency`, `freshness` of a column: at the moment of judging, the newest value is not older than the period.
 * - `latency` of two columns, `a, b`: on no row is `b` later than the period after `a`. No moment of judging is needed.
 * - `latency`, `freshness` without a column (none named, or the schema object): the last publication is not older than the period.
 * - `retention` of a column: at the moment of judging, no value is older than the period. That rows are kept so long cannot be
 *   seen in the rows that are left.
 * - `frequency`: neither between the last two publications, nor since the last, has more time passed than the period. Its element says
 *   what is updated, and does not change what is measured.
 *
 * Dates count from their first moment; timestamps without a zone are taken for UTC; values that lie outside the years 1 to 9999,
 * which break the range check, are left out. A moment in the future is as new as can be.
 *
 * All are of severity warning: data that is late would be later still if its publication were refused.
 */
export function serviceChecks(contract: Contract): { checks: Check[]; unjudged: Unjudged[] } {
  const checks: Check[] = [];
  const unjudged: Unjudged[] = [];
  const seen = new Map<string, number>();
  for (const level of contract.serviceLevels) {
    const rule = MEASURED.get(level.property.trim().toLowerCase());
    const columns = columnsOf(contract, level);
    const make = (column: string | undefined) => {
      const name = `sla.${rule ?? level.property}${column === undefined ? '' : `.${column}`}`;
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      return {
        id: count === 1 ? name : `${name}.${count}`,
        rule: rule ?? level.property,
        column,
        severity: 'warning',
        dimension: 'timeliness',
        place: level.place,
      } as const;
    };
    const skip = (reason: string) => void unjudged.push({ ...make(undefined), reason });
    if (rule === undefined) {
      skip('a service level of this kind is not measured');
      continue;
    }
    const read = readPeriod(level.value, level.unit);
    if ('reason' in read) {
      skip(read.reason);
      continue;
    }
    if ('reason' in columns) {
      skip(columns.reason);
      continue;
    }
    const common = (column: string | undefined) => ({ ...make(column), tolerance: NONE });
    const promise = { operator: 'mustNotBeOlderThan', operands: [level.value, level.unit ?? ''] };
    const [first, second] = columns.of;
    if (rule === 'frequency' || (first === undefined && rule !== 'retention')) {
      checks.push({ ...common(undefined), level: 'publication', sql: '', comparison: promise, reads: [] });
    } else if (first === undefined) {
      skip('retention is measured over a column, and it names none');
    } else if (rule === 'latency' && columns.of.length > 1) {
      if (second === undefined || columns.of.length > 2) skip('latency lies between two columns, and it names more');
      else {
        const reads = [first.name, second.name];
        checks.push({ ...common(undefined), level: 'metric', sql: measuring(delaySql(first, second, read.period)), comparison: NO_ROW, reads });
      }
    } else {
      for (const column of columns.of) {
        if (HIDDEN.has(column.classification)) skip(`${column.name} is ${column.classification}: what would be measured is a value of it`);
        else checks.push({ ...common(column.name), level: 'metric', sql: measuring(extremeSql(column, rule)), comparison: promise, reads: [column.name] });
      }
    }
  }
  return { checks, unjudged };
}

/** Whether the check compares a moment with the one of judging, so that its outcome is no matter of the data alone. */
export function isTimed(check: Pick<Check, 'comparison'>): boolean {
  return check.comparison?.operator === 'mustNotBeOlderThan';
}

const NONE = { unit: 'rows', max: 0 } as const;
const NO_ROW = { operator: 'mustBe', operands: ['0'] } as const;
const HIDDEN = new Set(['confidential', 'restricted']);
const MEASURED: ReadonlyMap<string, 'freshness' | 'latency' | 'retention' | 'frequency'> = new Map([
  ['freshness', 'freshness'],
  ['latency', 'latency'],
  ['ly', 'latency'],
  ['retention', 'retention'],
  ['re', 'retention'],
  ['frequency', 'frequency'],
  ['fy', 'frequency'],
]);

/** The columns of `element`: names, with or without that of the schema object, separated by commas. The object alone is no column. */
function columnsOf(contract: Contract, { element }: ServiceLevel): { of: Property[] } | { reason: string } {
  const of: Property[] = [];
  const names = (element ?? '').split(',').map((part) => part.trim());
  for (const name of names) {
    if (name === '') continue;
    const own = name.startsWith(`${contract.name}.`) ? name.slice(contract.name.length + 1) : name;
    const property = contract.properties.find((candidate) => candidate.name === own) ?? contract.properties.find((candidate) => candidate.name === name);
    if (!property) {
      if (name === contract.name) continue;
      return { reason: `the contract has no column ${JSON.stringify(own)}` };
    }
    if (property.type.kind !== 'date' && property.type.kind !== 'timestamp')
      return { reason: `${property.name} is neither a date nor a timestamp but ${engineType(property.type)}` };
    of.push(property);
  }
  return { of };
}

/** As a TIMESTAMP in UTC, NULL where it lies outside four-digit years. */
function momentSql({ name, type }: Property): string {
  const column = ident(name);
  const naive = type.kind === 'timestamp' && type.zoned ? `(${column} AT TIME ZONE 'UTC')` : `CAST(${column} AS TIMESTAMP)`;
  const [low, high] =
    type.kind === 'date'
      ? [`DATE '0001-01-01'`, `DATE '9999-12-31'`]
      : type.kind === 'timestamp' && type.zoned
        ? [`TIMESTAMPTZ '0001-01-01 00:00:00+00'`, `TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'`]
        : [`TIMESTAMP '0001-01-01 00:00:00'`, `TIMESTAMP '9999-12-31 23:59:59.999999'`];
  return `CASE WHEN ${column} BETWEEN ${low} AND ${high} THEN ${naive} END`;
}

function extremeSql(property: Property, rule: 'freshness' | 'latency' | 'retention' | 'frequency'): string {
  return `CAST(${rule === 'retention' ? 'min' : 'max'}(${momentSql(property)}) AS VARCHAR)`;
}

function delaySql(from: Property, to: Property, period: Period): string {
  const interval = 'micros' in period ? `to_microseconds(${period.micros})` : `to_months(${period.months})`;
  return `CAST(count(*) FILTER (WHERE ${momentSql(to)} > ${momentSql(from)} + ${interval}) AS VARCHAR)`;
}
