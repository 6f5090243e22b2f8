import type { Standing } from '@skein/verifier/compat';
import { observationText } from '../output/human.ts';
import { fileText, placeText, printable } from '../output/place-text.ts';
import type { Observation, Subject } from '../output/report.ts';
import type { QueryEffect } from './operations.ts';
import type { JudgedFinding, JudgedStep } from './judge-step.ts';

const OUTCOME: Readonly<Record<Standing, Observation['outcome']>> = { refused: 'failed', approved: 'warning', 'new major': 'warning', allowed: 'passed' };
/** Characters of a row that people are shown; JSON holds it whole. */
const ROW = 300;

/**
 * What was found in one contract, as every writer takes it.
 * @param reports for CI systems: places stand in the file of the working tree, and those of an earlier version in the text.
 */
export function observationsOf(step: JudgedStep, cwd: string, reports: boolean): Observation[] {
  const { file, version, from, to } = step;
  const placeIn = (place: JudgedFinding['place']) => (reports && place.file !== to?.file ? { file, line: 1, column: 1 } : place);
  const faults = step.faults.map((fault): Observation => ({
    rule: fault.rule,
    outcome: 'failed',
    message: placeIn(fault.place) === fault.place ? fault.message : `${placeText(fault.place, cwd)}: ${fault.message}`,
    fix: fault.fix,
    place: placeIn(fault.place),
    frame: fault.frame,
  }));
  const findings = step.findings.map((finding): Observation => ({
    rule: finding.rule,
    outcome: OUTCOME[finding.standing],
    message: placeIn(finding.place) === finding.place ? finding.reason : `${finding.reason} (was at ${placeText(finding.place, cwd)})`,
    place: placeIn(finding.place),
    details: detailsOf(finding, step),
    ...(finding.frame === undefined ? {} : { frame: finding.frame }),
    ...(finding.fix === undefined ? {} : { fix: finding.fix }),
  }));
  if (version && !version.suffices)
    findings.push({
      rule: 'version',
      outcome: 'failed',
      message:
        version.given === 'lower'
          ? `version ${to?.version} is below ${from?.version}`
          : `version ${to?.version} after ${from?.version} is a step of ${version.given}; the changes ask for ${version.asked}`,
      fix: version.fix,
      place: version.place,
    });
  const all = [...faults, ...findings];
  return all.length > 0 ? all : [{ rule: `contract.${step.kind}`, outcome: 'passed', message: WORDS[step.kind], place: { file, line: 1, column: 1 } }];
}

const WORDS: Readonly<Record<JudgedStep['kind'], string>> = {
  new: 'new contract',
  removed: 'the contract is gone',
  unchanged: 'unchanged',
  changed: 'changed',
  faulty: 'cannot be read as a contract',
};

export function subjectOfStep(step: JudgedStep, cwd: string): Subject {
  return { name: step.product ?? fileText(step.file, cwd), file: step.file, observations: observationsOf(step, cwd, true) };
}

/** Direction, witness, queries, who must approve. */
function detailsOf(finding: JudgedFinding, { mode }: JudgedStep): string[] {
  const { direction, breaking, standing, impact, mustApprove, approvedBy, witness } = finding;
  const way = direction === 'none' ? 'breaks nothing' : `breaks ${direction === 'both' ? 'both ways' : direction}`;
  const judged = mode === undefined ? '' : breaking ? `, which ${mode} refuses` : `, which ${mode} lets pass`;
  return [
    `${way}${direction === 'none' ? '' : judged}`,
    ...witnessText(witness),
    ...(impact === undefined
      ? []
      : [
          `recorded queries: ${impact.counts.breaks} break, ${impact.counts.touched} touched, ${impact.counts.safe} safe`,
          ...impact.breaks.map((query) => `breaks: ${queryText(query)}`),
          ...impact.touched.map((query) => `touched: ${queryText(query)}`),
          ...untold(impact),
        ]),
    ...(mustApprove.length === 0
      ? []
      : [`must be approved by ${mustApprove.join(', ')}${approvedBy.length === 0 ? '' : `; approved by ${approvedBy.join(', ')}`}`]),
    ...(standing === 'new major' ? ['let pass by the new major version: who reads the old one keeps it in its own folder'] : []),
  ];
}

/** Gateways tell the first of many. */
function untold({ counts, breaks, touched }: NonNullable<JudgedFinding['impact']>): string[] {
  const left = [counts.breaks - breaks.length, counts.touched - touched.length];
  return left.every((count) => count <= 0) ? [] : [`not listed: ${left[0]} that break, ${left[1]} touched`];
}

function queryText({ principal, sql, count, reason }: QueryEffect): string {
  const shown = sql.length > ROW ? `${sql.slice(0, ROW)}…` : sql;
  return `${principal}, ${count} ${count === 1 ? 'run' : 'runs'}: ${shown.replaceAll(/\s+/g, ' ')} (${reason})`;
}

function witnessText(witness: JudgedFinding['witness']): string[] {
  if (witness.kind === 'statement') return [`shown by: ${witness.text}`];
  const rows = witness.kind === 'row' ? [witness.row] : witness.rows;
  const [valid, invalid] = witness.validUnder === 'old' ? ['before', 'after'] : ['after', 'before'];
  return [
    ...rows.map((row) => `valid ${valid}: ${rowText(row, witness.refusedBy)}`),
    `refused ${invalid === 'after' ? 'after' : 'by the version before'} by ${witness.refusedBy.join(', ')}`,
  ];
}

/** The columns that the checks name, or else as many as there is room for. */
function rowText(row: Readonly<Record<string, unknown>>, checks: readonly string[]): string {
  const named = Object.keys(row).filter((name) => checks.some((check) => check === name || check.startsWith(`${name}.`)));
  const names = Object.keys(row);
  const parts: string[] = [];
  let length = 0;
  for (const name of named.length > 0 ? named : names) {
    const part = `${JSON.stringify(name)}: ${JSON.stringify(row[name], bigintText)}`;
    const shown = part.length > ROW ? `${part.slice(0, ROW)}…` : part;
    if (parts.length > 0 && length + shown.length > ROW) break;
    parts.push(shown);
    length += shown.length;
  }
  const left = names.length - parts.length;
  return `{ ${parts.join(', ')}${left > 0 ? `, … ${left} more` : ''} }`;
}

function bigintText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** What a person reads of one contract: every finding, a line that sums up, and approvals ready to be signed. */
export function humanStep(step: JudgedStep, cwd: string, quiet: boolean): string {
  const shown = observationsOf(step, cwd, false).filter((one) =>
    quiet ? one.outcome === 'failed' : !one.rule.startsWith('contract.') || one.outcome !== 'passed',
  );
  const notices = quiet ? [] : step.notices.map((notice) => `notice: ${notice}`);
  const lines = [...notices, sumUp(step, cwd), ...(step.kind === 'faulty' ? [] : stub(step))].map(printable);
  return `${shown.map((one) => observationText(one, cwd)).join('')}${lines.join('\n')}\n`;
}

function sumUp(step: JudgedStep, cwd: string): string {
  const { product, from, to, mode, findings, version, kind, allowed } = step;
  const name = product ?? fileText(step.file, cwd);
  const head = `${allowed ? 'ALLOWED' : 'REFUSED'} ${name}`;
  if (kind === 'faulty') return `${head}: ${step.faults.length} fault${step.faults.length === 1 ? '' : 's'}, nothing compared`;
  if (kind === 'new') return `${head} ${to?.version}: new contract`;
  if (kind === 'unchanged') return `${head} ${to?.version}: unchanged`;
  if (kind === 'removed') return `${head} ${from?.version}: the contract is gone`;
  const count = (standing: Standing) => findings.filter((one) => one.standing === standing).length;
  const counts = `${findings.length} finding${findings.length === 1 ? '' : 's'}: ${count('refused')} refused, ${count('approved')} approved, ${findings.length - count('refused') - count('approved')} allowed`;
  return `${head} ${from?.version} → ${to?.version} (${mode}): ${counts}; version asks for ${version?.asked}, gained ${version?.given}`;
}

/** Approvals of what was refused, for the file beside the contract. */
function stub({ findings, from, to }: JudgedStep): string[] {
  const refused = findings.filter((one) => one.standing === 'refused' && one.against === from?.version);
  if (refused.length === 0) return [];
  const entries = refused.flatMap((one) => [
    `  - from: ${from?.hash}`,
    `    to: ${to?.hash ?? 'removed'}`,
    `    rule: ${one.rule}`,
    `    subject: ${JSON.stringify(one.subject)}`,
    `    approvedBy: []  # all of: ${one.mustApprove.join(', ')}`,
    `    reason: ""`,
  ]);
  return ['to approve, sign in approvals.yaml beside the contract:', 'version: 1', 'approvals:', ...entries];
}

/** The JSON document of one contract. */
export function jsonStep(step: JudgedStep, cwd: string): object {
  const side = (one: JudgedStep['from']) => one && { ...one, file: fileText(one.file, cwd) };
  const place = (one: JudgedFinding['place']) => ({ ...one, file: fileText(one.file, cwd) });
  return {
    ...step,
    file: fileText(step.file, cwd),
    from: side(step.from),
    to: side(step.to),
    version: step.version && { ...step.version, place: place(step.version.place) },
    faults: step.faults.map((fault) => ({ ...fault, place: place(fault.place) })),
    findings: step.findings.map((finding) => ({ ...finding, place: place(finding.place) })),
  };
}
