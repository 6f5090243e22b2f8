import { parentPort, workerData } from 'node:worker_threads';
import { readContract } from '@skein/contract';
import { bumpSuffices, compareContracts, givenBump, higherBump, promisedMode } from '@skein/verifier/compat';
import type { Judgement, JudgementRequest } from './judge.ts';

// Compares a contract with those before it, in a thread of its own that may be ended.

/** Told in full; a hostile contract has thousands, and each shows a row of all columns. */
const MOST_FINDINGS = 100;

function judge({ earlier, last, next, mode, today }: JudgementRequest): Judgement {
  const contract = readContract(next.text, next.name);
  const newest = 'text' in last ? readContract(last.text, last.name) : last;
  const comparison = compareContracts(newest, contract, { mode, today });
  const findings = [...comparison.findings];
  for (const one of mode.endsWith('_TRANSITIVE') ? earlier : [])
    findings.push(...compareContracts(readContract(one.text, one.name), contract, { mode, today }).findings.filter(({ breaking }) => breaking));
  // what the next step may break is part of the promise
  const modeChanged = promisedMode(contract) !== mode;
  const asked = modeChanged ? higherBump(comparison.asked, 'minor') : comparison.asked;
  const given = givenBump(newest.version, contract.version);
  const breaking = findings.filter((finding) => finding.breaking);
  return {
    findings: [...breaking, ...findings.filter((finding) => !finding.breaking)].slice(0, MOST_FINDINGS),
    total: findings.length,
    breaking: breaking.length,
    modeChanged,
    asked: breaking.length > 0 ? 'major' : asked,
    given: given.bump,
    allowed: breaking.length === 0 && given.bump !== 'lower' && bumpSuffices(given.counts, asked),
  };
}

parentPort?.postMessage(judge(workerData as JudgementRequest));
