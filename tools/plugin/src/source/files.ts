import { fileName, identifier } from '../workspace/names.ts';

export interface SourceFiles {
  readonly domain: string;
  readonly name: string;
  readonly kind: 'http' | 'files';
  /** Address of the first page, or the folder. */
  readonly from: string;
  readonly format: 'ndjson' | 'csv';
  readonly tenant: { readonly column: string; readonly value: string } | undefined;
}

/** Names of what is written for a source. */
export function sourceNames(domain: string, name: string) {
  const folder = `domains/${domain}/src`;
  return {
    own: `${identifier(name)}Source`,
    module: `${fileName(name)}-source`,
    bring: `bring-${fileName(name)}`,
    files: [`${folder}/${fileName(name)}-source.ts`, `${folder}/${fileName(name)}-source.test.ts`, `${folder}/bring-${fileName(name)}.ts`],
  };
}

/** What the connector is called in the package of connectors, and by which option it is told where the source is. */
function kindOf({ kind }: Pick<SourceFiles, 'kind'>): { readonly make: string; readonly options: string; readonly at: string } {
  return kind === 'http'
    ? { make: 'httpSource', options: 'HttpSourceOptions', at: 'url' }
    : { make: 'folderSource', options: 'FolderSourceOptions', at: 'from' };
}

export function sourceModule(source: SourceFiles): string {
  const { name, kind, from, format, tenant } = source;
  const { make, options, at } = kindOf(source);
  const ours = tenant ? `\n    tenant: { column: ${quoted(tenant.column)}, value: ${quoted(tenant.value)} },` : '';
  const told =
    kind === 'http'
      ? 'Pages of an address, each of which names the next by a Link header; what the address says has not changed is not sent again.'
      : 'Files that others put into a folder, taken when they are whole.';
  return `import { ${make}, type ${options} } from '@skein/adapter-connectors';
import type { Connector } from '@skein/ports';

/** ${told} Options say what differs where it runs, such as headers or hosts that are allowed. */
export function ${sourceNames(source.domain, name).own}(options: Pick<${options}, 'directory'> & Partial<${options}>): Connector {
  return ${make}({
    name: '${name}',
    format: '${format}',
    ${at}: ${quoted(from)},${ours}
    ...options,
  });
}
`;
}

export function bringModule(source: SourceFiles): string {
  const { domain, kind, name } = source;
  const { own, module } = sourceNames(domain, name);
  const { at } = kindOf(source);
  const allowed = kind === 'http' ? `\n    allow: { type: 'string', multiple: true },` : '';
  const allowHosts = kind === 'http' ? `\n  ...(values.allow ? { allowHosts: values.allow } : {}),` : '';
  return `import { parseArgs } from 'node:util';
import { formatError } from '@skein/kernel';
import { ${own} } from './${module}.ts';

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: '.skein/sources/${domain}' },
    ${at}: { type: 'string' },${allowed}
  },
});
const connector = ${own}({
  directory: values.directory,
  ...(values.${at} === undefined ? {} : { ${at}: values.${at} }),${allowHosts}
});
try {
  const { files, records, repeated } = await connector.bring();
  process.stdout.write(files.length === 0 ? 'nothing is new\\n' : \`\${files.join(', ')}: \${records} records, \${repeated} repeated\\n\`);
} catch (error) {
  process.stderr.write(\`\${formatError(error)}\\n\`);
  process.exitCode = 1;
}
`;
}

export function sourceTest(source: SourceFiles): string {
  const { domain, name, kind, format, tenant } = source;
  const { own, module, bring } = sourceNames(domain, name);
  const ours = `{ column: 'tenant', value: 'ours' }`;
  const headers = format === 'csv' ? '\n    headers: 1,' : '';
  if (kind === 'files')
    return `import { systemTiming } from '@skein/adapter-connectors';
import { connectorConformance } from '@skein/ports/conformance';
import { faultyFolder, temporaryDirectory } from '@skein/testing';
import { ${own} } from './${module}.ts';

connectorConformance('${domain} ${name}', async () => {
  const folder = temporaryDirectory('${domain}-${fileName(name)}-');
  const { from, trap, give, fail, sleep } = faultyFolder(folder.path, '${name}', '${format}');
  const options = { from, attempts: 3, timing: { ...systemTiming, sleep }, tenant: ${ours} };
  return {
    connector: ${own}({ ...options, directory: folder.file('sources') }),${headers}
    attempts: options.attempts,
    give,
    fail,
    counts: () => undefined,
    outside: ${own}({ ...options, from: trap, directory: folder.file('outside') }),
    dispose: () => folder[Symbol.dispose](),
  };
});
`;
  // In a process of its own it has the tenant of its module: where that is another, the process brings nothing of the suite's.
  const start = tenant
    ? ''
    : `
    start: () => spawn(process.execPath, ['--conditions=@skein/source', BRING, '--directory', directory, '--url', source.url, '--allow', '127.0.0.1']),`;
  return `${tenant ? '' : "import { spawn } from 'node:child_process';\nimport { fileURLToPath } from 'node:url';\n"}import { systemTiming, type Timing } from '@skein/adapter-connectors';
import { connectorConformance } from '@skein/ports/conformance';
import { faultySource, temporaryDirectory } from '@skein/testing';
import { ${own} } from './${module}.ts';
${tenant ? '' : `\nconst BRING = fileURLToPath(new URL('${bring}.ts', import.meta.url));`}
const HURRIED: Timing = { ...systemTiming, sleep: (milliseconds, signal) => systemTiming.sleep(Math.min(5, milliseconds), signal) };

connectorConformance('${domain} ${name}', async () => {
  const folder = temporaryDirectory('${domain}-${fileName(name)}-');
  const source = await faultySource('${format}');
  const directory = folder.file('sources');
  const options = { url: source.url, attempts: 3, timing: HURRIED, tenant: ${ours} };
  return {
    connector: ${own}({ ...options, directory, allowHosts: ['127.0.0.1'] }),${headers}
    attempts: options.attempts,
    give: source.give,
    fail: source.fail,
    counts: source.counts,${start}
    outside: ${own}({ ...options, directory: folder.file('outside') }),
    async dispose() {
      await source.close();
      folder[Symbol.dispose]();
    },
  };
});
`;
}

/** What a domain's README says of a source. */
export function sourceSection({ domain, name, kind, from, format }: SourceFiles): { readonly heading: string; readonly text: string } {
  const { bring } = sourceNames(domain, name);
  const heading = `## Source ${name}`;
  return {
    heading,
    text: `${heading}

\`${name}.${format}\` comes ${kind === 'http' ? 'over HTTP' : 'from a folder'}: ${from}. Bring what is new into a source folder, from the root of the repository, when the
workspace is built: \`node domains/${domain}/dist/${bring}.js --directory FOLDER\`.
`,
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
