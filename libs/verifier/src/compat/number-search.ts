import { between, commonMultiple, compare, decimalOf, decimalValue, floorSteps, isWholeMultiple, plus, stepsToCommon, times, type Decimal } from './decimal.ts';
import { canonicalValue } from './json-value.ts';
import type { Node } from './node.ts';
import { NONE, some, unknown, type Outcome } from './outcome.ts';

const ZERO: Decimal = { digits: 0n, scale: 0 };
const ONE: Decimal = { digits: 1n, scale: 0 };
const MOST = 20_000;

interface Edge {
  readonly value: Decimal;
  readonly exclusive: boolean;
}

/** Finds a number that keeps the rules of `kept` and breaks each of `broken`: bounds, multiples and lists of values. */
export function findNumber(kept: readonly Node[], broken: readonly Node[]): Outcome {
  let low: Edge | undefined;
  let high: Edge | undefined;
  let step: Decimal | undefined;
  const offSteps: Decimal[] = [];
  const taken = new Set<string>();
  const raise = (edge: Edge) => {
    const order = low ? compare(edge.value, low.value) : 1;
    if (order > 0 || (order === 0 && edge.exclusive)) low = edge;
  };
  const lower = (edge: Edge) => {
    const order = high ? compare(edge.value, high.value) : -1;
    if (order < 0 || (order === 0 && edge.exclusive)) high = edge;
  };
  for (const [nodes, keep] of [
    [kept, true],
    [broken, false],
  ] as const) {
    for (const node of nodes) {
      if (node.is === 'bound') {
        const edge = { value: node.value, exclusive: keep ? node.exclusive : !node.exclusive };
        if ((node.side === 'low') === keep) raise(edge);
        else lower(edge);
      } else if (node.is === 'multiple') {
        if (keep) step = step ? commonMultiple(step, node.step) : node.step;
        else offSteps.push(node.step);
      } else if (node.is === 'values') for (const value of node.values.keys()) taken.add(value);
    }
  }
  return step ? onSteps(step, low, high, offSteps, taken) : anywhere(low, high, offSteps, taken);
}

function fits(value: Decimal, offSteps: readonly Decimal[], taken: ReadonlySet<string>): boolean {
  return !offSteps.some((step) => isWholeMultiple(value, step)) && !taken.has(canonicalValue(decimalValue(value)));
}

function onSteps(step: Decimal, low: Edge | undefined, high: Edge | undefined, offSteps: readonly Decimal[], taken: ReadonlySet<string>): Outcome {
  if (offSteps.some((other) => stepsToCommon(step, other) === 1n)) return NONE;
  const first = low && firstStep(low, step);
  const last = high && -firstStep({ value: times(high.value, -1n), exclusive: high.exclusive }, step);
  if (first !== undefined && last !== undefined && first > last) return NONE;
  // From zero outwards where zero is allowed: small witnesses read better.
  const upwards = last !== undefined && last < 0n ? undefined : first !== undefined && first > 0n ? first : 0n;
  const downwards = first !== undefined && first > 0n ? undefined : last !== undefined && last < 0n ? last : -1n;
  for (const [from, to, by] of [
    [upwards, last, 1n],
    [downwards, first, -1n],
  ] as const) {
    if (from === undefined) continue;
    let tried = 0;
    for (let at = from; to === undefined || (by > 0n ? at <= to : at >= to); at += by) {
      if (++tried > MOST) return unknown('no multiple was found that the other multiples leave');
      const value = times(step, at);
      if (fits(value, offSteps, taken)) return some(decimalValue(value));
    }
  }
  return NONE;
}

/** The number of the first step within a lower edge. */
function firstStep({ value, exclusive }: Edge, step: Decimal): bigint {
  const below = floorSteps(value, step);
  return isWholeMultiple(value, step) && !exclusive ? below : below + 1n;
}

function anywhere(low: Edge | undefined, high: Edge | undefined, offSteps: readonly Decimal[], taken: ReadonlySet<string>): Outcome {
  if (low && high) {
    const order = compare(low.value, high.value);
    if (order > 0 || (order === 0 && (low.exclusive || high.exclusive))) return NONE;
    if (order === 0) return fits(low.value, offSteps, taken) ? some(decimalValue(low.value)) : NONE;
  }
  const from = low?.value ?? (high ? plus(high.value, times(ONE, -100n)) : ZERO);
  const to = high?.value ?? plus(from, times(ONE, 100n));
  const offer = (value: Decimal): Outcome | undefined => {
    const json = decimalValue(value);
    // A fraction that a double cannot tell from its neighbour would be another value once it is written down.
    const exact = decimalOf(json);
    return exact && compare(exact, value) === 0 && fits(value, offSteps, taken) ? some(json) : undefined;
  };
  if (!low?.exclusive) {
    const edge = offer(from);
    if (edge && (low || !high)) return edge;
  }
  if (high && !high.exclusive) {
    const edge = offer(high.value);
    if (edge) return edge;
  }
  const whole = onSteps(ONE, low, high, offSteps, taken);
  if (whole.is === 'some') return whole;
  for (let halvings = 1; halvings <= 10; halvings++) {
    for (let part = 1; part < 2 ** halvings; part += 2) {
      const found = offer(between(from, to, part, halvings));
      if (found) return found;
    }
  }
  return unknown('no number was found that can be written down');
}
