import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkFloors } from './floors.ts';
import { staleReferences } from './references.ts';
import { runCommand, type CommandResult } from './run-command.ts';
import { readWorkspace } from './workspace.ts';

/** What a step of the check found. A step that looked at nothing has failed, whatever else it says. */
export interface StepResult {
  readonly passed: boolean;
  /** How many things of what kind were looked at: `24 projects`. */
  readonly looked: { readonly count: number; readonly of: string };
  /** Printed when the step failed. */
  readonly details: string;
}

export interface Step {
  readonly name: string;
  run(): Promise<StepResult>;
}

/** The steps before the tests, in order. `types` comes first: it also builds what end-to-end tests start. */
export function houseSteps(root: string, env: NodeJS.ProcessEnv): readonly Step[] {
  const options = { cwd: root, env };
  const tool = (name: string, ...args: string[]): Promise<CommandResult> => runCommand(join(root, 'node_modules/.bin', name), args, options);
  return [
    { name: 'types', run: async () => typesResult(root, await tool('tsc', '-b')) },
    { name: 'lint', run: async () => countedResult(await tool('oxlint', '--type-aware', '--deny-warnings'), /on (\d+) files? with \d+ rules/, 'files') },
    { name: 'format', run: async () => countedResult(await tool('oxfmt', '--check'), /on (\d+) files?/, 'files') },
    { name: 'floors', run: () => Promise.resolve(floorsResult(root)) },
    {
      name: 'generated',
      run: async () => countedResult(await runSource(root, 'tools/checks/src/codegen.ts', ['--check'], env), /(\d+) (?:generated )?files?/, 'files'),
    },
    {
      name: 'contracts',
      run: async () => releasesResult(await runSource(root, 'tools/cli/src/main.ts', ['contract', 'release', 'contracts', '--check'], env)),
    },
  ];
}

function runSource(root: string, file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<CommandResult> {
  return runCommand(process.execPath, [join(root, 'tools/checks/bin/source.js'), join(root, file), ...args], { cwd: root, env });
}

/** The result of a tool that says at how many things it looked; it has failed when it did not say so. */
export function countedResult({ code, output }: CommandResult, counter: RegExp, of: string): StepResult {
  const count = Number(counter.exec(output)?.[1] ?? 0);
  return { passed: code === 0 && count > 0, looked: { count, of }, details: output };
}

/** Contracts against what was released of them; one without the other was no look. */
export function releasesResult({ code, output }: CommandResult): StepResult {
  const [, contracts = '0', rest = 'contracts', versions = '0'] = /looked at (\d+) (contracts and (\d+) released versions; .*)/.exec(output) ?? [];
  return { passed: code === 0 && Number(contracts) > 0 && Number(versions) > 0, looked: { count: Number(contracts), of: rest }, details: output };
}

/** A project counts when its build information stands: `tsc -b` on an empty list of references passes too. */
function typesResult(root: string, { code, output }: CommandResult): StepResult {
  const projects = readWorkspace(root).packages.filter((one) => existsSync(join(root, one.directory, 'tsconfig.json')));
  const unbuilt = projects.filter((one) => !existsSync(join(root, one.directory, 'dist/.tsbuildinfo')));
  const missing = code === 0 ? unbuilt.map((one) => `${one.directory} was not built: is it in the references of tsconfig.json?`) : [];
  return {
    passed: code === 0 && missing.length === 0 && projects.length > 0,
    looked: { count: projects.length - unbuilt.length, of: 'projects' },
    details: [output, ...missing].join('\n'),
  };
}

function floorsResult(root: string): StepResult {
  const workspace = readWorkspace(root);
  const { faults, packages, files, imports } = checkFloors(workspace);
  const { stale } = staleReferences(workspace);
  const lines = faults.map((fault) => `${fault.place}: ${fault.message}`);
  for (const config of stale) lines.push(`${config.path}: references differ from package.json: run npm run sync`);
  return {
    passed: lines.length === 0 && packages > 0 && files > 0 && imports > 0,
    looked: { count: imports, of: `imports in ${files} files of ${packages} packages` },
    details: lines.join('\n'),
  };
}
