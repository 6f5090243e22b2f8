import type { CommandContext } from '@stricli/core';
import { lintContract, ordered, type ContractKey, type Finding, type LintProfile, type LintReport, type OdpsOptions } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { humanText } from '../output/human.ts';
import { fileText } from '../output/place-text.ts';
import type { Observation, Subject } from '../output/report.ts';
import { writeReports, type ReportFlags } from '../output/write-reports.ts';
import { contractFiles, DESCRIPTOR, readText } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { variablesOf } from './variables.ts';
import { patternFaults, planFaults } from './plan-faults.ts';

export interface LintFlags extends ReportFlags {
  readonly profile?: LintProfile;
  readonly strict: boolean;
  readonly quiet: boolean;
  readonly var?: readonly string[];
}

/** What was found in one file. */
export interface LintedFile {
  readonly file: string;
  readonly profile: LintReport['profile'];
  readonly product: string | undefined;
  readonly findings: readonly Finding[];
  /** Id and version, where the file is a contract. */
  readonly key: ContractKey | undefined;
}

/** All that can be said of a contract's text, the compiler of checks included. Never throws for what stands in it. */
export function lintText(text: string, file: string, profile?: LintProfile, options: OdpsOptions = {}): LintedFile {
  const report = lintContract(text, file, profile, options);
  const plan = report.contract ? planFaults(report.contract, text) : report.partial ? patternFaults(report.partial, text) : [];
  const findings = ordered([...report.findings, ...plan]);
  const { contract, partial, product } = report;
  return { file, profile: report.profile, product: contract?.product ?? product?.name, findings, key: partial && { id: partial.id, version: partial.version } };
}

export async function lint(this: CommandContext, flags: LintFlags, ...targets: string[]): Promise<void> {
  await finish(this, flags.json, async () => {
    const cwd = process.cwd();
    if (targets.length === 0) throw new SkeinError('SKEIN_USAGE', 'lint needs a file or a folder', { hint: 'Try: skein contract lint contracts' });
    const variables = variablesOf(flags.var);
    const linted: LintedFile[] = [];
    for (const file of await contractFiles(targets, cwd, DESCRIPTOR)) linted.push(lintText(await readText(file), file, flags.profile, { variables }));
    // What the ports of a product name is looked for among the contracts beside it, once these are read.
    const contracts = linted.flatMap(({ key }) => key ?? []);
    for (const [at, { file, profile }] of linted.entries())
      if (profile === 'odps' && contracts.length > 0) linted[at] = lintText(await readText(file), file, undefined, { variables, contracts });
    const subjects = linted.map((one) => subjectOf(one, cwd));
    const errors = linted.flatMap((one) => one.findings).filter((one) => one.severity === 'error').length;
    const warnings = linted.flatMap((one) => one.findings).length - errors;
    const json = () => ({
      passed: errors === 0 && !(flags.strict && warnings > 0),
      files: linted.length,
      errors,
      warnings,
      contracts: linted.map(({ key: _, ...one }) => ({
        ...one,
        file: fileText(one.file, cwd),
        findings: one.findings.map((finding) => ({ ...finding, place: { ...finding.place, file: fileText(finding.place.file, cwd) } })),
      })),
    });
    const { stdout } = this.process;
    if (!(await writeReports('contract lint', flags, subjects, json, { stdout, cwd }))) {
      const shown = flags.quiet
        ? subjects.map((subject) => ({ ...subject, observations: subject.observations.filter((one) => one.outcome !== 'warning') }))
        : subjects;
      stdout.write(humanText(shown, cwd));
      stdout.write(`${count(linted.length, 'contract')}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
    }
    return errors > 0 || (flags.strict && warnings > 0) ? EXIT.findings : EXIT.ok;
  });
}

/** The findings of one file as every writer takes them. */
export function subjectOf({ file, product, findings }: LintedFile, cwd: string): Subject {
  const observations = findings.map((finding): Observation => ({
    rule: finding.rule,
    outcome: finding.severity === 'error' ? 'failed' : 'warning',
    message: finding.message,
    fix: finding.fix,
    place: finding.place,
    frame: finding.frame,
  }));
  const sound: Observation = { rule: 'contract', outcome: 'passed', message: 'the contract reads', place: { file, line: 1, column: 1 } };
  return { name: product ?? fileText(file, cwd), file, observations: observations.length > 0 ? observations : [sound] };
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
