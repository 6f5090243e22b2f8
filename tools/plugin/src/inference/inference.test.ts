import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFileSync, spawn } from 'node:child_process';
import { sqliteUsageLog } from '@skein/adapter-sqlite';
import { copyWorkspace } from '@skein/checks';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { USAGE_FILE } from '../executors/usage-file.ts';
import { createNodes } from './plugin.ts';
import { answeredProducts, referencedProducts } from './references.ts';
import { contractTargets, nodeWord } from './targets.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const MATERIAL = 'contracts/sap/material/v1/contract.odcs.yaml';
const RECEIVABLES = 'contracts/sap/open_receivables/v1/contract.odcs.yaml';
const DEMAND = 'contracts/ga4/item_demand_daily/v1/contract.odcs.yaml';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly output: string;
}

let copy: TemporaryDirectory;
beforeAll(() => {
  copy = temporaryDirectory('skein-inference-');
  copyWorkspace(root, copy.path);
});
afterAll(() => copy[Symbol.dispose]());

/** Runs a program of the copy by this Node, without what Nx may have put into the environment. */
function run(args: readonly string[]): Promise<Ran> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:NX_|FORCE_COLOR$|NODE_OPTIONS$|VITEST)/.test(name)));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: copy.path,
      env: { ...env, NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, output: stdout + stderr }));
  });
}
const nx = (...args: string[]) => run([copy.file('node_modules/nx/dist/bin/nx.js'), ...args]);
const hashes = async (...words: string[]) => (await run(['--conditions=@skein/source', 'tools/plugin/src/inference/contract-hashes.ts', ...words])).stdout;

/** Changes a file of the copy for the length of `act`. */
async function changed<T>(file: string, change: (text: string) => string, act: () => Promise<T>): Promise<T> {
  const text = readFileSync(copy.file(file), 'utf8');
  const next = change(text);
  expect(next).not.toBe(text);
  writeFileSync(copy.file(file), next);
  return await act().finally(() => writeFileSync(copy.file(file), text));
}
/** The contract of demand, with its item as a reference to another product. */
const referring = (to: string) => (text: string) =>
  text.replace(
    /^( +)(- id: [^\n]+\n +name: item_id\n)/m,
    (_, indent: string, head: string) => `${indent}${head}${indent}  relationships:\n${indent}    - to: ${to}\n`,
  );
const remark = (text: string) => `# a remark\n${text}`;
const described = (text: string) => text.replace(/^( *description: )(?=\S)/m, '$1Another. ');

describe('the key of contracts', () => {
  it('is blind to remarks, and sees a change of words, a fault, and what a contract refers to', async () => {
    const before = await hashes('sap');
    expect(before.trim().split('\n')).toHaveLength(4);
    expect(await changed(MATERIAL, remark, () => hashes('sap'))).toBe(before);
    expect(await changed(MATERIAL, described, () => hashes('sap'))).not.toBe(before);
    const faulty = await changed(
      MATERIAL,
      (text) => text.replace('logicalType: string', 'logicalType: strin'),
      () => hashes('sap'),
    );
    expect(faulty).toMatch(/material\/v1\/contract\.odcs\.yaml bytes [0-9a-f]{64}/);
    // The neighbour counts where it is referred to, and not otherwise.
    const alone = await hashes('ga4', '--with-references');
    expect(await changed(MATERIAL, described, () => hashes('ga4', '--with-references'))).toBe(alone);
    await changed(DEMAND, referring('sap.material.matnr'), async () => {
      const together = await hashes('ga4', '--with-references');
      expect(together).toContain(`refers to ${MATERIAL} `);
      expect(await changed(MATERIAL, described, () => hashes('ga4', '--with-references'))).not.toBe(together);
    });
  });
});

describe('the command that Nx makes a key of', () => {
  const keyOf = (node: string): string => {
    const [input] = (contractTargets('sap', node)['contract-check']?.inputs ?? []) as { runtime: string }[];
    // Nx takes both streams for the key.
    return execFileSync('sh', ['-c', `{ ${input?.runtime ?? 'false'}; } 2>&1`], { cwd: copy.path, encoding: 'utf8' });
  };

  it('changes with who asks which query, and with nothing else', async () => {
    const node = nodeWord(copy.path, process.execPath);
    const before = keyOf(node);
    const ask = async (queryHash: string, time: number) => {
      const log = sqliteUsageLog({ file: copy.file(USAGE_FILE) });
      const reads = [{ product: 'sap.material', major: 1, address: 'sap.material', columns: ['mtart'] }];
      log.record({ queryHash, sql: 'SELECT mtart FROM sap.material', principal: 'planner', purpose: undefined, reads, time });
      await log.close();
      return keyOf(node);
    };
    try {
      const once = await ask('one', 1);
      expect(once).not.toBe(before);
      expect(await ask('one', 2)).toBe(once);
      expect(await ask('two', 3)).not.toBe(once);
    } finally {
      rmSync(copy.file('.skein'), { recursive: true });
    }
    expect(before).toMatch(/^contracts\/sap\/\S+ [0-9a-f]{64}\n/);
  });

  it('is never the same where its program fails', () => {
    const first = keyOf("'./absent'");
    expect(first).toContain('failed at');
    expect(keyOf("'./absent'")).not.toBe(first);
  });
});

it('an old Node is told what it lacks', async () => {
  const pretend = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const { code, output } = await run(['--import', pretend, 'tools/plugin/bin/inference.js']);
  expect(code).toBe(1);
  expect(output).toContain('this is Node 20.20.2');
  expect(output).toContain('npx nx');
});

describe('nx, in a copy of the workspace', () => {
  it('keeps the answer of a check while the contracts mean the same, and no longer', async () => {
    rmSync(copy.file('.nx'), { recursive: true, force: true });
    const first = await nx('run', 'sap:contract-check');
    expect(first.output).toMatch(/looked at \d+ contracts and [1-9]\d* released versions/);
    expect(first.output).toMatch(/looked at [1-9]\d* references of 4 contracts/);
    expect([first.code, isHit(first)]).toEqual([0, false]);
    const second = await changed(MATERIAL, remark, () => nx('run', 'sap:contract-check'));
    expect([second.code, isHit(second)]).toEqual([0, true]);
    expect(second.output).toContain('looked at 4 contracts');
    const third = await changed(MATERIAL, described, () => nx('run', 'sap:contract-check'));
    expect([third.code, isHit(third)]).toEqual([1, false]);
    expect(third.output).toContain('REFUSED sap.material 1.0.0 → 1.0.0');
  });

  it('knows whom a contract touches, by what others declare', async () => {
    const touched = async (file: string) =>
      (await nx('show', 'projects', '--affected', '--files', file, '--with-target', 'contract-check')).stdout.trim().split('\n').sort();
    // A source of the brokerage lands what the mesh answers on materials.
    expect(await touched(MATERIAL)).toEqual(['@skein/brokerage', '@skein/sap']);
    await changed(DEMAND, referring('sap.material.matnr'), async () => {
      expect(await touched(MATERIAL)).toEqual(['@skein/brokerage', '@skein/ga4', '@skein/sap']);
      expect(await touched(RECEIVABLES)).toEqual(['@skein/sap']);
    });
  });
});

const isHit = ({ output }: Ran): boolean => /1\/1 hit/.test(output);

describe('inference', () => {
  const files = ['contracts/package.json', 'domains/crm/package.json', 'libs/thing/package.json', 'contracts/crm/accounts/v1/contract.odcs.yaml'];
  async function infer(write: (put: (file: string, text: string) => void) => void): Promise<Record<string, Record<string, unknown>>> {
    using folder = temporaryDirectory();
    const put = (file: string, text: string) => {
      mkdirSync(path.dirname(folder.file(file)), { recursive: true });
      writeFileSync(folder.file(file), text);
    };
    for (const [file, floor] of [
      ['contracts/package.json', 'contracts'],
      ['domains/crm/package.json', 'domain'],
      ['libs/thing/package.json', 'pure'],
    ] as const) {
      put(file, JSON.stringify({ nx: { tags: [`floor:${floor}`] } }));
      put(file.replace('package.json', 'tsconfig.json'), '{}');
    }
    put('contracts/crm/accounts/v1/contract.odcs.yaml', 'schema: []\n');
    write(put);
    const made = await createNodes[1](files, undefined, { nxJsonConfiguration: {}, workspaceRoot: folder.path });
    return Object.fromEntries(
      made.flatMap(([, { projects = {} }]) => Object.entries(projects).map(([at, { targets = {} }]) => [at, targets as Record<string, unknown>])),
    );
  }

  it('gives a package what lies in its folder, and a domain what its contracts are good for', async () => {
    const bare = await infer((put) => put('domains/crm/src/main.ts', ''));
    expect(Object.keys(bare['libs/thing'] ?? {})).toEqual(['build', 'test']);
    expect(Object.keys(bare['contracts'] ?? {})).toEqual(['codegen']);
    expect(Object.keys(bare['domains/crm'] ?? {})).toEqual(['build', 'test', 'serve', 'publish', 'contract-check', 'readers', 'codegen']);
  });

  it('reads the files of contracts that a domain refers to, and none where it does not, or where the text does not read', async () => {
    const inputs = async (text: string) => {
      const { 'domains/crm': targets = {} } = await infer((put) => put('contracts/crm/accounts/v1/contract.odcs.yaml', text));
      return (targets['publish'] as { inputs: string[] }).inputs;
    };
    const own = '{workspaceRoot}/contracts/crm/**/*';
    const to = (target: string) => `schema:\n  - properties:\n      - relationships:\n          - to: ${target}\n`;
    expect(await inputs(to('sap.material.matnr'))).toEqual([own, '{workspaceRoot}/contracts/sap/material/v*/contract.odcs.yaml']);
    expect(await inputs(to('leads.id'))).toEqual([own]);
    expect(await inputs('schema: []\n# relationships: to: sap.material.matnr\n')).toEqual([own]);
    expect(await inputs(`${to('sap.material.matnr')}  - : : [`)).toEqual([own]);
  });

  it('takes every form of a reference', () => {
    const of = (target: string) => referencedProducts(JSON.stringify({ schema: [{ relationships: [{ to: target }] }] }), { domain: 'crm', name: 'accounts' });
    expect(of('leads.id')).toEqual(['crm.leads']);
    expect(of('sap.material.matnr')).toEqual(['sap.material']);
    expect(of('/schema/leads/properties/id')).toEqual(['crm.leads']);
    expect(of('../../../sap/material/v1/contract.odcs.yaml#/schema/material/properties/matnr')).toEqual(['sap.material']);
    expect(of('accounts.id')).toEqual([]);
  });

  it('takes what sources declare to ask the mesh, and nothing else', () => {
    expect(answeredProducts("export const files: Source = { ...named('x', 'json'), answers: ['ga4.purchases', 'sap.material'] };")).toEqual([
      'ga4.purchases',
      'sap.material',
    ]);
    expect(answeredProducts("const from = ['ga4.purchases']; const answers = 'sap.material';")).toEqual([]);
  });

  it('calls Node by a word of the shell that is the same in every checkout', () => {
    expect(nodeWord('/here', '/here/node_modules/n/bin/node')).toBe("'./node_modules/n/bin/node'");
    expect(nodeWord('/here', "/o'n/node")).toBe("'/o'\\''n/node'");
  });
});
