import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonSchema } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { compatible } from '@skein/verifier/compat';
import type { BenchResult, Progress } from './bench.ts';

type Schema = JsonSchema | boolean;

interface Pair {
  readonly id: string;
  readonly old: Schema;
  readonly new: Schema;
  readonly backwardCompatible: boolean;
}

const DATA = fileURLToPath(new URL('../../../../shared/data/compat/json-schema-backward.jsonl', import.meta.url));
/** Rounds over all pairs for the time of one. */
const ROUNDS = 20;
/** What the best npm library reached on a wider set of such pairs; said beside the floor, which is measured here. */
const BEST_LIBRARY = 0.728;

/**
 * The share of schema pairs on which `compatible` says what their authors say. The floor is a naive comparison of the same pairs:
 * compatible when what both schemas say at one place is equal, or is only said by the old one.
 *
 * @param file JSON lines of `{ id, old, new, backwardCompatible }`
 */
export async function compat(progress: Progress = () => undefined, file: string = DATA): Promise<BenchResult> {
  const pairs = readPairs(file);
  progress(`${pairs.length} pairs of ${path.basename(file)}`);
  const wrong = pairs.filter((pair) => compatible(pair.old, pair.new).compatible !== pair.backwardCompatible);
  for (const { id } of wrong) progress(`judged otherwise: ${id}`);
  const unsound = wrong.filter((pair) => !pair.backwardCompatible).length;
  const started = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) for (const pair of pairs) compatible(pair.old, pair.new);
  const microseconds = ((performance.now() - started) * 1_000) / (ROUNDS * pairs.length);
  const figure = 1 - wrong.length / pairs.length;
  const floor = pairs.filter((pair) => onlyDrops(pair.old, pair.new) === pair.backwardCompatible).length / pairs.length;
  return { figure, floor, ratio: figure / floor, unit: 'share', pairs: pairs.length, unsound, µs: Number(microseconds.toFixed(1)), bestLibrary: BEST_LIBRARY };
}

function readPairs(file: string): Pair[] {
  if (!existsSync(file))
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `the pairs to judge are not there: ${file}`, {
      hint: 'Put the shared data folder beside the project: ../shared/data/compat/json-schema-backward.jsonl.',
    });
  const pairs = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, at) => readPair(line, file, at + 1));
  if (pairs.length === 0) throw new SkeinError('SKEIN_SOURCE_EMPTY', `${file} holds no pair`, { place: { file } });
  return pairs;
}

function readPair(line: string, file: string, number: number): Pair {
  let pair: Partial<Pair> | null = null;
  try {
    pair = JSON.parse(line) as Partial<Pair> | null;
  } catch {
    // said below, with the place
  }
  if (pair === null || typeof pair !== 'object' || typeof pair.backwardCompatible !== 'boolean' || pair.old === undefined || pair.new === undefined)
    throw new SkeinError('SKEIN_SOURCE_UNREADABLE', `line ${number} is no pair of schemas with a verdict`, {
      place: { file, line: number },
      hint: 'Each line is {"old": …, "new": …, "backwardCompatible": true or false}.',
    });
  return { id: pair.id ?? `line ${number}`, old: pair.old, new: pair.new, backwardCompatible: pair.backwardCompatible };
}

/** The naive comparison: the new schema is the old one with keywords left out. */
function onlyDrops(old: unknown, next: unknown): boolean {
  if (next === true) return true;
  if (Array.isArray(next)) return Array.isArray(old) && old.length === next.length && next.every((part, at) => onlyDrops(old[at], part));
  if (next === null || typeof next !== 'object') return old === next;
  return (
    old !== null &&
    typeof old === 'object' &&
    Object.entries(next).every(([key, part]) => Object.hasOwn(old, key) && onlyDrops((old as Record<string, unknown>)[key], part))
  );
}
