import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { FLOORS, type Fault } from './floors.ts';
import { readPage, type Page } from './page.ts';
import type { Workspace } from './workspace.ts';

/** The pages whose commands are run and whose mentions are checked, relative to the root. */
export function pagesOf(root: string): readonly string[] {
  return ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];
}

/** Everything that a page mentions and that does not exist: linked files and headings, paths, source files, scripts. */
export function checkMentions(workspace: Workspace, file: string, page: Page): readonly Fault[] {
  const { root } = workspace;
  const names = new Set(workspace.packages.flatMap((one) => one.sources).map((path) => basename(path)));
  const scripts = new Set(Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts?: object }).scripts ?? {}));
  return page.mentions.flatMap(({ line, kind, text }): Fault[] => {
    const fault = (message: string): Fault[] => [{ place: `${file}:${line}`, message }];
    if (kind === 'script') return scripts.has(text) ? [] : fault(`package.json has no script ${JSON.stringify(text)}`);
    if (kind === 'file') {
      if (names.has(text) || existsSync(join(root, text)) || globSync(`{.,contracts,tools}/**/${text}`, { cwd: root, exclude: ignored }).length > 0) return [];
      return fault(`no file of the repository is called ${text}`);
    }
    if (kind === 'path') return matches(root, text) ? [] : fault(`${text} does not exist`);
    const [path = '', anchor] = text.split('#', 2);
    const target = path === '' ? file : posix.join(dirname(file), path);
    if (!existsSync(join(root, target))) return fault(`the link ${text} leads nowhere`);
    if (anchor === undefined || anchor === '') return [];
    return readPage(target, readFileSync(join(root, target), 'utf8')).anchors.has(anchor) ? [] : fault(`${target} has no heading for #${anchor}`);
  });
}

/** `<domain>` and `{a,b}` in a path stand for what is there: at least one thing has to be. */
function matches(root: string, path: string): boolean {
  if (existsSync(join(root, path))) return true;
  const pattern = path.replaceAll(/<[^>]+>/g, '*').replace(/\/$/, '');
  return /[*{]/.test(pattern) && globSync(pattern, { cwd: root, exclude: ignored }).length > 0;
}

function ignored(path: string): boolean {
  return /(^|\/)(node_modules|dist|\.nx|\.skein)(\/|$)/.test(path);
}

/** What differs between the table of floors in a page and the packages that there are. */
export function checkFloorTable(workspace: Workspace, file: string, page: Page): { readonly faults: readonly Fault[]; readonly packages: number } {
  const table = page.tables.find(({ header }) => header[0]?.toLowerCase() === 'floor' && header[1]?.toLowerCase() === 'packages');
  if (!table) return { faults: [{ place: file, message: 'there is no table with the columns floor and packages' }], packages: 0 };
  const listed = new Map<string, string>();
  for (const [label = '', packages = ''] of table.rows) for (const [, directory = ''] of packages.matchAll(/`([^`]+)`/g)) listed.set(directory, label);
  const faults: Fault[] = [];
  for (const one of workspace.packages) {
    const wanted = FLOORS[one.floor ?? '']?.label;
    const found = listed.get(one.directory);
    if (found === undefined) faults.push({ place: file, message: `${one.directory} is missing from the table of floors: it stands on ${wanted}` });
    else if (found !== wanted) faults.push({ place: file, message: `${one.directory} stands on ${wanted}, and the table says ${found}` });
    listed.delete(one.directory);
  }
  for (const directory of listed.keys()) faults.push({ place: file, message: `the table lists ${directory}, and there is no such package` });
  return { faults, packages: workspace.packages.length };
}
