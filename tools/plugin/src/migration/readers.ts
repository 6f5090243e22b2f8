import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { sqliteUsageLog } from '@skein/adapter-sqlite';
import { readContract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import type { RecordedUse } from '@skein/ports';
import { contractTexts } from '../workspace/contracts.ts';
import { domainSources, readsProduct } from '../workspace/sources.ts';

/** Where recorded usage is to be looked for. */
export interface UsageFrom {
  readonly gateway?: string;
  readonly tokenFile?: string;
  readonly data?: string;
}

/** Somebody who reads a product. */
export interface Reader {
  readonly who: string;
  readonly how: string;
  /** When it was last seen to: `2026-11-21`; where nothing was recorded, what says that it does. */
  readonly seen: string;
}

/**
 * Who reads a major of a product: principals, by the usage that a gateway recorded; products, by the references of their contracts and
 * the steps of the domain.
 */
export async function readersOf(tree: Tree, domain: string, name: string, major: number, from: UsageFrom): Promise<Reader[]> {
  const product = `${domain}.${name}`;
  return [...declaredReaders(tree, domain, name), ...recordedReaders(await recordedUses(product, from), product, major)];
}

function declaredReaders(tree: Tree, domain: string, name: string): Reader[] {
  const product = `${domain}.${name}`;
  const references = contractTexts(tree)
    .map(({ path: file, text }) => readContract(text, file))
    .filter((contract) => contract.product !== product)
    .flatMap((contract) =>
      contract.properties
        .filter((property) => property.references.some((reference) => reference.product === product))
        .map((property) => ({ who: `${contract.product} ${contract.version}`, how: `\`${property.name}\` refers to it`, seen: 'its contract' })),
    );
  const steps = domainSources(tree, domain)
    .filter((file) => !file.endsWith('.test.ts') && readsProduct(tree.read(file, 'utf8') ?? '', name))
    .map((file) => ({ who: `\`${file}\``, how: 'its step reads it', seen: 'its lineage' }));
  return [...references, ...steps];
}

function recordedReaders(uses: readonly RecordedUse[], product: string, major: number): Reader[] {
  const own = uses.filter((use) => use.reads.some((read) => read.product === product && read.major === major));
  return [...Map.groupBy(own, (use) => use.principal)]
    .map(([who, of]) => {
      const times = of.reduce((sum, { count }) => sum + count, 0);
      const purposes = [...new Set(of.flatMap((use) => use.purposes))].sort();
      const addresses = [...new Set(of.flatMap((use) => use.reads.flatMap((read) => (read.product === product ? [read.address] : []))))].sort();
      return {
        who,
        how: `${times} ${times === 1 ? 'run' : 'runs'} of ${of.length} ${of.length === 1 ? 'query' : 'queries'} over ${addresses.map((one) => `\`${one}\``).join(', ')}${purposes.length === 0 ? '' : ` for ${purposes.join(', ')}`}`,
        seen: new Date(Math.max(...of.map(({ lastSeen }) => lastSeen))).toISOString().slice(0, 10),
      };
    })
    .sort((a, b) => (a.who < b.who ? -1 : 1));
}

async function recordedUses(product: string, { gateway, tokenFile, data }: UsageFrom): Promise<readonly RecordedUse[]> {
  if (gateway !== undefined && data !== undefined)
    throw new SkeinError('SKEIN_USAGE', '--gateway and --data name two records of usage', { hint: 'Give one of them.' });
  if (gateway !== undefined) return usesAt(product, gateway, tokenFile);
  if (data === undefined) return [];
  const file = path.resolve(data, 'usage', 'usage.sqlite');
  if (!existsSync(file))
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no record of usage ${JSON.stringify(file)}`, {
      hint: 'Give --data the directory that a gateway ran on.',
    });
  const log = sqliteUsageLog({ file });
  try {
    return await log.usesOf(product);
  } finally {
    await log.close();
  }
}

async function usesAt(product: string, gateway: string, tokenFile: string | undefined): Promise<readonly RecordedUse[]> {
  if (tokenFile === undefined)
    throw new SkeinError('SKEIN_USAGE', '--gateway needs --token-file', {
      hint: 'Only owners of a product are told of its readers: npx skein token --as steward > FILE.',
    });
  const address = new URL(`/v1/contracts/${product}/usage`, gateway);
  let response: Response;
  try {
    response = await fetch(address, { headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` }, signal: AbortSignal.timeout(30_000) });
  } catch (cause) {
    throw new SkeinError('SKEIN_CLIENT_UNREACHABLE', `${address.host} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Start the gateway, or leave --gateway out.',
      cause,
    });
  }
  const text = await response.text();
  if (!response.ok)
    throw new SkeinError('SKEIN_CLIENT_ANSWER', `${address.host} says ${response.status} to the usage of ${product}: ${text.slice(0, 300)}`, {
      hint: 'Give --token-file the token of an owner of the product.',
    });
  return (JSON.parse(text) as { uses: RecordedUse[] }).uses;
}
