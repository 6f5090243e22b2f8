import { SkeinError } from '@skein/kernel';
import { readCents, readCurrency, shown } from './money.ts';

/** Pricing plans that can be metered, in the vocabulary of ODPS 4.0 (`unit`). */
export const PLAN_UNITS = ['One-time-payment', 'Pay-per-use', 'Recurring', 'Data-volume', 'Freemium', 'Trial', 'Open-data'] as const;
export type PlanUnit = (typeof PLAN_UNITS)[number];

/** Plans of the vocabulary that no meter can price. */
const UNMETERED: readonly string[] = ['Revenue-sharing', 'Pay-what-you-want', 'Value-based', 'On-request'];

/** What using a listing costs. Amounts are minor units as decimal text, so that a plan is plain JSON. */
export interface PricingPlan {
  readonly unit: PlanUnit;
  /** ISO 4217. */
  readonly currency: string;
  /** For one agreement, one query, one period or `bytes` bytes, by unit; "0" for Trial and Open-data. */
  readonly price: string;
  /** Recurring: days of a period, 30 by default. */
  readonly days?: number;
  /** Data-volume: bytes that `price` is for, 1,048,576 by default. A part of it counts whole. */
  readonly bytes?: number;
  /** Freemium: answered queries that are free. */
  readonly free?: number;
}

export const PERIOD_DAYS = 30;
export const VOLUME_BYTES = 1_048_576;
const DAY_MS = 86_400_000;

/** Throws SKEIN_REQUEST_INVALID. */
export function readPlan(value: unknown): PricingPlan {
  const { unit, currency, price, days, bytes, free, ...strange } = members(value, 'a pricing plan');
  noStrange(strange, 'a pricing plan');
  if (!PLAN_UNITS.includes(unit as PlanUnit))
    throw new SkeinError(
      'SKEIN_REQUEST_INVALID',
      UNMETERED.includes(unit as string) ? `plans of the unit ${shown(unit)} cannot be metered` : `${shown(unit)} is no unit of a pricing plan`,
      { hint: `Use one of ${PLAN_UNITS.join(', ')}.` },
    );
  const cents = readCents(price ?? (unit === 'Trial' || unit === 'Open-data' ? '0' : undefined), 'the price');
  const costless = unit === 'Trial' || unit === 'Open-data';
  if (costless !== (cents === 0n))
    throw new SkeinError('SKEIN_REQUEST_INVALID', costless ? `${String(unit)} costs nothing, not ${cents}` : `the price of ${String(unit)} must be above 0`, {
      hint: 'What is given away is Open-data, or Trial for a time.',
    });
  const plan = { unit: unit as PlanUnit, currency: readCurrency(currency), price: cents.toString() };
  const only = (name: string, given: unknown, fitting: PlanUnit): void => {
    if (given !== undefined && unit !== fitting)
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${name} belongs to the unit ${fitting}, not to ${String(unit)}`);
  };
  only('days', days, 'Recurring');
  only('bytes', bytes, 'Data-volume');
  only('free', free, 'Freemium');
  switch (plan.unit) {
    case 'Recurring':
      return { ...plan, days: readCount(days ?? PERIOD_DAYS, 'days', 1, 3_660) };
    case 'Data-volume':
      return { ...plan, bytes: readCount(bytes ?? VOLUME_BYTES, 'bytes', 1_024, 1_099_511_627_776) };
    case 'Freemium':
      return { ...plan, free: readCount(free, 'free', 1, 1_000_000_000) };
    default:
      return plan;
  }
}

/** What one answered query costs. `answered` counts queries charged under the entitlement before this one. */
export function usageCents(plan: PricingPlan, answered: number, bytes: number): bigint {
  const price = BigInt(plan.price);
  switch (plan.unit) {
    case 'Pay-per-use':
      return price;
    case 'Freemium':
      return answered < (plan.free ?? 0) ? 0n : price;
    case 'Data-volume': {
      const unit = BigInt(plan.bytes ?? VOLUME_BYTES);
      return ((BigInt(bytes) + unit - 1n) / unit) * price;
    }
    default:
      return 0n;
  }
}

/** Periods of a recurring plan that have begun at `now`, of those that fit between the two moments; 0 for other plans. Milliseconds. */
export function periodsBegun(plan: PricingPlan, from: number, to: number | undefined, now: number): number {
  if (plan.unit !== 'Recurring' || now < from) return 0;
  const length = (plan.days ?? PERIOD_DAYS) * DAY_MS;
  const last = to === undefined ? now : Math.min(now, to - 1);
  return Math.floor((last - from) / length) + 1;
}

/** The members of an object of a request. Throws SKEIN_REQUEST_INVALID. */
export function members(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `${what} must be an object, not ${shown(value)}`);
  return value as Readonly<Record<string, unknown>>;
}

export function noStrange(strange: Readonly<Record<string, unknown>>, what: string): void {
  const [name] = Object.keys(strange);
  if (name !== undefined) throw new SkeinError('SKEIN_REQUEST_INVALID', `${what} has no member ${shown(name)}`);
}

/** A whole number within bounds. Throws SKEIN_REQUEST_INVALID. */
export function readCount(value: unknown, what: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new SkeinError('SKEIN_REQUEST_INVALID', `${what} must be a whole number from ${least} to ${most}, not ${shown(value)}`);
}
