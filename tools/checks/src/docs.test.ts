import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { soaking } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFloorTable, checkMentions, pagesOf } from './page-check.ts';
import { PageRun } from './page-run.ts';
import { readPage, type CommandBlock, type Page } from './page.ts';
import { departure } from './shown-output.ts';
import { copyWorkspace } from './workspace-copy.ts';
import { readWorkspace } from './workspace.ts';

/** Milliseconds that a block may take. */
const TIMEOUT = soaking ? 1_800_000 : 240_000;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const workspace = readWorkspace(root);
const read = (file: string) => readPage(file, readFileSync(join(root, file), 'utf8'));
const pages = pagesOf(root)
  .filter((file) => existsSync(join(root, file)))
  .map((file) => ({ file, page: read(file) }));

it('the pages that a newcomer reads are there', () => {
  for (const file of ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/errors.md']) expect(pages.map((one) => one.file)).toContain(file);
});

it('the pages hold commands, and mention things', () => {
  expect(pages.flatMap(({ page }) => page.blocks.flatMap((block) => block.commands)).length).toBeGreaterThan(0);
  expect(pages.flatMap(({ page }) => page.mentions).length).toBeGreaterThan(0);
});

it.each(pages)('$file mentions only what exists', ({ file, page }) => {
  expect(checkMentions(workspace, file, page)).toEqual([]);
});

it('the table of floors in docs/architecture.md is the packages that there are', () => {
  const { faults, packages } = checkFloorTable(workspace, 'docs/architecture.md', read('docs/architecture.md'));
  expect(faults).toEqual([]);
  expect(packages).toBeGreaterThan(0);
});

/** What the README shows of its first command: to the letter what is printed on a fresh directory. */
const FIRST_SHOWN = new Map([['README.md', /^```\n(Products\n[\s\S]*?)\n```$/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? '']]);

it('the README shows what its first command prints', () => {
  expect(FIRST_SHOWN.get('README.md')?.split('\n').length).toBeGreaterThan(30);
});

const commanded = pages.filter(({ page }) => page.blocks.length > 0);
const startedBy = (page: Page): CommandBlock | undefined =>
  page.blocks.find(({ marker, text }) => marker.kind === 'serve' && /^npm start .*--data \.skein[\w-]*$/.test(text));
/** Pages that serve a demo in a folder of its own, by the command that makes it: one server answers all of them, one after the other. */
const demos = new Map(
  [...Map.groupBy(commanded, ({ page }) => startedBy(page)?.text)].flatMap(([text, { length }]) => (text && length > 1 ? [[text, demo()]] : [])),
);

/** What commands with so many rows have made, by the rows: in another folder it is the same demo, and need not be made again. */
const made = new Map<string, string>();
/** What stood in for a command well on one page proves the same on the next. */
const proven = new Set<string>();

afterAll(async () => {
  for (const one of demos.values()) await one.remove();
  for (const data of made.values()) removed(dirname(data));
});

for (const { file, page } of commanded) {
  describe(`the commands of ${file}`, () => {
    let run: PageRun;
    let leave = (): void | Promise<void> => undefined;
    const start = startedBy(page);
    const shared = demos.get(start?.text ?? '');
    beforeAll(async () => {
      if (start && shared) {
        run = await shared.begin(start);
        leave = () => shared.end();
      } else {
        const folder = copied();
        const own = runIn(folder);
        leave = () => own.stop().finally(() => removed(folder));
        run = own;
      }
    }, TIMEOUT + 20_000);
    afterAll(() => leave());

    for (const block of page.blocks) {
      const title = `${block.line}: ${block.commands.join('; ')}`;
      if (block.marker.kind === 'long' && !soaking) {
        it(`${title} (long: its scripts exist)`, () => {
          const scripts = [...block.text.matchAll(/npm run (?:--silent |-s )?([\w:-]+)/g)].map(([, name = '']) => name);
          expect(scripts.length).toBeGreaterThan(0);
          const known = Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts);
          for (const name of scripts) expect(known).toContain(name);
        });
      } else {
        it(title, { timeout: TIMEOUT + 20_000 }, async () => {
          expect(block.commands.length).toBeGreaterThan(0);
          const output = await (block === start && shared ? shared.serve(block) : run.run(block));
          keep(run.folder, block);
          const shown = block.shown ?? (block === page.blocks[0] ? FIRST_SHOWN.get(file) : undefined);
          if (shown !== undefined) expect(departure(shown, output), output).toBeUndefined();
        });
      }
    }
  });
}

function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skein-page-'));
  copyWorkspace(root, folder);
  return folder;
}

function removed(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

function runIn(folder: string): PageRun {
  return new PageRun({ folder, timeout: TIMEOUT, env: commandEnvironment(), proven });
}

const ROWS_AND_DATA = /^npm start .*--rows (\d+) --data (\.skein[\w-]*)$/;

/** Keeps the demo that a page has made by a command that ends, as it was made. */
function keep(folder: string, { text, marker }: CommandBlock): void {
  const [, rows, data] = ROWS_AND_DATA.exec(text.trim()) ?? [];
  if (marker.kind !== 'run' || rows === undefined || data === undefined || made.has(rows)) return;
  made.set(rows, copyOf(join(folder, data)));
}

function copyOf(data: string): string {
  const kept = join(mkdtempSync(join(tmpdir(), 'skein-demo-')), 'data');
  cpSync(data, kept, { recursive: true, preserveTimestamps: true });
  return kept;
}

interface Demo {
  /** The folder of the pages, with the demo in it. */
  begin(start: CommandBlock): Promise<PageRun>;
  /** The pages' own command; where the page before has run it, its server goes on. */
  serve(start: CommandBlock): Promise<string>;
  /** Fails where the page has left something beside the demo, which another page would find. */
  end(): void;
  remove(): Promise<void>;
}

/** A copy of the workspace for pages that serve the same demo, and write nowhere else. */
function demo(): Demo {
  let folder = '';
  let run: PageRun | undefined;
  let printed: string | undefined;
  let files: readonly string[] = [];
  return {
    async begin(start) {
      if (run !== undefined) return run;
      folder = copied();
      run = runIn(folder);
      const [, rows = '', data = ''] = ROWS_AND_DATA.exec(start.text) ?? [];
      const kept = made.get(rows);
      if (kept === undefined) printed = await run.run(start);
      else cpSync(kept, join(folder, data), { recursive: true, preserveTimestamps: true });
      files = readdirSync(folder).sort();
      return run;
    },
    async serve(start) {
      if (run === undefined) throw new Error('no page has begun');
      return (printed ??= await run.run(start));
    },
    end() {
      expect(readdirSync(folder).sort()).toEqual(files);
    },
    async remove() {
      if (folder !== '') await run?.stop().finally(() => removed(folder));
    },
  };
}

/** A reader's environment: without what the test runner and npm have added to it, the packages' own commands among it. */
function commandEnvironment(): NodeJS.ProcessEnv {
  const own = /^(VITEST|TEST$|NODE_ENV$|NODE_OPTIONS$|npm_(?!config_)|INIT_CWD$|SKEIN_|FORCE_COLOR$|MODE$|DEV$|PROD$|SSR$|BASE_URL$)/;
  const path = (process.env['PATH'] ?? '').split(':').filter((one) => !one.includes('node_modules'));
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))),
    PATH: path.join(':'),
    NO_COLOR: '1',
    NX_DAEMON: 'false',
    SKEIN_PORT: '0',
  };
}
