import { isDeepStrictEqual } from 'node:util';
import { duckdbBinder } from '@skein/adapter-duckdb';
import type { Contract } from '@skein/contract';
import { checkOperations } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import type { RecordedUse } from '@skein/ports';
import { readText } from '../contract/contract-file.ts';
import { impactsOf, type Operations } from './operations.ts';

/** Recorded queries from a file, and the engine that binds them; close it in the end. */
export interface UsesFromFile extends AsyncDisposable {
  readonly operations: Operations;
}

/**
 * Weighs findings against the recorded queries of a file, without a gateway: a JSON list of `RecordedUse`, or an object that
 * holds one as `uses`.
 * @param others contracts of products that the queries read beside the one that changes.
 * @throws SkeinError SKEIN_USAGE for a file that holds no such list.
 */
export async function usesFromFile(file: string, others: readonly Contract[]): Promise<UsesFromFile> {
  const uses = readUses(await readText(file), file);
  const binder = duckdbBinder();
  const operations: Operations = async (last, next, { findings }) =>
    impactsOf(await checkOperations(last, next, findings, uses, binder, { others: others.filter((one) => one.product !== last.product) }));
  return { operations, [Symbol.asyncDispose]: () => binder.close() };
}

export function readUses(text: string, file: string): RecordedUse[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw wrong(file, `it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const list = Array.isArray(read) ? read : (Object(read) as { uses?: unknown }).uses;
  if (!Array.isArray(list)) throw wrong(file, 'it holds no list');
  return (list as readonly unknown[]).map((one, at) => {
    const fault = faultOf(one);
    if (fault !== undefined) throw wrong(file, `entry ${at + 1}: ${fault}`);
    return one as RecordedUse;
  });
}

function faultOf(value: unknown): string | undefined {
  const { queryHash, sql, principal, purposes, reads, count, firstSeen, lastSeen } = Object(value) as Record<string, unknown>;
  for (const [name, text] of Object.entries({ queryHash, principal })) if (typeof text !== 'string' || text === '') return `${name} is no text`;
  // Empty where the query was too long to be kept.
  if (typeof sql !== 'string') return 'sql is no text';
  for (const [name, number] of Object.entries({ count, firstSeen, lastSeen })) if (!Number.isSafeInteger(number)) return `${name} is no whole number`;
  if (!isTexts(purposes)) return 'purposes is no list of texts';
  if (!Array.isArray(reads) || reads.length === 0) return 'reads names no product';
  for (const read of reads as readonly unknown[]) {
    const { product, major, address, columns } = Object(read) as Record<string, unknown>;
    if (typeof product !== 'string' || typeof address !== 'string' || !Number.isSafeInteger(major) || !isTexts(columns))
      return 'a product that is read needs product, major, address and columns';
  }
  return undefined;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && isDeepStrictEqual(value, value.map(String));
}

function wrong(file: string, why: string): SkeinError {
  return new SkeinError('SKEIN_USAGE', `--uses ${file} holds no recorded queries: ${why}`, {
    hint: 'Write a JSON list of { queryHash, sql, principal, purposes, reads, count, firstSeen, lastSeen }, as GET /v1/contracts/<product>/usage gives them.',
  });
}
