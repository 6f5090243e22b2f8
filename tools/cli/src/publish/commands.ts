import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { CommandContext, StricliProcess } from '@stricli/core';
import { formatError, SkeinError } from '@skein/kernel';
import { localAdapters } from '@skein/local';
import { contractsDirectory, loadContracts, progressOn, showEvent, showRun, silent, type Progress } from '@skein/mesh';
import type { Domain } from '@skein/product';
import { succeeded, type RunReport } from '@skein/swarm';
import { exitCodeOf } from '../exit-code.ts';
import { stampOf } from './inputs.ts';
import { makePlan, type Plan } from './plan.ts';
import { publishPlan } from './publish-plan.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { plain, planJson, showPlan } from './show-plan.ts';

export interface PlanFlags {
  readonly from?: string;
  readonly data: string;
  readonly product?: string;
  readonly json: boolean;
}

export interface PublishFlags {
  readonly from?: string;
  readonly data: string;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Exit codes of `skein publish`; those of `skein plan` are the first three. */
export const EXIT = { done: 0, refused: 1, wrong: 2, declined: 3 } as const;

/** Plans that are made before somebody else who keeps publishing is given way to. */
const ATTEMPTS = 5;

/** `skein plan DOMAIN`: what a publish would change. */
export async function plan(this: CommandContext, flags: PlanFlags, name: string): Promise<void> {
  await telling(this, flags.json, 'nothing is left behind', async (progress) => {
    const from = await folderOf(flags.from);
    const { domain, system } = await domainOf(name);
    if (flags.product !== undefined && !domain.products.some(({ id }) => id === flags.product))
      throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `${name} has no product ${flags.product}`, {
        hint: `Use one of ${domain.products.map(({ id }) => id).join(', ')}.`,
      });
    const scratch = await openScratch();
    try {
      const made = await makePlan({ ...{ domain, system, from, product: flags.product }, data: path.resolve(flags.data), ...runOf(scratch, progress) });
      progress.end();
      this.process.stdout.write(flags.json ? `${planJson(made, process.cwd())}\n` : showPlan(made, process.cwd()));
      return made.passes ? EXIT.done : EXIT.refused;
    } finally {
      await scratch.remove();
    }
  });
}

/** `skein publish DOMAIN`: plans, asks, and publishes what was planned. */
export async function publish(this: CommandContext, flags: PublishFlags, name: string): Promise<void> {
  await telling(this, flags.json, 'each table has its old version or its new one', async (progress) => {
    const isAsking = process.stdin.isTTY && process.stderr.isTTY && !flags.json;
    if (!flags.yes && !isAsking)
      throw new SkeinError('SKEIN_USAGE', 'nobody can be asked: this is no terminal', { hint: 'Look at skein plan, then give --yes.' });
    const from = await folderOf(flags.from);
    const data = path.resolve(flags.data);
    const note = (why: string) => progress.note(`${why}; planning again`);
    for (let attempt = 1; ; attempt += 1) {
      const { domain, system } = await domainOf(name);
      const scratch = await openScratch();
      try {
        const inputs = [...(from === undefined ? [] : [from]), path.join(contractsDirectory, name)];
        const stamp = await stampOf(inputs);
        const made = await makePlan({ domain, system, data, from, ...runOf(scratch, progress) });
        progress.end();
        if (!flags.json) this.process.stdout.write(showPlan(made, process.cwd()));
        const stop = blocked(made);
        if (stop) throw stop;
        if (!made.changes) {
          if (flags.json) this.process.stdout.write(outcomeText(made, undefined));
          return made.passes ? EXIT.done : EXIT.refused;
        }
        if (!flags.yes && !(await confirmed(made, scratch))) {
          process.stderr.write('Nothing was published.\n');
          return EXIT.declined;
        }
        if (attempt < ATTEMPTS && (await stampOf(inputs)) !== stamp) {
          note('files changed after they were planned with');
          continue;
        }
        const report = await published(made, { domain, system, data, scratch, progress });
        progress.end();
        this.process.stdout.write(flags.json ? outcomeText(made, report) : showRun(report));
        return succeeded(report) && made.passes ? EXIT.done : EXIT.refused;
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof SkeinError && (error.code === 'SKEIN_PLAN_STALE' || error.code === 'SKEIN_STORAGE_CONTENDED')))
          throw error;
        note(error.message);
      } finally {
        await scratch.remove();
      }
    }
  });
}

/** A contract that may not follow the one that is live is not published by this command, whoever says yes. */
function blocked({ products }: Plan): SkeinError | undefined {
  const refused = products.filter(({ contract }) => contract.step?.allowed === false);
  if (refused.length === 0) return undefined;
  return new SkeinError(
    'SKEIN_CONTRACT_INCOMPATIBLE',
    `nothing was published: the contract of ${refused.map(({ product }) => product).join(', ')} may not follow the one that is live`,
    {
      hint: 'Take one of the ways out that stand with each finding above.',
    },
  );
}

async function confirmed({ products }: Plan, { signal }: Scratch): Promise<boolean> {
  const names = products.filter(({ outcome }) => outcome === 'publish').map(({ product }) => product);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`Publish ${names.join(', ')}? [y/N] `, { signal });
    return /^(?:y|yes)$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

interface Publishing {
  readonly domain: Domain;
  readonly system: Parameters<typeof publishPlan>[0]['system'];
  readonly data: string;
  readonly scratch: Scratch;
  readonly progress: Progress;
}

async function published(made: Plan, { domain, system, data, scratch, progress }: Publishing): Promise<RunReport> {
  const adapters = await localAdapters(data, { name: 'plan' });
  try {
    const report = await publishPlan({ domain, system, adapters, plan: made, ...runOf(scratch, progress) });
    return { ...report, sources: made.run.sources, ignored: made.run.ignored };
  } finally {
    await adapters.close();
  }
}

function outcomeText(made: Plan, report: RunReport | undefined): string {
  return `${JSON.stringify({ plan: JSON.parse(planJson(made, process.cwd())), published: report ?? null }, plain, 2)}\n`;
}

function runOf({ directory, signal }: Scratch, progress: Progress) {
  return { scratch: directory, signal, onEvent: (event: Parameters<typeof showEvent>[1]) => showEvent(progress, event) };
}

async function domainOf(name: string) {
  const { domains, system } = await loadContracts(contractsDirectory);
  const domain = domains.find((one) => one.name === name);
  if (domain === undefined)
    throw new SkeinError('SKEIN_DOMAIN_UNKNOWN', `there is no domain ${JSON.stringify(name)}`, {
      hint: `Use one of ${domains.map((one) => one.name).join(', ')}.`,
    });
  return { domain, system };
}

async function folderOf(from: string | undefined): Promise<string | undefined> {
  if (from === undefined) return undefined;
  const folder = path.resolve(from);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new SkeinError('SKEIN_SOURCE_NOT_FOUND', `there is no folder ${folder}`, { hint: 'Give --from the folder that holds the source files.' });
  return folder;
}

async function telling(context: CommandContext, json: boolean, state: string, work: (progress: Progress) => Promise<number>): Promise<void> {
  const own = context.process as StricliProcess;
  const progress = json ? silent : progressOn(process.stderr);
  try {
    own.exitCode = await work(progress);
  } catch (error) {
    progress.end();
    // What a signal stopped has its code already.
    if (process.exitCode === 130 || process.exitCode === 143) {
      process.stderr.write(`Stopped; ${state}.\n`);
      return;
    }
    if (json && error instanceof SkeinError) own.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
    own.stderr.write(`${formatError(error)}\n`);
    own.exitCode = exitCodeOf(error);
  }
}
