import { placeText, printable } from './place-text.ts';
import type { Observation, Subject } from './report.ts';

const WORD: Readonly<Record<Observation['outcome'], string>> = { failed: 'error', error: 'error', warning: 'warning', skipped: 'skipped', passed: 'passed' };

/** What a person reads: place, message, the line with a caret, the fix, the rule. Control characters are made visible. */
export function humanText(subjects: readonly Subject[], cwd: string): string {
  return subjects.flatMap(({ observations }) => observations.filter((one) => one.outcome !== 'passed').map((one) => observationText(one, cwd))).join('');
}

export function observationText(one: Observation, cwd: string): string {
  const lines = [
    `${placeText(one.place, cwd)}: ${WORD[one.outcome]}: ${one.message}`,
    ...(one.frame === undefined || one.frame === '' ? [] : one.frame.split('\n')),
    ...(one.details ?? []).map((line) => `  ${line}`),
    ...(one.fix === undefined ? [] : [`  fix: ${one.fix}`]),
    `  rule: ${one.rule}`,
  ];
  return `${lines.map(printable).join('\n')}\n\n`;
}
