import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import type { SnapshotStore } from '@skein/ports';
import type { Domain } from '@skein/product';
import { createSwarm, type RunReport, type SwarmAdapters, type SwarmEvent, type SystemContracts } from '@skein/swarm';
import { keyOf } from './overlay-snapshots.ts';
import type { Held, Plan } from './plan.ts';

export interface PublishOptions {
  readonly domain: Domain;
  readonly system: SystemContracts;
  /** Those of the data directory that the plan was made of. */
  readonly adapters: SwarmAdapters;
  readonly plan: Plan;
  readonly onEvent?: (event: SwarmEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * Publishes what was planned, and nothing else: the files as they were read for the plan land, and a table whose inputs are not those of the plan is not
 * committed. The scratch folder of the plan must still stand.
 * @throws SkeinError SKEIN_PLAN_STALE where somebody else landed or published meanwhile; what had landed by then stays, and counts in the next plan.
 */
export async function publishPlan({ domain, system, adapters, plan, onEvent, signal }: PublishOptions): Promise<RunReport> {
  const { held } = plan;
  await checkLive(domain.name, adapters, held);
  for (const { landing, draft } of held.added) {
    const stage = await adapters.landings.stage(domain.name);
    const file = path.join(stage.directory, path.basename(landing.path));
    try {
      await copyFile(landing.path, file, constants.COPYFILE_FICLONE);
    } catch (error) {
      await adapters.landings.abandon(stage);
      throw error;
    }
    const landed = await adapters.landings.commit(stage, draft, file);
    if (landed.sequence !== landing.sequence) throw stale(`${landing.file} landed as number ${landed.sequence} instead of ${landing.sequence}`);
  }
  const report = await createSwarm(domain, system, { ...adapters, store: holding(adapters.store, held) }).run({
    ...(onEvent ? { onEvent } : {}),
    ...(signal ? { signal } : {}),
  });
  const broken = report.products.find(({ error }) => error?.code === 'SKEIN_PLAN_STALE');
  if (broken?.error) throw broken.error;
  return report;
}

async function checkLive(domain: string, { landings, store }: SwarmAdapters, held: Held): Promise<void> {
  const landed = (await landings.list(domain)).length;
  if (landed !== held.landed) throw stale(`${landed - held.landed} files landed meanwhile`);
  for (const table of await store.tables()) {
    if (table.domain !== domain) continue;
    const version = (await store.current(table))?.version ?? 0;
    const planned = held.live[keyOf(table)] ?? 0;
    if (version !== planned) throw stale(`${domain}.${table.name} is at version ${version}, and was at ${planned === 0 ? 'none' : planned}`);
  }
}

function stale(why: string): SkeinError {
  return new SkeinError('SKEIN_PLAN_STALE', `what was planned no longer holds: ${why}`);
}

/** The store, for commits whose inputs are those of the plan. */
function holding(store: SnapshotStore, { inputs }: Held): SnapshotStore {
  return {
    begin: (table, columns) => store.begin(table, columns),
    async commit(staging, draft) {
      const { table } = staging;
      // The lineage table is made of the versions that were published, which a plan has not.
      if (table.name !== 'lineage' && inputs[keyOf(table)] !== draft.inputHash) {
        throw stale(`${table.domain}.${table.name} would be made of other inputs`);
      }
      return await store.commit(staging, draft);
    },
    abandon: (staging) => store.abandon(staging),
    current: (table) => store.current(table),
    asOf: (table, when) => store.asOf(table, when),
    history: (table) => store.history(table),
    tables: () => store.tables(),
    verify: (snapshot) => store.verify(snapshot),
    expire: (table, policy) => store.expire(table, policy),
    collect: (table, policy) => store.collect(table, policy),
    watch: (onChange) => store.watch(onChange),
  };
}
