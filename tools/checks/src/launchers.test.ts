import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NODE_MAJOR } from '@skein/kernel';
import { temporaryDirectory } from '@skein/testing';
import { expect, it } from 'vitest';
import { runCommand, type CommandResult } from './run-command.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCE = `${root}tools/checks/bin/source.js`;
const SKEIN = `${root}tools/cli/bin/skein.js`;

function run(args: readonly string[], version?: string): Promise<CommandResult> {
  const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
  return runCommand(process.execPath, [...(version === undefined ? [] : ['--import', pretend]), ...args], { cwd: root, env: process.env });
}

it.each([SOURCE, SKEIN])('%s tells an old Node what it lacks', async (launcher) => {
  for (const version of ['20.20.2', `${NODE_MAJOR - 1}.99.0`]) {
    const { code, output } = await run([launcher, '--help'], version);
    expect(code).toBe(1);
    expect(output).toContain(`this is Node ${version}`);
    expect(output).toContain(`Node ${NODE_MAJOR} or newer`);
    expect(output).toContain('SKEIN_NODE_VERSION');
  }
});

it('the launcher of tools runs TypeScript, passes arguments on, and ends as the tool ends', async () => {
  using folder = temporaryDirectory();
  writeFileSync(folder.file('tool.ts'), 'const words: readonly string[] = process.argv.slice(2);\nconsole.log(words.join("|"));\nprocess.exitCode = 3;\n');
  expect(await run([SOURCE, folder.file('tool.ts'), '--', '--a b', 'c'])).toEqual({ code: 3, output: '--|--a b|c\n' });
  expect(await run([SOURCE, folder.file('absent.ts')])).toMatchObject({ code: 1 });
  expect(await run([SOURCE])).toMatchObject({ code: 2 });
});

it('the launcher of tools passes a signal on, and waits for the end that the tool chooses', async () => {
  using folder = temporaryDirectory();
  writeFileSync(
    folder.file('tool.ts'),
    "process.on('SIGTERM', () => { console.log('told'); process.exit(5); });\nsetInterval(() => {}, 1000);\nprocess.kill(process.ppid, 'SIGTERM');\n",
  );
  expect(await run([SOURCE, folder.file('tool.ts')])).toEqual({ code: 5, output: 'told\n' });
});
