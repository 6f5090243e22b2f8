import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import type { Draft, DraftColumn } from '@skein/contract/formats';
import type { DataFormat } from '../judge/data-file.ts';
import { decideColumn, n } from './decide-column.ts';
import { gatherFacts } from './facts.ts';
import { exampleRows } from './example-rows.ts';
import { findKey } from './find-key.ts';
import { sampleFile } from './sample.ts';

export interface DataDraft extends Draft {
  /** A few rows that fit the draft, as text by column, in its order; personal values are made up. */
  readonly examples: readonly (readonly (string | null)[])[];
}

const EXAMPLES = 10;

/**
 * A contract drafted from data: types, keys, formats, ranges, code lists and classes of personal data, each with what speaks for it. What
 * the data shows is no promise of its owner: a draft is read before it is made active. Of large files a part is looked at, and the draft
 * says which. Throws SKEIN_SOURCE_… where the file cannot be read.
 */
export async function dataDraft(file: string, format: DataFormat, product: { readonly domain: string; readonly name: string }): Promise<DataDraft> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skein-draft-'));
  const engine = duckdbEngine({ threads: 2, tempDirectory: folder });
  try {
    const session = await engine.open();
    const sample = await sampleFile(session, file, format, folder);
    const facts = await gatherFacts(session, sample);
    const key = await findKey(session, sample, facts);
    const rows = facts[0]?.rows ?? 0;
    const columns = facts.map((fact, index): DraftColumn => {
      const column = decideColumn(fact, product);
      const position = key?.columns.indexOf(index) ?? -1;
      if (position < 0) return column;
      return { ...column, required: true, keyPosition: position + 1, notes: [...(key ? [key.why] : []), ...(column.notes ?? [])] };
    });
    const examples = await exampleRows(session, sample, columns, EXAMPLES);
    await session.close();
    return {
      examples,
      name: path.basename(file).replace(/(?:\.[a-z0-9]+)?\.[a-z0-9]+$/i, ''),
      notes: [
        `Drafted from ${path.basename(file)}: ${sample.part ?? 'all of it'}, ${n(rows)} rows. What the data shows is no promise: read every line before the status becomes active.`,
        ...(rows === 0 ? ['There was no row: types, keys and rules are to be said.'] : []),
        ...(sample.malformed > 0 ? [`${n(sample.malformed)} lines are no records.`] : []),
        ...(key ? [] : ['No key was found among single columns and pairs: say what tells rows apart.']),
      ],
      columns,
    };
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}
