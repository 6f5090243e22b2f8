import { findingOf, type Contract, type Finding, type Property } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { checkPlan, compilePattern } from '@skein/verifier/plan';

/**
 * What only the compiler of checks refuses: patterns outside RE2, queries that are no single SELECT, ids that two rules share.
 * The compiler stops at its first fault, so it is given one column and one rule at a time, and the whole at the end.
 */
export function planFaults(contract: Contract, text: string): Finding[] {
  const findings: Finding[] = [];
  const compile = (part: Contract) => {
    try {
      checkPlan(part);
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error;
      findings.push(findingOf(error, text, { file: contract.file, line: 1, column: 1 }));
    }
  };
  const bare = contract.properties.map((property): Property => ({ ...property, options: {}, quality: [] }));
  for (const [index, property] of contract.properties.entries()) {
    compile({ ...contract, quality: [], properties: bare.with(index, { ...property, quality: [] }) });
    for (const rule of property.quality) compile({ ...contract, quality: [], properties: bare.with(index, { ...property, options: {}, quality: [rule] }) });
  }
  for (const rule of contract.quality) compile({ ...contract, properties: bare, quality: [rule] });
  if (findings.length === 0) compile(contract);
  return findings;
}

/** The patterns of a contract that is faulty elsewhere: what else the compiler says of it may follow from those faults. */
export function patternFaults(contract: Contract, text: string): Finding[] {
  const findings: Finding[] = [];
  for (const property of contract.properties) {
    const ruled = property.quality.map((rule) => ({ pattern: rule.arguments['pattern'], place: rule.place }));
    for (const { pattern, place } of [{ pattern: property.options.pattern, place: property.place }, ...ruled]) {
      if (typeof pattern !== 'string') continue;
      try {
        compilePattern(pattern, place);
      } catch (error) {
        if (!(error instanceof SkeinError)) throw error;
        findings.push(findingOf(error, text, place));
      }
    }
  }
  return findings;
}
