import Table from 'cli-table3';
import { formatError } from '@skein/kernel';
import type { Outcome } from './outcome.ts';
import type { DomainOutcome } from './run-swarms.ts';

/** The outcome for people: what came in, what was published, what was mended or refused and why, and the answer. */
export function showOutcome(outcome: Outcome): string {
  const parts = [
    ...products(outcome.domains),
    ...faults(outcome.domains),
    ...sources(outcome.domains),
    ...reasons(outcome),
    heading('Stock-out risk, the ten most urgent: what the shop sells (ga4) × what the plants hold (sap) × how long a delivery takes'),
    outcome.stockOutRisk.rows.length > 0
      ? table(
          ['material', 'description', 'on hand', 'units/day', 'days of cover', 'lead days', 'reorder point'],
          outcome.stockOutRisk.rows.map((row) => [
            row.material,
            row.description ?? '',
            plain(row.on_hand),
            plain(row.units_per_day),
            plain(row.days_of_cover),
            plain(row.lead_days),
            plain(row.reorder_point),
          ]),
        )
      : outcome.stockOutRisk.error
        ? `No answer: ${outcome.stockOutRisk.error.message}\n  fix: ${outcome.stockOutRisk.error.hint}\n  code: ${outcome.stockOutRisk.error.code}`
        : 'No material is at risk.',
    outcome.stockOutRisk.snapshots.length > 0 ? `read from ${outcome.stockOutRisk.snapshots.join(', ')}` : '',
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

/** One run for people: what `skein ingest` prints. */
export function showRun(report: DomainOutcome): string {
  const landed = report.sources.filter((source) => source.outcome === 'landed');
  const unchanged = report.sources.filter((source) => source.outcome === 'unchanged').length;
  return `${[
    `${report.domain}: ${landed.length} files landed with ${count(landed.reduce((rows, source) => rows + source.rows, 0))} rows, ${unchanged} unchanged, ${report.sources.length - landed.length - unchanged} refused`,
    ...(report.ignored.length > 0
      ? [
          `${report.ignored.length} files are of no kind that ${report.domain} reads, and were left alone: ${report.ignored.slice(0, 10).join(', ')}${report.ignored.length > 10 ? ', …' : ''}`,
        ]
      : []),
    ...products([report]),
    ...layers([report]),
    ...faults([report]),
    ...sources([report]),
    ...found([report]),
  ].join('\n')}\n`;
}

function products(domains: readonly DomainOutcome[]): string[] {
  return [
    heading('Products'),
    table(
      ['product', 'outcome', 'version', 'rows', 'refused', 'repaired', 'healed', 'duplicates dropped'],
      domains.flatMap((domain) =>
        domain.products.map((product) => [
          product.product,
          product.outcome,
          product.version ?? '-',
          count(product.rows),
          count(product.refused),
          count(sum(product.repairs)),
          count(sum(product.repaired)),
          count(product.duplicates),
        ]),
      ),
    ),
  ];
}

/** Bronze that is kept as files: what was written, and why it lies so. */
function layers(domains: readonly DomainOutcome[]): string[] {
  const kept = domains.flatMap((domain) => (domain.bronze ?? []).filter((bronze) => bronze.outcome !== 'view'));
  return kept.flatMap((bronze) => [
    heading(`Files of ${bronze.table}`),
    `version ${bronze.version}: ${count(bronze.files)} files, ${count(bronze.written)} of ${count(bronze.landings)} landings written`,
    ...bronze.reasons.map((reason) => `  ${reason}`),
  ]);
}

function faults(domains: readonly DomainOutcome[]): string[] {
  const errors = [
    ...domains.map((domain) => domain.error),
    ...domains.flatMap((domain) => domain.sources.map((source) => source.error)),
    ...domains.flatMap((domain) => domain.products.map((product) => product.error)),
  ].filter((error) => error !== undefined);
  return errors.length === 0 ? [] : [heading('Not done'), ...errors.map(formatError)];
}

/** How files differ from those before them, and columns that a person is asked about. */
function sources(domains: readonly DomainOutcome[]): string[] {
  const drift = domains.flatMap((domain) =>
    domain.sources.flatMap(({ file, drift: found = [] }) => found.map(({ column, kind, what }) => [`${domain.domain}: ${file}`, column, kind, what])),
  );
  const undecided = domains.flatMap((domain) => (domain.undecided ?? []).map(({ column, why }) => [`${domain.domain}: ${column}`, why]));
  return [
    ...(drift.length > 0 ? [heading('Files unlike those before them'), table(['file', 'column', 'drift', 'what'], drift.slice(0, MOST_DRIFT))] : []),
    ...(undecided.length > 0 ? [heading('Columns that seem personal; a review asks whether they are hidden'), table(['column', 'why'], undecided)] : []),
  ];
}

/** With a demo: every planted fault beside what was found. Without one: what was found. */
function reasons(outcome: Outcome): string[] {
  if (outcome.planted.length > 0) {
    const groups = Map.groupBy(outcome.planted, (line) => JSON.stringify([line.product, line.expected]));
    return [
      heading('Repaired, healed and escalated, against what was put into the demo sources'),
      table(
        ['product', 'treatment', 'planted', 'found', 'repaired', 'wrong', 'escalated', 'by rule'],
        [...groups.values()].map((lines) => [
          lines[0]?.product ?? '',
          lines[0]?.expected ?? '',
          count(lines.reduce((total, line) => total + line.planted, 0)),
          ...(['found', 'repaired', 'wrong', 'escalated'] as const).map((figure) => count(lines.reduce((total, line) => total + line[figure], 0))),
          lines
            .map((line) => `${line.rule} ${line.found === line.planted ? count(line.found) : `${count(line.found)} (planted ${count(line.planted)})`}`)
            .join(', '),
        ]),
        RULES_WIDTH,
      ),
    ];
  }
  return found(outcome.domains);
}

function found(domains: readonly DomainOutcome[]): string[] {
  const rows = domains.flatMap((domain) =>
    domain.products.flatMap((product) => [
      ...Object.entries(product.repairs).map(([rule, n]) => [product.product, 'repaired', rule, count(n)]),
      ...Object.entries(product.repaired).map(([rule, n]) => [product.product, 'healed', rule, count(n)]),
      ...Object.entries(product.violations).map(([rule, n]) => [product.product, 'refused', rule, count(n)]),
    ]),
  );
  return rows.length === 0 ? [] : [heading('Repaired and refused'), table(['product', 'treatment', 'rule', 'rows'], rows)];
}

/** Lines of drift that are shown; the report has all. */
const MOST_DRIFT = 20;
/** Of the column of rules: with the others, a line of some 140 characters. */
const RULES_WIDTH = 78;

function heading(text: string): string {
  return `\n${text}`;
}

/** `lastWidth` wraps the last column at that many characters. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[], lastWidth?: number): string {
  const colWidths = lastWidth === undefined ? [] : head.map((_, index) => (index === head.length - 1 ? lastWidth : null));
  const out = new Table({ head: [...head], style: { head: [], border: [], compact: true }, colWidths, wordWrap: true });
  for (const row of rows) out.push(row.map(String));
  return out.toString();
}

const count = (value: number): string => value.toLocaleString('en-GB');
const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, value) => total + value, 0);

/** Decimals arrive as exact text: trailing zeros are only noise on a screen. */
function plain(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
