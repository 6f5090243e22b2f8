import type { AppliedSolution, ColumnCount, Healing } from '@skein/swarm';
import { fileText, printable } from '../output/place-text.ts';

export interface HealReport {
  readonly product: string;
  readonly file: string;
  readonly out: string;
  readonly feedback: string;
  /** Lines that are no records. */
  readonly malformed: number;
  readonly missingColumns: readonly string[];
  readonly unknownColumns: readonly string[];
  readonly labels: number;
  /** Cells that were changed in the file. */
  readonly written: number;
  readonly healing: Healing;
  /** Columns whose values are shown nowhere. */
  readonly hidden: ReadonlySet<string>;
}

/** The report as one document. */
export function jsonReport(report: HealReport, cwd: string): object {
  const { healing, hidden, file, out, feedback, ...rest } = report;
  return {
    ...rest,
    file: fileText(file, cwd),
    out: fileText(out, cwd),
    feedback: fileText(feedback, cwd),
    rows: healing.rows,
    rounds: healing.rounds,
    refusedLabels: healing.refusedLabels,
    ...totals(healing.counts),
    columns: healing.counts,
    solutions: healing.solutions.map((one) => ({ ...one, expression: undefined, ...shown(one, hidden) })),
  };
}

function totals(counts: readonly ColumnCount[]): { found: number; repaired: number; escalated: number; left: number } {
  const of = (outcome: string): number => counts.filter((one) => one.outcome === outcome).reduce((sum, { cells }) => sum + cells, 0);
  return { found: counts.reduce((sum, { cells }) => sum + cells, 0), repaired: of('repaired'), escalated: of('escalated'), left: of('left') };
}

/** Code tables and examples hold values: of confidential columns they are not shown. */
function shown({ column, sql, why }: AppliedSolution, hidden: ReadonlySet<string>): { sql: string; why: string } {
  return hidden.has(column) ? { sql: '(confidential)', why: '(confidential)' } : { sql, why };
}

const SQL_SHOWN = 300;

/** What a person reads: one line for each column and rule, one paragraph for each solution. */
export function humanReport(report: HealReport, cwd: string): string {
  const { healing } = report;
  const { found, repaired, escalated, left } = totals(healing.counts);
  const lines = healing.counts.map(({ column, rule, outcome, cells }) => `  ${column}  ${rule}: ${cells} ${outcome}`);
  const solutions = healing.solutions.flatMap((one) => {
    const { sql, why } = shown(one, report.hidden);
    return [
      `  ${one.column}: ${one.cells} cells by ${one.category} [${one.id}]: ${why}`,
      `    ${sql.length > SQL_SHOWN ? `${sql.slice(0, SQL_SHOWN)}…` : sql}`,
    ];
  });
  return [
    `${report.product}: ${healing.rows} rows, ${found} violations: ${repaired} repaired, ${escalated} escalated, ${left} left`,
    ...lines,
    ...(solutions.length > 0 ? ['solutions:', ...solutions] : []),
    ...(healing.refusedLabels > 0 ? [`${healing.refusedLabels} labelled cells break the contract, and were not used`] : []),
    ...(report.malformed > 0 ? [`${report.malformed} lines are no records, and stay as they are`] : []),
    ...(report.missingColumns.length > 0 ? [`the data lacks ${report.missingColumns.join(', ')}`] : []),
    ...(report.unknownColumns.length > 0 ? [`the contract has no column ${report.unknownColumns.join(', ')}: they stay as they are`] : []),
    `repaired file: ${fileText(report.out, cwd)}`,
    `feedback: ${fileText(report.feedback, cwd)}`,
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}
