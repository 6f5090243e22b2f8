import type { Text } from '../program/program.ts';
import { type Column, type Reading, reads } from './family.ts';
import { cased, framed, type Mark, numberIn } from './decimal.ts';

interface Unit {
  readonly symbol: string;
  readonly dimension: string;
  /** Of the dimension's base unit: `base = value × times + plus`. Exact by definition (SI Brochure 2019; NIST SP 811, appendix B; international yard and pound 1959). */
  readonly times: number;
  readonly plus?: number;
  /** Spellings, in lower case, as a pattern. */
  readonly words: string;
}

/** Base units: g, ml, m, °C, s, m², Pa, m/s. */
const UNITS: readonly Unit[] = [
  { symbol: 'mg', dimension: 'mass', times: 0.001, words: 'mg|milligrams?' },
  { symbol: 'g', dimension: 'mass', times: 1, words: 'g|gr|grams?|gramm' },
  { symbol: 'kg', dimension: 'mass', times: 1000, words: 'kgs?|kilos?|kilograms?|kilogramm' },
  { symbol: 't', dimension: 'mass', times: 1_000_000, words: 't|tons?|tonnes?' },
  { symbol: 'lb', dimension: 'mass', times: 453.59237, words: 'lbs?|pounds?' },
  { symbol: 'oz', dimension: 'mass', times: 28.349523125, words: 'oz|ounces?|onz' },
  { symbol: 'ml', dimension: 'volume', times: 1, words: 'ml|millilit(?:er|re)s?' },
  { symbol: 'cl', dimension: 'volume', times: 10, words: 'cl|centilit(?:er|re)s?' },
  { symbol: 'l', dimension: 'volume', times: 1000, words: 'l|lt|lit(?:er|re)s?' },
  { symbol: 'fl oz', dimension: 'volume', times: 29.5735295625, words: 'fl[.]? ?oz|fluid ounces?' },
  { symbol: 'gal', dimension: 'volume', times: 3785.411784, words: 'gals?|gallons?' },
  { symbol: 'mm', dimension: 'length', times: 0.001, words: 'mm|millimet(?:er|re)s?' },
  { symbol: 'cm', dimension: 'length', times: 0.01, words: 'cm|centimet(?:er|re)s?' },
  { symbol: 'm', dimension: 'length', times: 1, words: 'm|met(?:er|re)s?' },
  { symbol: 'km', dimension: 'length', times: 1000, words: 'km|kilomet(?:er|re)s?' },
  { symbol: 'in', dimension: 'length', times: 0.0254, words: 'in|inch|inches|"|″' },
  { symbol: 'ft', dimension: 'length', times: 0.3048, words: "ft|feet|foot|'|′" },
  { symbol: 'mi', dimension: 'length', times: 1609.344, words: 'mi|miles?' },
  { symbol: '°C', dimension: 'temperature', times: 1, words: '° ?c|c|celsius|degrees? c(?:elsius)?|deg[.]? ?c' },
  { symbol: '°F', dimension: 'temperature', times: 5 / 9, plus: -160 / 9, words: '° ?f|f|fahrenheit|degrees? f(?:ahrenheit)?|deg[.]? ?f' },
  { symbol: 'K', dimension: 'temperature', times: 1, plus: -273.15, words: 'k|kelvin' },
  { symbol: 'ms', dimension: 'duration', times: 0.001, words: 'ms|msecs?|milliseconds?' },
  { symbol: 's', dimension: 'duration', times: 1, words: 's|secs?|seconds?' },
  { symbol: 'min', dimension: 'duration', times: 60, words: 'mins?|minutes?' },
  { symbol: 'h', dimension: 'duration', times: 3600, words: 'h|hrs?|hours?' },
  { symbol: 'm²', dimension: 'area', times: 1, words: 'm²|m2|sqm|square met(?:er|re)s?' },
  { symbol: 'hPa', dimension: 'pressure', times: 100, words: 'hpa|hectopascals?' },
  { symbol: 'kPa', dimension: 'pressure', times: 1000, words: 'kpa|kilopascals?' },
  { symbol: 'mbar', dimension: 'pressure', times: 100, words: 'mbar|millibars?' },
  { symbol: 'psi', dimension: 'pressure', times: 6894.757293168, words: 'psi' },
  { symbol: 'm/s', dimension: 'speed', times: 1, words: 'm/s|mps|met(?:er|re)s per second' },
  { symbol: 'km/h', dimension: 'speed', times: 1 / 3.6, words: 'km/h|kmh|kph|kilomet(?:er|re)s per hour' },
  { symbol: 'mph', dimension: 'speed', times: 0.44704, words: 'mph|miles per hour' },
  { symbol: 'kn', dimension: 'speed', times: 1852 / 3600, words: 'kn|knots?' },
  { symbol: 'sq ft', dimension: 'area', times: 0.09290304, words: 'ft²|ft2|sq ?ft|square feet' },
];

/** The unit that the contract or the source says the numbers are in: declared, or named in the column's name or description. */
export function targetOf(column: Column): Unit | undefined {
  const { property, source } = column.facts;
  if (source?.unit !== undefined) return UNITS.find(({ symbol }) => symbol === source.unit);
  const named = (words: string): Unit[] =>
    UNITS.filter(({ words: spelled }) => {
      const found = new RegExp(`(?:^|[^a-z])(${spelled})(?:$|[^a-z])`).exec(words.replaceAll('_', ' '))?.[1];
      // One letter is a unit at the end of a name (`mass_g`), and else only a letter.
      return found !== undefined && (found.length > 1 || words.endsWith(`_${found}`));
    });
  const name = property.name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  for (const words of [name, (property.description ?? '').toLowerCase()]) {
    const found = named(words);
    if (found.length === 1) return found[0];
    if (found.length > 1) return undefined;
  }
  return undefined;
}

/** Whether a text is the spelling of a unit. */
export function isUnit(text: string): boolean {
  const spelled = text.trim().toLowerCase().replace(/[.]$/, '');
  return UNITS.some(({ words }) => new RegExp(`^(?:${words})$`).test(spelled));
}

/** The units that stand behind the gap's numbers. */
function unitsOf(column: Column): Unit[] {
  const tails = new Set<string>();
  for (const { text } of column.values) {
    const tail = /[0-9][.,]? ?([^0-9]+)$/.exec(text)?.[1]?.toLowerCase();
    if (tail === undefined) continue;
    // The whole tail, and its first word where words follow the unit.
    for (const one of [tail, tail.split(' ')[0] ?? '']) tails.add(one.replace(/[. )-]+$/, ''));
  }
  return UNITS.filter(({ words }) => {
    const pattern = new RegExp(`^(?:${words})$`);
    return [...tails].some((tail) => pattern.test(tail));
  });
}

/** Numbers with units: converted where the wanted unit is known; else, where all have one unit, the unit is dropped, and several are a conflict. */
export function unitReadings(column: Column, mark: Mark): Reading[] {
  const target = targetOf(column);
  if (target === undefined && column.facts.source?.unit !== undefined) return [];
  const present = unitsOf(column);
  const described = column.values.some(({ text }) => /[0-9] ?[^-0-9 ]+ [^0-9]+$/.test(text));
  const readings: Reading[] = [];
  for (const unit of present) {
    const when = reads(column, framed(column, mark, '', `(?:${cased(unit.words)})[.]?`));
    const worded = reads(column, framed(column, mark, '', `(?:${cased(unit.words)})[.]? [^0-9]+`));
    const of = numberIn(column, mark);
    const add = (what: string, result: Text, meaning?: string): void => {
      const means = meaning !== undefined && { meaning };
      // A letter alone may be a power of ten as well (`3m`), where no unit is wanted.
      readings.push({
        category: 'unit',
        what: `${what}, decimal mark ${mark}`,
        when,
        result,
        tier: target === undefined && unit.symbol.length === 1 ? 1 : 0,
        ...means,
      });
      if (described) readings.push({ category: 'unit', what: `${what}, with words after it, decimal mark ${mark}`, when: worded, result, tier: 1, ...means });
    };
    if (target === undefined) {
      if (present.length > 1 || unit.symbol !== 'K') add(`numbers in ${unit.symbol}${present.length === 1 ? ', the only unit' : ''}`, of, unit.symbol);
    } else if (sameMeaning(unit, target)) add(`numbers in ${unit.symbol}, as the column is`, of);
    else if (unit.dimension === target.dimension) {
      const [times, plus] = [unit.times / target.times, ((unit.plus ?? 0) - (target.plus ?? 0)) / target.times];
      add(`${unit.symbol} to ${target.symbol}`, {
        op: 'affine',
        of,
        times: decimal(times, 9),
        plus: decimal(plus, 9),
        // What is no whole number is refused by a column of integers, not rounded for it.
        scale: 6,
      });
    }
  }
  return readings;
}

/** Ounces of a drink are fluid ounces: a number in ounces stays what it is whichever is meant. */
function sameMeaning(unit: Unit, target: Unit): boolean {
  return unit.symbol === target.symbol || (unit.symbol.endsWith('oz') && target.symbol.endsWith('oz'));
}

function decimal(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/(\.[0-9]*?)0+$/, '$1')
    .replace(/\.$/, '');
}
