import { randomUUID } from 'node:crypto';
import type { Contract, Property } from '@skein/contract';
import { soldView, type Principal } from '@skein/federation';
import { canonicalJson, ident, sha256, SkeinError } from '@skein/kernel';
import {
  checkKey,
  entitledNow,
  members,
  noStrange,
  shown,
  unknownAgreement,
  type Entitlement,
  type MarketEvent,
  type PrivacyPlan,
  type PrivateAnswer,
} from '@skein/market';
import type { QuerySandbox } from '@skein/ports';
import { privateSums, rational, type Contribution } from '@skein/privacy';
import { inUnits, wholeUnits } from './decimal-units.ts';
import { besideOf } from './market-view.ts';
import { entryOf } from './offered.ts';
import { summable } from './sellable.ts';
import type { TradeParts } from './trade.ts';

/** What is asked: how many rows, or the sum of a column, in each group. */
interface Question {
  readonly by: readonly string[];
  readonly sum: string | undefined;
}

const READ_MS = 60_000;
const LEASE_MS = 180_000;
const MOST_ROWS = 1_000_000;
const MOST_GROUPS = 10_000;

/**
 * `POST /v1/market/answers`: one answer with noise. It is paid for, by quota, by price and from the privacy budget, before it is made; sent again under
 * the same key it is the same answer, noise and all, because two draws would tell more than one.
 */
export async function privateAnswer(
  parts: TradeParts,
  body: unknown,
  principal: Principal,
  { key, purpose }: { readonly key: string | undefined; readonly purpose: string | undefined },
): Promise<{ readonly view: Readonly<Record<string, unknown>>; readonly entitlement: Entitlement }> {
  const { market, clock, catalog } = parts;
  const { agreement, by, sum, key: named, ...strange } = members(body, 'a question');
  noStrange(strange, 'a question');
  const own = key ?? named;
  if (own === undefined)
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'a question to be answered with noise has an idempotency key', {
      hint: 'Send the header idempotency-key: the same key gets the same answer, and is paid for once.',
    });
  checkKey(own);
  const standing = entitledNow(await market.state(), principal.subject, clock.now()).find(({ entitlement }) => entitlement.agreement === agreement);
  if (!standing) throw unknownAgreement(String(agreement));
  const { entitlement } = standing;
  const { privacy } = entitlement;
  if (!privacy) throw new SkeinError('SKEIN_MARKET_CONFLICT', 'the agreement gives rows', { hint: 'Ask with POST /v1/sql.' });
  const { purposes } = entitlement.licence;
  if (purposes.length > 0 && (purpose === undefined || !purposes.includes(purpose)))
    throw new SkeinError('SKEIN_AUTH_FORBIDDEN', `the licence is for ${purposes.join(', ')}`, { hint: 'Name a purpose of it in skein-purpose.' });
  const question = readQuestion(privacy, by, sum);
  const entry = entryOf(catalog, entitlement);
  if (!entry) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `no product ${shown(entitlement.product)} is known`);

  const asked = sha256(canonicalJson([question.by, question.sum ?? null, entitlement.id]));
  const query = sha256(canonicalJson([principal.subject, entitlement.id, own])).slice(0, 40);
  const attempt = randomUUID();
  const reserved = await market.run(
    { do: 'reserve', consumer: principal.subject, entitlements: [entitlement.id], key: own, query: asked, attempt, leaseMs: LEASE_MS },
    clock.now(),
  );
  const uses = reserved.flatMap((event: MarketEvent) =>
    event.type === 'usage.reserved' ? [{ usage: event.usage, entitlement: event.entitlement, key: event.key, query: event.query }] : [],
  );
  try {
    await market.run(
      { do: 'spend', dataset: entitlement.product, by: principal.subject, cost: privacy.cost, budget: privacy.budget, query, asked },
      clock.now(),
    );
    const kept = async (): Promise<PrivateAnswer | undefined> => (await market.state()).answers.get(query)?.answer;
    if (!(await kept())) {
      const snapshot = await parts.store.current(entry.table);
      if (!snapshot) throw new SkeinError('SKEIN_SNAPSHOT_NONE', `${entry.id} has no live snapshot yet`);
      await parts.store.verify(snapshot);
      const columns = [privacy.person, ...question.by, ...(question.sum === undefined ? [] : [question.sum])];
      const view = soldView(entry, { terms: { ...entitlement.terms, columns } }, snapshot, true);
      if (!view) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', 'the agreement does not fit the contract of the product any more');
      const answer = withNoise(privacy, question, entry.contract, await rowsOf(parts.sandbox, view, privacy, question));
      await market.run({ do: 'answer', query, answer }, clock.now());
    }
    const answer = (await kept()) as PrivateAnswer;
    if (uses.length > 0)
      await market.run({ do: 'settle', uses, rows: BigInt(answer.groups.length), bytes: Buffer.byteLength(JSON.stringify(answer)) }, clock.now());
    const beside = besideOf(await market.state(), { id: entitlement.listing, product: entitlement.product, privacy }, false);
    return { view: { agreement: entitlement.agreement, ...question, sum: question.sum ?? null, cost: privacy.cost, beside, ...answer }, entitlement };
  } catch (error) {
    if (uses.length > 0)
      await market.run(
        { do: 'release', usages: uses.map(({ usage }) => usage), attempt, reason: error instanceof SkeinError ? error.code : 'SKEIN_INTERNAL' },
        clock.now(),
      );
    throw error;
  }
}

function readQuestion(plan: PrivacyPlan, by: unknown, sum: unknown): Question {
  const groups = by === undefined ? plan.by : by;
  if (!Array.isArray(groups) || groups.length === 0 || !groups.every((name) => plan.by.includes(name as string)))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `by must be of ${plan.by.join(', ')}, not ${shown(by)}`);
  if (sum !== undefined && sum !== null && !(typeof sum === 'string' && Object.hasOwn(plan.sums, sum)))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `sum must be of ${Object.keys(plan.sums).join(', ') || 'no column'}, not ${shown(sum)}`, {
      hint: 'Leave it out to count rows.',
    });
  return { by: [...new Set(groups as string[])].sort(), sum: typeof sum === 'string' ? sum : undefined };
}

/** Person, groups and value of every row that has a person, and a value where one is asked: who is nobody cannot be hidden, nor counted. */
async function rowsOf(
  sandbox: QuerySandbox,
  view: NonNullable<ReturnType<typeof soldView>>,
  { person }: PrivacyPlan,
  { by, sum }: Question,
): Promise<(string | null)[][]> {
  const text = (column: string): string => `CAST(${ident(column)} AS VARCHAR)`;
  const parts = [text(person), ...by.map(text), ...(sum === undefined ? [] : [text(sum)])];
  const result = await sandbox.execute({
    catalog: { key: `private ${sha256(canonicalJson(view))}`, views: [view] },
    sql: `SELECT ${parts.map((part, index) => `${part} AS c${index}`).join(', ')} FROM governed.${ident(view.schema)}.${ident(view.name)} WHERE ${ident(person)} IS NOT NULL${sum === undefined ? '' : ` AND ${ident(sum)} IS NOT NULL`}`,
    parameters: [],
    format: 'json',
    deadlineMs: READ_MS,
    maxRows: MOST_ROWS,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of result.body) chunks.push(chunk);
  if ((await result.outcome).truncated)
    throw new SkeinError('SKEIN_MARKET_CONFLICT', `the product has more than ${MOST_ROWS} rows, and is not answered with noise`);
  const { rows } = JSON.parse(Buffer.concat(chunks).toString()) as { rows: readonly Readonly<Record<string, string | null>>[] };
  return rows.map((row) => parts.map((_, index) => row[`c${index}`] ?? null));
}

function withNoise(plan: PrivacyPlan, { by, sum }: Question, contract: Contract, rows: readonly (string | null)[][]): PrivateAnswer {
  const scale = sum === undefined ? 0 : scaleOf(contract.properties.find(({ name }) => name === sum));
  const range = sum === undefined ? undefined : plan.sums[sum];
  const contributions = rows.map((row): Contribution => ({
    person: row[0] as string,
    partition: JSON.stringify(row.slice(1, 1 + by.length)),
    value: sum === undefined ? 1n : wholeUnits(row.at(-1) as string, scale),
  }));
  const answer = privateSums(contributions, {
    ...plan.cost,
    bounds: {
      partitionsPerPerson: plan.partitionsPerPerson,
      rowsPerPartition: plan.rowsPerPartition,
      low: range ? wholeUnits(range.low, scale) : 0n,
      high: range ? wholeUnits(range.high, scale) : 1n,
    },
  });
  if (answer.partitions.length > MOST_GROUPS)
    throw new SkeinError('SKEIN_MARKET_CONFLICT', `the answer has more than ${MOST_GROUPS} groups`, { hint: 'Group by fewer columns.' });
  return {
    groups: answer.partitions.map(({ partition, sum: value }) => ({ by: JSON.parse(partition) as (string | null)[], value: inUnits(value, scale) })),
    scale: scaleText(answer.scale, scale),
    threshold: String(answer.threshold),
  };
}

/** The scale of the noise in the column's unit, as a fraction in its lowest terms. */
function scaleText(units: string, places: number): string {
  const [over = '1', under = '1'] = units.split('/');
  const { numerator, denominator } = rational(`${over}/${BigInt(under) * 10n ** BigInt(places)}`);
  return denominator === 1n ? numerator.toString() : `${numerator}/${denominator}`;
}

function scaleOf(property: Property | undefined): number {
  if (!property || !summable(property)) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', 'the agreement does not fit the contract of the product any more');
  return property.type.kind === 'decimal' ? property.type.scale : 0;
}
