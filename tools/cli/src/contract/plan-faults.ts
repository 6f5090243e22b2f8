import { findingOf, type Contract, type Finding } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { checkPlan, compilePattern } from '@skein/verifier/plan';

/**
 * What only the compiler of checks refuses: patterns outside RE2, queries that are no single SELECT, ids that two rules share.
 * The compiler stops at its first fault: where the whole has one, it is given one column and one rule at a time.
 */
export function planFaults(contract: Contract, text: string): Finding[] {
  const findings: Finding[] = [];
  const compile = (part: Contract): void => {
    try {
      checkPlan(part);
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error;
      const finding = findingOf(error, text, { file: contract.file, line: 1, column: 1 });
      findings.push({
        ...finding,
        rule: error.message.startsWith('the pattern') ? 'pattern' : error.message.includes('SQL rule') ? 'quality.query' : finding.rule,
      });
    }
  };
  compile(contract);
  const [whole] = findings.splice(0);
  if (!whole) return [];
  for (const property of contract.properties) {
    compile({ ...contract, quality: [], properties: [{ ...property, quality: [] }] });
    for (const rule of property.quality) compile({ ...contract, quality: [], properties: [{ ...property, options: {}, quality: [rule] }] });
  }
  for (const rule of contract.quality) compile({ ...contract, properties: [], quality: [rule] });
  // What no part shows alone, such as an id that two rules share.
  return findings.length > 0 ? findings : [whole];
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
        findings.push({ ...findingOf(error, text, place), rule: 'pattern' });
      }
    }
  }
  return findings;
}
