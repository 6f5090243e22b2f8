import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { duckdbEngine } from '@skein/adapter-duckdb';
import type { Contract } from '@skein/contract';
import { SkeinError, systemClock } from '@skein/kernel';
import type { Gate } from '@skein/verifier';
import { dataFiles, type DataFormat } from '../judge/data-file.ts';
import { judgeData, type Judgement } from '../judge/judge-data.ts';
import { referenceFiles } from '../judge/references.ts';
import type { Sample } from '../judge/samples.ts';
import { observationText } from '../output/human.ts';
import { fileText, printable } from '../output/place-text.ts';
import type { Observation, Subject } from '../output/report.ts';
import { writeReports, type ReportFlags } from '../output/write-reports.ts';
import { contractFiles } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';
import { readContractFile } from './read-file.ts';
import { variablesOf } from './variables.ts';

export interface TestFlags extends ReportFlags {
  readonly contract: string;
  readonly input?: DataFormat;
  readonly samples: number;
  readonly absentAsNull: boolean;
  readonly ref?: readonly string[];
  readonly refContract?: readonly string[];
  readonly at?: string;
  readonly var?: readonly string[];
}

export async function test(this: CommandContext, flags: TestFlags, ...targets: string[]): Promise<void> {
  await finish(this, flags.json, async () => {
    const cwd = process.cwd();
    if (!Number.isInteger(flags.samples) || flags.samples < 0 || flags.samples > 1000)
      throw new SkeinError('SKEIN_USAGE', `--samples ${flags.samples} is no number of rows`, { hint: 'Give a whole number from 0 to 1000.' });
    const contract = await readContractFile(path.resolve(cwd, flags.contract), { variables: variablesOf(flags.var) });
    const { format, files } = await dataFiles(targets, cwd, flags.input);
    const engine = duckdbEngine();
    try {
      const judgement = await judgeData(engine, contract, format, files, {
        samples: flags.samples,
        absentAsNull: flags.absentAsNull,
        references: { files: referenceFiles(flags.ref ?? []), contracts: await contractsOf(flags.refContract ?? [], cwd), cwd },
        at: flags.at === undefined ? systemClock.now() : momentFlag(flags.at),
      });
      const { verdict, samples, unknownColumns, missingColumns, malformed } = judgement;
      const subject: Subject = { name: contract.product, file: contract.file, observations: observationsOf(judgement, contract.file, cwd) };
      const { stdout } = this.process;
      const json = () => ({
        ...verdict,
        contract: { id: contract.id, version: contract.version, file: fileText(contract.file, cwd) },
        data: { format, files: files.map((file) => fileText(file, cwd)) },
        unknownColumns,
        missingColumns,
        malformed,
        samples: Object.fromEntries(Object.entries(samples).map(([check, rows]) => [check, rows.map((row) => ({ ...row, file: fileText(row.file, cwd) }))])),
      });
      if (!(await writeReports('contract test', flags, [subject], json, { stdout, cwd }))) stdout.write(humanReport(judgement, subject, cwd));
      return verdict.passed ? EXIT.ok : EXIT.findings;
    } finally {
      await engine.close();
    }
  });
}

/** By product; of several majors the last, in the order of their folders. */
async function contractsOf(targets: readonly string[], cwd: string): Promise<Map<string, Contract>> {
  const contracts = new Map<string, Contract>();
  for (const file of await contractFiles(targets, cwd)) {
    const contract = await readContractFile(file);
    contracts.set(contract.product, contract);
  }
  return contracts;
}

function momentFlag(text: string): number {
  const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
  const moment = form.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new SkeinError('SKEIN_USAGE', `--at ${JSON.stringify(text)} is no moment`, { hint: 'Write --at 2026-01-31T12:00:00Z.' });
  return moment;
}

function observationsOf({ verdict, plan, samples, unknownColumns }: Judgement, file: string, cwd: string): Observation[] {
  const placeOf = new Map([...plan.checks, ...plan.unjudged].map((check) => [check.id, check.place]));
  const gates = verdict.gates.map((gate): Observation => {
    const details = (samples[gate.check] ?? []).map((sample) => sampleText(sample, cwd));
    return {
      rule: gate.check,
      outcome: outcomeOf(gate),
      message: gateText(gate),
      place: placeOf.get(gate.check) ?? { file },
      ...(details.length > 0 ? { details } : {}),
    };
  });
  const unknown = unknownColumns.map((column): Observation => ({
    rule: 'record.unknown_column',
    outcome: 'warning',
    message: `the contract has no column ${JSON.stringify(column)}: it was not judged`,
    place: { file },
  }));
  return [...gates, ...unknown];
}

/** A gate of lesser severity that failed is a warning: it does not fail the verdict. */
function outcomeOf({ outcome, severity }: Gate): Observation['outcome'] {
  return severity !== 'error' && (outcome === 'failed' || outcome === 'error') ? 'warning' : outcome;
}

function gateText(gate: Gate): string {
  const column = gate.column === undefined ? '' : `${gate.column}: `;
  if (gate.reason !== undefined) return `${column}${gate.rule}: ${gate.reason}`;
  const measured =
    gate.value === undefined ? (gate.failed === undefined || gate.failed === 0n ? '' : `, ${gate.failed} rows within tolerance`) : `, value ${gate.value}`;
  return `${column}${gate.rule}: ${gate.outcome}${measured}`;
}

function sampleText({ file, row, key, value, omitted }: Sample, cwd: string): string {
  const shown = omitted === undefined ? (value === null || value === undefined ? 'missing' : JSON.stringify(value)) : `(${omitted})`;
  return `${fileText(file, cwd)} row ${row}${key === undefined ? '' : ` [${key}]`}: ${shown}`;
}

function humanReport({ verdict, missingColumns, malformed }: Judgement, { observations }: Subject, cwd: string): string {
  const count = (outcome: Observation['outcome']) => observations.filter((one) => one.outcome === outcome).length;
  const told = observations.filter((one) => one.outcome !== 'passed');
  const scores = Object.entries(verdict.scores).map(([dimension, score]) => `${dimension} ${score}`);
  return [
    ...told.map((one) => observationText(one, cwd)),
    ...(missingColumns.length > 0 ? [printable(`the data lacks ${missingColumns.join(', ')}\n`)] : []),
    ...(malformed > 0n ? [`${malformed} lines are no records\n`] : []),
    `${verdict.passed ? 'PASSED' : 'FAILED'} ${verdict.product}: ${verdict.rows} rows, ${verdict.refused} with a violation; ${verdict.gates.length} gates: ${count('passed')} passed, ${count('failed')} failed, ${count('error')} errors, ${count('warning')} warnings, ${count('skipped')} skipped\n`,
    ...(scores.length > 0 ? [`scores: ${scores.join(', ')}\n`] : []),
    `verdict ${verdict.hash}\n`,
  ].join('');
}
