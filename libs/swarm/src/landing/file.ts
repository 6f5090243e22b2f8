import type { EngineSession } from '@skein/ports';
import type { Source } from '@skein/product';
import { fingerprint } from '../delimited.ts';
import { landColumns } from './columns.ts';
import { landJson } from './json.ts';
import type { Landed } from './landed.ts';

/** Lands one file outside of a run, as the ingestor would: for tools that look at a source before there is a domain. `stage` is an empty folder. */
export async function landFile(
  session: EngineSession,
  { shape, from, file, stage, target }: { shape: Exclude<Source['shape'], 'table'>; from: string; file: string; stage: string; target: string },
): Promise<Landed> {
  return shape === 'json' ? landJson(session, from, file, target) : landColumns(session, from, file, stage, target, await fingerprint(from));
}
