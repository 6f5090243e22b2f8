import { SkeinError } from '@skein/kernel';
import { shown } from './money.ts';
import { members, noStrange, readCount } from './plan.ts';

/** How much privacy a thing costs, or may cost: decimal text. */
export interface PrivacyAmount {
  readonly epsilon: string;
  readonly delta: string;
}

/**
 * That a product is sold as answers with noise only: counts and sums by groups, each of which spends of the dataset's budget. Plain JSON.
 */
export interface PrivacyPlan {
  /** The column that says whose a row is: it is never shown, and noise hides any one of its values. */
  readonly person: string;
  /** Columns by which may be grouped, sorted. */
  readonly by: readonly string[];
  /** Columns that may be summed, with the bounds that each value is moved into: decimal text in the column's own unit. */
  readonly sums: Readonly<Record<string, { readonly low: string; readonly high: string }>>;
  /** Groups, and rows of each, that one person may count in; what is beyond them is left out by lot. */
  readonly partitionsPerPerson: number;
  readonly rowsPerPartition: number;
  /** What one answer costs. */
  readonly cost: PrivacyAmount;
  /** Of the dataset, over all its listings and buyers, for good. */
  readonly budget: PrivacyAmount;
}

/** ε has nine places after the point, δ eighteen: both are counted in whole units of 10⁻¹⁸. */
const EPSILON = /^(0|[1-9]\d{0,8})(?:\.(\d{1,9}))?$/;
const DELTA = /^(0)(?:\.(\d{1,18}))?$/;
const PLACES = 18;

/** An amount in units of 10⁻¹⁸. Throws SKEIN_REQUEST_INVALID. */
export function privacyUnits(kind: keyof PrivacyAmount, text: unknown): bigint {
  const found = typeof text === 'string' ? (kind === 'epsilon' ? EPSILON : DELTA).exec(text) : null;
  if (!found)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `${kind} is decimal text with at most ${kind === 'epsilon' ? '9' : '18'} places, not ${shown(text)}`, {
      hint: kind === 'epsilon' ? 'Write it as "0.1".' : 'Write it as "0.000001"; it is below 1.',
    });
  return BigInt(`${found[1]}${(found[2] ?? '').padEnd(PLACES, '0')}`);
}

/** Decimal text of at most 18 places in units of 10⁻¹⁸. */
function placed(text: string): bigint {
  const [whole = '0', places = ''] = text.split('.');
  return BigInt(`${whole}${places.padEnd(PLACES, '0')}`);
}

/** Reads a plan whose columns the caller knows; `known` says whether a name is one, and whether it can be summed. Throws SKEIN_REQUEST_INVALID. */
export function readPrivacyPlan(value: unknown, known: (name: string) => 'summable' | 'other' | undefined): PrivacyPlan {
  const { person, by, sums = {}, partitionsPerPerson, rowsPerPartition, cost, budget, ...strange } = members(value, 'a privacy plan');
  noStrange(strange, 'a privacy plan');
  const column = (name: unknown, what: string): string => {
    if (typeof name === 'string' && known(name) !== undefined) return name;
    throw new SkeinError('SKEIN_REQUEST_INVALID', `${what} must be a column of the product, not ${shown(name)}`);
  };
  const whose = column(person, 'person');
  if (!Array.isArray(by) || by.length === 0 || by.length > 20) throw new SkeinError('SKEIN_REQUEST_INVALID', 'by must be a list of 1 to 20 columns');
  const groups = [...new Set(by.map((name) => column(name, 'by')))].sort();
  const bounds = Object.entries(members(sums, 'sums')).map(([name, range]) => {
    if (known(name) !== 'summable')
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(name)} is no column of whole numbers or decimals that could be summed`);
    const { low, high, ...more } = members(range, `the bounds of ${shown(name)}`);
    noStrange(more, `the bounds of ${shown(name)}`);
    const number = (text: unknown): text is string => typeof text === 'string' && /^-?\d{1,18}(\.\d{1,18})?$/.test(text);
    if (!number(low) || !number(high)) throw new SkeinError('SKEIN_REQUEST_INVALID', `the bounds of ${shown(name)} are {"low", "high"} as decimal text`);
    if (placed(low) > placed(high))
      throw new SkeinError('SKEIN_REQUEST_INVALID', `the values of ${shown(name)} cannot lie between ${low} and ${high}`, { hint: 'low is not above high.' });
    return [name, { low, high }] as const;
  });
  if (groups.includes(whose) || bounds.some(([name]) => name === whose))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(whose)} says whose a row is, and is not shown`);
  const amount = (given: unknown, what: string): PrivacyAmount => {
    const { epsilon, delta, ...more } = members(given, what);
    noStrange(more, what);
    if (privacyUnits('epsilon', epsilon) === 0n || privacyUnits('delta', delta) === 0n)
      throw new SkeinError('SKEIN_REQUEST_INVALID', `epsilon and delta of ${what} are above zero`, {
        hint: 'Groups are told only where enough people are in them, which costs delta.',
      });
    return { epsilon: epsilon as string, delta: delta as string };
  };
  return {
    person: whose,
    by: groups,
    sums: Object.fromEntries(bounds.sort(([a], [b]) => (a < b ? -1 : 1))),
    partitionsPerPerson: readCount(partitionsPerPerson, 'partitionsPerPerson', 1, 1_000),
    rowsPerPartition: readCount(rowsPerPartition, 'rowsPerPartition', 1, 1_000),
    cost: amount(cost, 'the cost'),
    budget: amount(budget, 'the budget'),
  };
}
