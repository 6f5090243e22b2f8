import { parentPort } from 'node:worker_threads';
import { readContract } from '@skein/contract';
import { bumpSuffices, compareContracts, givenBump, higherBump, promisedMode, type Bump } from '@skein/verifier/compat';
import type { Judgement, JudgementRequest } from './judge.ts';

// Compares contracts with those before them, in a thread that may be ended. Its first message says that it is ready.

function judge({ earlier, last, next, mode, today, most }: JudgementRequest): Judgement {
  const contract = readContract(next.text, next.name);
  const newest = 'text' in last ? readContract(last.text, last.name) : last;
  const comparison = compareContracts(newest, contract, { mode, today });
  const findings = [...comparison.findings];
  for (const one of mode.endsWith('_TRANSITIVE') ? earlier : [])
    findings.push(...compareContracts(readContract(one.text, one.name), contract, { mode, today }).findings.filter(({ breaking }) => breaking));
  // what the next step may break is part of the promise
  const modeChanged = promisedMode(contract) !== mode;
  const own: Bump = modeChanged ? 'minor' : 'none';
  const asked = higherBump(comparison.asked, own);
  const askedBeside = comparison.findings.reduce<Bump>((so, finding) => (finding.breaking ? so : higherBump(so, finding.bump)), own);
  const given = givenBump(newest.version, contract.version);
  const breaking = findings.filter((finding) => finding.breaking);
  return {
    findings: [...breaking, ...findings.filter((finding) => !finding.breaking)].slice(0, most),
    total: findings.length,
    breaking: breaking.length,
    modeChanged,
    asked: breaking.length > 0 ? 'major' : asked,
    askedBeside,
    given: given.bump,
    allowed: breaking.length === 0 && given.bump !== 'lower' && bumpSuffices(given.counts, asked),
  };
}

parentPort?.on('message', (request: JudgementRequest) => parentPort?.postMessage(judge(request)));
parentPort?.postMessage('ready');
