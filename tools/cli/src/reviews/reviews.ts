import { readFile } from 'node:fs/promises';
import type { CommandContext, StricliProcess } from '@stricli/core';
import { formatError, SkeinError, type ErrorCode } from '@skein/kernel';
import { GatewayContracts, readToken } from '../diff/gateway-contracts.ts';
import { printable } from '../output/place-text.ts';

export interface GatewayFlags {
  readonly at: string;
  readonly tokenFile?: string;
  readonly json: boolean;
}

interface Line {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly product: string;
  readonly column: string;
  readonly rule: string;
  readonly cells: number;
  readonly gaps: number;
}

interface View extends Line {
  readonly message: string;
  readonly why: string;
  readonly approvals: number;
  readonly applied: boolean;
  readonly settled?: boolean;
  readonly rows: readonly { readonly before: Readonly<Record<string, string | null>>; readonly after: Readonly<Record<string, string | null>> }[];
  readonly maskedColumns: readonly string[];
  readonly alternatives: readonly {
    readonly id: string;
    readonly category: string;
    readonly why?: string;
    readonly test: { readonly cells: number; readonly passed: number };
  }[];
  readonly blast: { readonly cells: number; readonly products: readonly string[] };
  readonly decisions: readonly { readonly decision: string; readonly by: string; readonly reason: string; readonly choice: string | null }[];
}

const SHORT = 12;
/** Errors that say no to the decision; others say that it could not be asked. */
const REFUSALS = new Set<ErrorCode>([
  'SKEIN_REVIEW_UNKNOWN',
  'SKEIN_REVIEW_DECIDED',
  'SKEIN_REVIEW_CONFLICT',
  'SKEIN_REVIEW_AMENDMENT',
  'SKEIN_QUERY_REFUSED',
  'SKEIN_AUTH_FORBIDDEN',
]);

/** Asks the gateway and prints its answer, as JSON or in words. */
async function run<Answer>(
  context: CommandContext,
  flags: GatewayFlags,
  ask: (gateway: GatewayContracts) => Promise<Answer>,
  words: (answer: Answer) => string,
): Promise<void> {
  // Stricli's context type leaves out the exit code, which its own process has, and which it keeps when it is set.
  const process = context.process as StricliProcess;
  try {
    const answer = await ask(new GatewayContracts(flags.at, await readToken(flags.tokenFile)));
    process.stdout.write(flags.json ? `${JSON.stringify(answer, null, 2)}\n` : `${printable(words(answer))}\n`);
    process.exitCode = 0;
  } catch (error) {
    const known = error instanceof SkeinError;
    if (flags.json && known) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = known && REFUSALS.has(error.code) ? 1 : 2;
  }
}

export async function list(
  this: CommandContext,
  flags: GatewayFlags & { readonly status: 'open' | 'approved' | 'amended' | 'rejected' | 'all' },
): Promise<void> {
  const query = flags.status === 'all' ? '' : `?status=${flags.status}`;
  await run(
    this,
    flags,
    (gateway) => gateway.ask<{ reviews: Line[] }>('GET', `/v1/reviews${query}`),
    ({ reviews }) => (reviews.length === 0 ? 'no reviews' : reviews.map(lineOf).join('\n')),
  );
}

export async function show(this: CommandContext, flags: GatewayFlags, id: string): Promise<void> {
  await run(this, flags, async (gateway) => viewOf(gateway, id), inWords);
}

export async function approve(this: CommandContext, flags: GatewayFlags & { readonly reason: string; readonly choice?: string }, id: string): Promise<void> {
  await run(
    this,
    flags,
    async (gateway) => {
      const { id: review, alternatives } = await viewOf(gateway, id);
      const choice = flags.choice === undefined ? undefined : one(alternatives, flags.choice, 'alternative').id;
      return decide(gateway, review, { decision: 'approve', reason: flags.reason, ...(choice === undefined ? {} : { choice }) });
    },
    outcome,
  );
}

export async function reject(this: CommandContext, flags: GatewayFlags & { readonly reason: string }, id: string): Promise<void> {
  await run(this, flags, async (gateway) => decide(gateway, (await viewOf(gateway, id)).id, { decision: 'reject', reason: flags.reason }), outcome);
}

export async function amend(
  this: CommandContext,
  flags: GatewayFlags & { readonly reason: string; readonly example?: readonly string[]; readonly solution?: string },
  id: string,
): Promise<void> {
  await run(
    this,
    flags,
    async (gateway) => {
      const { reason, example = [], solution } = flags;
      if ((example.length === 0) === (solution === undefined))
        throw new SkeinError('SKEIN_USAGE', 'an amendment has either examples or a solution', {
          hint: 'Give --example before=after up to 20 times, or --solution FILE.',
        });
      const said = solution === undefined ? { examples: example.map(exampleOf) } : { solution: await solutionOf(solution) };
      return decide(gateway, (await viewOf(gateway, id)).id, { decision: 'amend', reason, ...said });
    },
    outcome,
  );
}

function decide(gateway: GatewayContracts, id: string, body: object): Promise<View> {
  return gateway.ask('POST', `/v1/reviews/${id}/decisions`, body);
}

/** The review of that id, or the only one whose id begins so. */
async function viewOf(gateway: GatewayContracts, id: string): Promise<View> {
  const whole = /^[0-9a-f]{64}$/.test(id) ? id : one((await gateway.ask<{ reviews: Line[] }>('GET', '/v1/reviews')).reviews, id, 'review').id;
  return gateway.ask('GET', `/v1/reviews/${whole}`);
}

function one<Item extends { readonly id: string }>(items: readonly Item[], start: string, what: string): Item {
  const found = items.filter(({ id }) => start !== '' && id.startsWith(start));
  const [first] = found;
  if (first && found.length === 1) return first;
  throw new SkeinError('SKEIN_REVIEW_UNKNOWN', `${found.length} ${what}s have an id that begins with ${JSON.stringify(start.slice(0, 80))}`, {
    hint: 'List them with skein reviews list, and show one with skein reviews show ID.',
  });
}

function exampleOf(text: string): { input: string; output: string | null } {
  const at = text.indexOf('=');
  if (at < 0)
    throw new SkeinError('SKEIN_USAGE', `${JSON.stringify(text.slice(0, 80))} is no example`, {
      hint: 'Write before=after; where a value holds =, use --solution or the gateway itself.',
    });
  const output = text.slice(at + 1);
  return { input: text.slice(0, at), output: output === '' ? null : output };
}

async function solutionOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new SkeinError('SKEIN_USAGE', `--solution ${file} cannot be read as JSON`, { cause });
  }
}

function lineOf({ id, kind, status, product, column, rule, cells, gaps }: Line): string {
  return `${id.slice(0, SHORT)}  ${status.padEnd(8)}  ${kind.padEnd(7)}  ${product}.${column}  ${rule}  ${cells} cells in ${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`;
}

function inWords(view: View): string {
  const rows = view.rows.slice(0, 5).map(({ before, after }) => {
    const outcomes = view.alternatives.map(({ id }) => `${id.slice(0, SHORT)}: ${id in after ? JSON.stringify(after[id]) : 'unchanged'}`);
    return `  ${JSON.stringify(before[view.column] ?? null)}  →  ${outcomes.join(', ')}`;
  });
  const alternatives = view.alternatives.map(
    ({ id, category, why, test }) => `  ${id.slice(0, SHORT)}  ${category}: ${why ?? 'not shown: it may quote values'} (${test.passed} of ${test.cells} cells)`,
  );
  return [
    lineOf(view),
    view.message,
    view.why,
    ...(rows.length === 0 ? [] : ['rows:', ...rows]),
    alternatives.length === 0 ? 'no alternatives: amend it, or reject it' : 'alternatives:',
    ...alternatives,
    `reaches: ${view.blast.cells} cells${view.blast.products.length === 0 ? '' : `, and ${view.blast.products.join(', ')}`}`,
    ...(view.maskedColumns.length === 0 ? [] : [`shapes only: ${view.maskedColumns.join(', ')}`]),
    ...view.decisions.map(({ decision, by, reason }) => `${by}: ${decision}, ${reason}`),
  ].join('\n');
}

function outcome({ id, status, settled, approvals, applied }: View): string {
  if (status === 'open') return `${id.slice(0, SHORT)} waits for another of ${approvals} persons`;
  return `${id.slice(0, SHORT)} is ${status}${settled === true ? '' : ' already'}; the swarm ${applied ? 'has been told' : 'will be told'}`;
}
