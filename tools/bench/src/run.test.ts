import { describe, expect, it } from 'vitest';
import type { Bench, BenchResult } from './bench.ts';
import { BENCHES } from './registry.ts';
import { runBenches } from './run.ts';

const bench = (name: string, result: BenchResult | Error): Bench => ({
  name,
  measures: `what ${name} measures`,
  bar: 'ratio ≤ 1.5',
  met: ({ ratio }) => ratio <= 1.5,
  load: () =>
    Promise.resolve((progress) => {
      progress('half way');
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
    }),
});
const fast = bench('fast', { figure: 1.23456, floor: 1, ratio: 1.23456, unit: 's', events: 500_000 });
const slow = bench('slow', { figure: 123456.7, floor: 2, ratio: 61728.35, unit: 'ms' });

async function run(args: readonly string[], benches: readonly Bench[]): Promise<{ good: boolean; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const good = await runBenches({ args, benches, print: (line) => out.push(line), progress: (line) => err.push(line) });
  return { good, out, err };
}

describe('the bench runner', () => {
  it('prints with --json one line of JSON for each bench, and nothing else', async () => {
    const { good, out, err } = await run(['--json'], [fast, slow]);
    expect(good).toBe(true);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { bench: 'fast', figure: 1.235, floor: 1, ratio: 1.235, unit: 's', bar: 'ratio ≤ 1.5', met: true, events: 500_000 },
      { bench: 'slow', figure: 123457, floor: 2, ratio: 61728, unit: 'ms', bar: 'ratio ≤ 1.5', met: false },
    ]);
    expect(err).toContain('fast: half way');
  });

  it('prints a table else, with the bar and whether it was met; a missed bar is no failure', async () => {
    const { good, out } = await run(['slow'], [fast, slow]);
    expect(good).toBe(true);
    expect(out).toHaveLength(2);
    expect(out[1]).toMatch(/^slow .*123457 ms .*2 ms .*61728 {2}ratio ≤ 1\.5: not met$/);
  });

  it('runs the others when one fails, and fails in the end', async () => {
    const { good, out, err } = await run(['--json'], [bench('broken', new Error('no data')), fast]);
    expect(good).toBe(false);
    expect(out).toHaveLength(1);
    expect(err.join('\n')).toMatch(/broken: failed: Error: no data/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('fails a bench that measured %d', async (figure) => {
    const { good, out } = await run(['--json'], [bench('odd', { figure, floor: 1, ratio: 1, unit: 's' })]);
    expect({ good, out }).toEqual({ good: false, out: [] });
  });

  it('refuses unknown names and options before anything runs, and fails when there is nothing to run', async () => {
    await expect(run(['fast', 'absent'], [fast])).rejects.toMatchObject({ code: 'SKEIN_USAGE', message: expect.stringContaining('absent') as string });
    await expect(run(['--jsn'], [fast])).rejects.toMatchObject({ code: 'SKEIN_USAGE' });
    expect((await run([], [])).good).toBe(false);
  });

  it('gives a size to the benches that have one, all of a name at a time, and refuses it for others', async () => {
    const sizes: unknown[] = [];
    const sized = (name: string): Bench => ({
      ...fast,
      name,
      scales: true,
      load: () => Promise.resolve((...[, scale]) => Promise.resolve({ figure: sizes.push(scale), floor: 1, ratio: 1, unit: 's' })),
    });
    const benches = [sized('both-one'), sized('both-two'), fast, sized('bother')];
    expect((await run(['both', '--scale', '0.25'], benches)).good).toBe(true);
    expect((await run(['bother'], benches)).good).toBe(true);
    expect(sizes).toEqual([0.25, 0.25, undefined]);
    for (const args of [
      ['fast', '--scale', '0.25'],
      ['--scale', '0.25'],
      ['both', '--scale', '2'],
      ['both', '--scale', '0'],
      ['both', '--scale'],
    ]) {
      await expect(run(args, benches)).rejects.toMatchObject({ code: 'SKEIN_USAGE' });
    }
    expect(sizes).toHaveLength(3);
  });

  it('lists what there is', async () => {
    expect((await run(['--list'], [fast])).out).toEqual(['fast              what fast measures; bar: ratio ≤ 1.5']);
  });
});

describe('the registry', () => {
  it('names each bench once, and every bench can be loaded', async () => {
    expect(new Set(BENCHES.map((one) => one.name)).size).toBe(BENCHES.length);
    for (const one of BENCHES) expect(typeof (await one.load())).toBe('function');
  });
});
