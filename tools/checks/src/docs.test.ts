import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { soaking } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFloorTable, checkMentions, pagesOf } from './page-check.ts';
import { PageRun } from './page-run.ts';
import { readPage } from './page.ts';
import { departure } from './shown-output.ts';
import { copyWorkspace } from './workspace-copy.ts';
import { readWorkspace } from './workspace.ts';

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

for (const { file, page } of pages.filter((one) => one.page.blocks.length > 0)) {
  describe(`the commands of ${file}`, () => {
    let folder: string;
    let run: PageRun;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'skein-page-'));
      copyWorkspace(root, folder);
      run = new PageRun({ folder, timeout: soaking ? 1_800_000 : 240_000, env: commandEnvironment() });
    });
    afterAll(async () => {
      await run.stop().finally(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    });

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
        it(title, { timeout: soaking ? 1_860_000 : 260_000 }, async () => {
          expect(block.commands.length).toBeGreaterThan(0);
          const output = await run.run(block);
          if (block.shown !== undefined) expect(departure(block.shown, output), output).toBeUndefined();
        });
      }
    }
  });
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
