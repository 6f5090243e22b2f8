import { SkeinError } from '@skein/kernel';
import type { Bench, BenchResult } from './bench.ts';

/** One line of JSON: the fields that every bench has come first. */
export function jsonLine(bench: Bench, result: BenchResult): string {
  const { figure, floor, ratio, unit, ...extra } = checked(bench.name, result);
  return JSON.stringify({
    bench: bench.name,
    figure: rounded(figure),
    floor: rounded(floor),
    ratio: rounded(ratio),
    unit,
    bar: bench.bar,
    met: bench.met(result),
    ...extra,
  });
}

/** One row of the table that people read. */
export function tableRow(bench: Bench, result: BenchResult): string {
  const { figure, floor, ratio, unit } = checked(bench.name, result);
  const cells = [
    bench.name.padEnd(WIDTHS[0]),
    amount(figure, unit).padStart(WIDTHS[1]),
    amount(floor, unit).padStart(WIDTHS[2]),
    rounded(ratio).toString().padStart(WIDTHS[3]),
  ];
  return `${cells.join('  ')}  ${bench.bar}: ${bench.met(result) ? 'met' : 'not met'}`;
}

const WIDTHS = [16, 14, 14, 8] as const;

export const TABLE_HEAD: string = `${'bench'.padEnd(WIDTHS[0])}  ${'figure'.padStart(WIDTHS[1])}  ${'floor'.padStart(WIDTHS[2])}  ${'ratio'.padStart(WIDTHS[3])}  bar`;

/** A bench that yields no number has failed, however quick it was. */
function checked(name: string, result: BenchResult): BenchResult {
  for (const key of ['figure', 'floor', 'ratio'] as const) {
    if (!Number.isFinite(result[key]) || result[key] < 0) {
      throw new SkeinError('SKEIN_INTERNAL', `bench ${name} measured ${key} = ${result[key]}`, { hint: 'Mend the bench: every figure is a finite number.' });
    }
  }
  return result;
}

function amount(value: number, unit: string): string {
  return `${rounded(value)} ${unit}`;
}

/** Four significant digits, and whole numbers as they are: what a machine of this kind can repeat. */
function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
