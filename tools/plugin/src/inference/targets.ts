import path from 'node:path';
import type { TargetConfiguration } from '@nx/devkit';

type Targets = Record<string, TargetConfiguration>;

/** What the folder of a package says of it. */
export interface PackageFacts {
  /** Relative to the workspace, with `/`. */
  readonly directory: string;
  readonly hasProject: boolean;
  readonly hasMain: boolean;
  /** From the tag `floor:…`. */
  readonly floor: string | undefined;
}

/** Sources of what checks contracts and writes files from them: when they change, so may the answer. */
const CHECKERS = [
  'libs/{kernel,contract,verifier,ports,federation}/src/**/*.ts',
  'libs/adapters/{duckdb,sqlite}/src/**/*.ts',
  'tools/{cli,checks}/src/**/*.ts',
  'tools/plugin/src/{executors,inference}/*.ts',
  '**/*.{test,fixture}.ts',
];

const tools = CHECKERS.map((pattern) => (pattern.startsWith('**') ? `!{workspaceRoot}/${pattern}` : `{workspaceRoot}/${pattern}`));

/** Targets that every package has by what lies in its folder. */
export function packageTargets({ directory, hasProject, hasMain, floor }: PackageFacts): Targets {
  if (!hasProject || floor === 'contracts') return {};
  const isRun = hasMain && (floor === 'domain' || floor === 'platform');
  return {
    build: { command: `tsc -b ${directory}`, cache: false, parallelism: false },
    test: { command: `vitest run ${directory}/`, cache: false, parallelism: false },
    ...(isRun ? { serve: { executor: '@skein/plugin:serve', continuous: true, dependsOn: ['build'] } } : {}),
  };
}

/**
 * Targets of a domain's contracts. They are cached by the hashes of contracts, which a comment does not change: a small program prints
 * them (`contract-hashes.ts`). What is no contract, such as the records of releases, counts by its bytes.
 *
 * @param node how this Node is called from the workspace's folder.
 */
export function contractTargets(domain: string, node: string): Targets {
  const folder = `{workspaceRoot}/contracts/${domain}`;
  const hashes = (...words: string[]) => ({ runtime: hashCommand(node, words) });
  return {
    'contract-check': {
      executor: '@skein/plugin:contract-check',
      cache: true,
      inputs: [
        hashes(domain, '--with-references', '--with-history', '--with-uses'),
        ...[`${folder}/*/v*/released/*`, `${folder}/*/v*/approvals.yaml`, `${folder}/*/v*/policy.yaml`],
        ...tools,
      ],
      options: { domain },
    },
    readers: { executor: '@skein/plugin:readers', cache: false, options: { domain } },
    codegen: {
      executor: '@skein/plugin:codegen',
      cache: true,
      inputs: [hashes(domain), ...tools],
      outputs: ['record.schema.json', 'checks.json', 'arrow.json', 'types.gen.ts'].map((name) => `${folder}/*/v*/${name}`),
      dependsOn: [{ projects: ['@skein/contracts'], target: 'codegen' }],
      options: { domain },
    },
  };
}

/** The files that follow from all contracts together. */
export function indexTargets(node: string): Targets {
  return {
    codegen: {
      executor: '@skein/plugin:codegen',
      cache: true,
      inputs: [{ runtime: hashCommand(node, []) }, ...tools],
      outputs: ['{workspaceRoot}/contracts/index.gen.ts', '{workspaceRoot}/docs/errors.md'],
    },
  };
}

/**
 * A domain publishes. It is never cached: data is no file of the workspace. Its inputs say which files of contracts it reads, and by
 * them `nx affected` knows whom a contract touches.
 *
 * @param reads products that its contracts refer to, and those whose answers its sources land.
 */
export function publishTarget(domain: string, reads: readonly string[]): Targets {
  const foreign = reads.map((product) => product.split('.')).filter(([of]) => of !== domain);
  return {
    publish: {
      executor: '@skein/plugin:publish',
      cache: false,
      dependsOn: [{ projects: ['@skein/cli'], target: 'build' }],
      inputs: [
        `{workspaceRoot}/contracts/${domain}/**/*`,
        ...foreign.map(([of = '', name = '']) => `{workspaceRoot}/contracts/${of}/${name}/v*/contract.odcs.yaml`),
      ],
      options: { domain },
    },
  };
}

/**
 * What is printed is the key, so warnings, which name a process, are kept out of it. A program that failed prints what was never
 * printed before: what it failed on is not a hit.
 */
function hashCommand(node: string, words: readonly string[]): string {
  const program = [node, '--conditions=@skein/source', 'tools/plugin/src/inference/contract-hashes.ts', ...words].join(' ');
  return `${program} 2>/dev/null || echo "failed at $(date +%s%N) in $$"`;
}

/** This Node as a word for the shell, the same in every checkout that brings its own. */
export function nodeWord(root: string, executable: string): string {
  const relative = path.relative(root, executable).replaceAll('\\', '/');
  const word = relative.startsWith('..') || path.isAbsolute(relative) ? executable : `./${relative}`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
