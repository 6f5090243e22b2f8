import { canonicalJson, SkeinError } from '@skein/kernel';
import type { BronzeFile, BronzeStage, BronzeStore, BronzeVersion, EngineSession } from '@skein/ports';
import { fingerprintOf, rewriteFile } from './layers.ts';

export interface CompactionPolicy {
  /** Size that files should have; one below half of it is small. */
  readonly fileBytes: number;
  /** Small files of one partition from which on they become one; default 4. */
  readonly leastFiles?: number;
}

export interface Compacted {
  readonly version: BronzeVersion;
  readonly from: number;
  readonly to: number;
}

const LEAST_FILES = 4;

/**
 * Makes many small files of a partition one, as a new version: whoever reads the old one goes on, since its files stay for the grace period. Undefined
 * when there is nothing to do. Throws SKEIN_SNAPSHOT_CORRUPT when a file to be rewritten is damaged, SKEIN_STORAGE_FAILED when the rows written are not
 * the rows read, by their number and by a sum over all their cells, and SKEIN_STORAGE_CONTENDED when another version came meanwhile; nothing has changed then.
 */
export async function compactBronze(
  session: EngineSession,
  store: BronzeStore,
  version: BronzeVersion,
  policy: CompactionPolicy,
): Promise<Compacted | undefined> {
  const groups = groupsOf(version, policy);
  if (groups.length === 0) return undefined;
  const { domain, table } = version;
  const [damaged] = await store.damaged({ ...version, files: groups.flat() });
  if (damaged) throw new SkeinError('SKEIN_SNAPSHOT_CORRUPT', `${damaged.path}: it is not as it was written`, { context: { file: damaged.path } });
  const stage = await store.stage(domain, table);
  try {
    const added: BronzeFile[] = [];
    for (const group of groups) added.push(...(await rewritten(session, stage, group, version.plan.rowGroup)));
    const gone = new Set(groups.flat());
    const next = await store.commit(stage, {
      expectedVersion: version.version,
      definition: version.definition,
      plan: version.plan,
      landings: version.landings,
      kept: version.files.filter((file) => !gone.has(file)),
      added,
    });
    return { version: next, from: gone.size, to: added.length };
  } catch (error) {
    await store.abandon(stage).catch(() => undefined);
    throw error;
  }
}

/** Small files of each partition, in order of arrival, as many together as fill a file. */
function groupsOf({ files }: BronzeVersion, { fileBytes, leastFiles = LEAST_FILES }: CompactionPolicy): BronzeFile[][] {
  const small = files.filter((file) => Number(file.bytes) < fileBytes / 2);
  const groups: BronzeFile[][] = [];
  for (const partition of Map.groupBy(small, (file) => canonicalJson(file.partition)).values()) {
    let [group, bytes]: [BronzeFile[], number] = [[], 0];
    for (const file of partition.toSorted((a, b) => (a.landings[0] ?? 0) - (b.landings[0] ?? 0))) {
      if (bytes + Number(file.bytes) > fileBytes) {
        groups.push(group);
        [group, bytes] = [[], 0];
      }
      group.push(file);
      bytes += Number(file.bytes);
    }
    groups.push(group);
  }
  return groups.filter((group) => group.length >= Math.max(2, leastFiles));
}

async function rewritten(session: EngineSession, stage: BronzeStage, group: readonly BronzeFile[], rowGroup: number): Promise<BronzeFile[]> {
  const landings = [...new Set(group.flatMap((file) => file.landings))].sort((a, b) => a - b);
  const files = await rewriteFile(session, stage, group, landings, rowGroup);
  const [read, written] = [await fingerprintOf(session, group), await fingerprintOf(session, files)];
  if (read.rows !== written.rows || read.sum !== written.sum) {
    throw new SkeinError(
      'SKEIN_STORAGE_FAILED',
      `bronze of ${stage.domain}.${stage.table} was not compacted: ${read.rows} rows with the sum ${read.sum} became ${written.rows} with ${written.sum}`,
      { context: { domain: stage.domain, table: stage.table, read: String(read.rows), written: String(written.rows) } },
    );
  }
  return files;
}
