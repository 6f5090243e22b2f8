import { fileText, placeText } from './place-text.ts';
import type { Observation, Subject } from './report.ts';

/**
 * JUnit XML in the form that CI systems read (one `testsuite` for each subject, one `testcase` for each rule;
 * https://github.com/testmoapp/junitxml). Warnings pass, with their text in `system-out`.
 */
export function junitXml(command: string, subjects: readonly Subject[], cwd: string): string {
  const count = (all: readonly Observation[], outcome: Observation['outcome']) => all.filter((one) => one.outcome === outcome).length;
  const totals = (all: readonly Observation[]) =>
    `tests="${all.length}" failures="${count(all, 'failed')}" errors="${count(all, 'error')}" skipped="${count(all, 'skipped')}"`;
  const suites = subjects.map(({ name, file, observations }) => {
    const cases = observations.map((one) => {
      const head = `    <testcase classname="${xml(name)}" name="${xml(one.rule)}" file="${xml(fileText(one.place.file, cwd))}"${one.place.line === undefined ? '' : ` line="${one.place.line}"`}`;
      const inner = body(one, cwd);
      return inner === '' ? `${head}/>` : `${head}>\n${inner}\n    </testcase>`;
    });
    return `  <testsuite name="${xml(name)}" file="${xml(fileText(file, cwd))}" ${totals(observations)}>\n${cases.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="skein ${xml(command)}" ${totals(subjects.flatMap((subject) => subject.observations))}>\n${suites.join('\n')}\n</testsuites>\n`;
}

function body(one: Observation, cwd: string): string {
  const text = xml(
    [`${placeText(one.place, cwd)}: ${one.message}`, one.frame ?? '', one.fix === undefined ? '' : `fix: ${one.fix}`, ...(one.details ?? [])]
      .filter((line) => line !== '')
      .join('\n'),
  );
  switch (one.outcome) {
    case 'passed':
      return '';
    case 'skipped':
      return `      <skipped message="${xml(one.message)}"/>`;
    case 'warning':
      return `      <system-out>${text}</system-out>`;
    case 'failed':
      return `      <failure type="${xml(one.rule)}" message="${xml(one.message)}">${text}</failure>`;
    case 'error':
      return `      <error type="${xml(one.rule)}" message="${xml(one.message)}">${text}</error>`;
  }
}

/** XML 1.0 text: what the standard does not let stand at all is shown as U+FFFD. */
export function xml(text: string): string {
  const legal = text.toWellFormed().replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return legal
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;')
    .replaceAll('\r', '&#13;');
}
