import { formatError } from '@skein/kernel';
import { tableText } from '../ask/table.ts';
import { humanStep, jsonStep } from '../diff/step-report.ts';
import { printable } from '../output/place-text.ts';
import type { Plan, ProductPlan } from './plan.ts';
import type { Cells, RowDiff } from './row-diff.ts';

const WORD: Readonly<Record<ProductPlan['outcome'], string>> = {
  publish: 'would be published',
  unchanged: 'stays as it is',
  refused: 'would be refused',
  skipped: 'would be skipped',
  failed: 'fails',
};
/** Columns of a sample row that people are shown; JSON has all. */
const WIDE = 8;
const MOST_RULES = 20;

/** The plan for people. */
export function showPlan(plan: Plan, cwd: string): string {
  const { sources, ignored } = plan.run;
  const landed = sources.filter(({ outcome }) => outcome === 'landed').length;
  const refused = sources.filter(({ outcome }) => outcome === 'refused');
  const head =
    plan.from === undefined
      ? []
      : [`${plan.domain}: ${landed} files would land, ${sources.length - landed - refused.length} are known, ${refused.length} refused`];
  const left =
    ignored.length === 0
      ? []
      : [
          `${ignored.length} files are of no kind that ${plan.domain} reads: ${ignored.slice(0, 10).map(printable).join(', ')}${ignored.length > 10 ? ', …' : ''}`,
        ];
  const faults = refused.flatMap(({ error }) => (error ? [formatError(error)] : []));
  return `${[...head, ...left, ...faults, ...plan.products.map((product) => productText(product, cwd)), verdictText(plan)].join('\n')}\n`;
}

function verdictText(plan: Plan): string {
  const refusing = plan.products.filter(({ outcome, contract }) => !['publish', 'unchanged'].includes(outcome) || contract.step?.allowed === false);
  const count = plan.products.filter(({ outcome }) => outcome === 'publish').length;
  if (!plan.passes && refusing.length > 0)
    return `\nNot all of it can be published: ${refusing.map(({ product }) => product).join(', ')}. Nothing was written.`;
  if (!plan.passes) return '\nNot all of it can be published: a file is refused. Nothing was written.';
  return plan.changes ? `\n${count} of ${plan.products.length} products would change. Nothing was written.` : '\nNothing would change.';
}

function productText({ product, outcome, live, next, diff, contract, report }: ProductPlan, cwd: string): string {
  const version =
    next === undefined ? (live === undefined ? '' : ` (version ${live.version} stays live)`) : `: version ${live?.version ?? 'none'} → ${next.version}`;
  const lines = [`\n${product} ${WORD[outcome]}${version}`];
  if (diff) lines.push(...diffText(diff, live?.rows ?? 0n, next?.rows ?? 0n));
  if (contract.note !== undefined) lines.push(`  contract: ${contract.note}`);
  if (contract.step) {
    const { step } = contract;
    const bump =
      step.version &&
      `; asked is a ${step.version.asked} step of the version, given ${step.version.given === 'lower' ? 'a lower one' : `a ${step.version.given} one`}`;
    lines.push(
      `  contract: ${step.from?.version} → ${step.to?.version ?? '?'}, ${step.allowed ? 'may follow' : 'may not follow'}${bump ?? ''}`,
      indent(humanStep(step, cwd, false).trimEnd()),
    );
  }
  const { verdict } = report;
  if (verdict) {
    const counts = Map.groupBy(verdict.gates, ({ outcome: one }) => one);
    const said = (['passed', 'failed', 'error', 'skipped'] as const).flatMap((one) => (counts.has(one) ? [`${counts.get(one)?.length} ${one}`] : []));
    lines.push(`  verdict: ${verdict.passed ? 'passes' : 'does not pass'} (gates: ${said.join(', ')})`);
    for (const gate of verdict.gates)
      if (gate.outcome === 'failed' || gate.outcome === 'error')
        lines.push(`    ${gate.severity === 'error' ? '✗' : '!'} ${gate.check}: ${printable(gate.reason ?? gate.outcome)}`);
  }
  if (outcome !== 'unchanged') {
    const rules = Object.entries(report.violations).toSorted(([, a], [, b]) => b - a);
    if (report.refused > 0 || rules.length > 0) {
      const listed = rules.slice(0, MOST_RULES).map(([rule, rows]) => `${rule} ${number(rows)}`);
      lines.push(
        `  refused rows: ${number(report.refused)}${listed.length === 0 ? '' : `, by rule: ${listed.join(', ')}${rules.length > MOST_RULES ? ', …' : ''}`}`,
      );
    }
    if (report.duplicates > 0) lines.push(`  repeated rows dropped: ${number(report.duplicates)}`);
  }
  if (report.error) lines.push(indent(formatError(report.error)));
  return lines.filter((line) => line !== '').join('\n');
}

function diffText(diff: RowDiff, before: bigint, after: bigint): string[] {
  const how = diff.by === 'key' ? `by ${diff.key.join(', ')}` : 'by whole rows';
  const lines = [
    `  rows: ${number(before)} → ${number(after)}; ${number(diff.added)} added, ${number(diff.changed)} changed, ${number(diff.removed)} removed (${how})`,
  ];
  const changed = Object.entries(diff.changedColumns);
  if (changed.length > 0) lines.push(`  changed columns: ${changed.map(([name, rows]) => `${name} ${number(rows)}`).join(', ')}`);
  const { added, removed, retyped } = diff.columns;
  if (added.length + removed.length + retyped.length > 0)
    lines.push(
      `  columns: ${[...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`), ...retyped.map((name) => `${name} has another type`)].join(', ')}`,
    );
  lines.push(...sample('added', diff.samples.added), ...sample('removed', diff.samples.removed));
  if (diff.samples.changed.length > 0) {
    const rows = diff.samples.changed.flatMap(({ key, columns }) =>
      Object.entries(columns).map(([column, { from, to }]) => ({
        row: Object.values(key)
          .map((value) => value ?? '')
          .join(' · '),
        column,
        from,
        to,
      })),
    );
    lines.push(
      '  changed, for instance:',
      indent(
        tableText(
          ['row', 'column', 'from', 'to'].map((name) => ({ name, type: 'VARCHAR' })),
          rows.slice(0, 20),
        ),
      ),
    );
  }
  return lines;
}

function sample(what: string, rows: readonly Cells[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const names = Object.keys(first);
  const columns = names.slice(0, WIDE).map((name) => ({ name, type: 'VARCHAR' }));
  const more = names.length > WIDE ? ` (${names.length - WIDE} more columns: --json)` : '';
  return [`  ${what}, for instance${more}:`, indent(tableText(columns, rows))];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function number(value: number | bigint): string {
  return value.toLocaleString('en-GB');
}

/** The plan as one JSON document; counts beyond 2^53 are text. */
export function planJson(plan: Plan, cwd: string): string {
  const { domain, from, run, products, passes, changes, milliseconds } = plan;
  return JSON.stringify({ domain, from, passes, changes, milliseconds, ...planned(products, cwd), sources: run.sources, ignored: run.ignored }, plain, 2);
}

function planned(products: readonly ProductPlan[], cwd: string): object {
  return {
    products: products.map(({ contract: { step, note }, report, ...product }) => ({
      ...product,
      contract: step === undefined ? { note } : jsonStep(step, cwd),
      ...{
        refused: report.refused,
        duplicates: report.duplicates,
        violations: report.violations,
        repairs: report.repairs,
        repaired: report.repaired,
        verdict: report.verdict,
      },
      ...(report.error ? { error: report.error.toJSON() } : {}),
    })),
  };
}

/** JSON lacks whole numbers beyond 2^53. */
export function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value.toString();
}
