import type { ColumnFacts } from './column-facts.ts';

/**
 * Why the values do not bear out what a solution of unknown origin makes of them, such as a model's; undefined where they do. That the contract accepts
 * an outcome says that it may stand in the column, not that it is what the value meant. So the outcome may only tell what the value tells
 * (no digit or letter that is not in it), tell values apart that differ, and be the only such outcome that the contract accepts: a day and
 * month that could be exchanged, a mark that could part thousands or decimals, or another piece of the text that would do, is ambiguity.
 */
export function unjustified(outcomes: ReadonlyMap<string, string | null>, facts: ColumnFacts): string | undefined {
  const { kind } = facts.property.type;
  const inputs = new Map<string, string>();
  let decided = kind === 'string' || kind === 'time' || kind === 'int';
  for (const [value, outcome] of outcomes) {
    if (outcome === null) return 'it makes cells missing';
    const other = inputs.get(outcome);
    if (other !== undefined && other !== signs(value)) return 'it makes one of values that differ';
    inputs.set(outcome, signs(value));
    switch (kind) {
      case 'string': {
        if (!holds(signs(value), signs(outcome))) return 'it says what the values do not';
        if (pieces(value, outcome).some((piece) => facts.accepts(piece))) return 'another part of the values would do as well';
        break;
      }
      case 'int':
      case 'decimal':
      case 'float': {
        if (!NUMBER.test(outcome) || bare(value) !== bare(outcome) || outcome.startsWith('-') !== /^\s*-|-\s*$|^\s*\(.*\)\s*$/.test(value))
          return 'it says what the values do not';
        if (
          value
            .split(/[0-9]+/)
            .slice(1, -1)
            .some((between) => /[^\s.,'’\u00a0\u202f]/u.test(between))
        )
          return 'the values hold more than one number';
        const rival = pointed(outcome, value);
        if (rival !== undefined && facts.accepts(rival)) {
          if (kind === 'int') return 'its mark may part decimals or thousands';
        } else decided = true;
        break;
      }
      case 'time':
      case 'date':
      case 'timestamp': {
        const [said, given] = [groups(outcome), groups(value)];
        const rest = [...given];
        for (const one of said) {
          const at = rest.indexOf(one);
          if (at >= 0) rest.splice(at, 1);
          else if (one !== 0 || kind === 'date') return 'it says what the values do not';
        }
        if (kind === 'time' && !said.every((one, at) => one === given[at] || one === 0)) return 'it orders what the values say otherwise';
        const swapped = outcome.replace(/^(\d{4})-(\d{2})-(\d{2})/, '$1-$3-$2');
        if (swapped !== outcome && !facts.accepts(swapped)) decided = true;
        break;
      }
      default:
        return `nothing tells whether an outcome of the type ${kind} is right`;
    }
  }
  return decided ? undefined : 'another reading of all values is accepted as well';
}

const NUMBER = /^-?[0-9]+([.][0-9]+)?$/;
/** Pieces of one value that are looked at. */
const MOST_PIECES = 500;

/** Letters and digits without case. */
function signs(value: string): string {
  return value
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Whether the signs of `part` stand in `whole` in their order. */
function holds(whole: string, part: string): boolean {
  let at = 0;
  for (const sign of part) {
    const found = whole.indexOf(sign, at);
    if (found < 0) return false;
    at = found + sign.length;
  }
  return part.length > 0;
}

/** The digits of a number as they stand, without leading zeros. */
function bare(value: string): string {
  return value.replaceAll(/[^0-9]/g, '').replace(/^0+(?=[0-9])/, '');
}

/** Parts of the value, or of its letters and digits, that are as long as the outcome and say something else. */
function pieces(value: string, outcome: string): string[] {
  const found = new Set<string>();
  for (const text of [
    value,
    value.toUpperCase(),
    value.toLowerCase(),
    value.replaceAll(/[^\p{L}\p{N}]/gu, ''),
    value.replaceAll(/[^\p{L}\p{N}]/gu, '').toUpperCase(),
  ]) {
    for (let at = 0; at + outcome.length <= text.length && found.size < MOST_PIECES; at += 1) found.add(text.slice(at, at + outcome.length));
  }
  return [...found].filter((piece) => signs(piece) !== signs(outcome));
}

/** The other meaning of the last mark of the value: a decimal point instead of none, or none instead of one. */
function pointed(outcome: string, value: string): string | undefined {
  if (outcome.includes('.')) return outcome.replace('.', '');
  const after = /[.,]([0-9]+)[^0-9]*$/.exec(value)?.[1]?.length;
  return after === undefined ? undefined : `${outcome.slice(0, -after)}.${outcome.slice(-after)}`;
}

function groups(value: string): number[] {
  return (value.match(/[0-9]+/g) ?? []).map(Number);
}
