import { spawnSync } from 'node:child_process';
import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { compilePattern } from './pattern.ts';

const PLACE = { file: 'contract.odcs.yaml', line: 12, column: 9 };

describe('a pattern of a contract', () => {
  it.each(['^(a+)+$', '(a|a)*b', '^([a-zA-Z0-9]+\\s?)*$', '(x+x+)+y', '^(?:a?){50}a{50}$'])('%s takes linear time on a megabyte', (pattern) => {
    const compiled = compilePattern(pattern, PLACE);
    // A warm-up on short text; the bar is for the engine of expressions, not for its compilation.
    compiled.test('a'.repeat(1_000));
    const text = `${'a'.repeat(1 << 20)}!`;
    const start = process.cpuUsage();
    compiled.test(text);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(pattern === '^(a+)+$' ? 50 : 2_000);
  });

  it('would hang in the engine of JavaScript, which is why it is not used', () => {
    const start = process.cpuUsage();
    expect(new RegExp('^(a+)+$').test(`${'a'.repeat(21)}!`)).toBe(false);
    const slow = process.cpuUsage(start).user / 1_000;
    const again = process.cpuUsage();
    expect(compilePattern('^(a+)+$', PLACE).test(`${'a'.repeat(21)}!`)).toBe(false);
    expect(process.cpuUsage(again).user / 1_000).toBeLessThan(slow + 50);
  });

  it.each([
    ['(?=a)', 'is not RE2'],
    ['(?!a)b', 'is not RE2'],
    ['(?<=a)b', 'is not RE2'],
    ['(a)\\1', 'is not RE2'],
    ['a++', 'is not RE2'],
    ['(?>a)', 'is not RE2'],
    ['a{1001}', 'is not RE2'],
    ['((a{30}){30}){30}', 'is not RE2'],
    ['[z-a]', 'is not RE2'],
    ['(a', 'is not RE2'],
    ['\\u00e9', 'is not RE2'],
    ['(?<year>\\d+)', 'names a group'],
    ['\\p{Emoji}', 'uses the Unicode property Emoji'],
    ['[\\p{Alphabetic}]', 'uses the Unicode property Alphabetic'],
    ['a\0b', 'NUL'],
    ['x'.repeat(5_000), 'longer than'],
  ])('%j is refused, with its place', (pattern, reason) => {
    expect(() => compilePattern(pattern, PLACE)).toThrow(SkeinError);
    try {
      compilePattern(pattern, PLACE);
    } catch (error) {
      expect(error).toMatchObject({ code: 'SKEIN_CONTRACT_UNSUPPORTED', place: PLACE });
      expect((error as SkeinError).message).toContain(reason);
      expect((error as SkeinError).hint).not.toBe('');
    }
  });

  it.each(['\\\\p{Emoji}', '\\Q(?<a>\\E', '\\(?<a>', '\\p{L}\\p{Latin}\\pN', '[[:alpha:]]', '(?i)x', '^$', ''])('%s is accepted', (pattern) => {
    expect(compilePattern(pattern, PLACE).test).toBeTypeOf('function');
  });

  it('finds rather than matches the whole', () => {
    expect(compilePattern('b', PLACE).test('abc')).toBe(true);
    expect(compilePattern('^b', PLACE).test('abc')).toBe(false);
  });
});

describe('the engine for patterns', () => {
  it('is loaded for the first pattern, not with the validator', () => {
    const script = `
      import { compilePattern } from '${new URL('index.ts', import.meta.url).href}';
      import { createRequire } from 'node:module';
      const loaded = () => Object.keys(createRequire('/').cache).some((file) => /[/\\\\]re2js[/\\\\]build[/\\\\]/.test(file));
      const before = loaded();
      const found = compilePattern('^a+$', { file: 'x.yaml' }).test('aa');
      process.stdout.write(JSON.stringify([before, found, loaded()]));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@skein/source', '--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([false, true, true]);
  });
});
