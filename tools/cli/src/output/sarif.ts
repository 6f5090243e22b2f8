import { fileText } from './place-text.ts';
import type { Observation, Subject } from './report.ts';

const LEVEL: Readonly<Record<Observation['outcome'], string>> = { failed: 'error', error: 'error', warning: 'warning', skipped: 'note', passed: 'none' };
const KIND: Readonly<Record<Observation['outcome'], string>> = { failed: 'fail', error: 'fail', warning: 'fail', skipped: 'notApplicable', passed: 'pass' };

/** SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/): one run, one result for each observation. */
export function sarif(command: string, subjects: readonly Subject[], cwd: string): string {
  const all = subjects.flatMap((subject) => subject.observations);
  const ruleIds = [...new Set(all.map((one) => one.rule))].sort();
  const indexOf = new Map(ruleIds.map((id, index) => [id, index]));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: `skein ${command}`, informationUri: 'https://bitol.io', rules: ruleIds.map((id) => ({ id, shortDescription: { text: id } })) },
        },
        originalUriBaseIds: { ROOT: { description: { text: 'The working directory.' } } },
        columnKind: 'utf16CodeUnits',
        results: all.map((one) => ({
          ruleId: one.rule,
          ruleIndex: indexOf.get(one.rule),
          level: KIND[one.outcome] === 'fail' ? LEVEL[one.outcome] : 'none',
          kind: KIND[one.outcome],
          message: { text: [one.message, one.fix === undefined ? '' : `Fix: ${one.fix}`, ...(one.details ?? [])].filter((line) => line !== '').join('\n') },
          locations: [{ physicalLocation: { artifactLocation: artifact(one.place.file, cwd), ...region(one) } }],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function artifact(file: string, cwd: string): object {
  const text = fileText(file, cwd);
  const uri = text
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
  return text.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: 'ROOT' };
}

function region({ place }: Observation): object {
  return place.line === undefined ? {} : { region: { startLine: place.line, ...(place.column === undefined ? {} : { startColumn: place.column }) } };
}
