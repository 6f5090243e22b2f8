import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { SkeinError } from '@skein/kernel';
import { domainFile } from '../domain/domain-file.ts';
import { formatted } from '../workspace/format.ts';
import { guarded } from '../workspace/guard.ts';
import { checkNewName } from '../workspace/names.ts';
import { changeDependencies } from '../workspace/packages.ts';
import { withoutSection, withSection } from '../workspace/readme.ts';
import { domainSources } from '../workspace/sources.ts';
import { bringModule, sourceModule, sourceNames, sourceSection, sourceTest, type SourceFiles } from './files.ts';

export interface SourceOptions {
  readonly domain: string;
  readonly name: string;
  readonly kind: 'http' | 'files';
  readonly from: string;
  readonly format?: 'ndjson' | 'csv';
  /** `COLUMN=VALUE` */
  readonly tenant?: string;
}

/** What the written code imports. */
const IMPORTS = ['@skein/adapter-connectors', '@skein/kernel', '@skein/ports'] as const;

/** `nx g @skein/plugin:source DOMAIN NAME --kind http|files --from WHERE`: a connector that passes the source conformance suite. */
export function sourceGenerator(tree: Tree, options: SourceOptions): Promise<() => void> {
  return guarded(tree, () => {
    writeSource(tree, options);
    return Promise.resolve();
  });
}

function writeSource(tree: Tree, options: SourceOptions): void {
  const { domain, name, kind, format = 'ndjson' } = options;
  checkNewName('source', name);
  domainFile(tree, domain);
  if (!['http', 'files'].includes(kind))
    throw new SkeinError('SKEIN_USAGE', `there is no kind ${JSON.stringify(kind)} of source`, { hint: 'Give --kind http or --kind files.' });
  const source: SourceFiles = { domain, name, kind, format, from: whereFrom(kind, options.from), tenant: tenantOf(options.tenant) };
  const { files } = sourceNames(domain, name);
  for (const taken of files)
    if (tree.exists(taken))
      throw new SkeinError('SKEIN_NAME_INVALID', `there is ${taken} already`, { hint: 'Take another name, or remove it first: nothing is overwritten.' });
  for (const [at, text] of [sourceModule(source), sourceTest(source), bringModule(source)].entries()) {
    const file = files[at] ?? '';
    tree.write(file, formatted(tree.root, file, text));
  }
  changeDependencies(tree, `domains/${domain}`, { add: IMPORTS, dev: ['@skein/testing'] });
  withSection(tree, domain, sourceSection(source).text);
}

function whereFrom(kind: SourceOptions['kind'], from: string): string {
  if (kind === 'files') {
    if (from.trim() === '' || from.includes('\0')) throw new SkeinError('SKEIN_USAGE', '--from names no folder', { hint: 'Give the folder that others fill.' });
    return path.normalize(from);
  }
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new SkeinError('SKEIN_USAGE', `--from ${JSON.stringify(from)} is no http or https address`, { hint: 'Give the address of the first page.' });
  if (url.username !== '' || url.password !== '')
    throw new SkeinError('SKEIN_USAGE', '--from holds a name or a password', {
      hint: 'What is secret is given where the connector runs, as a header, and stands in no file of the repository.',
    });
  return url.href;
}

function tenantOf(tenant: string | undefined): SourceFiles['tenant'] {
  if (tenant === undefined) return undefined;
  const [, column, value] = /^([^=]+)=(.+)$/.exec(tenant) ?? [];
  if (column === undefined || value === undefined)
    throw new SkeinError('SKEIN_USAGE', `--tenant ${JSON.stringify(tenant)} is not COLUMN=VALUE`, { hint: 'Such as --tenant client=100.' });
  return { column, value };
}

/** `nx g @skein/plugin:remove DOMAIN --source NAME` */
export function removeSource(tree: Tree, domain: string, name: string): Promise<() => void> {
  return guarded(tree, () => {
    domainFile(tree, domain);
    const { files, module } = sourceNames(domain, name);
    if (!tree.exists(files[0] ?? ''))
      throw new SkeinError('SKEIN_USAGE', `${domain} has no source ${JSON.stringify(name)}`, { hint: `It would be ${files[0]}.` });
    const users = domainSources(tree, domain).filter((file) => !files.includes(file) && (tree.read(file, 'utf8') ?? '').includes(`'./${module}.ts'`));
    if (users.length > 0) throw new SkeinError('SKEIN_USAGE', `${files[0]} is used by ${users.join(', ')}`, { hint: 'Take it out of those first.' });
    for (const file of files) if (tree.exists(file)) tree.delete(file);
    const rest = domainSources(tree, domain)
      .filter((file) => !file.endsWith('.test.ts'))
      .map((file) => tree.read(file, 'utf8') ?? '');
    const unused = IMPORTS.filter((one) => !rest.some((text) => text.includes(`'${one}`)));
    changeDependencies(tree, `domains/${domain}`, { remove: unused });
    withoutSection(tree, domain, (heading) => heading === `## Source ${name}`);
    return Promise.resolve();
  });
}
