import { existsSync, readFileSync } from 'node:fs';
import type { Tree } from '@nx/devkit';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { engineType, readContract } from '@skein/contract';
import { foreignType, type Draft } from '@skein/contract/formats';
import { ident, SkeinError } from '@skein/kernel';
import { contractTexts } from '../workspace/contracts.ts';

/** The query of a product, and its columns as the engine types them over the contracts of what it reads. */
export async function draftQuery(tree: Tree, domain: string, file: string, reads: readonly string[]): Promise<{ sql: string; draft: Draft }> {
  if (!existsSync(file))
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no file ${JSON.stringify(file)}`, { hint: 'Give --query the path of a file with one SELECT.' });
  const sql = readFileSync(file, 'utf8').trim().replace(/;$/, '');
  const contracts = contractTexts(tree).map(({ path, text }) => readContract(text, path));
  if (reads.length === 0)
    throw new SkeinError('SKEIN_USAGE', '--query needs --reads', {
      hint: `Name the products that the query reads: ${
        contracts
          .filter((one) => one.domain === domain)
          .map(({ name }) => name)
          .join(', ') || `${domain} has none yet`
      }.`,
    });
  const engine = duckdbEngine({ threads: 1 });
  try {
    const session = await engine.open();
    for (const name of reads) {
      const contract = contracts.findLast((one) => one.product === `${domain}.${name}`);
      if (!contract)
        throw new SkeinError('SKEIN_USAGE', `--reads names ${JSON.stringify(name)}, and ${domain} has no such product`, {
          hint: 'A step reads products of its own domain, by their names.',
        });
      await session.run(
        `CREATE TEMP TABLE ${ident(name)} (${contract.properties.map((property) => `${ident(property.name)} ${engineType(property.type)}`).join(', ')}, _source VARCHAR, _row_id VARCHAR, _position BIGINT)`,
      );
    }
    const columns = await session.describe(sql).catch((error: unknown) => {
      throw new SkeinError(
        'SKEIN_STEP_FAILED',
        `the query of ${file} does not fit what it reads: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
        {
          place: { file, line: 1, column: 1 },
          hint: 'Write one SELECT over the products of --reads, by their names.',
          cause: error,
        },
      );
    });
    await session.close();
    const notes = [`Drafted from a query over ${reads.join(', ')}: types are the engine's; keys and rules are to be said.`];
    return {
      sql,
      draft: {
        name: domain,
        notes,
        columns: columns.map(({ name, type }) => {
          const { notes: remarks, ...read } = foreignType(type);
          return { name, ...read, classification: 'internal', notes: remarks };
        }),
      },
    };
  } finally {
    await engine.close();
  }
}
