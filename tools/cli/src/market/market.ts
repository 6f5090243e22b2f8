import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandContext, StricliProcess } from '@stricli/core';
import { formatError, SkeinError } from '@skein/kernel';
import { GatewayContracts, readToken } from '../diff/gateway-contracts.ts';
import { printable } from '../output/place-text.ts';

export interface GatewayFlags {
  readonly at: string;
  readonly tokenFile?: string;
  readonly json: boolean;
}

interface Plan {
  readonly unit: string;
  readonly currency: string;
  readonly price: string;
}

interface ListingLine {
  readonly id: string;
  readonly title: string;
  readonly product: string;
  readonly address: string;
  readonly state: string;
  readonly plan: Plan;
}

interface ListingView extends ListingLine {
  readonly description: string;
  readonly contractVersion: string;
  readonly licence: { readonly purposes: readonly string[] };
  readonly quota: number | null;
  readonly days: number | null;
  readonly dictionary: readonly { readonly name: string; readonly type: string; readonly description?: string }[];
  readonly preview: readonly Readonly<Record<string, string | null>>[];
  readonly release?: { readonly k: number; readonly rows: number; readonly ncp: string };
}

interface AgreementView {
  readonly id: string;
  readonly listing: string;
  readonly product: string;
  readonly consumer: string;
  readonly state: string;
  readonly terms: { readonly plan: Plan };
  readonly entitlement: { readonly validTo: string | null; readonly ended: string | null; readonly answered: number; readonly left: number | null } | null;
}

interface Total {
  readonly account: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

interface Statement {
  readonly charges: readonly unknown[];
  readonly owed: readonly Total[];
  readonly royalties: readonly unknown[];
  readonly earned: readonly Total[];
}

const EVENTS_IN_A_FILE = 10_000;

/** Asks the gateway and prints its answer, as JSON or in words. */
async function run<Answer>(
  context: CommandContext,
  flags: GatewayFlags,
  ask: (gateway: GatewayContracts) => Promise<Answer>,
  words: (answer: Answer) => string,
): Promise<void> {
  const process = context.process as StricliProcess;
  try {
    const answer = await ask(new GatewayContracts(flags.at, await readToken(flags.tokenFile)));
    process.stdout.write(flags.json ? `${JSON.stringify(answer, null, 2)}\n` : `${printable(words(answer))}\n`);
    process.exitCode = 0;
  } catch (error) {
    const known = error instanceof SkeinError ? error : undefined;
    if (flags.json && known) process.stdout.write(`${JSON.stringify({ error: known.toJSON() }, null, 2)}\n`);
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = known !== undefined && known.code !== 'SKEIN_USAGE' && known.fault === 'user' ? 1 : 2;
  }
}

export async function list(this: CommandContext, flags: GatewayFlags): Promise<void> {
  await run(
    this,
    flags,
    (gateway) => gateway.ask<{ listings: readonly ListingLine[] }>('GET', '/v1/market/listings'),
    ({ listings }) => (listings.length === 0 ? 'nothing is for sale' : listings.map(lineOf).join('\n')),
  );
}

export async function show(this: CommandContext, flags: GatewayFlags, id: string): Promise<void> {
  await run(this, flags, (gateway) => gateway.ask<ListingView>('GET', `/v1/market/listings/${encodeURIComponent(id)}`), inWords);
}

export async function sell(this: CommandContext, flags: GatewayFlags, file: string): Promise<void> {
  await run(this, flags, async (gateway) => gateway.ask<ListingView>('POST', '/v1/market/listings', await jsonOf(file)), inWords);
}

export async function buy(this: CommandContext, flags: GatewayFlags & { readonly key?: string; readonly terms?: string }, listing: string): Promise<void> {
  await run(
    this,
    flags,
    async (gateway) => {
      const terms = flags.terms === undefined ? undefined : await jsonOf(flags.terms);
      return gateway.ask<AgreementView>('POST', '/v1/market/offers', {
        listing,
        ...(terms === undefined ? {} : { terms }),
        ...(flags.key === undefined ? {} : { key: flags.key }),
      });
    },
    agreementLine,
  );
}

export async function offers(this: CommandContext, flags: GatewayFlags): Promise<void> {
  await run(
    this,
    flags,
    async (gateway) => {
      const { agreements: all } = await gateway.ask<{ agreements: readonly AgreementView[] }>('GET', '/v1/market/agreements');
      return { offers: all.filter(({ state }) => state !== 'FINALIZED' && state !== 'TERMINATED') };
    },
    ({ offers: open }) => (open.length === 0 ? 'no negotiation is open' : open.map(agreementLine).join('\n')),
  );
}

export async function agreements(this: CommandContext, flags: GatewayFlags): Promise<void> {
  await run(
    this,
    flags,
    (gateway) => gateway.ask<{ agreements: readonly AgreementView[] }>('GET', '/v1/market/agreements'),
    ({ agreements: all }) => (all.length === 0 ? 'no agreements' : all.map(agreementLine).join('\n')),
  );
}

export async function statement(this: CommandContext, flags: GatewayFlags): Promise<void> {
  await run(
    this,
    flags,
    (gateway) => gateway.ask<Statement>('GET', '/v1/market/statement'),
    ({ charges, owed, earned }) =>
      [
        `${charges.length} charges`,
        ...owed.map(({ currency, debit }) => `owed    ${amount(debit)} ${currency}`),
        ...earned.map(({ account, currency, credit }) => `earned  ${amount(credit)} ${currency}  ${account.replace(/^royalty:/, '')}`),
      ].join('\n'),
  );
}

/** Files of 10,000 events under names that stay: what was exported before is written anew, and reads the same. */
export async function exportLog(this: CommandContext, flags: GatewayFlags, folder: string): Promise<void> {
  await run(
    this,
    flags,
    async (gateway) => {
      await mkdir(folder, { recursive: true });
      let events = 0;
      let files = 0;
      for (;;) {
        const page = await gateway.ask<{ events: readonly unknown[] }>('GET', `/v1/market/events?after=${events}`);
        if (page.events.length === 0) return { folder, events, files };
        files += 1;
        events += page.events.length;
        const file = join(folder, `market_${String(files).padStart(6, '0')}.ndjson`);
        await writeFile(`${file}.writing`, page.events.map((event) => `${JSON.stringify(event)}\n`).join(''), { mode: 0o600 });
        await rename(`${file}.writing`, file);
        if (page.events.length < EVENTS_IN_A_FILE) return { folder, events, files };
      }
    },
    (done) => `${done.events} events in ${done.files} files: ${done.folder}`,
  );
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    throw new SkeinError('SKEIN_USAGE', `${file} cannot be read as JSON`, { cause: error });
  }
}

function lineOf({ id, product, state, plan, title }: ListingLine): string {
  return `${id}  ${product}  ${state}  ${priceOf(plan)}  ${title}`;
}

function inWords(listing: ListingView): string {
  const { description, contractVersion, licence, quota, days, dictionary, preview, release, address } = listing;
  return [
    lineOf(listing),
    ...(description === '' ? [] : [description]),
    `read as ${address}, contract ${contractVersion}${licence.purposes.length === 0 ? '' : `, for ${licence.purposes.join(', ')}`}`,
    `${quota ?? 'any number of'} queries, ${days === null ? 'until ended' : `${days} days`}`,
    ...(release ? [`released at k = ${release.k} from ${release.rows} rows, ${release.ncp} of the information lost`] : []),
    ...dictionary.map(({ name, type, description: about }) => `  ${name}  ${type}${about === undefined ? '' : `  ${about}`}`),
    ...preview.map(
      (row) =>
        `  ${Object.entries(row)
          .map(([name, value]) => `${name}=${value ?? 'null'}`)
          .join('  ')}`,
    ),
  ].join('\n');
}

function agreementLine({ id, listing, product, consumer, state, terms, entitlement }: AgreementView): string {
  const standing =
    entitlement === null
      ? ''
      : entitlement.ended !== null
        ? `  ended: ${entitlement.ended}`
        : `  ${entitlement.answered} answered${entitlement.left === null ? '' : `, ${entitlement.left} left`}${entitlement.validTo === null ? '' : `, until ${entitlement.validTo}`}`;
  return `${id}  ${listing}  ${product}  ${consumer}  ${state}  ${priceOf(terms.plan)}${standing}`;
}

function priceOf({ unit, price, currency }: Plan): string {
  return price === '0' ? unit : `${amount(price)} ${currency} ${unit}`;
}

/** Minor units with the point where two decimals have it. */
function amount(cents: string): string {
  const digits = cents.padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
