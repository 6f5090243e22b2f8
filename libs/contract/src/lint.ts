import { SkeinError, type Place } from '@skein/kernel';
import type { Contract } from './contract.ts';
import { openDocument, type OpenDocument } from './document.ts';
import { codeFrame, type Fault } from './fault.ts';
import { lintAdvice } from './lint-advice.ts';
import { odcsDocument } from './odcs.ts';
import { odpsDocument, type DataProduct, type OdpsOptions } from './odps.ts';
import { inspectDocument } from './read-contract.ts';
import { mapsAt, textAt } from './reading.ts';
import type { TreeMap } from './yaml-tree.ts';

/** A fault, or a piece of advice: warnings do not make a contract unusable. */
export interface Finding extends Fault {
  readonly severity: 'error' | 'warning';
}

/**
 * `skein`: the contract of one output port, which Skein must be able to judge in full. `odcs`: any ODCS document; what is sound
 * by the standard and yet cannot be bound to one output port is a warning.
 */
export type LintProfile = 'skein' | 'odcs';

export interface LintReport {
  /** `odps` of a data product, which no profile of contracts fits. */
  readonly profile: LintProfile | 'odps';
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** Only where no finding is an error and the document is the contract of one output port. */
  readonly contract: Contract | undefined;
  /** As much of the contract as could be read, for further looks. */
  readonly partial: Contract | undefined;
  /** As much of a data product as could be read, where the document is one. */
  readonly product?: DataProduct;
}

/** Faults of meaning that no profile forgives: the two bounds leave no value, whoever reads them. */
const CONTRADICTIONS = new Set([
  'minimum',
  'exclusiveMinimum',
  'minLength',
  'maxLength',
  'minItems',
  'quality.mustBeBetween',
  'quality.mustNotBeBetween',
  'yaml.unique',
]);

/**
 * All faults and advice for one contract. Never throws for what stands in the text. Where no profile is asked for, a document
 * that names a domain and has exactly one schema object is taken for the contract of an output port. A document of kind
 * DataProduct is judged by the Open Data Product Standard; a contract of another team that it names and that is not given is a warning.
 */
export function lintContract(text: string, file: string, profile?: LintProfile, options: OdpsOptions = {}): LintReport {
  try {
    const open = openDocument(text, file, options);
    if (open.kind === 'DataProduct') return lintProduct(open, file, options);
    const { document, standard, meaning, contract, partial } = inspectDocument(odcsDocument(open), file);
    const used = profile ?? (isPort(document.root) ? 'skein' : 'odcs');
    const findings = [
      ...standard.map((fault): Finding => ({ ...fault, severity: 'error' })),
      ...meaning.map((fault): Finding => ({ ...fault, severity: used === 'skein' || CONTRADICTIONS.has(fault.rule) ? 'error' : 'warning' })),
      ...lintAdvice(document),
    ];
    return { profile: used, findings: ordered(findings), contract, partial };
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    return { profile: profile ?? 'skein', findings: [findingOf(error, text, { file, line: 1, column: 1 })], contract: undefined, partial: undefined };
  }
}

/** A contract that another team keeps may be known to them alone. */
const ELSEWHERE = /^inputPorts\.|\.inputContracts\./;

function lintProduct(open: OpenDocument, file: string, options: OdpsOptions): LintReport {
  const { standard, meaning, product } = odpsDocument(open, file, options);
  const findings = [
    ...standard.map((fault): Finding => ({ ...fault, severity: 'error' })),
    ...meaning.map((fault): Finding => ({ ...fault, severity: ELSEWHERE.test(fault.rule) && !fault.rule.endsWith('.name') ? 'warning' : 'error' })),
  ];
  return { profile: 'odps', findings: ordered(findings), contract: undefined, partial: undefined, product };
}

/** A thrown fault as a finding, with a frame where its place lies in the text. */
export function findingOf(error: SkeinError, text: string, fallback: Place): Finding {
  const place = { ...fallback, ...error.place };
  const rule = typeof error.context['rule'] === 'string' ? error.context['rule'] : ruleOfCode(error.code);
  return { severity: 'error', code: error.code, rule, message: error.message, fix: error.hint, place, frame: error.frame ?? frameAt(text, place) };
}

function ruleOfCode(code: string): string {
  return code === 'SKEIN_CONTRACT_LIMIT' ? 'limit' : code === 'SKEIN_CONTRACT_UNSUPPORTED' ? 'unsupported' : 'contract';
}

/** The line of a place in a text, with a caret under its column; empty where the text has no such line. */
export function frameAt(text: string, { line = 1, column = 1 }: Place): string {
  let start = 0;
  for (let left = line - 1; left > 0; left -= 1) {
    const end = text.indexOf('\n', start);
    if (end < 0) return '';
    start = end + 1;
  }
  return codeFrame(text, start, line, column);
}

function isPort(root: TreeMap): boolean {
  return textAt(root, 'domain') !== undefined && mapsAt(root, 'schema').length === 1;
}

/** By place, then as found. */
export function ordered(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0) || (a.place.column ?? 0) - (b.place.column ?? 0));
}
