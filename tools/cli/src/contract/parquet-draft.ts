import { stat } from 'node:fs/promises';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { foreignType, type Draft, type DraftColumn } from '@skein/contract/formats';
import { literal, SkeinError } from '@skein/kernel';
import { engineReason } from './engine-reason.ts';

/** The columns of a Parquet file: types as the engine reads them, and which of them the file itself declares as required. */
export async function parquetDraft(file: string): Promise<Draft> {
  if (!(await stat(file).catch(() => undefined))) throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no file ${file}`, { hint: 'Check the path.' });
  const engine = duckdbEngine({ threads: 1 });
  try {
    const session = await engine.open();
    const columns = await session.describe(`SELECT * FROM read_parquet(${literal(file)})`);
    const tree = await session.rows<{ name: string; repetition: string | null; children: bigint | null }>(
      `SELECT name, repetition_type AS repetition, num_children AS children FROM parquet_schema(${literal(file)})`,
    );
    const required = requiredColumns(tree);
    return {
      name: path.basename(file).replace(/\.[^.]*$/, ''),
      notes: [],
      columns: columns.map(({ name, type }): DraftColumn => {
        const { notes, ...read } = foreignType(type);
        return { name, ...read, required: required.has(name), notes };
      }),
    };
  } catch (error) {
    throw error instanceof SkeinError && error.code !== 'SKEIN_STEP_FAILED'
      ? error
      : new SkeinError('SKEIN_SOURCE_UNREADABLE', `${file} cannot be read as Parquet: ${engineReason(error)}`, { place: { file }, cause: error });
  } finally {
    await engine.close();
  }
}

/** The schema is a tree in pre-order, its root first: the root's children are the columns. */
function requiredColumns(tree: readonly { name: string; repetition: string | null; children: bigint | null }[]): Set<string> {
  const found = new Set<string>();
  const open: number[] = [];
  for (const { name, repetition, children } of tree) {
    if (open.length === 1 && repetition === 'REQUIRED') found.add(name);
    if (open.length > 0) open.push((open.pop() ?? 1) - 1);
    if (Number(children ?? 0) > 0) open.push(Number(children));
    while (open.length > 1 && open.at(-1) === 0) open.pop();
  }
  return found;
}
