import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFloorTable, checkMentions } from './page-check.ts';
import { PageRun } from './page-run.ts';
import { readPage, type CommandBlock } from './page.ts';
import { copyWorkspace } from './workspace-copy.ts';
import { readWorkspace } from './workspace.ts';

const standIn = fileURLToPath(new URL('../bin/curl-stand-in.js', import.meta.url));
let folder: TemporaryDirectory;
beforeEach(() => void (folder = temporaryDirectory('skein-page-')));
afterEach(() => folder[Symbol.dispose]());

function write(path: string, text: string): void {
  mkdirSync(dirname(folder.file(path)), { recursive: true });
  writeFileSync(folder.file(path), text);
}

const blocksOf = (text: string): readonly CommandBlock[] => readPage('page.md', text).blocks;

describe('a page', () => {
  it('holds its commands in sh blocks, with their lines; comments, blank lines and output are none', () => {
    const text = '# Title\n\n```sh\n# first\nnpm ci && npm start\n\ncurl -s \\\n  http://x\n```\n\n```text\nnpm never\n```\n\n~~~sh\nls\n~~~\n';
    expect(blocksOf(text)).toMatchObject([
      { line: 4, commands: ['npm ci && npm start', 'curl -s http://x'], marker: { kind: 'run', args: '' } },
      { line: 16, commands: ['ls'] },
    ]);
  });

  it('says by a marker how its commands are run', () => {
    expect(blocksOf('<!-- docs: serve args="--port 0" -->\n\n```sh\nnpm start\n```\n')[0]?.marker).toEqual({ kind: 'serve', args: '--port 0' });
  });

  it.each([
    ['<!-- docs: sometimes -->\n```sh\nls\n```\n', /page\.md:1: no such kind of block: sometimes/],
    ['<!-- docs: serve -->\ntext\n```sh\nls\n```\n', /page\.md:2: the marker above stands before no block/],
    ['<!-- docs: serve -->\n```ts\nx\n```\n', /page\.md:2: .*holds no commands/],
    ['<!-- docs: serve port=3 -->\n```sh\nls\n```\n', /page\.md:1: a marker reads/],
    ['```sh\nls\n', /page\.md:1: the fence is never closed/],
  ])('refuses %j', (text, message) => {
    expect(() => readPage('page.md', text)).toThrow(message);
  });

  it('lists what it mentions, and its tables', () => {
    const page = readPage(
      'page.md',
      '## One row’s way\n[a](docs/a.md#b) [web](https://x.y) `libs/kernel` `main.ts` `npm run lint` `npm test` `npm ci` `a | b`\n\n| floor | packages |\n|---|---|\n| F0 | `libs/kernel` |\n',
    );
    expect(page.mentions.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'link docs/a.md#b',
      'path libs/kernel',
      'file main.ts',
      'script lint',
      'script test',
      'path libs/kernel',
    ]);
    expect([...page.anchors]).toEqual(['one-rows-way']);
    expect(page.tables).toEqual([{ header: ['floor', 'packages'], rows: [['F0', '`libs/kernel`']] }]);
  });
});

describe('what a page mentions', () => {
  beforeEach(() => {
    write('package.json', '{"workspaces":["libs/*"],"scripts":{"lint":"x"}}');
    write('libs/kernel/package.json', '{"name":"@skein/kernel","nx":{"tags":["floor:kernel"]}}');
    write('libs/kernel/src/clock.ts', 'export {};\n');
    write('contracts/ga4/events/v1/contract.odcs.yaml', '');
    write('docs/other.md', '# There\n');
  });
  const faults = (text: string) =>
    checkMentions(readWorkspace(folder.path), 'docs/page.md', readPage('docs/page.md', text)).map((fault) => `${fault.place}: ${fault.message}`);

  it('passes when it exists', () => {
    expect(
      faults('[a](other.md#there) [b](../package.json) `libs/kernel` `contracts/<domain>/<product>/v<major>/contract.odcs.yaml` `clock.ts` `npm run lint`\n'),
    ).toEqual([]);
  });

  it.each([
    ['[a](gone.md)', 'docs/page.md:1: the link gone.md leads nowhere'],
    ['[a](other.md#gone)', 'docs/page.md:1: docs/other.md has no heading for #gone'],
    ['`libs/gone`', 'docs/page.md:1: libs/gone does not exist'],
    ['`contracts/<domain>/gone.yaml`', 'docs/page.md:1: contracts/<domain>/gone.yaml does not exist'],
    ['`gone.ts`', 'docs/page.md:1: no file of the repository is called gone.ts'],
    ['`npm run gone`', 'docs/page.md:1: package.json has no script "gone"'],
  ])('fails on %s', (text, fault) => {
    expect(faults(text)).toEqual([fault]);
  });

  it('the table of floors fails on a missing, a moved and an invented package, and when it is not there', () => {
    const table = (rows: string) =>
      checkFloorTable(readWorkspace(folder.path), 'page.md', readPage('page.md', `| floor | packages |\n|---|---|\n${rows}\n`)).faults.map(
        (fault) => fault.message,
      );
    expect(table('| F0 | `libs/kernel` |')).toEqual([]);
    expect(table('| F1 | `libs/kernel` |')).toEqual(['libs/kernel stands on F0, and the table says F1']);
    expect(table('| F0 | |')).toEqual(['libs/kernel is missing from the table of floors: it stands on F0']);
    expect(table('| F0 | `libs/kernel` `libs/attic` |')).toEqual(['the table lists libs/attic, and there is no such package']);
    expect(checkFloorTable(readWorkspace(folder.path), 'page.md', readPage('page.md', 'none\n')).faults).toHaveLength(1);
  });
});

describe('the commands of a page', () => {
  const run = (timeout = 20_000): PageRun => new PageRun({ folder: folder.path, timeout, env: process.env });
  const block = (text: string): CommandBlock => blocksOf(text)[0] as CommandBlock;

  it('run in their folder, as one script', async () => {
    expect(await run().run(block('```sh\nX=one\necho $X > out.txt\ncat out.txt\n```\n'))).toBe('one\n');
  });

  it.each(['exit 3', 'false; true', 'false | true', 'no-such-command-at-all', 'echo $UNSET_VARIABLE_X'])('fail by %s', async (command) => {
    await expect(run().run(block(`\`\`\`sh\n${command}\n\`\`\`\n`))).rejects.toThrow(/exit code/);
  });

  it('fail when they take too long, and nothing is left running', async () => {
    await expect(run(300).run(block('```sh\nsleep 60\n```\n'))).rejects.toThrow(/took longer than 300 ms/);
  });

  const server = (port: number, after = ''): string =>
    `node -e "const s=require('http').createServer((q,a)=>{if(q.url==='/broken')a.statusCode=500;a.end('hello')}).listen(${port},'127.0.0.1',()=>console.log('at http://127.0.0.1:'+s.address().port+'/'));process.on('SIGINT',()=>{${after}s.close(()=>process.exit(0));s.closeAllConnections()})"`;

  it('that serve stay up for the next blocks, which reach the address that was printed, and are stopped as by Ctrl+C', async () => {
    const page = run();
    expect(await page.run(block(`<!-- docs: serve -->\n\`\`\`sh\n${server(0)}\n\`\`\`\n`))).toMatch(/^at http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect(await page.run(block('```sh\ncurl -s http://127.0.0.1:7300/x\n```\n'))).toBe('hello');
    await expect(page.run(block('```sh\ncurl -s http://127.0.0.1:7300/broken\n```\n'))).rejects.toThrow(/exit code 22/);
    await page.stop();
    await expect(page.run(block('```sh\ncurl -s http://127.0.0.1:7300/x\n```\n'))).rejects.toThrow(/exit code 7/);
  });

  it('that use curl find one also where there is none', async () => {
    const page = run();
    await page.run(block(`<!-- docs: serve -->\n\`\`\`sh\n${server(0)}\n\`\`\`\n`));
    const script = (path: string): CommandBlock => block(`\`\`\`sh\nnode ${standIn} -s -X POST -H 'a: b' -d '{}' http://127.0.0.1:7300${path}\n\`\`\`\n`);
    expect(await page.run(script('/'))).toBe('hello');
    await expect(page.run(script('/broken'))).rejects.toThrow(/exit code 22\nhello/);
    await page.stop();
    await expect(page.run(script('/'))).rejects.toThrow(/exit code 7/);
  });

  it('that serve fail when they end, say no address, or end badly', async () => {
    await expect(run().run(block('<!-- docs: serve -->\n```sh\necho done\n```\n'))).rejects.toThrow(/before it served\ndone/);
    await expect(run(300).run(block('<!-- docs: serve -->\n```sh\nsleep 60\n```\n'))).rejects.toThrow(/served no address within 300 ms/);
    const page = run();
    await page.run(block(`<!-- docs: serve -->\n\`\`\`sh\n${server(0, 'process.exit(9);')}\n\`\`\`\n`));
    await expect(page.stop()).rejects.toThrow(/exit code 9/);
  });

  it('get the test’s arguments behind their last command, and stand-ins for what would run or delete the test itself', () => {
    const script = (text: string): string => run().scriptOf(block(text));
    expect(script('<!-- docs: serve args="--port 0" -->\n```sh\nnpm ci && npm start\n```\n')).toBe(
      'npm ci --dry-run --ignore-scripts >/dev/null && npm start -- --port 0',
    );
    expect(script('<!-- docs: run args="--data x" -->\n```sh\nnpm start -- --once\n```\n')).toBe('npm start -- --once --data x');
    expect(script('```sh\nnpm ci && npm test\n```\n')).toBe('npm ci --dry-run --ignore-scripts >/dev/null && npm test -- floors');
    expect(script('```sh\nnpm test -- lint\nnpm run test:soak\n.ci/run\n```\n')).toBe('npm test -- lint\nnpm run | grep -F test:soak\nbash -n .ci/run');
  });

  it('leave out on later pages what stood in well, and nothing that failed', async () => {
    const proven = new Set<string>();
    const page = new PageRun({ folder: folder.path, timeout: 20_000, env: process.env, proven });
    const check = block('```sh\n.ci/run\n```\n');
    await expect(page.run(check)).rejects.toThrow('.ci/run');
    expect(page.scriptOf(check)).toBe('bash -n .ci/run');
    write('.ci/run', 'true');
    await page.run(check);
    expect(page.scriptOf(check)).toBe('true');
    expect(page.scriptOf(block('```sh\nnpm test\n```\n'))).toBe('npm test -- floors');
  });

  it('ask npx for a command of the packages until it has found one, and then run it as npx does', async () => {
    const proven = new Set<string>();
    const page = new PageRun({ folder: folder.path, timeout: 20_000, env: { ...process.env, PATH: `${folder.path}/bin:${process.env['PATH']}` }, proven });
    const npx = block('```sh\nnpx ours "a b"\n```\n');
    for (const [file, text] of [
      ['bin/npx', 'echo npx "$@"'],
      ['node_modules/.bin/ours', 'echo "$#"; theirs'],
      ['node_modules/.bin/theirs', 'echo beside'],
    ] as const) {
      write(file, `#!/usr/bin/env bash\n${text}\n`);
      chmodSync(folder.file(file), 0o755);
    }
    await expect(page.run(block('```sh\nnpx ours && false\n```\n'))).rejects.toThrow(/exit code 1/);
    expect(await page.run(npx)).toBe('npx ours a b\n');
    expect(await page.run(npx)).toBe('1\nbeside\n');
    await expect(page.run(block('```sh\nnpx nobody\n```\n'))).rejects.toThrow(/exit code 127/);
  });
});

describe('a copy of the workspace', () => {
  it('holds the sources, links packages from outside, and its own packages link to the copy', async () => {
    write('from/package.json', '{"workspaces":["libs/*"]}');
    write('from/libs/one/package.json', '{"name":"@skein/one","type":"module","exports":"./index.js"}');
    write('from/libs/one/index.js', "import { two } from 'two'; export const file = import.meta.filename + two;");
    write('from/node_modules/two/package.json', '{"name":"two","type":"module","exports":"./index.js"}');
    write('from/node_modules/two/index.js', "export const two = '+2';");
    write('from/.skein/tables/x', 'data');
    mkdirSync(folder.file('from/node_modules/@skein'));
    const { symlinkSync, existsSync } = await import('node:fs');
    symlinkSync('../../libs/one', folder.file('from/node_modules/@skein/one'));
    copyWorkspace(folder.file('from'), folder.file('to'));
    expect(existsSync(folder.file('to/.skein'))).toBe(false);
    const output = await new PageRun({ folder: folder.file('to'), timeout: 20_000, env: process.env }).run(
      blocksOf('```sh\nnode --input-type=module -e "console.log((await import(\'@skein/one\')).file)"\n```\n')[0] as CommandBlock,
    );
    expect(output.trim()).toBe(`${folder.file('to/libs/one/index.js')}+2`);
  });
});
