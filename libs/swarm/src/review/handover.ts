import { canonicalJson, sha256 } from '@skein/kernel';
import { gapKey, type StateStore } from '@skein/ports';
import type { SwarmAdapters } from '../swarm.ts';
import type { EscalatedGap } from './escalation.ts';
import type { SourceColumn } from './masking.ts';
import type { MetaSwarmlet } from './meta-swarmlet.ts';

const SPACE = 'handed-over';
const GAP = 'gap/';
const COLUMN = 'column/';
/** Entries that are taken at once. */
const MOST = 200;

/**
 * Hands what a domain cannot decide to the gateway of another process, by way of a store that both open. What is handed over again replaces what waits, so that
 * it does not grow while nobody takes it.
 */
export function handOver(state: StateStore): Required<Pick<SwarmAdapters, 'escalate' | 'escalatePersonal'>> {
  const put = (entries: readonly (readonly [string, unknown])[]): Promise<void> =>
    state.put(
      SPACE,
      entries.map(([key, body]) => [key, Buffer.from(JSON.stringify(body))] as const),
    );
  return {
    escalate: (gaps) => put(gaps.map((gap) => [`${GAP}${gapKey(gap.gap)}`, gap])),
    escalatePersonal: (columns) => put(columns.map((column) => [`${COLUMN}${sha256(canonicalJson({ ...column.context }))}`, column])),
  };
}

/**
 * Takes what waits and brings it before the meta-swarmlet; an entry goes when that has been done, so that a process that dies in between does it again, which
 * changes nothing. Returns how many entries were taken; what is no entry is dropped.
 */
export async function takeOver(state: StateStore, meta: MetaSwarmlet): Promise<number> {
  const gaps = (await state.list(SPACE, GAP)).slice(0, MOST);
  const columns = (await state.list(SPACE, COLUMN)).slice(0, MOST);
  const given = gaps.flatMap(([, value]) => read<EscalatedGap>(value, 'gap'));
  if (given.length > 0) await meta.consider(given);
  const personal = columns.flatMap(([, value]) => read<SourceColumn>(value, 'context'));
  if (personal.length > 0) await meta.considerPersonal(personal);
  for (const [key] of [...gaps, ...columns]) await state.remove(SPACE, key);
  return gaps.length + columns.length;
}

function read<Entry>(value: Uint8Array, member: string): Entry[] {
  try {
    const entry: unknown = JSON.parse(Buffer.from(value).toString());
    return entry !== null && typeof entry === 'object' && member in entry ? [entry as Entry] : [];
  } catch {
    return [];
  }
}
