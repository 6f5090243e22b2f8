import path from 'node:path';
import type { CommandContext } from '@stricli/core';
import { lintContract } from '@skein/contract';
import { SkeinError, systemClock } from '@skein/kernel';
import type { Mode } from '@skein/verifier/compat';
import { approvalsBeside } from '../diff/approvals-file.ts';
import { judgeStep, type JudgedStep } from '../diff/judge-step.ts';
import { gatewayOperations, type Operations } from '../diff/operations.ts';
import type { Pair } from '../diff/pair.ts';
import { humanStep, jsonStep, subjectOfStep } from '../diff/step-report.ts';
import { writeReports, type ReportFlags } from '../output/write-reports.ts';
import { readText } from './contract-file.ts';
import { EXIT, finish } from './finish.ts';

export interface DiffFlags extends ReportFlags {
  readonly against?: string;
  readonly mode?: Mode;
  readonly tokenFile?: string;
  readonly uses?: string;
  /** Whether a gateway is asked for what recorded queries do. */
  readonly operations: boolean;
  readonly quiet: boolean;
}

export async function diff(this: CommandContext, flags: DiffFlags, ...targets: string[]): Promise<void> {
  await finish(this, flags.json, async () => {
    const cwd = process.cwd();
    await using opened = new AsyncDisposableStack();
    const { pairs, operations } = await comparedWith(flags, targets, cwd, opened);
    const today = new Date(systemClock.now()).toISOString().slice(0, 10);
    const steps: JudgedStep[] = [];
    for (const pair of pairs) steps.push(await judgeStep(pair, { ...(flags.mode ? { mode: flags.mode } : {}), ...(operations ? { operations } : {}), today }));
    await report('contract diff', steps, flags, { stdout: this.process.stdout, cwd });
    return steps.every((step) => step.allowed) ? EXIT.ok : EXIT.findings;
  });
}

interface Compared {
  readonly pairs: readonly Pair[];
  readonly operations?: Operations;
}

async function comparedWith(flags: DiffFlags, targets: readonly string[], cwd: string, opened: AsyncDisposableStack): Promise<Compared> {
  const { against, tokenFile, uses, operations } = flags;
  const isGateway = against !== undefined && /^https?:/i.test(against);
  if (tokenFile !== undefined && !isGateway)
    throw new SkeinError('SKEIN_USAGE', '--token-file is for a gateway', { hint: 'Give --against the address of one.' });
  if (!operations && !isGateway)
    throw new SkeinError('SKEIN_USAGE', '--no-operations is for a gateway: nothing else records queries', { hint: 'Leave it out.' });
  if (uses !== undefined && isGateway)
    throw new SkeinError('SKEIN_USAGE', '--uses is for a comparison without a gateway, which knows its own queries', { hint: 'Leave one of the two out.' });
  if (isGateway) {
    const { GatewayContracts, readToken } = await import('../diff/gateway-contracts.ts');
    const gateway = new GatewayContracts(against, await readToken(tokenFile));
    const pairs = await (await import('../diff/registry-pairs.ts')).registryPairs(needed(targets), gateway, cwd);
    return operations ? { pairs, operations: gatewayOperations(gateway) } : { pairs };
  }
  const pairs = against === undefined ? [await twoFiles(targets, cwd)] : await (await import('../diff/git-pairs.ts')).gitPairs(needed(targets), against, cwd);
  if (uses === undefined) return { pairs };
  const others = pairs.flatMap(({ next }) => (next && lintContract(next.text, next.file, 'skein').contract) ?? []);
  const recorded = opened.use(await (await import('../diff/recorded-uses.ts')).usesFromFile(path.resolve(cwd, uses), others));
  return { pairs, operations: recorded.operations };
}

async function twoFiles(targets: readonly string[], cwd: string): Promise<Pair> {
  const [old, next, ...more] = targets.map((target) => path.resolve(cwd, target));
  if (old === undefined || next === undefined || more.length > 0)
    throw new SkeinError('SKEIN_USAGE', `diff compares two files, or any number with --against; ${targets.length} were named`, {
      hint: 'Try: skein contract diff contracts --against HEAD~1',
    });
  const [before, after] = [await readText(old), await readText(next)];
  return { file: next, earlier: [{ file: old, text: before }], next: { file: next, text: after }, approvals: await approvalsBeside(next) };
}

function needed(targets: readonly string[]): readonly string[] {
  if (targets.length > 0) return targets;
  throw new SkeinError('SKEIN_USAGE', 'diff needs a contract file or a folder', { hint: 'Try: skein contract diff contracts --against HEAD~1' });
}

/** Writes what was found of all contracts, for people or in the forms that were asked for. */
export async function report(
  command: string,
  steps: readonly JudgedStep[],
  flags: ReportFlags & { readonly quiet: boolean },
  { stdout, cwd }: { readonly stdout: { write(text: string): void }; readonly cwd: string },
): Promise<void> {
  const refused = steps.filter((step) => !step.allowed).length;
  const json = () => ({ passed: refused === 0, contracts: steps.length, refused, steps: steps.map((step) => jsonStep(step, cwd)) });
  const subjects = steps.map((step) => subjectOfStep(step, cwd));
  if (await writeReports(command, flags, subjects, json, { stdout, cwd })) return;
  for (const step of steps) if (!flags.quiet || !step.allowed) stdout.write(humanStep(step, cwd, flags.quiet));
  const count = (kind: JudgedStep['kind']) => steps.filter((step) => step.kind === kind).length;
  stdout.write(
    `${steps.length} contract${steps.length === 1 ? '' : 's'}: ${refused} refused; ${count('changed')} changed, ${count('new')} new, ${count('removed')} gone, ${count('unchanged')} unchanged\n`,
  );
}
